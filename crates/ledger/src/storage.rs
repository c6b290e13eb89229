//! The ledger's files: entries that grow, an anchor and a checkpoint that are replaced whole.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::anchor::Anchor;
use crate::checkpoint;
use crate::disk::{Audience, Disk, Lock, Patience, durable_folder, replace};
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

/// The files, held by the one writer for as long as this lives.
pub(crate) struct Storage {
    disk: Arc<dyn Disk>,
    place: Place,
    _lock: Lock,
}

impl Storage {
    /// Takes the writer's lock of `dir`; creates what is missing and makes its names durable.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        anchor: &Path,
        patience: Patience,
    ) -> Result<Self, LedgerError> {
        durable_folder(&*disk, dir, Audience::Owner)
            .map_err(|cause| failed("create", dir, cause))?;
        let path = dir.join("lock");
        let lock = disk.lock(&path, patience).map_err(|cause| failed("lock", &path, cause))?;
        let lock = lock.ok_or_else(|| LedgerError::Busy(dir.to_owned()))?;
        if let Some(keys) = anchor.parent() {
            durable_folder(&*disk, keys, Audience::Owner)
                .map_err(|cause| failed("create", keys, cause))?;
        }
        let place = Place::new(dir, anchor);
        Ok(Self { disk, place, _lock: lock })
    }

    /// Where it is.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// What a reader finds now, durable or not.
    pub fn read(&self) -> Result<Image, LedgerError> {
        read(&*self.disk, &self.place)
    }

    /// Adds bytes at the end of the entries; durable only after [`Storage::sync`].
    pub fn append(&self, bytes: &[u8]) -> Result<(), LedgerError> {
        let path = &self.place.entries;
        self.disk.append(path, bytes).map_err(|cause| failed("append to", path, cause))
    }

    /// Writes the entries anew, durably: what was read may only have been in memory.
    pub fn rewrite(&self, bytes: &[u8]) -> Result<(), LedgerError> {
        self.replace(&self.place.entries, bytes)
    }

    /// Returns once every entry survives a loss of power.
    pub fn sync(&self) -> Result<(), LedgerError> {
        let path = &self.place.entries;
        self.disk.sync(path).map_err(|cause| failed("make durable", path, cause))
    }

    /// Replaces the anchor, durably.
    pub fn move_anchor(&self, anchor: &Anchor) -> Result<(), LedgerError> {
        self.replace(&self.place.anchor, anchor.line().as_bytes())
    }

    /// Replaces the checkpoint, durably.
    pub fn move_checkpoint(&self, note: &[u8]) -> Result<(), LedgerError> {
        self.replace(&self.place.checkpoint, note)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), LedgerError> {
        replace(&*self.disk, path, bytes).map_err(|(act, path, cause)| LedgerError::Disk {
            act,
            path,
            cause,
        })
    }
}

/// What is stored at `place`, read without the lock.
pub(crate) fn read(disk: &dyn Disk, place: &Place) -> Result<Image, LedgerError> {
    let file = |path: &Path| match disk.read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(failed("read", path, cause)),
    };
    let data = || Ok((file(&place.entries)?, file(&place.checkpoint)?));
    let ((entries, checkpoint), anchor) = of_one_moment(data, || file(&place.anchor))?;
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

fn failed(act: &'static str, path: &Path, cause: io::Error) -> LedgerError {
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
