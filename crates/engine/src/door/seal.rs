//! Sealed days from sorted rows: presence as hours in districts, visits as sessions.
//!
//! Rows come by day, person, then device or site, then time; each day becomes one file.

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt8Array, UInt16Array, UInt32Array};
use arrow::datatypes::DataType;

use super::calendar::{Calendar, DaySet};
use super::cells::Stay;
use super::key::{FIRST_DAY, Key};
use super::sphere::Point;
use super::stays::{Dropped, sift};
use crate::error::{Error, Result};
use crate::time::Period;
use crate::vault::HIDDEN_SITE;
use crate::vault::batch::Batch;
use crate::vault::manifest::{Days, LateDay};
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

/// What a batch adds to one table.
#[derive(Default)]
pub struct SealedDays {
    /// Days of the period.
    pub days: Days,
    /// Days of the period before, whose rows came late.
    pub late: Vec<LateDay>,
    /// Rows of each day of the period.
    pub rows: Vec<(String, u64)>,
}

/// Writes the days of one table as their rows come.
///
/// Guarantee: every day of `declared` is sealed, also one without rows; whether a day is sealed does
/// not depend on anybody's rows.
pub struct DayWriter<'batch, T: DayTable> {
    batch: &'batch Batch,
    period: Period,
    calendar: &'batch Calendar,
    declared: DaySet,
    late_number: usize,
    open: Option<(u8, TableWriter)>,
    rows: Vec<T::Row>,
    written: u64,
    sealed: SealedDays,
}

impl<'batch, T: DayTable> DayWriter<'batch, T> {
    /// No day yet; late days are told apart from those of earlier batches by `late_number`.
    #[must_use]
    pub fn new(
        batch: &'batch Batch,
        period: Period,
        calendar: &'batch Calendar,
        declared: DaySet,
        late_number: usize,
    ) -> Self {
        let (open, rows, written, sealed) = (None, Vec::new(), 0, SealedDays::default());
        Self { batch, period, calendar, declared, late_number, open, rows, written, sealed }
    }

    /// Appends a row of `day`; days come in order.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn push(&mut self, day: u8, row: T::Row) -> Result<()> {
        if self.open.as_ref().is_none_or(|it| it.0 != day) {
            self.close()?;
            self.open = Some((day, self.writer(day)?));
        }
        self.rows.push(row);
        if self.rows.len() >= ROWS_WAITING { self.flush() } else { Ok(()) }
    }

    /// Ends the last day, seals those without rows, and returns all.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(mut self) -> Result<SealedDays> {
        self.close()?;
        for (day, date) in self.calendar.days() {
            let empty = !self.sealed.days.contains_key(&date.to_string());
            if empty && self.declared >> day & 1 == 1 {
                let stored = self.writer(day)?.finish()?;
                self.sealed.days.insert(date.to_string(), stored);
                self.sealed.rows.push((date.to_string(), 0));
            }
        }
        Ok(self.sealed)
    }

    fn writer(&self, day: u8) -> Result<TableWriter> {
        let date = self.calendar.date(day);
        let date = date.ok_or_else(|| Error::fault("F12", "a row of no day was sorted"))?;
        let file = if day < FIRST_DAY {
            format!("{}/late-{}/{date}-{}.parquet", self.period, T::NAME, self.late_number)
        } else {
            format!("{}/{}/{date}.parquet", self.period, T::NAME)
        };
        TableWriter::create(&file, self.batch.path(&file)?, T::COLUMNS)
    }

    fn close(&mut self) -> Result<()> {
        self.flush()?;
        if let Some((day, writer)) = self.open.take()
            && let Some(date) = self.calendar.date(day)
        {
            let (day_name, stored) = (date.to_string(), writer.finish()?);
            if day < FIRST_DAY {
                self.sealed.late.push(LateDay { day: day_name, table: stored });
            } else {
                self.sealed.rows.push((day_name.clone(), self.written));
                self.sealed.days.insert(day_name, stored);
            }
            self.written = 0;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if let (Some((_, writer)), false) = (&mut self.open, self.rows.is_empty()) {
            writer.write(T::columns(&self.rows))?;
            self.written += u64::try_from(self.rows.len()).unwrap_or_default();
            self.rows.clear();
        }
        Ok(())
    }
}

/// A person in a district in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The person.
    pub person: u32,
    /// The district of the cell.
    pub district: u16,
    /// The local hour.
    pub hour: u8,
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

/// Seals presence from sorted events.
pub struct PresenceSealer<'batch> {
    writer: DayWriter<'batch, PresenceTable>,
    calendar: &'batch Calendar,
    stays: &'batch [Stay],
    points: Vec<Point>,
    /// The device and day whose events come, and those that came: second and number of the stay.
    device: Option<Key>,
    events: Vec<(u32, u32)>,
    /// Where that person was on that day: district and hour.
    hours: Vec<(u16, u8)>,
    /// Events that sorting showed to be wrong.
    pub dropped: Dropped,
}

impl<'batch> PresenceSealer<'batch> {
    /// Starts with nothing.
    #[must_use]
    pub fn new(
        writer: DayWriter<'batch, PresenceTable>,
        calendar: &'batch Calendar,
        stays: &'batch [Stay],
    ) -> Self {
        Self {
            writer,
            calendar,
            stays,
            points: stays.iter().map(Stay::point).collect(),
            device: None,
            events: Vec::new(),
            hours: Vec::new(),
            dropped: Dropped::default(),
        }
    }

    /// Takes sorted events with the number of the stay of each one's cell.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn take(&mut self, keys: &[u64], stays: &[u32]) -> Result<()> {
        for (key, stay) in keys.iter().zip(stays) {
            let event = Key::unpack(*key);
            let device = Key { second: 0, ..event };
            if self.device != Some(device) {
                self.end_device();
                if self.device.is_some_and(|it| !it.same_day(device)) {
                    self.end_day()?;
                }
                self.device = Some(device);
            }
            self.events.push((event.second, *stay));
        }
        Ok(())
    }

    /// Ends the last day.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(&mut self) -> Result<()> {
        self.end_device();
        self.end_day()
    }

    /// What was sealed.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn sealed(self) -> Result<SealedDays> {
        self.writer.finish()
    }

    fn end_device(&mut self) {
        let Some(Key { day, .. }) = self.device else { return };
        sift(&mut self.events, &self.points, &mut self.dropped);
        for (second, stay) in self.events.drain(..) {
            let stay = usize::try_from(stay).ok().and_then(|it| self.stays.get(it));
            self.hours.extend(stay.map(|it| (it.district, self.calendar.hour(day, second))));
        }
    }

    /// Many events of an hour in a district are one presence.
    fn end_day(&mut self) -> Result<()> {
        let Some(Key { day, person, .. }) = self.device else { return Ok(()) };
        self.hours.sort_unstable();
        self.hours.dedup();
        for (district, hour) in self.hours.drain(..) {
            self.writer.push(day, Presence { person, district, hour })?;
        }
        Ok(())
    }
}

/// Seals visits from sorted rows.
pub struct VisitSealer<'batch> {
    writer: DayWriter<'batch, VisitTable>,
    calendar: &'batch Calendar,
    session: Option<Session>,
    /// Rows equal to another in person, site and second; of records that show their host.
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
            let hit = Key::unpack(*key);
            if let Some(session) = &mut self.session {
                if session.is_last(hit) && hit.what != HIDDEN_SITE {
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
    pub fn finish(mut self) -> Result<SealedDays> {
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
