//! Charges, caps, rollbacks and crowds.

use std::fs;
use std::sync::Mutex;

use ledger::{ChargeError, ChargeRequest, Ledger, LedgerError, PlanHash, State};
use privacy::Budget;

use super::fixture::{AT, budget, filled, filled_with, place, request};

#[test]
fn a_charge_is_there_after_a_restart_whatever_became_of_its_receipt() {
    let place = filled();
    let history = place.history();
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
fn caps_of_a_period_fall_and_never_rise() {
    let place = filled();
    let mut ledger = place.open();
    let under = |rho: &str, cost: &str| ChargeRequest {
        caps: budget(rho, "1e-10"),
        ..request(9, budget(cost, "0"))
    };
    // The period was opened under 0.05 and has paid 0.03.
    assert!(ledger.charge(under("1000", "0.020000001"), AT).is_err());
    let _lower = ledger.charge(under("0.04", "0.005"), AT).unwrap();
    assert!(ledger.charge(under("0.05", "0.006"), AT).is_err());
    let _last = ledger.charge(under("0.05", "0.005"), AT).unwrap();
    drop(ledger);
    let left = place.history().meter("2026-10", budget("0.05", "1e-10")).left();
    assert_eq!(left.rho, privacy::Rho::ZERO, "the lowest cap holds after a restart");
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
    assert!(matches!(place.try_open(), Err(LedgerError::Busy(_))));
}

#[test]
fn an_older_copy_of_the_ledger_is_refused() {
    let place = filled();
    let older = fs::read(place.file()).unwrap();
    let _ = place.open().charge(request(7, budget("0.001", "0")), AT).unwrap();
    fs::write(place.file(), older).unwrap();
    let opened = place.try_open();
    assert!(matches!(opened, Err(LedgerError::RolledBack { found: 5, expected: 6, .. })));
    fs::remove_file(place.file()).unwrap();
    assert!(place.try_open().is_err(), "an empty ledger is older still");
}

#[test]
fn another_ledger_of_the_same_length_is_refused() {
    let (place, other) = (filled(), filled_with("0.009"));
    fs::copy(other.file(), place.file()).unwrap();
    let opened = place.try_open();
    assert!(matches!(opened, Err(LedgerError::Lie { line: 5, .. })));
}

#[test]
fn a_ledger_without_its_anchor_is_refused_however_short() {
    let place = filled();
    let bytes = fs::read(place.file()).unwrap();
    let first = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    fs::write(place.file(), &bytes[..=first]).unwrap();
    fs::remove_file(&place.anchor).unwrap();
    let opened = place.try_open();
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
    let kept = [place.anchor.clone(), place.dir.join("checkpoint")];
    let before = kept.each_ref().map(|path| fs::read(path).unwrap());
    let _ = place.open().charge(request(7, budget("0.001", "0")), AT).unwrap();
    kept.iter().zip(before).for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
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
fn a_crowd_of_adaptive_askers_never_passes_a_cap_and_every_refusal_is_true() {
    let place = place();
    let ledger = Mutex::new(place.open());
    let periods = ["2026-10", "2026-11"];
    // Each asker looks at what is left and asks for a part of it, or for a little too much.
    let ask = |chance: &mut fastrand::Rng| {
        let mut ledger = ledger.lock().unwrap();
        let period = periods[chance.usize(0..2)];
        let caps = budget("0.05", "1e-10");
        let left = privacy::Meter::new(caps, ledger.history().spent(period)).left();
        let rho = part(chance, left.rho.nano());
        let delta = part(chance, left.delta.atto());
        let cost = Budget {
            rho: privacy::Rho::from_nano(rho).unwrap(),
            delta: privacy::Delta::from_atto(delta).unwrap(),
        };
        let mut asked = request(chance.u8(..), cost);
        asked.period = period.to_owned();
        let paid = ledger.charge(asked, AT).is_ok();
        assert_eq!(paid, rho <= left.rho.nano() && delta <= left.delta.atto());
        (period, if paid { cost } else { Budget::ZERO })
    };
    let paid: Vec<_> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..32)
            .map(|asker| {
                let ask = &ask;
                scope.spawn(move || {
                    let mut chance = fastrand::Rng::with_seed(asker);
                    (0..12).map(|_| ask(&mut chance)).collect::<Vec<_>>()
                })
            })
            .collect();
        askers.into_iter().flat_map(|it| it.join().unwrap()).collect()
    });
    drop(ledger);
    let caps = budget("0.05", "1e-10");
    for period in periods {
        let own = paid.iter().filter(|it| it.0 == period);
        let sum = own.fold(Budget::ZERO, |sum, it| sum.checked_add(it.1).unwrap());
        let spent = place.history().spent(period);
        assert!(spent == sum && caps.checked_sub(spent).is_some(), "{period}: {spent:?}");
        assert!(spent.rho.nano() > 40_000_000, "the askers come near the cap");
    }
}

/// A part of what is left: mostly a quarter or less, now and then all of it, or one unit too many.
fn part(chance: &mut fastrand::Rng, left: u64) -> u64 {
    match chance.u8(0..12) {
        0 => left,
        1 => left + 1,
        _ => chance.u64(0..=left / 4 + 1),
    }
}
