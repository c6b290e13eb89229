//! Crashes at every step of a ledger's lives, and disks that fail, fill up or lie.
//!
//! A failure names the line that repeats it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use privacy::Budget;

use super::{ChargeRequest, Ledger};
use crate::checkpoint::CheckpointSigner;
use crate::disk::{Fault, Patience, Power, SimulatedDisk, Trouble, repeat, seeds};
use crate::entry::PlanHash;
use crate::error::{ChargeError, LedgerError};

const AT: &str = "2026-11-01T00:00:00Z";
const COST: &str = "0.01";
const FAULTS: [Fault; 3] = [Fault::Undone, Fault::Half, Fault::Done];

fn rho(text: &str) -> Budget {
    Budget { rho: text.parse().unwrap(), ..Budget::ZERO }
}

fn open(disk: &SimulatedDisk) -> Result<Ledger, LedgerError> {
    let signer = CheckpointSigner::new("crash", &[5; 32]).unwrap();
    let (dir, anchor) = (Path::new("data/ledger"), Path::new("keys/anchor"));
    Ledger::open_on(Arc::new(disk.clone()), dir, anchor, signer, Patience::None)
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

/// What must hold whatever happened to the disk.
#[derive(Default)]
struct Witness {
    /// How often something was drawn under each charge.
    draws: BTreeMap<String, u32>,
    /// Lives: each may leave one charge without a draw.
    lives: u64,
    /// A sync has failed: the ledger may notice a loss and refuse to open.
    damaged: bool,
}

impl Witness {
    /// Opens, charges twice, publishing the first.
    fn live(&mut self, disk: &SimulatedDisk, trouble: Option<Trouble>) {
        disk.restart(trouble);
        self.lives += 1;
        self.damaged |= matches!(trouble, Some(Trouble::Failed(..)));
        let Ok(mut ledger) = open(disk) else { return };
        for charge in 0..2 {
            let Ok(receipt) = ledger.charge(request(), AT) else { continue };
            let paid = receipt.open(&PlanHash([1; 32])).unwrap();
            *self.draws.entry(paid.to_string()).or_default() += 1;
            if charge == 0 {
                let _ = ledger.publish(&paid, "r", "00", AT);
            }
        }
    }

    /// What is wrong with what is left, if anything.
    fn wrong(&self, disk: &SimulatedDisk) -> Option<String> {
        disk.restart(None);
        let mut ledger = match open(disk) {
            Ok(ledger) => ledger,
            // Refusing is safe; without a failed sync it is a fault of the ledger.
            Err(_) if self.damaged => return None,
            Err(cause) => return Some(format!("it does not open: {cause}")),
        };
        let draws: u64 = self.draws.values().map(|&it| u64::from(it)).sum();
        if let Some((charge, _)) = self.draws.iter().find(|it| *it.1 > 1) {
            return Some(format!("charge {charge} paid for two draws"));
        }
        let cost = rho(COST).rho.nano();
        let spent = ledger.history().spent("2026-10").rho.nano();
        if spent < draws * cost {
            return Some(format!("{draws} draws, {} charges", spent / cost));
        }
        if spent > (draws + 2 * self.lives) * cost {
            return Some("charged more than was asked".to_owned());
        }
        let written = ledger.history().charges().into_iter().filter_map(|it| it.charge.cost());
        if written.map(|it| it.rho.nano()).sum::<u64>() != spent {
            return Some("two sums differ".to_owned());
        }
        ledger.charge(request(), AT).err().map(|cause| cause.to_string())
    }
}

/// The steps of one undisturbed life.
fn steps() -> usize {
    let disk = SimulatedDisk::new(0);
    Witness::default().live(&disk, None);
    disk.steps()
}

#[test]
fn a_receipt_keeps_its_charge_through_a_crash_at_any_step() {
    for (step, fault) in (0..=steps()).flat_map(|step| FAULTS.map(|fault| (step, fault))) {
        for (power, seed) in [(Power::Stays, 0), (Power::Lost, 1), (Power::Lost, 2)] {
            let (disk, mut witness) = (SimulatedDisk::new(seed), Witness::default());
            witness.live(&disk, Some(Trouble::Killed(step, fault)));
            disk.end(power);
            let wrong = witness.wrong(&disk);
            assert_eq!(wrong, None, "killed at {step}, {fault:?}, {power:?}, seed {seed}");
        }
    }
}

/// Several lives whose troubles grow from `seed`; what went wrong, if anything.
fn simulate(seed: u64, steps: usize) -> Option<String> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let (disk, mut witness) = (SimulatedDisk::new(seed), Witness::default());
    for _ in 0..chance.u8(1..5) {
        let (step, fault) = (chance.usize(0..steps), FAULTS[chance.usize(0..3)]);
        let trouble = match chance.u8(0..8) {
            0 => None,
            1 | 2 => Some(Trouble::Full(step, chance.usize(1..12))),
            3 => Some(Trouble::Failed(step, fault)),
            _ => Some(Trouble::Killed(step, fault)),
        };
        witness.live(&disk, trouble);
        disk.end(if chance.bool() { Power::Lost } else { Power::Stays });
    }
    witness.wrong(&disk)
}

#[test]
fn no_life_of_a_ledger_loses_a_charge() {
    let steps = steps();
    for seed in seeds(0..3_000) {
        assert_eq!(simulate(seed, steps), None, "{}", repeat("ledger", seed));
    }
}

#[test]
fn after_a_failed_write_nothing_more_is_charged_until_a_restart() {
    let disk = SimulatedDisk::new(0);
    disk.restart(None);
    let mut ledger = open(&disk).unwrap();
    let opened = disk.steps();
    disk.restart(Some(Trouble::Failed(0, Fault::Half)));
    assert!(opened > 0 && ledger.charge(request(), AT).is_err());
    let again = ledger.charge(request(), AT).unwrap_err();
    assert!(matches!(again, ChargeError::Ledger(LedgerError::Stopped(_))), "{again}");
}

#[test]
fn a_disk_that_forgets_is_noticed_by_the_simulator() {
    // The canary: syncs that do nothing lose charges that paid for draws.
    let caught = (0..50).filter(|&seed| {
        let (disk, mut witness) = (SimulatedDisk::new(seed), Witness::default());
        for _ in 0..3 {
            witness.live(&disk, Some(Trouble::Forgetful));
            disk.end(Power::Lost);
        }
        witness.wrong(&disk).is_some()
    });
    assert!(caught.count() > 10, "the simulator must see what a forgetful disk does");
}
