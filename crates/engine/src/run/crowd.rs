//! Many who ask at once.

use std::path::Path;
use std::sync::Arc;

use ledger::disk::{Machine, Patience};
use ledger::{CheckpointSigner, Ledger};
use privacy::SeededEntropy;
use tempfile::TempDir;

use super::desk::Desk;
use super::fixture::{Noon, codes, plan, request, sealed};
use crate::dimension::Codes;

/// Releases `product` as a process of its own would; whether it existed.
fn ask(root: &Path, product: &str, codes: &Codes, seed: u64) -> bool {
    let signer = CheckpointSigner::new("crowd", &[6; 32]).unwrap();
    let (dir, anchor) = (root.join("ledger"), root.join("keys/anchor"));
    let ledger = Ledger::open_on(Arc::new(Machine), &dir, &anchor, signer, Patience::Endless);
    let plan = plan(product, codes);
    let request = request(&plan);
    let mut desk = Desk {
        disk: Arc::new(Machine),
        ledger: ledger.unwrap(),
        releases: root.join("releases"),
        code_hash: "code",
        census: None,
        synthetic: false,
        clock: &Noon,
        entropy: &mut SeededEntropy::new(seed),
    };
    let outcome = desk.release(plan, request, |_| Ok(sealed()), |_, _| "page".to_owned());
    outcome.unwrap().existed
}

#[test]
fn the_same_plan_asked_at_once_is_charged_once_and_answered_alike() {
    let (root, codes) = (TempDir::new().unwrap(), codes());
    let fresh = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..32)
            .map(|asker: u64| {
                let product = ["residents", "presence"][usize::from(asker > 15)];
                let (root, codes) = (root.path(), &codes);
                scope.spawn(move || ask(root, product, codes, asker))
            })
            .collect();
        askers.into_iter().map(|it| it.join().unwrap()).filter(|it| !it).count()
    });
    assert_eq!(fresh, 2, "one draw for each of two plans");
    let folders = std::fs::read_dir(root.path().join("releases")).unwrap().count();
    assert_eq!(folders, 2);
}
