//! Any byte that is flipped, dropped, swapped or cut, in any file, is found.

use std::fs;
use std::path::PathBuf;

use ledger::{LedgerError, audit, verify};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use super::fixture::{Place, filled, filled_with, signer};

/// Flips, drops, swaps or cuts one place of `bytes`; `None` when that changes nothing.
fn tampered(bytes: &[u8], kind: u8, at: usize) -> Option<Vec<u8>> {
    let at = at % bytes.len();
    let mut changed = bytes.to_vec();
    match kind {
        0 => changed[at] ^= 1 << (at % 8),
        1 => drop(changed.remove(at)),
        2 => changed.swap(at, (at + 1) % bytes.len()),
        _ => changed.truncate(at),
    }
    (changed != bytes).then_some(changed)
}

/// Where the line that holds byte `at` begins.
fn begin(bytes: &[u8], at: usize) -> u64 {
    let line_end = bytes[..at].iter().rposition(|&byte| byte == b'\n');
    u64::try_from(line_end.map_or(0, |end| end + 1)).unwrap()
}

/// Runs `check` on thousands of changes to the file at `path`.
fn every_change(path: &PathBuf, check: impl Fn(&[u8], &[u8]) -> Result<(), TestCaseError>) {
    let bytes = fs::read(path).unwrap();
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 3_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&(0_u8..4, 0..bytes.len()), |(kind, at)| {
        let Some(changed) = tampered(&bytes, kind, at) else { return Ok(()) };
        fs::write(path, &changed).unwrap();
        check(&bytes, &changed)
    });
    fs::write(path, &bytes).unwrap();
    outcome.unwrap();
}

fn verified(place: &Place) -> Result<(), LedgerError> {
    verify(&place.dir, &place.anchor, &signer().verifier()).map(drop)
}

#[test]
fn a_changed_entry_is_found_where_it_begins() {
    let place = filled();
    every_change(&place.file(), |bytes, changed| {
        match verified(&place) {
            Err(LedgerError::Lie { byte, .. }) => {
                let first = bytes.iter().zip(changed).take_while(|(was, is)| was == is).count();
                prop_assert_eq!(byte, begin(bytes, first));
            }
            Err(LedgerError::RolledBack { byte, .. }) => {
                prop_assert_eq!(byte, begin(bytes, changed.len().min(bytes.len() - 1)));
            }
            other => prop_assert!(false, "{other:?}"),
        }
        // An auditor, who has no anchor, finds the same by the checkpoint.
        prop_assert!(audit(&place.dir, &signer().verifier(), None).is_err());
        Ok(())
    });
    verified(&place).unwrap();
}

#[test]
fn a_changed_anchor_is_found() {
    let place = filled();
    every_change(&place.anchor, |_, _| {
        prop_assert!(verified(&place).is_err());
        Ok(())
    });
}

#[test]
fn a_changed_checkpoint_is_found() {
    let place = filled();
    every_change(&place.dir.join("checkpoint"), |_, _| {
        let found = verified(&place).unwrap_err();
        let named = matches!(&found, LedgerError::Lie { path, .. } if path.ends_with("checkpoint"));
        prop_assert!(named, "found: {}", found);
        prop_assert!(audit(&place.dir, &signer().verifier(), None).is_err());
        Ok(())
    });
}

#[test]
fn a_checkpoint_that_is_gone_older_or_of_another_key_is_found() {
    let place = filled();
    let path = place.dir.join("checkpoint");
    let now = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert!(verified(&place).unwrap_err().to_string().contains("covers 0 entries, the anchor 5"));
    // Signed by the right key, of as many entries, and of another history.
    fs::copy(filled_with("0.009").dir.join("checkpoint"), &path).unwrap();
    assert!(verified(&place).unwrap_err().to_string().contains("not that of the entries"));
    fs::write(&path, &now).unwrap();
    let other = ledger::CheckpointSigner::new("ledger.test", &[8; 32]).unwrap().verifier();
    assert!(audit(&place.dir, &other, None).unwrap_err().to_string().contains("signature"));
    assert!(verify(&place.dir, &place.anchor, &other).is_err());
    verified(&place).unwrap();
}
