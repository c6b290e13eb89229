//! Secret keys, outside the instance's folder.
//!
//! A key is made once, readable by its owner alone, and durable before it is used. Destroying a
//! pseudonym key makes its period unlinkable ([`life`]). No key here can be printed, compared or serialised.

pub mod life;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ledger::CheckpointSigner;
use privacy::{Entropy, SystemEntropy};

use crate::error::{Error, Result, io_error};
use crate::instance::Instance;
use crate::time::Period;

/// The key of a period's pseudonyms.
pub struct PseudonymKey([u8; 32]);

/// The secret of a period from which the bounding key of each plan is derived.
pub struct BoundingSecret([u8; 32]);

impl PseudonymKey {
    /// The key of `period`, made when it is not there.
    ///
    /// # Errors
    /// `I48` when it was destroyed; a fault when it cannot be read, is damaged or cannot be made.
    pub fn of(instance: &Instance, period: Period) -> Result<Self> {
        life::check_not_destroyed(&instance.keys_dir()?, period)?;
        key(instance, &format!("pseudonym-{period}.key")).map(Self)
    }

    /// The key of `period`, or, when it was not made yet, one that is forgotten with this value.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn or_passing(instance: &Instance, period: Period) -> Result<Self> {
        let folder = instance.keys_dir()?;
        life::check_not_destroyed(&folder, period)?;
        let path = folder.join(format!("pseudonym-{period}.key"));
        if path.exists() { Self::of(instance, period) } else { Ok(Self(fresh()?)) }
    }

    /// The key of the list of objectors, of all periods; made when it is not there.
    ///
    /// # Errors
    /// A fault when it cannot be read, is damaged or cannot be made.
    pub fn of_objectors(instance: &Instance) -> Result<Self> {
        key(instance, "objectors.key").map(Self)
    }

    /// The bytes, for the one function that makes pseudonyms.
    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl BoundingSecret {
    /// The secret of `period`, made when it is not there.
    ///
    /// # Errors
    /// A fault when the secret cannot be read, is damaged or cannot be made.
    pub fn of(instance: &Instance, period: Period) -> Result<Self> {
        key(instance, &format!("bounding-{period}.key")).map(Self)
    }

    /// The bounding key of the plan with this hash: the same for every retry of one plan.
    #[must_use]
    pub fn for_plan(&self, plan: &[u8; 32]) -> [u8; 16] {
        let mut bounding = [0; 16];
        let digest = blake3::keyed_hash(&self.0, plan);
        for (to, from) in bounding.iter_mut().zip(digest.as_bytes()) {
            *to = *from;
        }
        bounding
    }
}

/// The key that signs the ledger's checkpoints, made when it is not there; the log is called as the
/// instance is.
///
/// # Errors
/// A fault when the key cannot be read, is damaged or cannot be made.
pub fn checkpoint_signer(instance: &Instance) -> Result<CheckpointSigner> {
    let seed = key(instance, "checkpoint.key")?;
    CheckpointSigner::new(&instance.config.name, &seed)
        .map_err(|cause| Error::fault("F03", cause.to_string()))
}

/// Reads a key of 32 bytes, or makes it.
///
/// The file appears complete or not at all: it is written under another name, made durable and
/// linked, so that two processes that start at once end with the same key.
fn key(instance: &Instance, name: &str) -> Result<[u8; 32]> {
    let folder = instance.keys_dir()?;
    let path = folder.join(name);
    if !path.exists() {
        let draft = folder.join(format!("{name}.{}", std::process::id()));
        let made = make(&draft, &path, &folder);
        fs::remove_file(&draft)
            .or_else(absent_is_fine)
            .map_err(|it| io_error("remove", &draft, &it))?;
        made?;
    }
    read(&path)
}

fn make(draft: &Path, path: &Path, folder: &Path) -> Result<()> {
    let bytes = fresh()?;
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        match fs::hard_link(draft, path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|cause| io_error("write a key", path, &cause))
}

/// 128 random bits in hexadecimal.
///
/// # Errors
/// A fault when the system's generator fails.
pub(crate) fn random_name() -> Result<String> {
    let bits = fresh()?;
    let word = bits.iter().take(16).fold(0_u128, |word, byte| word << 8 | u128::from(*byte));
    Ok(format!("{word:032x}"))
}

/// 256 bits from the operating system.
fn fresh() -> Result<[u8; 32]> {
    let mut entropy = SystemEntropy::new().map_err(|it| Error::fault("F03", it.to_string()))?;
    let mut bytes = [0; 32];
    for word in bytes.chunks_exact_mut(8) {
        let drawn = entropy.next_u64().map_err(|it| Error::fault("F03", it.to_string()))?;
        word.copy_from_slice(&drawn.to_le_bytes());
    }
    Ok(bytes)
}

fn absent_is_fine(cause: io::Error) -> io::Result<()> {
    if cause.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(cause) }
}

fn read(path: &Path) -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut file = File::open(path).map_err(|cause| io_error("read a key", path, &cause))?;
    let length = file.metadata().map_err(|cause| io_error("read a key", path, &cause))?.len();
    if length != 32 {
        return Err(Error::fault("F03", "the key file is damaged")
            .at(path.display())
            .allowed("32 bytes")
            .remedy("restore it from a backup; without it the period cannot take further rows"));
    }
    file.read_exact(&mut bytes).map_err(|cause| io_error("read a key", path, &cause))?;
    Ok(bytes)
}
