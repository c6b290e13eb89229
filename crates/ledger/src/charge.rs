//! Charging: write ahead, make durable, then hand out a receipt.
//!
//! (1) Add up what the period has paid, whatever the snapshot. (2) Refuse if a cap would be
//! passed: the lowest that the period ever had. (3) Append the charge and wait for the disk. (4) Move the anchor and sign the checkpoint.
//! (5) Only then is there a receipt. A crash after (3) keeps the charge. After a failed write nothing
//! more is written, since nobody knows what the disk holds. Proof: charge.md.
//! Source: privacy model §8 (write-ahead, filter).

#[cfg(test)]
mod crash;

use std::io;
use std::path::Path;
use std::sync::Arc;

use privacy::Budget;

use crate::checkpoint::CheckpointSigner;
use crate::disk::{Disk, Machine, Patience};
use crate::entry::{Charge, ChargeId, Entry, PlanHash, Publication, Record, digest, line};
use crate::error::{ChargeError, LedgerError};
use crate::history::History;
use crate::storage::Storage;
use crate::verify::check;

/// The one writer of a ledger.
pub struct Ledger {
    storage: Storage,
    signer: CheckpointSigner,
    history: History,
    /// True from the first step of a write until its last has succeeded.
    unsure: bool,
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
/// ```
/// fn once(receipt: ledger::Receipt, plan: ledger::PlanHash) {
///     let _first = receipt.open(&plan);
/// }
/// ```
///
/// The same with a second use does not compile:
///
/// ```compile_fail,E0382
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
    pub fn open(dir: &Path, anchor: &Path, signer: CheckpointSigner) -> Result<Self, LedgerError> {
        Self::open_on(Arc::new(Machine), dir, anchor, signer, Patience::None)
    }

    /// The same on another disk, or with more patience for another writer.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        anchor: &Path,
        signer: CheckpointSigner,
        patience: Patience,
    ) -> Result<Self, LedgerError> {
        let storage = Storage::open(disk, dir, anchor, patience)?;
        let image = storage.read()?;
        let verified = check(&image, storage.place(), &signer.verifier())?;
        // A torn line goes, and what stays is durable before it is anchored.
        let whole = usize::try_from(verified.length).unwrap_or(usize::MAX);
        storage.rewrite(image.entries.get(..whole).unwrap_or_default())?;
        let history = verified.into_history();
        let mut ledger = Self { storage, signer, history, unsure: false };
        ledger.move_head()?;
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
        let mut meter = self.history.meter(&request.period, request.caps);
        meter.charge(request.cost)?;
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
            cap_rho: meter.caps().rho.to_string(),
            cap_delta: meter.caps().delta.to_string(),
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
        if !self.history.is_open(charge) {
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
        if self.unsure {
            return Err(LedgerError::Stopped(self.storage.place().entries.clone()));
        }
        let entry = Entry { place: self.next_place(), at: at.to_owned(), record };
        let json =
            serde_json::to_vec(&entry).map_err(|cause| self.unwritable(cause.to_string()))?;
        let head = digest(self.history.head(), &json);
        self.unsure = true;
        self.history.books().enter(&entry).map_err(|cause| self.unwritable(cause))?;
        self.storage.append(&line(&head, &json))?;
        self.storage.sync()?;
        self.history.push(entry, head, &json);
        self.move_head()?;
        self.unsure = false;
        Ok(())
    }

    /// Moves the anchor, then the checkpoint: nobody is shown a head that a rollback could undo.
    fn move_head(&mut self) -> Result<(), LedgerError> {
        let anchor = self.history.anchor();
        self.storage.move_anchor(&anchor)?;
        let signed = self.signer.sign(&anchor);
        let signed = signed.map_err(|cause| self.unwritable(cause.to_string()))?;
        self.storage.move_checkpoint(signed.note())
    }

    fn unwritable(&self, cause: String) -> LedgerError {
        let path = self.storage.place().entries.clone();
        LedgerError::Disk { act: "write an entry to", path, cause: io::Error::other(cause) }
    }
}
