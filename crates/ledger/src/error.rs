//! What the ledger refuses, and what can be wrong with it.

use std::path::PathBuf;

use privacy::Overspent;

/// Something is wrong with the ledger or the disk under it.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file system failed.
    #[error("cannot {act} {path}: {cause}", path = path.display())]
    Disk {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        cause: std::io::Error,
    },
    /// Another process holds the writer's lock.
    #[error("another command is writing to the ledger {}; wait until it ends", .0.display())]
    Busy(PathBuf),
    /// A byte is not what it was when it was written.
    #[error(
        "the ledger does not hold: {what}, in line {line} at byte {byte}; nothing can be charged \
         until an untouched copy of {path} is restored",
        path = path.display()
    )]
    Lie {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The offset of the line that lies, from 0.
        byte: u64,
        /// What is wrong.
        what: String,
    },
    /// The ledger is shorter than the anchor outside the data folder says.
    #[error(
        "the ledger {path} holds {found} entries and ends at byte {byte}, {anchor} has seen \
         {expected}: the folder was rolled back; restore the newer ledger",
        path = path.display(), anchor = anchor.display()
    )]
    RolledBack {
        /// The ledger file.
        path: PathBuf,
        /// The anchor file.
        anchor: PathBuf,
        /// Entries there are.
        found: u64,
        /// Entries there were.
        expected: u64,
        /// Where the first missing entry should begin, from 0.
        byte: u64,
    },
    /// The ledger has entries and the anchor outside the data folder is gone.
    #[error(
        "the anchor {} is missing, so nobody can say whether the ledger was rolled back; restore \
         the anchor", .0.display()
    )]
    AnchorMissing(PathBuf),
    /// A write failed earlier, so what the disk holds is unknown.
    #[error(
        "an earlier write to the ledger {} failed and what is on the disk is unknown; nothing \
         more is charged: mend the disk and start again", .0.display()
    )]
    Stopped(PathBuf),
    /// A publication names a charge that is not there, or is published already.
    #[error("charge {0} is not open: it does not exist, or its release was published before")]
    NotOpen(String),
}

impl LedgerError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disk { .. } => "L10",
            Self::Busy(_) => "L11",
            Self::Lie { .. } => "L12",
            Self::RolledBack { .. } => "L13",
            Self::NotOpen(_) => "L14",
            Self::AnchorMissing(_) => "L15",
            Self::Stopped(_) => "L16",
        }
    }
}

/// A charge that was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// A cap does not allow it.
    #[error(transparent)]
    Overspent(#[from] Overspent),
    /// The ledger could not make it durable.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
