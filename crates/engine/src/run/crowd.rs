//! Many who ask at once.

use std::path::Path;
use std::sync::Arc;

use ledger::disk::{Machine, Patience};
use ledger::{CheckpointSigner, Ledger};
use privacy::{Budget, SeededEntropy};
use tempfile::TempDir;

use super::Outcome;
use super::desk::{Desk, Page};
use super::fixture::{Noon, PERIOD, RESERVE, codes, plan, request, sealed};
use crate::dimension::Codes;
use crate::error::{Kind, Result};
use crate::plan::{PrivatePlan, QUESTION};

fn ledger(root: &Path) -> Ledger {
    let signer = CheckpointSigner::new("crowd", &[6; 32]).unwrap();
    let (dir, anchor) = (root.join("ledger"), root.join("keys/anchor"));
    Ledger::open_on(Arc::new(Machine), &dir, &anchor, signer, Patience::Endless).unwrap()
}

/// Releases `plan` as a process of its own would.
fn release(root: &Path, plan: PrivatePlan, reserve: Budget, seed: u64) -> Result<Outcome> {
    let page: Page<'_> = &|_, _| "page".to_owned();
    let (folder, page) =
        if plan.is_question() { ("answers", None) } else { ("releases", Some(page)) };
    let mut desk = Desk {
        disk: Arc::new(Machine),
        ledger: ledger(root),
        releases: root.join(folder),
        reserve,
        allowance: None,
        code_hash: "code",
        census: None,
        synthetic: false,
        clock: &Noon,
        entropy: &mut SeededEntropy::new(seed),
    };
    let request = request(&plan);
    desk.release(plan, request, |_| Ok(Some(sealed())), page)
}

/// Releases `product`; whether it existed.
fn ask(root: &Path, product: &str, codes: &Codes, seed: u64) -> bool {
    release(root, plan(product, codes), RESERVE, seed).unwrap().existed
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

#[test]
fn two_hundred_who_ask_one_fresh_question_get_one_draw_and_the_same_bytes() {
    let (root, codes) = (TempDir::new().unwrap(), codes());
    let ask = |asker: u64| {
        let outcome = release(root.path(), plan(QUESTION, &codes), RESERVE, asker).unwrap();
        let path = outcome.publication.path;
        (outcome.existed, std::fs::read(path.join("data.csv")).unwrap())
    };
    let answers: Vec<(bool, Vec<u8>)> = std::thread::scope(|scope| {
        let ask = &ask;
        let askers: Vec<_> = (0..200).map(|asker| scope.spawn(move || ask(asker))).collect();
        askers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|it| !it.0).count(), 1, "one draw");
    assert!(answers.iter().all(|it| it.1 == answers[0].1));
    let ledger = ledger(root.path());
    assert_eq!(ledger.history().charges().len(), 1, "one charge");
    let folder = std::fs::read_dir(root.path().join("answers")).unwrap().next().unwrap().unwrap();
    assert!(folder.file_name().to_string_lossy().starts_with("question-2026-10-c"));
    let files = std::fs::read_dir(folder.path()).unwrap();
    let mut files: Vec<_> = files.map(|it| it.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["data.csv", "manifest.json"]);
    assert!(!root.path().join("releases").exists());
}

#[test]
fn a_question_spends_the_reserve_and_nothing_else() {
    let (root, codes) = (TempDir::new().unwrap(), codes());
    let question = |snapshot: &str| {
        let mut plan = plan(QUESTION, &codes);
        snapshot.clone_into(&mut plan.snapshot);
        plan
    };
    let cost = question("one").cost().unwrap();
    let reserve = Budget { rho: "0.015".parse().unwrap(), delta: "1e-11".parse().unwrap() };
    // Products do not spend it.
    assert!(!ask(root.path(), "residents", &codes, 1));
    assert!(!release(root.path(), question("one"), reserve, 2).unwrap().existed);
    let refused = release(root.path(), question("two"), reserve, 3).unwrap_err();
    assert_eq!((refused.code(), refused.kind()), ("L06", Kind::Budget));
    assert!(refused.to_string().contains("0.005 left"), "{refused}");
    // What was answered stays for nothing, and products go on.
    assert!(release(root.path(), question("one"), Budget::ZERO, 4).unwrap().existed);
    assert!(!ask(root.path(), "presence", &codes, 5));
    let ledger = ledger(root.path());
    assert_eq!(ledger.history().spent_on(PERIOD, QUESTION), cost);
    assert_eq!(ledger.history().charges().len(), 3, "a refusal charges nothing");
    assert_eq!(ledger.history().spent_on("2026-11", QUESTION), Budget::ZERO);
}
