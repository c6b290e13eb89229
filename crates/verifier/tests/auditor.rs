//! The verifier as an auditor starts it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ledger::{ChargeRequest, Checkpoint, CheckpointSigner, History, Ledger, PlanHash};
use privacy::Budget;
use tempfile::TempDir;

struct Operator {
    root: TempDir,
}

fn signer() -> CheckpointSigner {
    CheckpointSigner::new("operator.example/ledger", &[4; 32]).unwrap()
}

impl Operator {
    fn new() -> Self {
        let operator = Self { root: TempDir::new().unwrap() };
        operator.charge(1);
        operator
    }

    fn ledger(&self) -> PathBuf {
        self.root.path().join("ledger")
    }

    fn anchor(&self) -> PathBuf {
        self.root.path().join("keys/anchor")
    }

    fn charge(&self, plan: u8) {
        let mut ledger = Ledger::open(&self.ledger(), &self.anchor(), signer()).unwrap();
        let cost = Budget { rho: "0.01".parse().unwrap(), ..Budget::ZERO };
        let request = ChargeRequest {
            plan: PlanHash([plan; 32]),
            product: "residents".to_owned(),
            period: "2026-10".to_owned(),
            snapshot: "s".to_owned(),
            partner: "public".to_owned(),
            cost,
            caps: Budget { rho: "0.05".parse().unwrap(), ..Budget::ZERO },
        };
        let receipt = ledger.charge(request, "2026-11-01T00:00:00Z").unwrap();
        let charge = receipt.open(&PlanHash([plan; 32])).unwrap();
        ledger.publish(&charge, "residents-2026-10", "ab", "2026-11-01T00:00:01Z").unwrap();
    }

    fn history(&self) -> History {
        History::read(&self.ledger(), &self.anchor(), &signer().verifier()).unwrap()
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::read(&self.ledger(), &signer().verifier()).unwrap()
    }

    fn hand_over(&self, name: &str, text: &[u8]) -> PathBuf {
        let path = self.root.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

/// What the auditor sees: exit code, standard output and standard error.
fn verify(arguments: &[&str], paths: &[&Path]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quorate-verify"))
        .args(["--key", &signer().verifier().to_string()])
        .args(arguments)
        .args(paths)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_ledger_is_audited_by_its_folder_its_key_and_a_checkpoint_that_was_kept() {
    let operator = Operator::new();
    let kept = operator.hand_over("kept", operator.checkpoint().note());
    operator.charge(2);
    let folder = operator.ledger();
    let (code, said, _) = verify(&["ledger", "--since"], &[&kept, &folder]);
    assert_eq!(code, Some(0), "{said}");
    for part in [
        "it holds: 4 entries",
        "unchanged since the checkpoint of 2 entries",
        "2026-10: rho 0.02 and delta 0",
        "charge c000002: residents of 2026-10 for public, rho 0.01, delta 0",
        "publication residents-2026-10 of charge c000002",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let log = folder.join("entries.log");
    let forged = fs::read_to_string(&log).unwrap().replace("\"rho\":\"0.01\"", "\"rho\":\"0.00\"");
    fs::write(&log, forged).unwrap();
    let (code, _, said) = verify(&["ledger"], &[&folder]);
    assert!(code == Some(5) && said.contains("in line 1 at byte 0"), "{said}");
}

#[test]
fn proofs_are_checked_without_the_ledger() {
    let operator = Operator::new();
    let before = operator.checkpoint();
    operator.charge(2);
    let (history, now) = (operator.history(), operator.checkpoint());
    let kept = operator.hand_over("kept", before.note());
    let inclusion = history.inclusion(2, &now).unwrap();
    let inclusion = operator.hand_over("c000002.tlog-proof", inclusion.text().as_bytes());
    let (code, said, _) = verify(&["inclusion"], &[&inclusion]);
    assert!(code == Some(0) && said.contains("entry 2 of 4 is charge c000002"), "{said}");
    let consistency = history.consistency(before.size(), &now).unwrap();
    let consistency = operator.hand_over("grown", consistency.text().as_bytes());
    let (code, said, _) = verify(&["consistency", "--since"], &[&kept, &consistency]);
    assert!(code == Some(0) && said.contains("grew from 2 to 4 entries"), "{said}");
    // Another operator's past is not this one's.
    let other = Operator::new();
    other.charge(7);
    let other = other.hand_over("kept", other.checkpoint().note());
    let (code, _, said) = verify(&["consistency", "--since"], &[&other, &consistency]);
    assert!(code == Some(5) && said.contains("the proof begins at 2"), "{said}");
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let operator = Operator::new();
    let (code, _, said) = verify(&["inclusion"], &[&operator.root.path().join("absent")]);
    assert!(code == Some(1) && said.contains("cannot read"), "{said}");
    let (code, _, said) = verify(&["ledger"], &[operator.root.path()]);
    assert!(code == Some(1) && said.contains("checkpoint"), "{said}");
    let output = Command::new(env!("CARGO_BIN_EXE_quorate-verify"))
        .args(["--key", "nonsense", "ledger"])
        .arg(operator.ledger())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no verifier key"));
}
