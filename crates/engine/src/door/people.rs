//! People as the vault knows them: numbers with a few attributes, and who stands behind which
//! pseudonym.
//!
//! Every source of people (objections, customers, rows) ends as [`Changes`]; one function applies
//! them. Guarantee: a pseudonym that once had an ordinal never gets another one.

use std::sync::Arc;

use arrow::array::{UInt8Array, UInt16Array, UInt32Array};
use arrow::datatypes::DataType;

use super::key::PERSONS_MAX;
use super::pseudonym::token;
use super::register::{self, Entry, Register, Standing, Tenure};
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

    /// Gives fresh persons their ordinals, writes them and what points at them.
    ///
    /// # Errors
    /// `I46` when there are too many people, a fault when a table cannot be written.
    pub fn apply(&mut self, changes: Changes, record: &mut PeriodRecord) -> Result<()> {
        let Changes { fresh, targets, suppressed } = changes;
        self.suppressed.extend(suppressed);
        let ordinals = ordinals(&fresh, record.persons)?;
        if !fresh.is_empty() {
            let file = format!("{}/people-{}.parquet", self.period, record.people.len());
            let writer = TableWriter::create(&file, self.batch.path(&file)?, &COLUMNS)?;
            record.people.push(write(writer, fresh, record.persons)?);
            record.persons += u32::try_from(ordinals.len()).unwrap_or_default();
        }
        let mut run: Vec<Entry> = targets
            .into_iter()
            .map(|(pseudonym, tenure, target)| match target {
                Target::Known(standing) => (pseudonym, tenure, standing),
                Target::Fresh { position, consent } => {
                    let ordinal = ordinals.get(position).copied().unwrap_or_default();
                    (pseudonym, tenure, Standing::person(ordinal, consent))
                }
            })
            .collect();
        run.reverse();
        run.sort_by_key(|it| (it.0, it.1));
        run.dedup_by_key(|it| (it.0, it.1));
        // What is known already is not written again.
        let run: Vec<Entry> = run
            .chunk_by(|left, right| left.0 == right.0)
            .filter(|own| {
                let known = own.first().map_or_else(Vec::new, |it| self.register.find(it.0));
                !own.iter().map(|it| (it.1, it.2)).eq(known)
            })
            .flatten()
            .copied()
            .collect();
        if !run.is_empty() {
            let file = format!("{}/pseudonyms-{}.parquet", self.period, record.pseudonyms.len());
            let path = self.batch.path(&file)?;
            let writer = TableWriter::create(&file, path, &register::COLUMNS)?;
            record.pseudonyms.push(register::write(writer, &run)?);
            self.register.merge(&run);
        }
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

fn write(
    mut writer: TableWriter,
    mut fresh: Vec<(u128, Attributes)>,
    first: u32,
) -> Result<crate::vault::manifest::Stored> {
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
    writer.finish()
}
