//! The ledger against crashes, tampering, rollback and crowds of askers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use ledger::{ChargeError, ChargeRequest, History, Ledger, LedgerError, PlanHash, State, verify};
use privacy::Budget;
use proptest::prelude::*;
use tempfile::TempDir;

const AT: &str = "2026-11-01T00:00:00Z";

struct Place {
    _root: TempDir,
    dir: PathBuf,
    anchor: PathBuf,
}

fn place() -> Place {
    let root = TempDir::new().unwrap();
    let (dir, anchor) = (root.path().join("ledger"), root.path().join("keys/anchor"));
    Place { _root: root, dir, anchor }
}

impl Place {
    fn open(&self) -> Ledger {
        Ledger::open(&self.dir, &self.anchor).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.dir.join("entries.log")
    }
}

fn budget(rho: &str, delta: &str) -> Budget {
    Budget { rho: rho.parse().unwrap(), delta: delta.parse().unwrap() }
}

fn request(plan: u8, cost: Budget) -> ChargeRequest {
    ChargeRequest {
        plan: PlanHash([plan; 32]),
        product: "residents".to_owned(),
        period: "2026-10".to_owned(),
        snapshot: format!("snapshot-{plan}"),
        partner: "operator".to_owned(),
        cost,
        caps: budget("0.05", "1e-10"),
    }
}

/// A ledger of three charges, two of them published.
fn filled() -> Place {
    filled_with("0.01")
}

fn filled_with(rho: &str) -> Place {
    let place = place();
    let mut ledger = place.open();
    for plan in 0..3 {
        let receipt = ledger.charge(request(plan, budget(rho, "1e-12")), AT).unwrap();
        let charge = receipt.open(&PlanHash([plan; 32])).unwrap();
        if plan > 0 {
            ledger.publish(&charge, "residents-2026-10", "ab12", AT).unwrap();
        }
    }
    place
}

#[test]
fn a_charge_is_there_after_a_restart_whatever_became_of_its_receipt() {
    let place = filled();
    let history = History::read(&place.dir, &place.anchor).unwrap();
    assert_eq!(history.spent("2026-10"), budget("0.03", "3e-12"));
    assert_eq!(history.spent("2026-11"), Budget::ZERO);
    let states: Vec<bool> =
        history.charges().iter().map(|it| it.state == State::Abandoned).collect();
    assert_eq!(states, [true, false, false]);
}

#[test]
fn either_cap_refuses_while_the_other_has_room() {
    let place = filled();
    let mut ledger = place.open();
    let refuse = |ledger: &mut Ledger, cost: Budget| match ledger.charge(request(9, cost), AT) {
        Err(ChargeError::Overspent(refused)) => refused.currency,
        other => panic!("{other:?}"),
    };
    let before = fs::read(place.file()).unwrap();
    assert_eq!(refuse(&mut ledger, budget("0.020000001", "1e-12")), "rho");
    assert_eq!(refuse(&mut ledger, budget("0.001", "9.8e-11")), "delta");
    assert_eq!(fs::read(place.file()).unwrap(), before, "a refusal writes nothing");
    // Another snapshot of the period pays from the same meter, to the last unit.
    let _receipt = ledger.charge(request(9, budget("0.02", "9.7e-11")), AT).unwrap();
    assert_eq!(refuse(&mut ledger, budget("0.000000001", "0")), "rho");
}

#[test]
fn a_receipt_opens_the_plan_it_paid_for_and_no_other() {
    let place = place();
    let mut ledger = place.open();
    let receipt = ledger.charge(request(1, budget("0.01", "0")), AT).unwrap();
    assert!(receipt.open(&PlanHash([2; 32])).is_err());
    let receipt = ledger.charge(request(1, budget("0.01", "0")), AT).unwrap();
    let charge = receipt.open(&PlanHash([1; 32])).unwrap();
    ledger.publish(&charge, "r", "00", AT).unwrap();
    let again = ledger.publish(&charge, "r", "00", AT);
    assert!(matches!(again, Err(LedgerError::NotOpen(_))), "a charge is published once");
}

#[test]
fn a_second_writer_is_turned_away() {
    let place = filled();
    let _first = place.open();
    assert!(matches!(Ledger::open(&place.dir, &place.anchor), Err(LedgerError::Busy(_))));
}

