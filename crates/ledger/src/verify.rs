//! Reads the ledger from its first byte and says where it stops being what was written.
//!
//! (1) Every line carries the digest of itself after all lines before. (2) It is an entry, as the
//! ledger writes it. (3) Places count up from 0. (4) It may follow the entries before: its caps
//! hold, its charge is open. (5) The tree over the entries had the root that was seen elsewhere: in
//! the anchor, or in a checkpoint that somebody kept. The ledger may be one entry ahead of it, for the
//! crash between an append and the anchor. (6) The newest checkpoint is signed, and of this tree. A
//! torn last line that the anchor never saw was never durable: nothing was drawn for it.

#[cfg(test)]
mod forged;

use std::path::Path;

use crate::anchor::Anchor;
use crate::books::Books;
use crate::checkpoint::{self, Checkpoint, CheckpointVerifier};
use crate::disk::Machine;
use crate::entry::{Entry, digest, genesis};
use crate::error::LedgerError;
use crate::history::History;
use crate::storage::{Image, Place, read};
use crate::tree::Tree;

/// A ledger that holds.
#[derive(Debug)]
pub struct Verified {
    /// Its entries, in order.
    pub entries: Vec<Entry>,
    /// Digest of the last line.
    pub head: String,
    /// Bytes of whole lines.
    pub length: u64,
    /// Bytes of a torn line after them.
    pub torn: u64,
    pub(crate) books: Books,
    pub(crate) tree: Tree,
}

impl Verified {
    /// The root of the tree over all entries, in base 64.
    #[must_use]
    pub fn root(&self) -> String {
        let root = self.tree.root(self.tree.size()).unwrap_or_default();
        tlog_tiles::Hash(root).to_string()
    }

    /// The ledger to read: charges, publications and spending.
    #[must_use]
    pub fn into_history(self) -> History {
        History::of(self.entries, self.head, self.tree, self.books)
    }
}

/// Checks the ledger in `dir` against itself, the anchor at `anchor` and its checkpoint.
///
/// # Errors
/// [`LedgerError::Lie`] naming the first line that lies and the byte where it begins;
/// [`LedgerError::RolledBack`] when the anchor has seen more; [`LedgerError::AnchorMissing`].
pub fn verify(
    dir: &Path,
    anchor: &Path,
    key: &CheckpointVerifier,
) -> Result<Verified, LedgerError> {
    let place = Place::new(dir, anchor);
    check(&read(&Machine, &place)?, &place, key)
}

/// Checks a copy of the ledger's folder without the operator's anchor: against its own checkpoint
/// and, when the auditor kept an earlier one, against that.
///
/// # Errors
/// As [`verify`]; [`LedgerError::Lie`] in the checkpoint when it is not signed by `key`, or when
/// `kept` is not of the same history.
pub fn audit(
    dir: &Path,
    key: &CheckpointVerifier,
    kept: Option<&Checkpoint>,
) -> Result<(Verified, Checkpoint), LedgerError> {
    let checkpoint = Checkpoint::read(dir, key)?;
    let place = Place::new(dir, &dir.join(checkpoint::FILE));
    let lie = |what: String| lie_in(&place.checkpoint, what);
    let entries = std::fs::read(&place.entries).map_err(|cause| LedgerError::Disk {
        act: "read",
        path: place.entries.clone(),
        cause,
    })?;
    let verified = check_entries(&entries, &checkpoint.head, &place)?;
    if let Some(kept) = kept {
        if kept.size() > checkpoint.size() {
            let (now, then) = (checkpoint.size(), kept.size());
            return Err(lie(format!("it covers {now} entries, the kept one {then}")));
        }
        if verified.tree.root(kept.size()) != Some(kept.head.root) {
            let size = kept.size();
            return Err(lie(format!("the first {size} entries are not those of the kept one")));
        }
    }
    Ok((verified, checkpoint))
}

