//! Who stands behind a pseudonym: sorted pseudonyms with a number beside each.
//!
//! No hash set of people: 20 bytes an entry and half a byte of index. Pseudonyms are uniform, so
//! the first bits lead to a run of about eight entries. A pseudonym never gets a second person.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{BooleanArray, FixedSizeBinaryArray, RecordBatch, UInt32Array};
use arrow::datatypes::DataType;

use super::key::PERSONS_MAX;
use crate::error::Result;
use crate::vault::manifest::Stored;
use crate::vault::table::{self, TableWriter};

/// What the door knows of a pseudonym: a person, with or without consent, or nobody to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing(u32);

const CONSENT: u32 = 1 << 31;
const _: () = assert!(PERSONS_MAX < CONSENT >> 1);

impl Standing {
    /// Known, and out: a child, a machine, an ended contract.
    pub const EXCLUDED: Self = Self(u32::MAX - 1);
    /// Objected, or a person no more; stays so for the period.
    pub const OUT: Self = Self(u32::MAX);

    /// A person, below [`PERSONS_MAX`].
    #[must_use]
    pub const fn person(ordinal: u32, consent: bool) -> Self {
        Self(if consent { ordinal | CONSENT } else { ordinal })
    }

    /// The person; `None` when nobody is to be loaded.
    #[must_use]
    pub const fn ordinal(self) -> Option<u32> {
        if self.0 >= Self::EXCLUDED.0 { None } else { Some(self.0 & !CONSENT) }
    }

    /// Whether the person consented to value-added services.
    #[must_use]
    pub const fn consents(self) -> bool {
        self.0 < Self::EXCLUDED.0 && self.0 & CONSENT != 0
    }
}

/// All known pseudonyms of a period.
#[derive(Default)]
pub struct Register {
    pseudonyms: Vec<u128>,
    standings: Vec<Standing>,
    starts: Vec<u32>,
    bits: u32,
}

impl Register {
    /// Reads the register from its tables, oldest first.
    ///
    /// # Errors
    /// `F10` when a table is damaged.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
        let mut register = Self::default();
        for path in paths {
            let mut run = Vec::new();
            table::read(path, |batch| rows(batch, path, &mut run))?;
            register.merge(&run);
        }
        Ok(register)
    }

    /// The standing of a pseudonym; `None` when nobody ever heard of it.
    #[must_use]
    pub fn find(&self, pseudonym: u128) -> Option<Standing> {
        let bucket = self.bucket(pseudonym);
        let edge = |at: usize| self.starts.get(at).and_then(|it| usize::try_from(*it).ok());
        let (from, to) = (edge(bucket)?, edge(bucket + 1)?);
        let run = self.pseudonyms.get(from..to)?;
        let at = run.binary_search(&pseudonym).ok()?;
        self.standings.get(from + at).copied()
    }

    /// Adds `run`, sorted by pseudonym and distinct; its standings overrule earlier ones.
    pub fn merge(&mut self, run: &[(u128, Standing)]) {
        let old = std::mem::take(self);
        let room = old.pseudonyms.len() + run.len();
        self.pseudonyms.reserve_exact(room);
        self.standings.reserve_exact(room);
        let mut known = old.pseudonyms.into_iter().zip(old.standings).peekable();
        for &(pseudonym, standing) in run {
            while let Some((earlier, kept)) = known.next_if(|it| it.0 <= pseudonym) {
                if earlier < pseudonym {
                    self.push(earlier, kept);
                }
            }
            self.push(pseudonym, standing);
        }
        known.for_each(|(pseudonym, standing)| self.push(pseudonym, standing));
        self.index();
    }

    fn push(&mut self, pseudonym: u128, standing: Standing) {
        self.pseudonyms.push(pseudonym);
        self.standings.push(standing);
    }

    /// Notes where each run of equal first bits starts.
    fn index(&mut self) {
        self.bits = (self.pseudonyms.len() / 8).max(1).ilog2();
        let buckets = 1_usize << self.bits;
        self.starts = Vec::with_capacity(buckets + 1);
        for (at, pseudonym) in (0_u32..).zip(&self.pseudonyms) {
            let bucket = self.bucket(*pseudonym);
            if self.starts.len() <= bucket {
                self.starts.resize(bucket + 1, at);
            }
        }
        let end = u32::try_from(self.pseudonyms.len()).unwrap_or(u32::MAX);
        self.starts.resize(buckets + 1, end);
    }

    fn bucket(&self, pseudonym: u128) -> usize {
        let first = (pseudonym >> 64) >> (64 - self.bits);
        usize::try_from(first).unwrap_or(usize::MAX)
    }
}

/// Writes a run of the register, sorted by pseudonym.
///
/// # Errors
/// A fault when it cannot be written.
pub fn write(mut writer: TableWriter, run: &[(u128, Standing)]) -> Result<Stored> {
    for part in run.chunks(1 << 16) {
        let bytes = part.iter().map(|it| it.0.to_be_bytes());
        let pseudonyms = FixedSizeBinaryArray::try_from_iter(bytes)
            .map_err(|it| crate::error::Error::fault("F11", it.to_string()))?;
        let persons =
            UInt32Array::from_iter_values(part.iter().map(|it| it.1.ordinal().unwrap_or(it.1.0)));
        let consents: BooleanArray = part.iter().map(|it| Some(it.1.consents())).collect();
        writer.write(vec![Arc::new(pseudonyms), Arc::new(persons), Arc::new(consents)])?;
    }
    writer.finish()
}

/// The columns of a register table; a person above all persons is a standing without a person.
pub const COLUMNS: [(&str, DataType); 3] = [
    ("pseudonym", DataType::FixedSizeBinary(16)),
    ("person", DataType::UInt32),
    ("consent", DataType::Boolean),
];

fn rows(batch: &RecordBatch, path: &Path, run: &mut Vec<(u128, Standing)>) -> Result<()> {
    let pseudonyms: &FixedSizeBinaryArray = table::column(batch, 0, path)?;
    let persons: &UInt32Array = table::column(batch, 1, path)?;
    let consents: &BooleanArray = table::column(batch, 2, path)?;
    for (row, person) in persons.values().iter().enumerate() {
        let bytes: [u8; 16] = pseudonyms.value(row).try_into().unwrap_or_default();
        let standing = if *person < PERSONS_MAX {
            Standing::person(*person, consents.value(row))
        } else {
            Standing(*person)
        };
        run.push((u128::from_be_bytes(bytes), standing));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_found_and_nobody_else() {
        let spread = |at: u128| at.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
        for count in [0_u32, 1, 7, 8, 9, 1_000] {
            let mut run: Vec<_> = (0..count)
                .map(|at| (spread(u128::from(at) + 1), Standing::person(at, at % 2 == 0)))
                .collect();
            run.sort_unstable_by_key(|it| it.0);
            let (first, second) = run.split_at(run.len() / 3);
            let mut register = Register::default();
            register.merge(second);
            register.merge(first);
            for (pseudonym, standing) in &run {
                assert_eq!(register.find(*pseudonym), Some(*standing), "{count}");
            }
            assert_eq!(register.find(spread(5_000)), None, "{count}");
        }
    }

    #[test]
    fn a_later_standing_overrules_an_earlier_one() {
        let mut register = Register::default();
        register.merge(&[(3, Standing::person(0, true)), (9, Standing::EXCLUDED)]);
        register.merge(&[(3, Standing::OUT)]);
        assert_eq!(register.find(3), Some(Standing::OUT));
        assert_eq!(register.find(9), Some(Standing::EXCLUDED));
    }
}
