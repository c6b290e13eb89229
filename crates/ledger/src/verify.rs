//! Reads the ledger from its first byte and says where it stops being what was written.
//!
//! (1) Every line carries the digest of itself after all lines before. (2) It is an entry.
//! (3) Places count up from 0. (4) The anchor's head is among the entries; the ledger may
//! be one entry ahead, for the crash between an append and the anchor. A torn last line that the
//! anchor never saw was never durable: nothing was drawn for it.

use std::path::Path;

use crate::anchor::Anchor;
use crate::entry::{Entry, digest, genesis};
use crate::error::LedgerError;
use crate::file;

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
}

/// Checks the ledger in `dir` against itself and the anchor at `anchor`.
///
/// # Errors
/// [`LedgerError::Lie`] naming the first line and byte that lies; [`LedgerError::RolledBack`] when
/// the anchor has seen more.
pub fn verify(dir: &Path, anchor: &Path) -> Result<Verified, LedgerError> {
    let path = file::entries_path(dir);
    let bytes = file::read(&path)?;
    let seen = Anchor::read(anchor)?;
    let lie = |line: u64, byte: u64, what: String| LedgerError::Lie {
        path: path.clone(),
        line,
        byte,
        what,
    };
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let mut verified = Verified {
        entries: Vec::new(),
        head: genesis(),
        length: size(whole),
        torn: size(bytes.len() - whole),
    };
    let mut byte = 0;
    let mut anchored = seen.as_ref().is_none_or(|seen| seen.entries == 0);
    for (place, line) in (0_u64..).zip(bytes[..whole].split_inclusive(|&byte| byte == b'\n')) {
        let text = &line[..line.len() - 1];
        let (entry, head) =
            entry(text, place, &verified.head).map_err(|what| lie(place + 1, byte, what))?;
        verified.head = head;
        verified.entries.push(entry);
        if let Some(seen) = seen.as_ref().filter(|seen| seen.entries == place + 1) {
            if seen.head != verified.head {
                return Err(lie(place + 1, byte, "it is not the entry that the anchor saw".into()));
            }
            anchored = true;
        }
        byte += size(line.len());
    }
    let found = size(verified.entries.len());
    match seen {
        Some(seen) if !anchored => Err(LedgerError::RolledBack {
            path,
            anchor: anchor.to_owned(),
            found,
            expected: seen.entries,
        }),
        Some(seen) if found > seen.entries + 1 => Err(lie(
            seen.entries + 2,
            verified.length,
            format!("the anchor has seen {} entries, at most one more can be true", seen.entries),
        )),
        None if found > 1 => Err(lie(2, 0, format!("the anchor {} is missing", anchor.display()))),
        _ => Ok(verified),
    }
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