/// Checks what was read from `place`.
pub(crate) fn check(
    image: &Image,
    place: &Place,
    key: &CheckpointVerifier,
) -> Result<Verified, LedgerError> {
    let seen = match &image.anchor {
        Some(anchor) => anchor.clone(),
        None if !image.entries.contains(&b'\n') => Anchor::genesis(),
        None => return Err(LedgerError::AnchorMissing(place.anchor.clone())),
    };
    let verified = check_entries(&image.entries, &seen, place)?;
    let lie = |what: String| lie_in(&place.checkpoint, what);
    let signed = match &image.checkpoint {
        Some(note) => key.open(note).map_err(|cause| lie(cause.to_string()))?.head,
        None => Anchor::genesis(),
    };
    // The checkpoint follows the anchor: a crash leaves it at most one entry behind.
    if signed.size > seen.size || signed.size + 1 < seen.size {
        let (found, expected) = (signed.size, seen.size);
        return Err(lie(format!("it covers {found} entries, the anchor {expected}")));
    }
    if verified.tree.root(signed.size) != Some(signed.root) {
        return Err(lie("its root is not that of the entries".to_owned()));
    }
    Ok(verified)
}

fn lie_in(path: &Path, what: String) -> LedgerError {
    LedgerError::Lie { path: path.to_owned(), line: 1, byte: 0, what }
}

/// Checks the bytes of the entries against themselves and against a head that was `seen` elsewhere.
fn check_entries(bytes: &[u8], seen: &Anchor, place: &Place) -> Result<Verified, LedgerError> {
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut verified = Verified {
        entries: Vec::new(),
        head: genesis(),
        length: 0,
        torn: size(bytes.len() - whole),
        books: Books::default(),
        tree: Tree::default(),
    };
    for (at, line) in (0_u64..).zip(bytes[..whole].split_inclusive(|&byte| byte == b'\n')) {
        let byte = verified.length;
        let wrong =
            |what| LedgerError::Lie { path: place.entries.clone(), line: at + 1, byte, what };
        if at > seen.size {
            let most = seen.size;
            return Err(wrong(format!("the anchor has seen {most}, only one more can be true")));
        }
        let text = &line[..line.len() - 1];
        let (entry, head, json) = entry(text, at, &verified.head).map_err(wrong)?;
        verified.tree.push(json);
        if seen.size == at + 1 && verified.tree.root(at + 1) != Some(seen.root) {
            return Err(wrong("up to here it is not the ledger that the anchor saw".to_owned()));
        }
        verified.books.enter(&entry).map_err(wrong)?;
        verified.head = head;
        verified.entries.push(entry);
        verified.length += size(line.len());
    }
    let found = size(verified.entries.len());
    if found < seen.size {
        return Err(LedgerError::RolledBack {
            path: place.entries.clone(),
            anchor: place.anchor.clone(),
            found,
            expected: seen.size,
            byte: verified.length,
        });
    }
    Ok(verified)
}

/// Parses one line and checks it against the chain; returns the entry, its digest and its JSON.
fn entry<'line>(
    line: &'line [u8],
    place: u64,
    previous: &str,
) -> Result<(Entry, String, &'line [u8]), String> {
    let space = line.iter().position(|&byte| byte == b' ').ok_or("it has no digest")?;
    let (said, json) = (&line[..space], &line[space + 1..]);
    let found = digest(previous, json);
    if said != found.as_bytes() {
        return Err("it is not what was written after the line before".to_owned());
    }
    let entry: Entry =
        serde_json::from_slice(json).map_err(|cause| format!("it is not an entry ({cause})"))?;
    if serde_json::to_vec(&entry).ok().as_deref() != Some(json) {
        return Err("it is not written as the ledger writes".to_owned());
    }
    if entry.place != place {
        return Err(format!("it says place {}, it stands at {place}", entry.place));
    }
    Ok((entry, found, json))
}

fn size(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
