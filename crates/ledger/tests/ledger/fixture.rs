//! Ledgers to charge, to read and to harm.

use std::path::PathBuf;

use ledger::{ChargeRequest, CheckpointSigner, History, Ledger, LedgerError, PlanHash};
use privacy::Budget;
use tempfile::TempDir;

pub fn signer() -> CheckpointSigner {
    CheckpointSigner::new("ledger.test", &[9; 32]).unwrap()
}

pub const AT: &str = "2026-11-01T00:00:00Z";

pub struct Place {
    _root: TempDir,
    pub dir: PathBuf,
    pub anchor: PathBuf,
}

pub fn place() -> Place {
    let root = TempDir::new().unwrap();
    let (dir, anchor) = (root.path().join("ledger"), root.path().join("keys/anchor"));
    Place { _root: root, dir, anchor }
}

impl Place {
    pub fn open(&self) -> Ledger {
        self.try_open().unwrap()
    }

    pub fn try_open(&self) -> Result<Ledger, LedgerError> {
        Ledger::open(&self.dir, &self.anchor, signer())
    }

    pub fn history(&self) -> History {
        History::read(&self.dir, &self.anchor, &signer().verifier()).unwrap()
    }

    pub fn file(&self) -> PathBuf {
        self.dir.join("entries.log")
    }
}

pub fn budget(rho: &str, delta: &str) -> Budget {
    Budget { rho: rho.parse().unwrap(), delta: delta.parse().unwrap() }
}

pub fn request(plan: u8, cost: Budget) -> ChargeRequest {
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
pub fn filled() -> Place {
    filled_with("0.01")
}

pub fn filled_with(rho: &str) -> Place {
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
