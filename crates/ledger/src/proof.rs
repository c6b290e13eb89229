//! Proofs for somebody who holds no ledger: an entry is in it, and one state grew out of another.
//!
//! Both are texts with a signed checkpoint at their end. An inclusion proof carries its entry, so
//! that a file and the log's public key are all that is needed.
//! Source: RFC 6962 §2.1.1 and §2.1.2; C2SP tlog-proof@v1; C2SP tlog-witness (add-checkpoint).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tlog_tiles::{Hash, check_record, check_tree, record_hash};

use crate::anchor::Anchor;
use crate::checkpoint::{Checkpoint, CheckpointError, CheckpointVerifier};
use crate::entry::Entry;
use crate::history::History;

/// A proof that does not prove.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The text is no proof.
    #[error("line {line} of the proof is not {allowed}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What it should be.
        allowed: &'static str,
    },
    /// Its checkpoint does not hold.
    #[error("the proof's checkpoint does not hold: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead to the checkpoint's root.
    #[error("the hashes do not lead to the root of the checkpoint")]
    Hashes,
    /// The kept checkpoint covers more than the newer one.
    #[error("the kept checkpoint covers {kept} entries, the proof begins at {before}")]
    OtherSize {
        /// What the kept one covers.
        kept: u64,
        /// Where the proof begins.
        before: u64,
    },
}

/// Shows that an entry is in the ledger (C2SP tlog-proof@v1, the entry as its extra data).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof(String);

/// Shows that a checkpoint's ledger grew out of that of an earlier one (body of C2SP
/// add-checkpoint).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof(String);

const HEADER: &str = "c2sp.org/tlog-proof@v1";

impl History {
    /// The proof that entry `place` is under `checkpoint`; `None` when it is not.
    #[must_use]
    pub fn inclusion(&self, place: u64, checkpoint: &Checkpoint) -> Option<InclusionProof> {
        let entry = self.entries().get(usize::try_from(place).ok()?)?;
        let json = BASE64_STANDARD.encode(serde_json::to_vec(entry).ok()?);
        let hashes = self.tree().inclusion(place, checkpoint.size())?;
        let note = std::str::from_utf8(checkpoint.note()).ok()?;
        let hashes = lines(&hashes);
        Some(InclusionProof(format!("{HEADER}\nextra {json}\nindex {place}\n{hashes}\n{note}")))
    }

    /// The proof that `checkpoint` grew out of the first `before` entries; `None` when it did not.
    #[must_use]
    pub fn consistency(&self, before: u64, checkpoint: &Checkpoint) -> Option<ConsistencyProof> {
        let hashes = lines(&self.tree().consistency(before, checkpoint.size())?);
        let note = std::str::from_utf8(checkpoint.note()).ok()?;
        Some(ConsistencyProof(format!("old {before}\n{hashes}\n{note}")))
    }
}

fn lines(hashes: &[Hash]) -> String {
    hashes.iter().fold(String::new(), |text, hash| text + &hash.to_string() + "\n")
}

impl InclusionProof {
    /// The text of a proof file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Checks a proof's text with the log's key; returns the entry and the checkpoint it is under.
    ///
    /// # Errors
    /// [`ProofError`] saying which part does not hold.
    pub fn check(text: &str, key: &CheckpointVerifier) -> Result<(Entry, Checkpoint), ProofError> {
        let mut reader = Reader::new(text);
        reader.line("the header c2sp.org/tlog-proof@v1", |it| (it == HEADER).then_some(()))?;
        let json = reader.line("`extra` and the entry in base 64", |it| {
            BASE64_STANDARD.decode(it.strip_prefix("extra ")?).ok()
        })?;
        let place = reader.line("`index` and the entry's place", |it| number(it, "index "))?;
        let (hashes, note) = reader.rest()?;
        let checkpoint = key.open(note)?;
        let root = Hash(checkpoint.head.root);
        check_record(&hashes, checkpoint.size(), root, place, record_hash(&json))
            .map_err(|_| ProofError::Hashes)?;
        let entry: Entry = serde_json::from_slice(&json)
            .map_err(|_| ProofError::Malformed { line: 2, allowed: "an entry of a ledger" })?;
        Ok((entry, checkpoint))
    }
}

impl ConsistencyProof {
    /// The text of a proof file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Checks a proof's text against a checkpoint that was kept; returns the newer one.
    ///
    /// # Errors
    /// [`ProofError`] saying which part does not hold.
    pub fn check(
        text: &str,
        kept: &Checkpoint,
        key: &CheckpointVerifier,
    ) -> Result<Checkpoint, ProofError> {
        let mut reader = Reader::new(text);
        let before = reader.line("`old` and a size", |it| number(it, "old "))?;
        let (hashes, note) = reader.rest()?;
        if before != kept.size() {
            return Err(ProofError::OtherSize { kept: kept.size(), before });
        }
        let newer = key.open(note)?;
        let Anchor { size, root } = newer.head;
        check_tree(&hashes, size, Hash(root), before, Hash(kept.head.root))
            .map_err(|_| ProofError::Hashes)?;
        Ok(newer)
    }
}

/// Reads a proof line by line.
struct Reader<'text> {
    rest: &'text str,
    line: usize,
}

impl<'text> Reader<'text> {
    const fn new(text: &'text str) -> Self {
        Self { rest: text, line: 0 }
    }

    fn line<T>(
        &mut self,
        allowed: &'static str,
        read: impl FnOnce(&'text str) -> Option<T>,
    ) -> Result<T, ProofError> {
        self.line += 1;
        let wrong = ProofError::Malformed { line: self.line, allowed };
        let Some((line, rest)) = self.rest.split_once('\n') else { return Err(wrong) };
        self.rest = rest;
        read(line).ok_or(wrong)
    }

    /// The hashes up to the empty line, and the signed note after it.
    fn rest(mut self) -> Result<(Vec<Hash>, &'text [u8]), ProofError> {
        let mut hashes = Vec::new();
        // A tree of 2^64 entries is proven by 64 hashes.
        while hashes.len() <= 64 {
            let read = self.line("a hash in base 64, or empty", |it| {
                if it.is_empty() { Some(None) } else { Hash::parse_hash(it).ok().map(Some) }
            })?;
            match read {
                Some(hash) => hashes.push(hash),
                None => return Ok((hashes, self.rest.as_bytes())),
            }
        }
        Err(ProofError::Malformed { line: self.line, allowed: "empty: 64 hashes are enough" })
    }
}

/// A number in the one way of writing it.
fn number(line: &str, before: &str) -> Option<u64> {
    let digits = line.strip_prefix(before)?;
    digits.parse().ok().filter(|it: &u64| it.to_string() == digits)
}
