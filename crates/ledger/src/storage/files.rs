//! The ledger's files: one writer, appended and made durable, the anchor replaced whole.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::{Image, Place, Storage};
use crate::anchor::Anchor;
use crate::error::LedgerError;

/// Real files, held by the one writer for as long as this lives.
pub(crate) struct Files {
    place: Place,
    entries: File,
    _lock: File,
}

impl Files {
    /// Takes the writer's lock of `dir`; creates what is missing and makes its names durable.
    pub fn open(dir: &Path, anchor: &Path) -> Result<Self, LedgerError> {
        create_folder(dir)?;
        let lock = lock(dir)?;
        if let Some(keys) = anchor.parent() {
            create_folder(keys)?;
        }
        let place = Place::new(dir, anchor);
        let entries = OpenOptions::new().create(true).append(true).open(&place.entries);
        let entries = entries.map_err(|cause| disk("open", &place.entries, cause))?;
        sync_folder(dir)?;
        Ok(Self { place, entries, _lock: lock })
    }
}

impl Storage for Files {
    fn place(&self) -> &Place {
        &self.place
    }

    fn read(&self) -> Result<Image, LedgerError> {
        read(&self.place)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), LedgerError> {
        let wrong = |cause| disk("append to", &self.place.entries, cause);
        self.entries.write_all(bytes).map_err(wrong)
    }

    fn truncate(&mut self, length: u64) -> Result<(), LedgerError> {
        let wrong = |cause| disk("repair", &self.place.entries, cause);
        self.entries.set_len(length).map_err(wrong)
    }

    fn sync(&mut self) -> Result<(), LedgerError> {
        let wrong = |cause| disk("make durable", &self.place.entries, cause);
        self.entries.sync_all().map_err(wrong)
    }

    fn move_anchor(&mut self, anchor: &Anchor) -> Result<(), LedgerError> {
        replace(&self.place.anchor, anchor.line().as_bytes())
    }

    fn move_checkpoint(&mut self, note: &[u8]) -> Result<(), LedgerError> {
        replace(&self.place.checkpoint, note)
    }
}

/// Writes a file whole: the old or the new one after a crash, the new one after the return.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
    let beside = path.with_extension("new");
    let wrong = |cause| disk("write", &beside, cause);
    let mut file = File::create(&beside).map_err(wrong)?;
    file.write_all(bytes).map_err(wrong)?;
    file.sync_all().map_err(wrong)?;
    fs::rename(&beside, path).map_err(|cause| disk("replace", path, cause))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// What is stored at `place`, read without the lock.
pub(crate) fn read(place: &Place) -> Result<Image, LedgerError> {
    let data = || Ok((bytes(&place.entries)?, bytes(&place.checkpoint)?));
    let ((entries, checkpoint), anchor) = of_one_moment(data, || bytes(&place.anchor))?;
    let anchor = anchor.map(|bytes| Anchor::parse(&bytes, &place.anchor)).transpose()?;
    Ok(Image { entries: entries.unwrap_or_default(), anchor, checkpoint })
}

/// Reads the data again for as long as a writer moves the anchor meanwhile.
fn of_one_moment<T, A: PartialEq, E>(
    mut data: impl FnMut() -> Result<T, E>,
    mut anchor: impl FnMut() -> Result<A, E>,
) -> Result<(T, A), E> {
    let mut before = anchor()?;
    loop {
        let read = data()?;
        let after = anchor()?;
        if before == after {
            return Ok((read, after));
        }
        before = after;
    }
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, LedgerError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(disk("read", path, cause)),
    }
}

fn lock(dir: &Path) -> Result<File, LedgerError> {
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(|cause| disk("open", &path, cause))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::Busy(dir.to_owned())),
        Err(TryLockError::Error(cause)) => Err(disk("lock", &path, cause)),
    }
}

/// Creates a folder that only its owner may enter, and every missing folder above it, durably.
fn create_folder(path: &Path) -> Result<(), LedgerError> {
    if path.is_dir() || path.as_os_str().is_empty() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        create_folder(above)?;
    }
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(disk("create", path, cause)),
        _ => path.parent().map_or(Ok(()), sync_folder),
    }
}

fn sync_folder(path: &Path) -> Result<(), LedgerError> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|cause| disk("make durable", path, cause))
}

fn disk(act: &'static str, path: &Path, cause: io::Error) -> LedgerError {
    LedgerError::Disk { act, path: path.to_owned(), cause }
}

#[cfg(test)]
mod tests {
    use super::of_one_moment;

    #[test]
    fn a_reader_beside_a_writer_sees_both_files_of_one_moment() {
        let mut anchors = [3, 4, 5, 5].into_iter();
        let mut lengths = [3, 5, 6].into_iter();
        let read = of_one_moment(|| lengths.next().ok_or(()), || anchors.next().ok_or(()));
        assert_eq!(read, Ok((6, 5)));
    }
}
