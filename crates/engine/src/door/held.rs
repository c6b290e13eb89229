//! Rows that are held back: of days that no batch has declared yet.
//!
//! A file cut at midnight of another zone holds the first hour of the next day. Such rows wait in
//! `vault/<period>/held-<table>-<n>.parquet`, packed and without identity, for the batch that declares
//! their day. Which rows wait depends on the declared days alone.

use std::sync::Arc;

use arrow::array::{UInt32Array, UInt64Array};
use arrow::datatypes::DataType;
use serde::Serialize;

use super::calendar::{Calendar, DaySet};
use super::cells::Cells;
use super::key::{FIRST_DAY, Key, day_of};
use super::sort::TakeRows;
use crate::error::Result;
use crate::vault::Vault;
use crate::vault::batch::Batch;
use crate::vault::manifest::{PeriodRecord, Stored, TableRecord};
use crate::vault::table::{self, TableWriter};

/// The columns of a sorted row.
pub const COLUMNS: [(&str, DataType); 2] =
    [("key", DataType::UInt64), ("beside", DataType::UInt32)];

/// A row that waits for its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WaitingRow {
    day: String,
    /// Seconds since the local day began.
    second: u32,
    /// The district or the site; none where the host was encrypted.
    what: Option<String>,
}

/// The rows of some persons that wait in a period.
///
/// # Errors
/// `F10` when the vault is damaged.
pub fn rows_of(
    vault: &Vault,
    calendar: &Calendar,
    record: &PeriodRecord,
    ordinals: &[u32],
) -> Result<Vec<WaitingRow>> {
    let mut cells = Cells::default();
    record.cells.iter().try_for_each(|it| cells.read(&vault.present(it)?))?;
    let (sites, land) = (vault.sites()?, vault.geography()?);
    let district = |_: Key, stay: u32| {
        let stay = usize::try_from(stay).ok().and_then(|it| cells.stays().get(it));
        let district = stay.and_then(|it| land.districts.get(usize::from(it.district)));
        district.map(|it| it.code.clone())
    };
    let site = |key: Key, _: u32| {
        let site = usize::try_from(key.what).ok().and_then(|it| sites.sites.get(it));
        site.map(|it| it.domain.clone())
    };
    let mut waiting = Vec::new();
    let mut add = |table: &TableRecord, what: &dyn Fn(Key, u32) -> Option<String>| {
        let Some(stored) = &table.held else { return Ok(()) };
        let path = vault.present(stored)?;
        table::read(&path, |batch| {
            let keys: &UInt64Array = table::column(batch, 0, &path)?;
            let beside: &UInt32Array = table::column(batch, 1, &path)?;
            let rows = keys.values().iter().map(|it| Key::unpack(*it)).zip(beside.values());
            waiting.extend(rows.filter(|it| ordinals.contains(&it.0.person)).map(
                |(key, beside)| WaitingRow {
                    day: calendar.date(key.day).map_or_else(String::new, |it| it.to_string()),
                    second: key.second,
                    what: what(key, *beside),
                },
            ));
            Ok(())
        })
    };
    add(&record.presence, &district)?;
    add(&record.visit, &site)?;
    Ok(waiting)
}

/// Parts sorted rows: those of declared days go on, the others are held back.
pub struct Held<'batch> {
    batch: &'batch Batch,
    file: String,
    declared: DaySet,
    writer: Option<TableWriter>,
    /// Rows held back.
    pub rows: u64,
}

impl<'batch> Held<'batch> {
    /// Holds rows back in the table that will be `file` in the vault.
    #[must_use]
    pub const fn new(batch: &'batch Batch, file: String, declared: DaySet) -> Self {
        Self { batch, file, declared, writer: None, rows: 0 }
    }

    /// Hands rows of declared days, and late ones, to `take`.
    ///
    /// # Errors
    /// A fault when the disk takes no more, and whatever `take` says.
    pub fn part(&mut self, keys: &[u64], beside: &[u32], take: &mut TakeRows<'_>) -> Result<()> {
        let mut from = 0;
        for day in keys.chunk_by(|left, right| day_of(*left) == day_of(*right)) {
            let to = from + day.len();
            let beside = beside.get(from..to).unwrap_or_default();
            from = to;
            let Some(number) = day.first().map(|it| day_of(*it)) else { continue };
            if number < FIRST_DAY || self.declared >> number & 1 == 1 {
                take(day, beside)?;
            } else {
                self.hold(day, beside)?;
            }
        }
        Ok(())
    }

    fn hold(&mut self, keys: &[u64], beside: &[u32]) -> Result<()> {
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(TableWriter::create(
                &self.file,
                self.batch.path(&self.file)?,
                &COLUMNS,
            )?),
        };
        self.rows += u64::try_from(keys.len()).unwrap_or_default();
        let keys = UInt64Array::from_iter_values(keys.iter().copied());
        let beside = UInt32Array::from_iter_values(beside.iter().copied());
        writer.write(vec![Arc::new(keys), Arc::new(beside)])
    }

    /// The table of rows held back, if any.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(self) -> Result<Option<Stored>> {
        self.writer.map(TableWriter::finish).transpose()
    }
}
