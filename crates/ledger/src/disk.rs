//! The file system, as an argument: the machine's own, or in tests one that fails and loses power.
//!
//! Bytes are durable once their file was synced, names once their folder was. Everything else may be
//! gone, or half there, after a crash.

mod machine;
#[cfg(any(test, feature = "simulated-disk"))]
mod simulated;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

pub use machine::Machine;
#[cfg(any(test, feature = "simulated-disk"))]
pub use simulated::{Fault, Power, SimulatedDisk, Trouble, repeat, seeds};

/// Who may enter a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The owner alone.
    Owner,
    /// Whoever the system allows by default.
    Everybody,
}

/// Whether to wait for a lock that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Not at all.
    None,
    /// Until it is free.
    Endless,
}

/// A lock on a file, held until it is dropped.
pub type Lock = Box<dyn Send>;

/// The steps that a crash can fall between. An error leaves a step undone, half done or done.
pub trait Disk: Send + Sync {
    /// All bytes of a file.
    ///
    /// # Errors
    /// What the file system says; `NotFound` when there is none.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The paths in a folder, ascending.
    ///
    /// # Errors
    /// What the file system says; `NotFound` when there is none.
    fn list(&self, folder: &Path) -> io::Result<Vec<PathBuf>>;

    /// Creates a folder in one that exists.
    ///
    /// # Errors
    /// What the file system says; `AlreadyExists` when it is there.
    fn create_folder(&self, folder: &Path, audience: Audience) -> io::Result<()>;

    /// Creates or replaces a file's bytes: after a crash old, new, or a part of new.
    ///
    /// # Errors
    /// What the file system says.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Adds bytes at the end of a file, which is created when it is not there.
    ///
    /// # Errors
    /// What the file system says.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Makes a file's bytes, or a folder's names, durable.
    ///
    /// # Errors
    /// What the file system says; nobody knows then what is durable.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or folder another name in the same folder; a file of that name is replaced.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a folder and everything in it.
    ///
    /// # Errors
    /// What the file system says.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes the lock of a file, which is created when it is not there; `None` when another
    /// process holds it.
    ///
    /// # Errors
    /// What the file system says.
    fn lock(&self, path: &Path, patience: Patience) -> io::Result<Option<Lock>>;
}

/// Why a folder of somebody else's may not be synced.
const BEYOND_US: [ErrorKind; 4] = [
    ErrorKind::PermissionDenied,
    ErrorKind::ReadOnlyFilesystem,
    ErrorKind::Unsupported,
    ErrorKind::InvalidInput,
];

/// Creates a folder and every missing one above it, so that all their names survive.
///
/// Folders that are there are made durable again: a process may have died between creating one and
/// syncing its name.
///
/// # Errors
/// What the file system says.
pub fn durable_folder(disk: &dyn Disk, path: &Path, audience: Audience) -> io::Result<()> {
    let Some(above) = path.parent() else { return Ok(()) };
    durable_folder(disk, above, audience)?;
    if disk.list(path).is_err() {
        match disk.create_folder(path, audience) {
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(cause),
            _ => {}
        }
    }
    match disk.sync(above) {
        // Made by somebody else long before, on a file system that is not written, or on one that
        // cannot do it: nothing more can be done for the name.
        Err(cause) if BEYOND_US.contains(&cause.kind()) => Ok(()),
        synced => synced,
    }
}

/// Replaces a file whole: the old or the new one after a crash, the new one after the return.
///
/// # Errors
/// What the file system says, with what was done to which file.
pub(crate) fn replace(
    disk: &dyn Disk,
    path: &Path,
    bytes: &[u8],
) -> Result<(), (&'static str, PathBuf, io::Error)> {
    let beside = path.with_extension("new");
    let folder = path.parent().unwrap_or(Path::new(""));
    disk.write(&beside, bytes).map_err(|cause| ("write", beside.clone(), cause))?;
    disk.sync(&beside).map_err(|cause| ("make durable", beside.clone(), cause))?;
    disk.rename(&beside, path).map_err(|cause| ("replace", path.to_owned(), cause))?;
    disk.sync(folder).map_err(|cause| ("make durable", folder.to_owned(), cause))
}
