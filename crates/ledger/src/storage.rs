//! Where the ledger is kept, as an argument: real files, or in tests a disk that loses power.

#[cfg(test)]
pub(crate) mod disk;
pub(crate) mod files;

use std::path::{Path, PathBuf};

use crate::anchor::Anchor;
use crate::checkpoint;
use crate::error::LedgerError;

/// The files of a ledger: its entries and checkpoint, and the anchor outside the data folder.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub entries: PathBuf,
    pub checkpoint: PathBuf,
    pub anchor: PathBuf,
}

impl Place {
    pub fn new(dir: &Path, anchor: &Path) -> Self {
        Self {
            entries: dir.join("entries.log"),
            checkpoint: dir.join(checkpoint::FILE),
            anchor: anchor.to_owned(),
        }
    }
}

/// What is stored at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub entries: Vec<u8>,
    pub anchor: Option<Anchor>,
    pub checkpoint: Option<Vec<u8>>,
}

/// The steps of a write. An error leaves a step undone, half done or done; nobody can tell which.
pub(crate) trait Storage: Send {
    /// Where it is, for messages.
    fn place(&self) -> &Place;
    /// What a reader finds now, durable or not.
    fn read(&self) -> Result<Image, LedgerError>;
    /// Adds bytes at the end; durable only after [`Storage::sync`].
    fn append(&mut self, bytes: &[u8]) -> Result<(), LedgerError>;
    /// Cuts to the first `length` bytes; durable only after [`Storage::sync`].
    fn truncate(&mut self, length: u64) -> Result<(), LedgerError>;
    /// Returns once every entry survives a loss of power.
    fn sync(&mut self) -> Result<(), LedgerError>;
    /// Replaces the anchor: the old or the new one after a crash, the new one after the return.
    fn move_anchor(&mut self, anchor: &Anchor) -> Result<(), LedgerError>;
    /// Replaces the checkpoint: the old or the new one after a crash.
    fn move_checkpoint(&mut self, note: &[u8]) -> Result<(), LedgerError>;
}
