//! Reads the ledger from its first byte and says where it stops being what was written.
//!
//! (1) Every line carries the digest of itself after all lines before. (2) It is an entry.
//! (3) Places count up from 0. (4) It may
//! follow the entries before: its caps hold, its charge is open. (5) The anchor's head is among the entries; the ledger may
//! be one entry ahead, for the crash between an append and the anchor. A torn last line that the
//! anchor never saw was never durable: nothing was drawn for it.

#[cfg(test)]
mod forged;

use std::path::Path;

use crate::anchor::Anchor;
use crate::books::Books;
use crate::entry::{Entry, digest, genesis};
use crate::error::LedgerError;
use crate::storage::{Image, Place, files};

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
}

/// Checks the ledger in `dir` against itself and the anchor at `anchor`.
///
/// # Errors
/// [`LedgerError::Lie`] naming the first line that lies and the byte where it begins;
/// [`LedgerError::RolledBack`] when the anchor has seen more; [`LedgerError::AnchorMissing`].
pub fn verify(dir: &Path, anchor: &Path) -> Result<Verified, LedgerError> {
    let place = Place::new(dir, anchor);
    check(&files::read(&place)?, &place)
}

/// Checks what was read from `place`.
pub(crate) fn check(image: &Image, place: &Place) -> Result<Verified, LedgerError> {
    let bytes = &image.entries;
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let seen = match &image.anchor {
        Some(anchor) => anchor.clone(),
        None if whole == 0 => Anchor::genesis(),
        None => return Err(LedgerError::AnchorMissing(place.anchor.clone())),
    };
    let lie = |line: u64, byte: u64, what: String| LedgerError::Lie {
        path: place.entries.clone(),
        line,
        byte,
        what,
    };
    let mut verified = Verified {
        entries: Vec::new(),
        head: genesis(),
        length: 0,
        torn: size(bytes.len() - whole),
        books: Books::default(),
    };
    for (at, line) in (0_u64..).zip(bytes[..whole].split_inclusive(|&byte| byte == b'\n')) {
        let wrong = |what| lie(at + 1, verified.length, what);
        if at > seen.entries {
            let most = seen.entries;
            return Err(wrong(format!("the anchor has seen {most}, only one more can be true")));
        }
        let text = &line[..line.len() - 1];
        let (entry, head) = entry(text, at, &verified.head).map_err(wrong)?;
        if seen.entries == at + 1 && seen.head != head {
            return Err(wrong("it is not the entry that the anchor saw".to_owned()));
        }
        verified.books.enter(&entry).map_err(wrong)?;
        verified.head = head;
        verified.entries.push(entry);
        verified.length += size(line.len());
    }
    let found = size(verified.entries.len());
    if found < seen.entries {
        return Err(LedgerError::RolledBack {
            path: place.entries.clone(),
            anchor: place.anchor.clone(),
            found,
            expected: seen.entries,
            byte: verified.length,
        });
    }
    Ok(verified)
}

/// Parses one line and checks it against the chain; returns the entry and its digest.
fn entry(line: &[u8], place: u64, previous: &str) -> Result<(Entry, String), String> {
    let space = line.iter().position(|&byte| byte == b' ').ok_or("it has no digest")?;
    let (said, json) = (&line[..space], &line[space + 1..]);
    let found = digest(previous, json);
    if said != found.as_bytes() {
        return Err("it is not what was written after the line before".to_owned());
    }
    let entry: Entry =
        serde_json::from_slice(json).map_err(|cause| format!("it is not an entry ({cause})"))?;
    if entry.place != place {
        return Err(format!("it says place {}, it stands at {place}", entry.place));
    }
    Ok((entry, found))
}

fn size(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
