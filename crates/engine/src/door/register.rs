//! Who stands behind a pseudonym: sorted pseudonyms with a number beside each.
//!
//! No hash set of people: 20 bytes an entry and half a byte of index. Pseudonyms are uniform, so
//! the first bits lead to a run of about eight entries. A number that changed hands stands for one
//! person on some days and for another on others: its tenures are kept apart, and are few.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{BooleanArray, FixedSizeBinaryArray, RecordBatch, UInt8Array, UInt32Array};
use arrow::datatypes::DataType;
use bytes::{Buf, BufMut};

use super::key::PERSONS_MAX;
use super::shelves::Row;
use crate::error::Result;
use crate::vault::manifest::Stored;
use crate::vault::table::{self, TableWriter};

/// What the door knows of a pseudonym: a person, with or without consent, or nobody to load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing(u32);

const CONSENT: u32 = 1 << 31;
const _: () = assert!(PERSONS_MAX < CONSENT >> 1);

/// The days on which a standing holds, by number, both ends in; none when the first is after the last.
pub type Tenure = (u8, u8);

/// Every day.
pub const ALWAYS: Tenure = (0, u8::MAX);

impl Standing {
    /// Known, and out: a child, a machine, an ended contract.
    pub const EXCLUDED: Self = Self(u32::MAX - 1);
    /// Objected, or a person no more; stays so for the period.
    pub const OUT: Self = Self(u32::MAX);
    /// Nobody's on that day: between two contracts.
    pub const BETWEEN: Self = Self(u32::MAX - 2);
    /// Whoever stands there by the day, see [`Register::find_on`].
    const BY_DAY: Self = Self(u32::MAX - 3);

    /// A person, below [`PERSONS_MAX`].
    #[must_use]
    pub const fn person(ordinal: u32, consent: bool) -> Self {
        Self(if consent { ordinal | CONSENT } else { ordinal })
    }

    /// The person; `None` when nobody is to be loaded.
    #[must_use]
    pub const fn ordinal(self) -> Option<u32> {
        if self.0 >= Self::BY_DAY.0 { None } else { Some(self.0 & !CONSENT) }
    }

    /// Whether the person consented to value-added services.
    #[must_use]
    pub const fn consents(self) -> bool {
        self.0 < Self::BY_DAY.0 && self.0 & CONSENT != 0
    }
}

/// All known pseudonyms of a period.
#[derive(Default)]
pub struct Register {
    pseudonyms: Vec<u128>,
    standings: Vec<Standing>,
    starts: Vec<u32>,
    bits: u32,
    by_day: BTreeMap<u128, Vec<(Tenure, Standing)>>,
}

/// What a source says of a pseudonym: who stands there, and when.
pub type Entry = (u128, Tenure, Standing);

impl Register {
    /// Reads the register from its tables, oldest first.
    ///
    /// # Errors
    /// `F10` when a table is damaged.
    pub fn read(paths: &[PathBuf]) -> Result<Self> {
        // The newest first: what it says overrules the older ones, which pass by it part by part.
        let mut register = Self::default();
        for path in paths.iter().rev() {
            let mut growing = register.growing();
            growing.make_room(table::row_count(path)?);
            let mut run = Vec::new();
            table::read(path, |batch| {
                rows(batch, path, &mut run)?;
                // The last pseudonym may go on in the next part.
                let last = run.last().map(|it: &Entry| it.0);
                let whole = run.partition_point(|it| Some(it.0) != last);
                growing.add_older(&run[..whole]);
                run.drain(..whole);
                Ok(())
            })?;
            growing.add_older(&run);
            register = growing.finish();
        }
        Ok(register)
    }

