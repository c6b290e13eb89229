//! Where the cells stood, and on which days: from a topology file to places in postcode districts.
//!
//! Kept per period as `vault/<period>/cells-<n>.csv` so that later batches need not bring it
//! again; a later file overrules an earlier one cell by cell. A place keeps its number for the
//! period. Nothing here is about people.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::Path;

use reference::Geography;

use super::calendar::Calendar;
use super::rows::{Chunk, text_of, value_of};
use super::sphere::Point;
use super::tally::{Reason, Tally};
use crate::error::{Error, Result, io_error};
use crate::vault::manifest::{Stored, damaged};

/// One stay of a cell: the days, by number, both ends in, and the place.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Stay {
    first_day: u8,
    last_day: u8,
    /// Number of the district.
    pub district: u16,
    /// Where, degrees.
    pub lat: f64,
    /// Where, degrees.
    pub lon: f64,
}

impl Stay {
    /// Where on the sphere.
    #[must_use]
    pub fn point(&self) -> Point {
        Point::new(self.lat, self.lon)
    }
}

/// The cells of a period.
#[derive(Clone, Default)]
pub struct Cells {
    stays: Vec<Stay>,
    by_cell: HashMap<Box<str>, Range<u32>>,
}

impl Cells {
    /// Reads stored cells; what it holds overrules what is here.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(&mut self, path: &Path) -> Result<()> {
        let mut cells = BTreeMap::<String, Vec<Stay>>::new();
        let broken = |_| damaged(path, "the cells cannot be read");
        let mut reader = csv::Reader::from_path(path).map_err(broken)?;
        for row in reader.deserialize() {
            let (cell, first_day, last_day, district, lat, lon): (String, u8, u8, u16, f64, f64) =
                row.map_err(broken)?;
            let stay = Stay { first_day, last_day, district, lat, lon };
            cells.entry(cell).or_default().push(stay);
        }
        self.overrule(cells);
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stays.is_empty()
    }

    /// Every stay, by number.
    #[must_use]
    pub fn stays(&self) -> &[Stay] {
        &self.stays
    }

    /// The number of the stay of a cell on a day.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn stay(&self, cell: &str, day: u8) -> Result<u32, Reason> {
        let mut numbers = self.by_cell.get(cell).ok_or(Reason::UnknownCell)?.clone();
        let covers = |at: &u32| {
            let stay = usize::try_from(*at).ok().and_then(|at| self.stays.get(at));
            stay.is_some_and(|it| (it.first_day..=it.last_day).contains(&day))
        };
        numbers.find(covers).ok_or(Reason::CellNotValid)
    }

    fn overrule(&mut self, cells: BTreeMap<String, Vec<Stay>>) {
        for (cell, stays) in cells {
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let first = number(self.stays.len());
            self.stays.extend(stays);
            self.by_cell.insert(cell.into(), first..number(self.stays.len()));
        }
    }
}

/// Cells that a batch brings.
pub struct NewCells<'door> {
    calendar: &'door Calendar,
    geography: &'door Geography,
    cells: BTreeMap<String, Vec<Stay>>,
}

impl<'door> NewCells<'door> {
    /// No cells yet.
    #[must_use]
    pub const fn new(calendar: &'door Calendar, geography: &'door Geography) -> Self {
        Self { calendar, geography, cells: BTreeMap::new() }
    }

    /// Takes the rows of a topology file.
    pub fn take(&mut self, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let stay = self.stay(chunk, row);
            if let Some((cell, stay)) = tally.add(number, stay) {
                let stays = self.cells.entry(cell).or_default();
                stays.push(stay);
                stays.sort_by(|left, right| {
                    left.partial_cmp(right).unwrap_or(std::cmp::Ordering::Equal)
                });
                stays.dedup();
            }
        }
    }

    /// The stay of a row; one without a day when it lies outside the period and the one before.
    fn stay(&self, chunk: &Chunk, row: usize) -> Result<(String, Stay), Reason> {
        let cell = text_of(chunk.text(0), row).ok_or(Reason::UnknownCell)?;
        let place = value_of(chunk.real(1), row).zip(value_of(chunk.real(2), row));
        let (lat, lon) = place.ok_or(Reason::BadPlace)?;
        let sector = self.geography.nearest_sector(lat, lon).ok_or(Reason::BadPlace)?;
        let sector = self.geography.sectors.get(usize::from(sector)).ok_or(Reason::BadPlace)?;
        let days = (value_of(chunk.day(3), row), value_of(chunk.day(4), row));
        let (first_day, last_day) = self.calendar.tenure(days).ok_or(Reason::BadTime)?;
        // A cell that did not stand in the period is known all the same.
        Ok((cell.to_owned(), Stay { first_day, last_day, district: sector.district, lat, lon }))
    }

    /// Writes the cells and lets them overrule `known`.
    ///
    /// # Errors
    /// A fault when the file cannot be written.
    pub fn seal(self, file: String, path: &Path, known: &mut Cells) -> Result<Stored> {
        let mut text = "cell,first_day,last_day,district,latitude,longitude\n".to_owned();
        for (cell, stays) in &self.cells {
            let cell = cell.replace('"', "\"\"");
            for Stay { first_day, last_day, district, lat, lon } in stays {
                writeln!(text, "\"{cell}\",{first_day},{last_day},{district},{lat},{lon}")
                    .map_err(|it| Error::fault("F11", it.to_string()))?;
            }
        }
        fs::write(path, &text)
            .and_then(|()| fs::File::open(path)?.sync_all())
            .map_err(|cause| io_error("write", path, &cause))?;
        known.overrule(self.cells);
        Ok(Stored { file, hash: blake3::hash(text.as_bytes()).to_hex().to_string() })
    }
}
