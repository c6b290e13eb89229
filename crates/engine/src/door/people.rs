//! People as the vault knows them: numbers with a few attributes, and who stands behind which
//! pseudonym.
//!
//! Every source of people (objections, customers, rows) ends as [`Changes`], whole or part by part; one
//! function lets them in. Guarantee: a pseudonym that once had an ordinal never gets another one.

use std::sync::Arc;

use arrow::array::{UInt8Array, UInt16Array, UInt32Array};
use arrow::datatypes::DataType;

use super::key::PERSONS_MAX;
use super::pseudonym::token;
use super::register::{self, Entry, Register, Standing, Tenure};
use super::shelves::{SHELVES, Shelves};
use crate::error::{Error, Result};
use crate::time::Period;
use crate::vault::batch::Batch;
use crate::vault::manifest::PeriodRecord;
use crate::vault::table::TableWriter;

/// What is known of a person; 255 and 65,535 stand for unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Position of the gender.
    pub gender: u8,
    /// Position of the age band.
    pub age_band: u8,
    /// Number of the home sector.
    pub sector: u16,
}

impl Attributes {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self { gender: u8::MAX, age_band: u8::MAX, sector: u16::MAX };
}

/// Where a pseudonym is to point.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At what is known already.
    Known(Standing),
    /// At the fresh person with this position.
    Fresh {
        /// Position in [`Changes::fresh`].
        position: usize,
        /// Whether the person consented.
        consent: bool,
    },
}

/// What a source says about people.
#[derive(Default)]
pub struct Changes {
    /// New persons by the pseudonym that names each.
    pub fresh: Vec<(u128, Attributes)>,
    /// Where pseudonyms are to point, and on which days; the last word about the same days counts.
    pub targets: Vec<(u128, Tenure, Target)>,
    /// Persons whom every later scan drops.
    pub suppressed: Vec<u32>,
}

/// The people of one period while a batch changes them.
pub struct People<'batch> {
    batch: &'batch Batch,
    period: Period,
    /// Who stands behind each pseudonym.
    pub register: Register,
    suppressed: Vec<u32>,
    suppressed_before: usize,
}

impl<'batch> People<'batch> {
    /// The people as earlier batches left them.
    #[must_use]
    pub fn new(batch: &'batch Batch, period: Period, register: Register, out: Vec<u32>) -> Self {
        let suppressed_before = out.len();
        Self { batch, period, register, suppressed: out, suppressed_before }
    }

    /// Applies changes that memory holds.
    ///
    /// # Errors
    /// As [`Arrivals::add`] and [`Self::take_in`].
    pub fn apply(&mut self, changes: Changes, record: &mut PeriodRecord) -> Result<()> {
        let mut arrivals = self.arrivals(record, u64::MAX);
        arrivals.add(changes)?;
        self.take_in(arrivals, record)
    }

    /// Ready for changes part by part, of which `memory` bytes are held.
    #[must_use]
    pub fn arrivals(&self, record: &PeriodRecord, memory: u64) -> Arrivals<'batch> {
        Arrivals {
            batch: self.batch,
            file: format!("{}/people-{}.parquet", self.period, record.people.len()),
            writer: None,
            next: record.persons,
            entries: Shelves::new(&self.batch.spill_dir(), "entries", memory),
            suppressed: Vec::new(),
        }
    }

    /// Lets pseudonyms point where `arrivals` say; writes what is new.
    ///
    /// # Errors
    /// A fault when a table cannot be written.
    pub fn take_in(&mut self, arrivals: Arrivals<'batch>, record: &mut PeriodRecord) -> Result<()> {
        let Arrivals { writer, next, mut entries, suppressed, .. } = arrivals;
        self.suppressed.extend(suppressed);
        if let Some(writer) = writer {
            record.people.push(writer.finish()?);
            record.persons = next;
        }
        let mut growing = std::mem::take(&mut self.register).growing();
        let mut table: Option<register::Run> = None;
        for shelf in 0..SHELVES {
            let run = settled(entries.take(shelf)?, growing.before());
            if run.is_empty() {
                continue;
            }
            let table = match &mut table {
                Some(open) => open,
                none => {
                    let number = record.pseudonyms.len();
                    let file = format!("{}/pseudonyms-{number}.parquet", self.period);
                    none.insert(register::Run::create(&file, self.batch.path(&file)?)?)
                }
            };
            table.write(&run)?;
            growing.add(&run);
        }
        self.register = growing.finish();
        record.pseudonyms.extend(table.map(register::Run::finish).transpose()?);
        Ok(())
    }

    /// Writes the suppression list when it grew, and hands the register on.
    ///
    /// # Errors
    /// A fault when it cannot be written.
    pub fn seal(&mut self, record: &mut PeriodRecord) -> Result<Register> {
        self.suppressed.sort_unstable();
        self.suppressed.dedup();
        if self.suppressed.len() > self.suppressed_before {
            let file = format!("{}/suppressed-{}.parquet", self.period, record.batches.len());
            let columns = [("person", DataType::UInt32)];
            let mut writer = TableWriter::create(&file, self.batch.path(&file)?, &columns)?;
            writer.write(vec![Arc::new(UInt32Array::from(self.suppressed.clone()))])?;
            record.suppressed = Some(writer.finish()?);
        }
        Ok(std::mem::take(&mut self.register))
    }

    /// Who is suppressed.
    #[must_use]
    pub fn suppressed(&self) -> &[u32] {
        &self.suppressed
    }
}