    /// Bytes that it takes, about.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let entries = 20 * self.pseudonyms.len() + 4 * self.starts.len() + 96 * self.by_day.len();
        u64::try_from(entries).unwrap_or(u64::MAX)
    }

    /// The standing of a pseudonym on a day, the obvious way; `None` when nobody ever heard of it.
    #[cfg(test)]
    fn find_on(&self, pseudonym: u128, day: u8) -> Option<Standing> {
        Some(self.on(day, pseudonym, self.whole(pseudonym)?))
    }

    /// What stands behind each of many pseudonyms, for [`Self::on`]; `None` where nobody ever heard of it.
    ///
    /// Step by step for all of them, so that what memory takes to answer is waited for once and not for each.
    pub fn find_all(&self, pseudonyms: &[u128], found: &mut Vec<Option<Standing>>) {
        let runs: Vec<_> = pseudonyms.iter().map(|it| self.run(*it).unwrap_or_default()).collect();
        let smaller = |(run, sought): (&Range<usize>, &u128)| {
            // Counting has no branch to guess, and a run is short.
            let run = self.pseudonyms.get(run.clone()).unwrap_or_default();
            run.iter().map(|it| usize::from(it < sought)).sum::<usize>()
        };
        let at: Vec<_> = runs.iter().zip(pseudonyms).map(|it| it.0.start + smaller(it)).collect();
        found.clear();
        found.extend(at.into_iter().zip(pseudonyms).map(|(at, sought)| {
            self.pseudonyms.get(at).filter(|it| *it == sought)?;
            self.standings.get(at).copied()
        }));
    }

    /// The standing on a day of a pseudonym with `standing` behind it.
    #[must_use]
    pub fn on(&self, day: u8, pseudonym: u128, standing: Standing) -> Standing {
        if standing != Standing::BY_DAY {
            return standing;
        }
        let tenures = self.tenures(pseudonym);
        let then = tenures.iter().find(|it| (it.0.0..=it.0.1).contains(&day));
        then.map_or(Standing::BETWEEN, |it| it.1)
    }

    /// Everybody who ever stands behind a pseudonym, with the days.
    #[must_use]
    pub fn find(&self, pseudonym: u128) -> Vec<(Tenure, Standing)> {
        match self.whole(pseudonym) {
            Some(Standing::BY_DAY) => self.tenures(pseudonym).to_vec(),
            Some(standing) => vec![(ALWAYS, standing)],
            None => Vec::new(),
        }
    }

    fn tenures(&self, pseudonym: u128) -> &[(Tenure, Standing)] {
        self.by_day.get(&pseudonym).map_or(&[], Vec::as_slice)
    }

    fn whole(&self, pseudonym: u128) -> Option<Standing> {
        let run = self.run(pseudonym)?;
        let at = self.pseudonyms.get(run.clone())?.binary_search(&pseudonym).ok()?;
        self.standings.get(run.start + at).copied()
    }

    /// Where all pseudonyms lie that begin as this one does.
    fn run(&self, pseudonym: u128) -> Option<Range<usize>> {
        let bucket = self.bucket(pseudonym);
        let edge = |at: usize| self.starts.get(at).and_then(|it| usize::try_from(*it).ok());
        Some(edge(bucket)?..edge(bucket + 1)?)
    }

    /// Adds `run`, sorted by pseudonym; what it says of a pseudonym overrules all that was said before.
    #[cfg(test)]
    fn merge(&mut self, run: &[Entry]) {
        let mut growing = std::mem::take(self).growing();
        growing.add(run);
        *self = growing.finish();
    }

    /// Ready to grow run by run.
    #[must_use]
    pub fn growing(self) -> Growing {
        let grown = Self { by_day: self.by_day.clone(), ..Self::default() };
        Growing { before: self, at: 0, grown }
    }

    fn push(&mut self, pseudonym: u128, standing: Standing) {
        self.pseudonyms.push(pseudonym);
        self.standings.push(standing);
    }

    /// Notes where each run of equal first bits starts.
    fn index(&mut self) {
        self.bits = (self.pseudonyms.len() / 2).max(1).ilog2();
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

/// A register on its way from what was said to what is said now.
pub struct Growing {
    before: Register,
    /// Entries of `before` that are taken over.
    at: usize,
    grown: Register,
}

impl Growing {
    /// What was said before.
    #[must_use]
    pub const fn before(&self) -> &Register {
        &self.before
    }

    /// Makes room for so many entries beside those of before, and no more.
    fn make_room(&mut self, entries: u64) {
        let more = usize::try_from(entries).unwrap_or_default();
        let all = self.before.pseudonyms.len().saturating_add(more);
        self.grown.pseudonyms.reserve_exact(all);
        self.grown.standings.reserve_exact(all);
    }

    /// Adds `run`, sorted by pseudonym, and behind those before it; it overrules what was said before.
    pub fn add(&mut self, run: &[Entry]) {
        self.grown.pseudonyms.reserve(run.len());
        self.grown.standings.reserve(run.len());
        for own in run.chunk_by(|left, right| left.0 == right.0) {
            let Some(&(pseudonym, ..)) = own.first() else { continue };
            self.take_over(|it| it <= pseudonym, |it| it < pseudonym);
            self.grown.by_day.remove(&pseudonym);
            self.say(own);
        }
    }

    /// Adds `run`, sorted by pseudonym, and behind those before it; what was said before overrules it.
    fn add_older(&mut self, run: &[Entry]) {
        for own in run.chunk_by(|left, right| left.0 == right.0) {
            let Some(&(pseudonym, ..)) = own.first() else { continue };
            self.take_over(|it| it <= pseudonym, |_| true);
            let newest = self.at.checked_sub(1).and_then(|it| self.before.pseudonyms.get(it));
            if newest != Some(&pseudonym) {
                self.say(own);
            }
        }
    }

    /// Says what all entries of one pseudonym say.
    fn say(&mut self, own: &[Entry]) {
        match own {
            [(pseudonym, ALWAYS, standing)] => self.grown.push(*pseudonym, *standing),
            [(pseudonym, ..), ..] => {
                let by_day = own.iter().map(|it| (it.1, it.2)).collect();
                self.grown.by_day.insert(*pseudonym, by_day);
                self.grown.push(*pseudonym, Standing::BY_DAY);
            }
            [] => {}
        }
    }

    /// Everything that is said now.
    #[must_use]
    pub fn finish(mut self) -> Register {
        if self.at == 0 && self.grown.pseudonyms.is_empty() {
            return self.before;
        }
        self.take_over(|_| true, |_| true);
        self.grown.index();
        self.grown
    }

    /// Passes entries of before `while_` they are meant, and keeps those that still hold.
    fn take_over(&mut self, while_: impl Fn(u128) -> bool, keep: impl Fn(u128) -> bool) {
        while let Some(&pseudonym) = self.before.pseudonyms.get(self.at).filter(|it| while_(**it)) {
            if keep(pseudonym)
                && let Some(standing) = self.before.standings.get(self.at)
            {
                self.grown.push(pseudonym, *standing);
            }
            self.at += 1;
        }
    }
}

/// A table of the register that is being written.
pub struct Run(TableWriter);

impl Run {
    /// Begins the table that will be `file` in the vault at `path`.
    ///
    /// # Errors
    /// A fault when it cannot be made.
    pub fn create(file: &str, path: PathBuf) -> Result<Self> {
        TableWriter::create(file, path, &COLUMNS).map(Self)
    }

    /// Appends entries; all are sorted by pseudonym.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn write(&mut self, run: &[Entry]) -> Result<()> {
        for part in run.chunks(1 << 16) {
            let bytes = part.iter().map(|it| it.0.to_be_bytes());
            let pseudonyms = FixedSizeBinaryArray::try_from_iter(bytes)
                .map_err(|it| crate::error::Error::fault("F11", it.to_string()))?;
            let persons = part.iter().map(|it| it.2.ordinal().unwrap_or(it.2.0));
            let consents: BooleanArray = part.iter().map(|it| Some(it.2.consents())).collect();
            self.0.write(vec![
                Arc::new(pseudonyms),
                Arc::new(UInt32Array::from_iter_values(persons)),
                Arc::new(consents),
                Arc::new(UInt8Array::from_iter_values(part.iter().map(|it| it.1.0))),
                Arc::new(UInt8Array::from_iter_values(part.iter().map(|it| it.1.1))),
            ])?;
        }
        Ok(())
    }

    /// Closes the table; its bytes are durable when this returns.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(self) -> Result<Stored> {
        self.0.finish()
    }
}

