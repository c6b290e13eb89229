//! The ledger for whoever reads it again and again: every byte is verified once for each head.
//!
//! The anchor names the head, and the length of the entries tells of one that it has not seen yet. While both
//! stay, so does what was verified: entries are only ever added. A file that was changed beneath that is found by
//! the next writer and by `verify`; what is read here is still what was verified.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::checkpoint::CheckpointVerifier;
use crate::error::LedgerError;
use crate::history::History;
use crate::storage::Place;

/// Reads one ledger for as long as it lives.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    anchor: PathBuf,
    key: CheckpointVerifier,
    held: Mutex<Option<(Stamp, Arc<History>)>>,
}

/// What is known of a ledger without its entries.
#[derive(Debug, PartialEq)]
struct Stamp {
    anchor: Option<Vec<u8>>,
    length: u64,
}

impl Reader {
    /// A reader of the ledger in `dir`, anchored at `anchor` and signed with `key`; reads nothing yet.
    #[must_use]
    pub fn new(dir: &Path, anchor: &Path, key: CheckpointVerifier) -> Self {
        Self { dir: dir.to_owned(), anchor: anchor.to_owned(), key, held: Mutex::default() }
    }

    /// The ledger as it is now.
    ///
    /// # Errors
    /// As [`History::read`].
    pub fn read(&self) -> Result<Arc<History>, LedgerError> {
        // The stamp is of before: whatever is written meanwhile is read again next time.
        let stamp = self.stamp()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, history)) = held.as_ref()
            && *of == stamp
        {
            return Ok(Arc::clone(history));
        }
        let history = Arc::new(History::read(&self.dir, &self.anchor, &self.key)?);
        *held = Some((stamp, Arc::clone(&history)));
        Ok(history)
    }

    fn stamp(&self) -> Result<Stamp, LedgerError> {
        let none = |cause: &std::io::Error| cause.kind() == ErrorKind::NotFound;
        let wrong =
            |path: &Path, cause| LedgerError::Disk { act: "read", path: path.to_owned(), cause };
        let anchor = match fs::read(&self.anchor) {
            Err(cause) if none(&cause) => None,
            read => Some(read.map_err(|cause| wrong(&self.anchor, cause))?),
        };
        let entries = Place::new(&self.dir, &self.anchor).entries;
        let length = match fs::metadata(&entries) {
            Err(cause) if none(&cause) => 0,
            found => found.map_err(|cause| wrong(&entries, cause))?.len(),
        };
        Ok(Stamp { anchor, length })
    }
}

#[cfg(test)]
mod tests {
    use privacy::Budget;
    use tempfile::TempDir;

    use super::*;
    use crate::{ChargeRequest, CheckpointSigner, Ledger, PlanHash};

    #[test]
    fn what_was_added_is_seen_and_what_was_verified_is_not_read_again() {
        let root = TempDir::new().unwrap();
        let (dir, anchor) = (root.path().join("ledger"), root.path().join("keys/anchor"));
        let signer = || CheckpointSigner::new("reader", &[7; 32]).unwrap();
        let charge = || {
            let cost = Budget { rho: "0.01".parse().unwrap(), ..Budget::ZERO };
            let request = ChargeRequest {
                plan: PlanHash([1; 32]),
                product: "residents".to_owned(),
                period: "2026-10".to_owned(),
                snapshot: String::new(),
                partner: "public".to_owned(),
                cost,
                caps: Budget { rho: "1".parse().unwrap(), ..Budget::ZERO },
            };
            drop(Ledger::open(&dir, &anchor, signer()).unwrap().charge(request, "now").unwrap());
        };
        let reader = Reader::new(&dir, &anchor, signer().verifier());
        assert!(reader.read().unwrap().charges().is_empty(), "there is no ledger yet");
        charge();
        let first = reader.read().unwrap();
        assert_eq!(first.charges().len(), 1);
        assert!(Arc::ptr_eq(&first, &reader.read().unwrap()));
        charge();
        assert_eq!(reader.read().unwrap().charges().len(), 2);
        // A ledger that is no longer what was anchored is noticed as soon as its head is another.
        let entries = dir.join("entries.log");
        let bytes = fs::read(&entries).unwrap();
        fs::write(&entries, &bytes[..bytes.len() / 2]).unwrap();
        assert!(reader.read().is_err());
    }
}