#[test]
fn an_older_copy_of_the_ledger_is_refused() {
    let place = filled();
    let older = fs::read(place.file()).unwrap();
    let _ = place.open().charge(request(7, budget("0.001", "0")), AT).unwrap();
    fs::write(place.file(), older).unwrap();
    let opened = Ledger::open(&place.dir, &place.anchor);
    assert!(matches!(opened, Err(LedgerError::RolledBack { found: 5, expected: 6, .. })));
    fs::remove_file(place.file()).unwrap();
    assert!(Ledger::open(&place.dir, &place.anchor).is_err(), "an empty ledger is older still");
}

#[test]
fn another_ledger_of_the_same_length_is_refused() {
    let (place, other) = (filled(), filled_with("0.009"));
    fs::copy(other.file(), place.file()).unwrap();
    let opened = Ledger::open(&place.dir, &place.anchor);
    assert!(matches!(opened, Err(LedgerError::Lie { line: 5, .. })));
}

#[test]
fn a_ledger_without_its_anchor_is_refused_however_short() {
    let place = filled();
    let bytes = fs::read(place.file()).unwrap();
    let first = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    fs::write(place.file(), &bytes[..=first]).unwrap();
    fs::remove_file(&place.anchor).unwrap();
    let opened = Ledger::open(&place.dir, &place.anchor);
    assert!(matches!(opened, Err(LedgerError::AnchorMissing(_))));
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_enter_the_folders_it_creates() {
    use std::os::unix::fs::PermissionsExt;
    let place = filled();
    for folder in [place.dir.as_path(), place.anchor.parent().unwrap()] {
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_charge_that_could_not_be_anchored_stops_the_writer_and_not_the_ledger() {
    let place = filled();
    let mut ledger = place.open();
    let keys = place.anchor.parent().unwrap();
    let away = keys.with_extension("away");
    fs::rename(keys, &away).unwrap();
    for _ in 0..2 {
        assert!(ledger.charge(request(7, budget("0.001", "0")), AT).is_err());
    }
    fs::rename(&away, keys).unwrap();
    drop(ledger);
    assert_eq!(place.open().history().spent("2026-10"), budget("0.031", "3e-12"));
}

#[test]
fn a_crash_between_append_and_anchor_keeps_the_charge() {
    let place = filled();
    let anchor = fs::read(&place.anchor).unwrap();
    let _ = place.open().charge(request(7, budget("0.001", "0")), AT).unwrap();
    fs::write(&place.anchor, anchor).unwrap();
    assert_eq!(place.open().history().spent("2026-10"), budget("0.031", "3e-12"));
}

#[test]
fn a_torn_append_was_never_charged_and_is_cut_away() {
    let place = filled();
    let whole = fs::read(place.file()).unwrap();
    let torn = [&whole[..], b"12ab {\"place\":5"].concat();
    fs::write(place.file(), torn).unwrap();
    assert_eq!(place.open().history().spent("2026-10"), budget("0.03", "3e-12"));
    assert_eq!(fs::read(place.file()).unwrap(), whole);
}

#[test]
fn a_crowd_never_passes_a_cap() {
    let place = place();
    let ledger = Mutex::new(place.open());
    let paid: u32 = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..8)
            .map(|asker| {
                let ledger = &ledger;
                scope.spawn(move || {
                    let ask = |_| {
                        let cost = budget("0.003", "1e-12");
                        ledger.lock().unwrap().charge(request(asker, cost), AT).is_ok()
                    };
                    u32::try_from((0..5).map(ask).filter(|&it| it).count()).unwrap()
                })
            })
            .collect();
        askers.into_iter().map(|it| it.join().unwrap()).sum()
    });
    assert_eq!(paid, 16, "sixteen times 0.003 fit under 0.05");
}

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

#[test]
fn any_byte_that_is_changed_is_found() {
    let place = filled();
    let bytes = fs::read(place.file()).unwrap();
    let strategy = (0_u8..4, 0..bytes.len());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&strategy, |(kind, at)| {
        let Some(changed) = tampered(&bytes, kind, at) else { return Ok(()) };
        fs::write(place.file(), &changed).unwrap();
        match verify(&place.dir, &place.anchor) {
            Err(LedgerError::Lie { byte, .. }) => {
                let first = bytes.iter().zip(&changed).take_while(|(was, is)| was == is).count();
                prop_assert_eq!(byte, begin(&bytes, first), "byte {} changed", at);
            }
            Err(LedgerError::RolledBack { byte, .. }) => {
                prop_assert_eq!(byte, begin(&bytes, changed.len().min(bytes.len() - 1)));
            }
            other => prop_assert!(false, "{other:?}"),
        }
        Ok(())
    });
    outcome.unwrap();
}
