//! Charging: write ahead, make durable, then hand out a receipt.
//!
//! (1) Add up what the period has paid, whatever the snapshot. (2) Refuse if a cap would be
//! passed. (3) Append the charge and wait for the disk. (4) Move the anchor. (5) Only then is there
//! a receipt. A crash after (3) keeps the charge. Proof: charge.md.
//! Source: privacy model §8 (write-ahead, filter).

use std::fs::File;
use std::path::{Path, PathBuf};

use privacy::{Budget, Meter};

use crate::anchor::Anchor;
use crate::entry::{Charge, ChargeId, Entry, PlanHash, Publication, Record, digest, line};
use crate::error::{ChargeError, LedgerError};
use crate::file;
use crate::history::{History, State};
use crate::verify::verify;

/// The one writer of a ledger.
pub struct Ledger {
    path: PathBuf,
    anchor: PathBuf,
    history: History,
    _lock: File,
}

/// What is to be charged.
#[derive(Clone, Debug)]
pub struct ChargeRequest {
    /// The plan that the receipt will open.
    pub plan: PlanHash,
    /// The product.
    pub product: String,
    /// The period whose meter pays.
    pub period: String,
    /// The snapshot that is read.
    pub snapshot: String,
    /// For whom.
    pub partner: String,
    /// What every person pays.
    pub cost: Budget,
    /// What every person may pay in the period.
    pub caps: Budget,
}

/// A durable charge for one plan. Not `Clone`; consumed by value.
///
/// ```compile_fail
/// fn twice(receipt: ledger::Receipt, plan: ledger::PlanHash) {
///     let _first = receipt.open(&plan);
///     let _second = receipt.open(&plan);
/// }
/// ```
#[must_use = "a receipt that is dropped leaves an abandoned charge"]
#[derive(Debug)]
pub struct Receipt {
    plan: PlanHash,
    charge: ChargeId,
}

/// The receipt paid for another plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receipt of charge {charge} paid for plan {paid}, not for {asked}")]
pub struct WrongPlan {
    charge: ChargeId,
    paid: PlanHash,
    asked: PlanHash,
}

impl Receipt {
    /// Opens the plan that was paid for.
    ///
    /// # Errors
    /// [`WrongPlan`] for any other; the charge stays abandoned.
    pub fn open(self, plan: &PlanHash) -> Result<ChargeId, WrongPlan> {
        if self.plan == *plan {
            Ok(self.charge)
        } else {
            Err(WrongPlan { charge: self.charge, paid: self.plan, asked: *plan })
        }
    }
}

impl Ledger {
    /// Opens the ledger in `dir` for writing, its head anchored at `anchor`.
    ///
    /// A torn last line, which no receipt was ever given for, is cut away.
    ///
    /// # Errors
    /// [`LedgerError`] when it does not hold, was rolled back, or another process writes.
    pub fn open(dir: &Path, anchor: &Path) -> Result<Self, LedgerError> {
        let lock = file::lock(dir)?;
        let verified = verify(dir, anchor)?;
        let path = file::entries_path(dir);
        if verified.torn > 0 {
            file::truncate(&path, verified.length)?;
        }
        let history = History::of(verified.entries, verified.head);
        let ledger = Self { path, anchor: anchor.to_owned(), history, _lock: lock };
        ledger.move_anchor()?;
        Ok(ledger)
    }

    /// What the ledger holds.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// Charges every person of the period and returns the receipt once that is durable.
    ///
    /// # Errors
    /// [`ChargeError`] when a cap does not allow it, or the disk failed; there is no receipt then.
    pub fn charge(&mut self, request: ChargeRequest, at: &str) -> Result<Receipt, ChargeError> {
        let spent = self.history.spent(&request.period);
        Meter::new(request.caps, spent).charge(request.cost)?;
        let id = ChargeId::at(self.next_place());
        let record = Record::Charge(Charge {
            id: id.clone(),
            plan_hash: request.plan.to_string(),
            product: request.product,
            period: request.period,
            snapshot: request.snapshot,
            partner: request.partner,
            rho: request.cost.rho.to_string(),
            delta: request.cost.delta.to_string(),
        });
        self.append(record, at)?;
        Ok(Receipt { plan: request.plan, charge: id })
    }

    /// Records where the release of a charge can be read.
    ///
    /// # Errors
    /// [`LedgerError::NotOpen`] when the charge does not exist or was published before.
    pub fn publish(
        &mut self,
        charge: &ChargeId,
        release: &str,
        manifest_hash: &str,
        at: &str,
    ) -> Result<(), LedgerError> {
        let open = self.history.charges().into_iter().find(|it| it.charge.id == *charge);
        if open.is_none_or(|it| it.state != State::Abandoned) {
            return Err(LedgerError::NotOpen(charge.to_string()));
        }
        let record = Record::Publication(Publication {
            charge: charge.clone(),
            release: release.to_owned(),
            manifest_hash: manifest_hash.to_owned(),
        });
        self.append(record, at)
    }

    fn next_place(&self) -> u64 {
        u64::try_from(self.history.entries().len()).unwrap_or(u64::MAX)
    }

    fn append(&mut self, record: Record, at: &str) -> Result<(), LedgerError> {
        let entry = Entry { place: self.next_place(), at: at.to_owned(), record };
        let json = serde_json::to_vec(&entry)
            .map_err(|cause| file::disk("write", &self.path, std::io::Error::other(cause)))?;
        let head = digest(self.history.head(), &json);
        file::append(&self.path, &line(&head, &json))?;
        self.history.push(entry, head);
        self.move_anchor()
    }

    fn move_anchor(&self) -> Result<(), LedgerError> {
        let head = self.history.head().to_owned();
        Anchor { entries: self.next_place(), head }.write(&self.anchor)
    }
}