/// Changes on their way in: fresh persons are written at once, where pseudonyms point is put in order.
pub struct Arrivals<'batch> {
    batch: &'batch Batch,
    file: String,
    writer: Option<TableWriter>,
    next: u32,
    entries: Shelves<Entry>,
    suppressed: Vec<u32>,
}

impl Arrivals<'_> {
    /// Gives fresh persons their ordinals and notes what points at them.
    ///
    /// # Errors
    /// `I46` when there are too many people, a fault when the disk takes no more.
    pub fn add(&mut self, changes: Changes) -> Result<()> {
        let Changes { fresh, targets, suppressed } = changes;
        self.suppressed.extend(suppressed);
        let ordinals = ordinals(&fresh, self.next)?;
        if !fresh.is_empty() {
            let writer = match &mut self.writer {
                Some(open) => open,
                none => {
                    let path = self.batch.path(&self.file)?;
                    none.insert(TableWriter::create(&self.file, path, &COLUMNS)?)
                }
            };
            write(writer, fresh, self.next)?;
            self.next += u32::try_from(ordinals.len()).unwrap_or_default();
        }
        for (pseudonym, tenure, target) in targets {
            let standing = match target {
                Target::Known(standing) => standing,
                Target::Fresh { position, consent } => {
                    let ordinal = ordinals.get(position).copied().unwrap_or_default();
                    Standing::person(ordinal, consent)
                }
            };
            self.entries.put(pseudonym, (pseudonym, tenure, standing))?;
        }
        Ok(())
    }
}

/// What is new of some entries, by pseudonym and days: the last word about the same days, where `before` does
/// not say the same.
fn settled(mut run: Vec<Entry>, before: &Register) -> Vec<Entry> {
    run.reverse();
    run.sort_by_key(|it| (it.0, it.1));
    run.dedup_by_key(|it| (it.0, it.1));
    run.chunk_by(|left, right| left.0 == right.0)
        .filter(|own| {
            let known = own.first().map_or_else(Vec::new, |it| before.find(it.0));
            !own.iter().map(|it| (it.1, it.2)).eq(known)
        })
        .flatten()
        .copied()
        .collect()
}

/// The ordinals of fresh persons: by ascending pseudonym, so that they tell nothing of the file.
fn ordinals(fresh: &[(u128, Attributes)], first: u32) -> Result<Vec<u32>> {
    let room = usize::try_from(PERSONS_MAX - first).unwrap_or_default();
    if fresh.len() > room {
        return Err(Error::input("I46", "there are more people than a vault can number")
            .allowed(format!("{PERSONS_MAX} in a period")));
    }
    let mut order: Vec<usize> = (0..fresh.len()).collect();
    order.sort_unstable_by_key(|at| fresh.get(*at).map(|it| it.0));
    let mut ordinals = vec![0; fresh.len()];
    for (ordinal, position) in (first..).zip(order) {
        if let Some(slot) = ordinals.get_mut(position) {
            *slot = ordinal;
        }
    }
    Ok(ordinals)
}

const COLUMNS: [(&str, DataType); 5] = [
    ("person", DataType::UInt32),
    ("token", DataType::UInt32),
    ("gender", DataType::UInt8),
    ("age_band", DataType::UInt8),
    ("sector", DataType::UInt16),
];

fn write(writer: &mut TableWriter, mut fresh: Vec<(u128, Attributes)>, first: u32) -> Result<()> {
    fresh.sort_unstable_by_key(|it| it.0);
    let mut next = first;
    for part in fresh.chunks(1 << 16) {
        let end = next + u32::try_from(part.len()).unwrap_or_default();
        writer.write(vec![
            Arc::new(UInt32Array::from_iter_values(next..end)),
            Arc::new(UInt32Array::from_iter_values(part.iter().map(|it| token(it.0)))),
            Arc::new(UInt8Array::from_iter_values(part.iter().map(|it| it.1.gender))),
            Arc::new(UInt8Array::from_iter_values(part.iter().map(|it| it.1.age_band))),
            Arc::new(UInt16Array::from_iter_values(part.iter().map(|it| it.1.sector))),
        ])?;
        next = end;
    }
    Ok(())
}
