//! Distinct (person, cell) pairs of one table, sorted by person: two little-endian u32 a pair.

use std::error::Error;
use std::fs;
use std::path::Path;

/// Who is in which cells, and how many people each cell truly has.
pub(crate) struct Pairs {
    cells: Vec<u32>,
    /// Where the cells of each person end.
    ends: Vec<usize>,
    /// Distinct people of each cell, before any bounding.
    pub(crate) truth: Vec<u64>,
}

impl Pairs {
    /// # Errors
    /// When the file cannot be read or is cut off.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let bytes = fs::read(path)?;
        let (pairs, []) = bytes.as_chunks::<8>() else {
            return Err("the file of pairs is cut off".into());
        };
        let mut found = Self { cells: Vec::new(), ends: Vec::new(), truth: Vec::new() };
        let mut last = None;
        for &[a, b, c, d, e, f, g, h] in pairs {
            let person = u32::from_le_bytes([a, b, c, d]);
            let cell = u32::from_le_bytes([e, f, g, h]);
            if last.is_some_and(|it| it != person) {
                found.ends.push(found.cells.len());
            }
            last = Some(person);
            found.cells.push(cell);
            let at = usize::try_from(cell)?;
            if found.truth.len() <= at {
                found.truth.resize(at + 1, 0);
            }
            found.truth[at] += 1;
        }
        found.ends.push(found.cells.len());
        Ok(found)
    }

    /// The cells of each person.
    pub(crate) fn people(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.cells[start..end])
    }

    /// How many people there are.
    pub(crate) fn persons(&self) -> usize {
        self.ends.len()
    }
}
