//! Rows of people put apart by the first bits of a pseudonym, with bounded memory.
//!
//! Pseudonyms are uniform, so shelves are about equal and each is sorted in memory by itself; one after
//! another they are in order. What memory does not hold waits in a file for each shelf inside the staging
//! folder of the vault, which gets the same protection as raw data. Which rows stand on a shelf, and in which
//! order, does not depend on the memory.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Result, io_error};

/// 64 shelves: one of twenty-seven million SIMs takes 20 MB.
pub const SHELVES: usize = 1 << SHELF_BITS;

const SHELF_BITS: u32 = 6;

/// A row of fixed size.
pub trait Row: Sized {
    /// Its bytes in a file.
    const BYTES: usize;

    /// Appends its bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads it from its bytes.
    fn read(bytes: &[u8]) -> Self;
}

/// Rows by the first bits of a pseudonym.
pub struct Shelves<R> {
    folder: PathBuf,
    rows_held_max: usize,
    rows_held: usize,
    all: Vec<Shelf<R>>,
}

struct Shelf<R> {
    rows: Vec<R>,
    file: Option<(PathBuf, File)>,
}

impl<R: Row> Shelves<R> {
    /// Empty shelves that hold at most `memory` bytes; the rest goes to files named `name` below `folder`.
    #[must_use]
    pub fn new(folder: &Path, name: &str, memory: u64) -> Self {
        // A list that grows has room for up to twice its rows.
        let row = 2 * size_of::<R>().max(1);
        let rows_held_max = usize::try_from(memory).unwrap_or(usize::MAX) / row;
        let all = (0..SHELVES).map(|_| Shelf { rows: Vec::new(), file: None }).collect();
        Self { folder: folder.join(name), rows_held_max, rows_held: 0, all }
    }

    /// Puts a row on the shelf of `pseudonym`.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn put(&mut self, pseudonym: u128, row: R) -> Result<()> {
        let shelf = usize::try_from(pseudonym >> (u128::BITS - SHELF_BITS)).unwrap_or_default();
        if let Some(shelf) = self.all.get_mut(shelf) {
            shelf.rows.push(row);
        }
        self.rows_held += 1;
        if self.rows_held > self.rows_held_max { self.spill() } else { Ok(()) }
    }

    /// Takes all rows off a shelf, in the order in which they came.
    ///
    /// # Errors
    /// A fault when its file cannot be read.
    pub fn take(&mut self, shelf: usize) -> Result<Vec<R>> {
        let Some(shelf) = self.all.get_mut(shelf) else { return Ok(Vec::new()) };
        let held = std::mem::take(&mut shelf.rows);
        self.rows_held -= held.len();
        let Some((path, _)) = shelf.file.take() else { return Ok(held) };
        let bytes = fs::read(&path).map_err(|cause| io_error("read", &path, &cause))?;
        fs::remove_file(&path).map_err(|cause| io_error("remove", &path, &cause))?;
        let mut rows = Vec::with_capacity(bytes.len() / R::BYTES + held.len());
        rows.extend(bytes.chunks_exact(R::BYTES).map(R::read));
        rows.extend(held);
        Ok(rows)
    }

    fn spill(&mut self) -> Result<()> {
        let mut bytes = Vec::new();
        for (number, shelf) in self.all.iter_mut().enumerate() {
            let (path, file) = match &mut shelf.file {
                Some(open) => open,
                none => none.insert(create(&self.folder, number)?),
            };
            bytes.clear();
            shelf.rows.iter().for_each(|row| row.write(&mut bytes));
            file.write_all(&bytes).map_err(|cause| io_error("write", path, &cause))?;
            shelf.rows.clear();
        }
        self.rows_held = 0;
        Ok(())
    }
}

fn create(folder: &Path, number: usize) -> Result<(PathBuf, File)> {
    fs::create_dir_all(folder).map_err(|cause| io_error("create", folder, &cause))?;
    let path = folder.join(number.to_string());
    let file = File::create(&path).map_err(|cause| io_error("create", &path, &cause))?;
    Ok((path, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Row for u64 {
        const BYTES: usize = 8;

        fn write(&self, out: &mut Vec<u8>) {
            out.extend(self.to_be_bytes());
        }

        fn read(bytes: &[u8]) -> Self {
            Self::from_be_bytes(bytes.try_into().unwrap())
        }
    }

    #[test]
    fn shelves_are_the_same_whatever_memory_holds() {
        let folder = tempfile::tempdir().unwrap();
        let taken = |name: &str, memory: u64| {
            let mut shelves = Shelves::<u64>::new(folder.path(), name, memory);
            let mut seeded = fastrand::Rng::with_seed(7);
            for number in 0..5_000 {
                shelves.put(seeded.u128(..), number).unwrap();
            }
            let spilled = folder.path().join(name).exists();
            let rows = (0..SHELVES).map(|it| shelves.take(it).unwrap()).collect::<Vec<_>>();
            (rows, spilled)
        };
        let (whole, spilled) = taken("whole", 1 << 20);
        assert!(!spilled && whole.iter().all(|it| it.is_sorted() && !it.is_empty()));
        assert_eq!(whole.iter().map(Vec::len).sum::<usize>(), 5_000);
        for memory in [0, 8, 800, 39_992] {
            let (rows, spilled) = taken(&memory.to_string(), memory);
            assert!(spilled && rows == whole, "{memory}");
            let left = fs::read_dir(folder.path().join(memory.to_string())).unwrap().count();
            assert_eq!(left, 0, "files of taken shelves are gone");
        }
    }
}
