//! Crashes at every step of two lives of a ledger, and disks that fail or lie.

use privacy::Budget;

use super::{ChargeRequest, Ledger};
use crate::checkpoint::CheckpointSigner;
use crate::entry::PlanHash;
use crate::error::{ChargeError, LedgerError};
use crate::storage::disk::{Disk, Fault, Kept, Trouble};

const AT: &str = "2026-11-01T00:00:00Z";
const COST: &str = "0.01";
const FAULTS: [Fault; 3] = [Fault::Undone, Fault::Half, Fault::Done];

fn rho(text: &str) -> Budget {
    Budget { rho: text.parse().unwrap(), ..Budget::ZERO }
}

fn open(disk: Disk) -> Result<Ledger, LedgerError> {
    Ledger::on(Box::new(disk), CheckpointSigner::new("crash", &[5; 32]).unwrap())
}

fn request() -> ChargeRequest {
    ChargeRequest {
        plan: PlanHash([1; 32]),
        product: "residents".to_owned(),
        period: "2026-10".to_owned(),
        snapshot: "s".to_owned(),
        partner: "operator".to_owned(),
        cost: rho(COST),
        caps: rho("1"),
    }
}

/// Opens, charges twice, publishing the first; returns how many receipts were given.
fn live(disk: &Disk, trouble: Option<Trouble>) -> u64 {
    let Ok(mut ledger) = open(disk.restart(trouble)) else { return 0 };
    let mut receipts = 0;
    for charge in 0..2 {
        let Ok(receipt) = ledger.charge(request(), AT) else { continue };
        receipts += 1;
        let paid = receipt.open(&PlanHash([1; 32])).unwrap();
        if charge == 0 {
            let _ = ledger.publish(&paid, "r", "00", AT);
        }
    }
    receipts
}

/// Opens what is left and compares it with the receipts that were given.
fn check(disk: &Disk, receipts: u64, crashes: u64, label: &str) {
    let opened = open(disk.restart(None));
    let mut ledger = opened.unwrap_or_else(|cause| panic!("{label}: {cause}"));
    let cost = rho(COST).rho.nano();
    let spent = ledger.history().spent("2026-10").rho.nano();
    assert!(spent >= receipts * cost, "{label}: a receipt lost its charge");
    assert!(spent <= (receipts + crashes) * cost, "{label}: charged more than was asked");
    assert_eq!(ledger.books.spent("2026-10").rho.nano(), spent, "{label}: two sums differ");
    let _ = ledger.charge(request(), AT).unwrap_or_else(|cause| panic!("{label}: {cause}"));
}

/// The steps of one undisturbed life, and one more, at which nothing fails.
fn steps() -> usize {
    let fails = |step: usize| {
        let disk = Disk::new();
        live(&disk, Some(Trouble { step, fault: Fault::Done, deadly: true }));
        disk.was_in_trouble()
    };
    (0..100).find(|&step| !fails(step)).unwrap()
}

#[test]
fn a_receipt_keeps_its_charge_through_any_two_crashes() {
    let steps = steps();
    assert_eq!(steps, 3 + 4 * 3, "sync, anchor, checkpoint at the start; four steps an entry");
    let each = || (0..=steps + 1).flat_map(|step| FAULTS.map(|fault| (step, fault)));
    for (first, second) in each().flat_map(|first| each().map(move |second| (first, second))) {
        for kept in [Kept::Nothing, Kept::Half, Kept::All] {
            for power_lost_twice in [false, true] {
                let disk = Disk::new();
                let trouble = |(step, fault)| Some(Trouble { step, fault, deadly: true });
                let mut receipts = live(&disk, trouble(first));
                if power_lost_twice {
                    disk.lose_power(kept);
                }
                receipts += live(&disk, trouble(second));
                disk.lose_power(kept);
                let label = format!("{first:?} {second:?} {kept:?} {power_lost_twice}");
                check(&disk, receipts, 2, &label);
            }
        }
    }
}

#[test]
fn after_a_failed_write_nothing_more_is_charged_until_a_restart() {
    for (step, fault) in (3..steps()).flat_map(|step| FAULTS.map(|fault| (step, fault))) {
        let disk = Disk::new();
        let trouble = Trouble { step, fault, deadly: false };
        let receipts = live(&disk, Some(trouble));
        check(&disk, receipts, 1, &format!("{trouble:?}"));
    }
    let disk = Disk::new();
    let trouble = Trouble { step: 3, fault: Fault::Half, deadly: false };
    let mut ledger = open(disk.restart(Some(trouble))).unwrap();
    assert!(ledger.charge(request(), AT).is_err());
    let again = ledger.charge(request(), AT).unwrap_err();
    assert!(matches!(again, ChargeError::Ledger(LedgerError::Stopped(_))), "{again}");
}

#[test]
fn a_disk_that_forgets_what_it_called_durable_is_noticed() {
    let disk = Disk::forgetful();
    assert_eq!(live(&disk, None), 2);
    disk.lose_power(Kept::Nothing);
    let opened = open(disk.restart(None));
    assert!(matches!(opened, Err(LedgerError::RolledBack { found: 0, expected: 3, .. })));
}
