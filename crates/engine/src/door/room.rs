//! Whether the disk has room for a load, asked before a row is read.
//!
//! A load writes its sorted days, and runs of rows where memory does not hold them. How much is guessed from
//! the sizes of the files: a guess that is too low fails later, whole and with nothing lost.

use std::path::Path;

use super::source::SourceFile;
use crate::error::{Error, Result};

/// A packed row with what stands beside it: eight bytes and four, and what the run's format adds.
const RUN_BYTES: u64 = 14;

/// Refuses a load that `free` bytes of disk cannot hold, sorting in `memory` bytes.
///
/// # Errors
/// `F14` saying what is needed and what is free.
pub fn check(files: &[SourceFile], memory: u64, folder: &Path, free: u64) -> Result<()> {
    let needed = needed(files.iter().map(|it| (it.label.as_str(), it.bytes)), memory);
    if needed <= free {
        return Ok(());
    }
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    let what = format!(
        "the load needs about {} MB of disk, and {} MB are free",
        megabytes(needed),
        megabytes(free)
    );
    Err(Error::fault("F14", what)
        .at(folder.display())
        .allowed("room for the sealed days, and for rows that memory does not hold while they are sorted")
        .remedy("free some disk, give more `memory`, or load fewer days at once; nothing was read or stored"))
}

/// The bytes that a load of files of these names and sizes writes at most at one time, about.
fn needed<'file>(files: impl Iterator<Item = (&'file str, u64)>, memory: u64) -> u64 {
    let rows: u64 = files.map(|(name, bytes)| bytes / row_bytes(name)).sum();
    // A sealed row, an hour in a district or a session, takes one to three bytes, packed.
    let (sealed, runs) = (rows.saturating_mul(3), rows.saturating_mul(RUN_BYTES));
    if runs < memory / 2 { sealed } else { sealed.saturating_add(runs) }
}

/// The bytes of a source row, about: packed, or as text.
fn row_bytes(name: &str) -> u64 {
    let packed = [".parquet", ".gz", ".zst"].iter().any(|it| name.ends_with(it));
    if packed { 9 } else { 70 }
}

/// The bytes that are free for this program on the disk of `folder`; unknown is as much as there could be.
#[must_use]
pub fn free(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |it| it.f_bavail.saturating_mul(it.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_load_needs_follows_from_rows_and_memory() {
        let check = |files: &[(&str, u64)], memory: u64, expected: u64| {
            assert_eq!(needed(files.iter().copied(), memory), expected, "{files:?} {memory}");
        };
        check(&[], 0, 0);
        // A thousand rows fit in memory; nothing but the days is written.
        check(&[("events/1.parquet", 9_000)], 1_000_000, 3_000);
        check(&[("events/1.csv", 70_000)], 1_000_000, 3_000);
        check(&[("web/1.csv.gz", 9_000), ("events/1.parquet", 9_000)], 1_000, 34_000);
    }

    #[test]
    fn this_machine_tells_how_much_is_free() {
        let free = free(&std::env::temp_dir());
        assert!(free > 0 && free < u64::MAX);
    }
}
