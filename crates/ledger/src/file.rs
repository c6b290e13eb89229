//! The ledger's files: append and make durable, replace and make durable.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::LedgerError;

/// The ledger file inside its folder.
pub(crate) fn entries_path(dir: &Path) -> PathBuf {
    dir.join("entries.log")
}

/// The bytes of the ledger; none when it was never written.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, LedgerError> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(cause) => Err(disk("read", path, cause)),
    }
}

/// Takes the writer's lock of a ledger folder, creating the folder.
pub(crate) fn lock(dir: &Path) -> Result<File, LedgerError> {
    fs::create_dir_all(dir).map_err(|cause| disk("create", dir, cause))?;
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(|cause| disk("open", &path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(LedgerError::Busy(dir.to_owned())),
        Err(fs::TryLockError::Error(cause)) => Err(disk("lock", &path, cause)),
    }
}

/// Appends one line and returns when it is on the disk.
pub(crate) fn append(path: &Path, line: &[u8]) -> Result<(), LedgerError> {
    let wrong = |cause| disk("append to", path, cause);
    let fresh = !path.exists();
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(wrong)?;
    file.write_all(&[line, b"\n"].concat()).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    if fresh { sync_parent(path) } else { Ok(()) }
}

/// Cuts the ledger to its first `length` bytes.
pub(crate) fn truncate(path: &Path, length: u64) -> Result<(), LedgerError> {
    let wrong = |cause| disk("repair", path, cause);
    let file = OpenOptions::new().write(true).open(path).map_err(wrong)?;
    file.set_len(length).map_err(wrong)?;
    file.sync_all().map_err(wrong)
}

/// Replaces a small file whole: after a crash it is the old one or the new one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let beside = path.with_extension("new");
    let wrong = |cause| disk("write", &beside, cause);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|cause| disk("create", parent, cause))?;
    }
    let mut file = File::create(&beside).map_err(wrong)?;
    file.write_all(bytes).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    fs::rename(&beside, path).map_err(|cause| disk("replace", path, cause))?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> Result<(), LedgerError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    File::open(parent)
        .and_then(|folder| folder.sync_all())
        .map_err(|cause| disk("make durable", parent, cause))
}

pub(crate) fn disk(act: &'static str, path: &Path, cause: std::io::Error) -> LedgerError {
    LedgerError::Disk { act, path: path.to_owned(), cause }
}
