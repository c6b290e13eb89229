//! Sealed days from sorted rows: presence as it is, visits as sessions.
//!
//! Rows come by day, person, then place; each day becomes one file. Equal rows become one.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt8Array, UInt16Array, UInt32Array};
use arrow::datatypes::DataType;

use super::calendar::Calendar;
use super::key::{Hit, Presence};
use crate::error::{Error, Result};
use crate::time::Period;
use crate::vault::batch::Batch;
use crate::vault::manifest::Days;
use crate::vault::table::TableWriter;

mod session;

use session::{Session, Visit};

/// 65,536 rows wait for the writer.
const ROWS_WAITING: usize = 1 << 16;

/// A table that is sealed by day.
pub trait DayTable {
    /// Its folder in the vault.
    const NAME: &'static str;
    /// Its columns.
    const COLUMNS: &'static [(&'static str, DataType)];
    /// A row.
    type Row;
    /// Rows as columns.
    fn columns(rows: &[Self::Row]) -> Vec<ArrayRef>;
}

/// Writes the days of one table as their rows come.
pub struct DayWriter<'batch, T: DayTable> {
    batch: &'batch Batch,
    period: Period,
    calendar: &'batch Calendar,
    open: Option<(u8, TableWriter)>,
    rows: Vec<T::Row>,
    days: Days,
}

impl<'batch, T: DayTable> DayWriter<'batch, T> {
    /// No day yet.
    #[must_use]
    pub fn new(batch: &'batch Batch, period: Period, calendar: &'batch Calendar) -> Self {
        Self { batch, period, calendar, open: None, rows: Vec::new(), days: Days::new() }
    }

    /// Appends a row of `day`; days come in order.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn push(&mut self, day: u8, row: T::Row) -> Result<()> {
        if self.open.as_ref().is_none_or(|it| it.0 != day) {
            self.close()?;
            let date = self.calendar.date(day);
            let date = date.ok_or_else(|| Error::fault("F12", "a row of no day was sorted"))?;
            let file = format!("{}/{}/{date}.parquet", self.period, T::NAME);
            let writer = TableWriter::create(&file, self.batch.path(&file)?, T::COLUMNS)?;
            self.open = Some((day, writer));
        }
        self.rows.push(row);
        if self.rows.len() >= ROWS_WAITING { self.flush() } else { Ok(()) }
    }

    /// Ends the last day and returns all.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(mut self) -> Result<Days> {
        self.close()?;
        Ok(self.days)
    }

    fn close(&mut self) -> Result<()> {
        self.flush()?;
        if let Some((day, writer)) = self.open.take()
            && let Some(date) = self.calendar.date(day)
        {
            self.days.insert(date.to_string(), writer.finish()?);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if let (Some((_, writer)), false) = (&mut self.open, self.rows.is_empty()) {
            writer.write(T::columns(&self.rows))?;
            self.rows.clear();
        }
        Ok(())
    }
}

/// Presence of people in districts, hour by hour.
pub struct PresenceTable;

impl DayTable for PresenceTable {
    const NAME: &'static str = "presence";
    const COLUMNS: &'static [(&'static str, DataType)] =
        &[("person", DataType::UInt32), ("district", DataType::UInt16), ("hour", DataType::UInt8)];
    type Row = Presence;

    fn columns(rows: &[Presence]) -> Vec<ArrayRef> {
        vec![
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.person))),
            Arc::new(UInt16Array::from_iter_values(rows.iter().map(|it| it.district))),
            Arc::new(UInt8Array::from_iter_values(rows.iter().map(|it| it.hour))),
        ]
    }
}

/// Visits of people to sites.
pub struct VisitTable;

impl DayTable for VisitTable {
    const NAME: &'static str = "visit";
    const COLUMNS: &'static [(&'static str, DataType)] = &[
        ("person", DataType::UInt32),
        ("site", DataType::UInt32),
        ("hour", DataType::UInt8),
        ("minutes", DataType::UInt16),
    ];
    type Row = Visit;

    fn columns(rows: &[Visit]) -> Vec<ArrayRef> {
        vec![
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.person))),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.site))),
            Arc::new(UInt8Array::from_iter_values(rows.iter().map(|it| it.hour))),
            Arc::new(UInt16Array::from_iter_values(rows.iter().map(|it| it.minutes))),
        ]
    }
}

/// Seals presence from sorted rows.
pub struct PresenceSealer<'batch> {
    writer: DayWriter<'batch, PresenceTable>,
    last: Option<u64>,
}

impl<'batch> PresenceSealer<'batch> {
    /// Starts with nothing.
    #[must_use]
    pub const fn new(writer: DayWriter<'batch, PresenceTable>) -> Self {
        Self { writer, last: None }
    }

    /// Takes sorted rows; many events of an hour in a district are one presence.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn take(&mut self, keys: &[u64]) -> Result<()> {
        for key in keys {
            if self.last != Some(*key) {
                self.last = Some(*key);
                let presence = Presence::unpack(*key);
                self.writer.push(presence.day, presence)?;
            }
        }
        Ok(())
    }

    /// Ends the last day.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(self) -> Result<Days> {
        self.writer.finish()
    }
}

/// Seals visits from sorted rows.
pub struct VisitSealer<'batch> {
    writer: DayWriter<'batch, VisitTable>,
    calendar: &'batch Calendar,
    session: Option<Session>,
    /// Rows equal to another in person, site and second.
    pub duplicates: u64,
}

impl<'batch> VisitSealer<'batch> {
    /// Starts with nothing.
    #[must_use]
    pub const fn new(writer: DayWriter<'batch, VisitTable>, calendar: &'batch Calendar) -> Self {
        Self { writer, calendar, session: None, duplicates: 0 }
    }

    /// Takes sorted rows with the seconds that each lasted.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn take(&mut self, keys: &[u64], seconds: &[u32]) -> Result<()> {
        for (key, lasted) in keys.iter().zip(seconds) {
            let hit = Hit::unpack(*key);
            if let Some(session) = &mut self.session {
                if session.is_last(hit) {
                    self.duplicates += 1;
                }
                if session.extend(hit, *lasted) {
                    continue;
                }
            }
            self.emit()?;
            self.session = Some(Session::start(hit, *lasted));
        }
        Ok(())
    }

    /// Ends the last visit and the last day.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(mut self) -> Result<Days> {
        self.emit()?;
        self.writer.finish()
    }

    fn emit(&mut self) -> Result<()> {
        match self.session.take() {
            Some(session) => self.writer.push(session.day(), session.visit(self.calendar)),
            None => Ok(()),
        }
    }
}
