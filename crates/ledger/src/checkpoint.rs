//! Checkpoints: what the ledger held at one moment, signed, so that nobody can be shown another.
//!
//! A checkpoint is a signed note with the log's origin, its size and the root of its tree. Anybody
//! who keeps one can hold the operator to it later. Ed25519; the key is kept outside the data folder.
//! Source: C2SP signed-note and tlog-checkpoint.

use std::fmt;
use std::path::Path;

use ed25519_dalek::{SignatureError, Signer as _, SigningKey};
use signed_note::{
    Note, Signer, StandardVerifier, Verifier, VerifierList, is_key_name_valid, key_id,
    new_ed25519_verifier_key,
};
use tlog_tiles::{Checkpoint as Body, Hash};

use crate::anchor::Anchor;
use crate::error::LedgerError;

/// Why a key or a checkpoint is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The origin cannot name a log.
    #[error("`{0}` cannot name a log: allowed is a text without spaces and `+`")]
    Origin(String),
    /// The text is no verifier key.
    #[error("`{0}` is no verifier key: allowed is `name+8 hex digits+base64` of an Ed25519 key")]
    Key(String),
    /// The bytes are no checkpoint.
    #[error("it is not a checkpoint: a note of origin, size and root, signed")]
    Malformed,
    /// The origin is another log's.
    #[error("it speaks of log `{found}`, the key of log `{expected}`")]
    OtherLog {
        /// What it names.
        found: String,
        /// What the key names.
        expected: String,
    },
    /// No signature is of the key.
    #[error("its signature is not of the key `{0}`")]
    Unsigned(String),
}

/// The name of the newest checkpoint's file.
pub(crate) const FILE: &str = "checkpoint";

/// The algorithm's byte before an Ed25519 key (C2SP signed-note).
const ED25519: u8 = 1;

/// The key that signs checkpoints. No `Debug`, `Display` or serialisation.
#[derive(Clone)]
pub struct CheckpointSigner {
    origin: String,
    key: SigningKey,
}

impl CheckpointSigner {
    /// The key of the log `origin` that grows from these secret bytes.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] for a name with spaces or `+`.
    pub fn new(origin: &str, seed: &[u8; 32]) -> Result<Self, CheckpointError> {
        if !is_key_name_valid(origin) {
            return Err(CheckpointError::Origin(origin.to_owned()));
        }
        Ok(Self { origin: origin.to_owned(), key: SigningKey::from_bytes(seed) })
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> CheckpointVerifier {
        let public = self.key.verifying_key();
        let text = new_ed25519_verifier_key(&self.origin, &public);
        CheckpointVerifier { text, origin: self.origin.clone() }
    }

    /// The checkpoint of a ledger whose head is `head`.
    pub(crate) fn sign(&self, head: &Anchor) -> Result<Checkpoint, CheckpointError> {
        let body = Body::new(&self.origin, head.size, Hash(head.root), "")
            .map_err(|_| CheckpointError::Malformed)?;
        let mut note = Note::new(&body.to_bytes(), &[]).map_err(|_| CheckpointError::Malformed)?;
        note.add_sigs(&[self]).map_err(|_| CheckpointError::Origin(self.origin.clone()))?;
        Ok(Checkpoint { head: head.clone(), note: note.to_bytes() })
    }
}

impl Signer for CheckpointSigner {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        let public = [&[ED25519][..], self.key.verifying_key().as_bytes()].concat();
        key_id(&self.origin, &public)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        Ok(self.key.try_sign(message)?.to_vec())
    }
}

/// The public key of a log, as a text to hand to anybody: `origin+id+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointVerifier {
    text: String,
    origin: String,
}

impl fmt::Display for CheckpointVerifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl CheckpointVerifier {
    /// The key that a text says.
    ///
    /// # Errors
    /// [`CheckpointError::Key`] when it says none.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let text = text.trim();
        let key = StandardVerifier::new(text)
            .map_err(|_| CheckpointError::Key(text.chars().take(80).collect()))?;
        Ok(Self { text: text.to_owned(), origin: key.name().to_owned() })
    }

    /// The checkpoint in `note`, if this key has signed it.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is malformed, of another log, or not signed by this key.
    pub fn open(&self, note: &[u8]) -> Result<Checkpoint, CheckpointError> {
        let key = StandardVerifier::new(&self.text)
            .map_err(|_| CheckpointError::Key(self.text.clone()))?;
        let parsed = Note::from_bytes(note).map_err(|_| CheckpointError::Malformed)?;
        parsed
            .verify(&VerifierList::new(vec![Box::new(key)]))
            .map_err(|_| CheckpointError::Unsigned(self.text.clone()))?;
        let body = Body::from_bytes(parsed.text()).map_err(|_| CheckpointError::Malformed)?;
        if body.origin() != self.origin {
            let found = body.origin().to_owned();
            return Err(CheckpointError::OtherLog { found, expected: self.origin.clone() });
        }
        let head = Anchor { size: body.size(), root: body.hash().0 };
        Ok(Checkpoint { head, note: note.to_owned() })
    }
}

/// What a ledger held at one moment, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub(crate) head: Anchor,
    note: Vec<u8>,
}

impl Checkpoint {
    /// The newest checkpoint of the ledger in `dir`.
    ///
    /// # Errors
    /// [`LedgerError`] when it cannot be read or is not signed by `key`.
    pub fn read(dir: &Path, key: &CheckpointVerifier) -> Result<Self, LedgerError> {
        let path = dir.join(FILE);
        match std::fs::read(&path) {
            Ok(note) => key.open(&note).map_err(|cause| LedgerError::Lie {
                path,
                line: 1,
                byte: 0,
                what: cause.to_string(),
            }),
            Err(cause) => Err(LedgerError::Disk { act: "read", path, cause }),
        }
    }

    /// How many entries it covers.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.head.size
    }

    /// The root over them, in base 64.
    #[must_use]
    pub fn root(&self) -> String {
        Hash(self.head.root).to_string()
    }

    /// The signed note.
    #[must_use]
    pub fn note(&self) -> &[u8] {
        &self.note
    }
}
