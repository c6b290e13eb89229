//! The account key: what makes the store useless to who took it alone.
//!
//! 32 random bytes in `keys_dir/accounts.key`, readable by the owner alone. Three keys are derived
//! from it, each for one use: one encrypts salted passwords (XChaCha20-Poly1305, a random nonce of
//! 24 bytes, the user's name as associated data, so that no row can be put under another name), one
//! makes salts of users who do not exist, and one is a mark by which the store knows its key.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{Salt, Salted};
use crate::entropy;
use crate::error::{AccessError, Result};

const FILE: &str = "accounts.key";
const NONCE_BYTES: usize = 24;

/// The keys that are derived from the account key.
pub(crate) struct AccountKey {
    cipher: XChaCha20Poly1305,
    salts: Zeroizing<[u8; 32]>,
    mark: [u8; 32],
}

impl AccountKey {
    /// The key of a store that is there.
    ///
    /// # Errors
    /// `A04` when it is missing or damaged; a new one would open nothing.
    pub(crate) fn of_store(keys_dir: &Path) -> Result<Self> {
        read(&keys_dir.join(FILE)).map(|it| Self::derive(&it))
    }

    /// The key for a new store: made, and durable, when it is not there.
    ///
    /// # Errors
    /// `A04` when it is damaged; `F01` or `F07` when it cannot be made.
    pub(crate) fn for_new_store(keys_dir: &Path) -> Result<Self> {
        let path = keys_dir.join(FILE);
        if !path.exists() {
            let draft = keys_dir.join(format!("{FILE}.{}", entropy::hex(&entropy::fresh::<8>()?)));
            let made = make(&draft, &path, keys_dir);
            match fs::remove_file(&draft) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(AccessError::disk("remove", &draft, &cause));
                }
                _ => made?,
            }
        }
        Self::of_store(keys_dir)
    }

    fn derive(key: &[u8; 32]) -> Self {
        let derived = |usage: &str| {
            Zeroizing::new(blake3::derive_key(&format!("quorate 2026 accounts: {usage}"), key))
        };
        Self {
            cipher: XChaCha20Poly1305::new(&(*derived("salted passwords")).into()),
            salts: derived("salts of nobody"),
            mark: *derived("mark of the key"),
        }
    }

    /// What a store keeps to know its key by; nothing follows from it.
    pub(crate) const fn mark(&self) -> &[u8; 32] {
        &self.mark
    }

    /// Encrypts a salted password for the row of `name`.
    ///
    /// # Errors
    /// `F07` when the system's random generator fails; `A04` when the cipher refuses.
    pub(crate) fn seal(&self, name: &str, salted: &Salted) -> Result<Vec<u8>> {
        let nonce = entropy::fresh::<NONCE_BYTES>()?;
        let payload = Payload { msg: salted.as_slice(), aad: name.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed =
            sealed.map_err(|_| AccessError::fault("A04", "a password was not encrypted"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Self::seal`] made for `name`.
    ///
    /// # Errors
    /// `A04` when it was changed, or is another user's.
    pub(crate) fn unseal(&self, name: &str, sealed: &[u8]) -> Result<Salted> {
        let open = || {
            let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
            let payload = Payload { msg: sealed, aad: name.as_bytes() };
            let text =
                self.cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)?;
            text.as_slice().try_into().ok().map(Zeroizing::new)
        };
        open().ok_or_else(|| {
            AccessError::fault("A04", "the secret of a user was changed outside the program")
                .at(format!("user {name}"))
                .remedy("set that user's password again")
        })
    }

    /// The salt of a user who does not exist: the same at every call, and like any other.
    pub(crate) fn salt_of_nobody(&self, name: &str) -> Salt {
        let mut salt = Salt::default();
        let mut digest =
            blake3::Hasher::new_keyed(&self.salts).update(name.as_bytes()).finalize_xof();
        digest.fill(&mut salt);
        salt
    }
}

/// Writes the key under another name and links it, so that it appears complete or not at all and
/// two processes that start at once end with the same key.
fn make(draft: &Path, path: &Path, folder: &Path) -> Result<()> {
    let bytes = Zeroizing::new(entropy::fresh::<32>()?);
    let write = || {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
        file.write_all(bytes.as_slice())?;
        file.sync_all()?;
        match fs::hard_link(draft, path) {
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|cause| AccessError::disk("write a key", path, &cause))
}

fn read(path: &Path) -> Result<Zeroizing<[u8; 32]>> {
    let mut file = match File::open(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Err(missing(path)),
        opened => opened.map_err(|cause| AccessError::disk("read a key", path, &cause))?,
    };
    let mut bytes = Zeroizing::new([0; 32]);
    let length =
        file.metadata().map_err(|cause| AccessError::disk("read a key", path, &cause))?.len();
    if length != 32 {
        return Err(AccessError::fault("A04", "the key of the accounts is damaged")
            .at(path.display())
            .allowed("32 bytes")
            .remedy(RESTORE));
    }
    file.read_exact(bytes.as_mut_slice())
        .map_err(|cause| AccessError::disk("read a key", path, &cause))?;
    Ok(bytes)
}

fn missing(path: &Path) -> AccessError {
    AccessError::fault("A04", "the key of the accounts is missing")
        .at(path.display())
        .remedy(RESTORE)
}

/// What to do without the right key.
pub(crate) const RESTORE: &str = "restore the key from a backup; if it is gone for good, move \
     accounts.sqlite away and add the users again";

/// Where the key is, for messages.
pub(crate) fn path(keys_dir: &Path) -> PathBuf {
    keys_dir.join(FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_under_its_name_and_key_alone() {
        let key = AccountKey::derive(&[1; 32]);
        let secret = Zeroizing::new([9; 32]);
        let sealed = key.seal("jane", &secret).unwrap();
        assert_eq!(*key.unseal("jane", &sealed).unwrap(), *secret);
        assert_ne!(sealed, key.seal("jane", &secret).unwrap(), "a nonce is used once");

        let refused = |key: &AccountKey, name: &str, sealed: &[u8]| {
            assert_eq!(key.unseal(name, sealed).err().map(|it| it.code), Some("A04"));
        };
        refused(&key, "john", &sealed);
        refused(&AccountKey::derive(&[2; 32]), "jane", &sealed);
        refused(&key, "jane", &sealed[1..]);
        refused(&key, "jane", b"");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            refused(&key, "jane", &changed);
        }
    }

    #[test]
    fn eight_who_start_at_once_get_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let marks: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let open = || *AccountKey::for_new_store(&keys).unwrap().mark();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        assert!(marks.iter().all(|it| *it == marks[0]));
        assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "no draft is left");
    }
}