impl Row for Entry {
    const BYTES: usize = 22;

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u128(self.0);
        out.put_slice(&[self.1.0, self.1.1]);
        out.put_u32(self.2.0);
    }

    fn read(mut bytes: &[u8]) -> Self {
        (bytes.get_u128(), (bytes.get_u8(), bytes.get_u8()), Standing(bytes.get_u32()))
    }
}

/// The columns of a register table; a person above all persons is a standing without a person.
const COLUMNS: [(&str, DataType); 5] = [
    ("pseudonym", DataType::FixedSizeBinary(16)),
    ("person", DataType::UInt32),
    ("consent", DataType::Boolean),
    ("first_day", DataType::UInt8),
    ("last_day", DataType::UInt8),
];

fn rows(batch: &RecordBatch, path: &Path, run: &mut Vec<Entry>) -> Result<()> {
    let pseudonyms: &FixedSizeBinaryArray = table::column(batch, 0, path)?;
    let persons: &UInt32Array = table::column(batch, 1, path)?;
    let consents: &BooleanArray = table::column(batch, 2, path)?;
    let (from, to): (&UInt8Array, &UInt8Array) =
        (table::column(batch, 3, path)?, table::column(batch, 4, path)?);
    for (row, person) in persons.values().iter().enumerate() {
        let bytes: [u8; 16] = pseudonyms.value(row).try_into().unwrap_or_default();
        let standing = if *person < PERSONS_MAX {
            Standing::person(*person, consents.value(row))
        } else {
            Standing(*person)
        };
        run.push((u128::from_be_bytes(bytes), (from.value(row), to.value(row)), standing));
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
                .map(|at| (spread(u128::from(at) + 1), ALWAYS, Standing::person(at, at % 2 == 0)))
                .collect();
            run.sort_unstable_by_key(|it| it.0);
            let (first, second) = run.split_at(run.len() / 3);
            let mut register = Register::default();
            register.merge(second);
            register.merge(first);
            for (pseudonym, _, standing) in &run {
                assert_eq!(register.find_on(*pseudonym, 40), Some(*standing), "{count}");
            }
            assert_eq!(register.find_on(spread(5_000), 40), None, "{count}");
            let sought: Vec<u128> = (0..2_000).map(spread).collect();
            let mut found = vec![None];
            register.find_all(&sought, &mut found);
            let one = |it: &u128| register.find_on(*it, 40);
            assert_eq!(found, sought.iter().map(one).collect::<Vec<_>>(), "{count}");
        }
    }

    #[test]
    fn tables_read_one_after_the_other_say_what_was_merged() {
        let folder = tempfile::TempDir::new().unwrap();
        // Many entries to a pseudonym, so that parts end between them; more than one part to a table.
        let table = |file: &str, from: u128, step: usize, standing: Standing| {
            let entries = (from..from + 90_000).step_by(step).flat_map(|it| {
                let by_day: &[Tenure] = if it % 3 == 0 { &[(0, 9), (10, 20)] } else { &[ALWAYS] };
                by_day.iter().map(move |tenure| (it, *tenure, standing))
            });
            let entries: Vec<Entry> = entries.collect();
            let path = folder.path().join(file);
            let mut run = Run::create(file, path.clone()).unwrap();
            run.write(&entries).unwrap();
            run.finish().unwrap();
            (path, entries)
        };
        let tables = [
            table("old", 0, 1, Standing::person(1, true)),
            table("newer", 30_000, 2, Standing::person(2, false)),
            table("newest", 45_000, 5, Standing::OUT),
        ];
        let mut merged = Register::default();
        for (_, entries) in &tables {
            merged.merge(entries);
        }
        let read = Register::read(&tables.map(|it| it.0)).unwrap();
        assert_eq!(read.pseudonyms.len(), merged.pseudonyms.len());
        for sought in 0..140_000 {
            assert_eq!(read.find(sought), merged.find(sought), "{sought}");
        }
    }

    #[test]
    fn a_later_word_overrules_all_earlier_ones() {
        let mut register = Register::default();
        register.merge(&[
            (3, ALWAYS, Standing::person(0, true)),
            (9, (0, 40), Standing::EXCLUDED),
            (9, (45, 62), Standing::person(7, false)),
        ]);
        let on = |register: &Register, day| register.find_on(9, day);
        assert_eq!(on(&register, 40), Some(Standing::EXCLUDED));
        assert_eq!(on(&register, 41), Some(Standing::BETWEEN));
        assert_eq!(on(&register, 45), Some(Standing::person(7, false)));
        register.merge(&[(3, ALWAYS, Standing::OUT), (9, ALWAYS, Standing::OUT)]);
        assert_eq!(
            (register.find_on(3, 40), on(&register, 41)),
            (Some(Standing::OUT), Some(Standing::OUT))
        );
        assert!(Standing::OUT.ordinal().is_none() && Standing::BETWEEN.ordinal().is_none());
    }
}
