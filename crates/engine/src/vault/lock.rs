//! One ingest at a time: an advisory lock that dies with its process.

use std::fs::{self, File, TryLockError};

use crate::error::{Error, Result, io_error};
use crate::instance::Instance;

/// The right to change the vault, until dropped.
pub struct VaultLock {
    _file: File,
}

impl VaultLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// `I43` when another ingest holds it; a fault when the vault cannot be written.
    pub fn take(instance: &Instance) -> Result<Self> {
        let folder = instance.vault_dir();
        fs::create_dir_all(&folder).map_err(|cause| io_error("create", &folder, &cause))?;
        let path = folder.join("lock");
        let file =
            File::create(&path).map_err(|cause| io_error("lock the vault", &path, &cause))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::input("I43", "another ingest is running on this instance")
                    .at(instance.root.display())
                    .remedy("wait until it has finished and run again"))
            }
            Err(TryLockError::Error(cause)) => Err(io_error("lock the vault", &path, &cause)),
        }
    }
}
