//! Where the cells stood, and on which days: from a topology file to postcode districts.
//!
//! Kept per period as `vault/<period>/cells-<n>.csv` so that later batches need not bring it
//! again; a later file overrules an earlier one cell by cell. Nothing here is about people.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;
use reference::Geography;

use super::rows::{Chunk, text_of, value_of};
use super::tally::{Reason, Tally};
use crate::error::{Error, Result, io_error};
use crate::time::Period;
use crate::vault::manifest::{Stored, damaged};

/// One stay of a cell: a district and the days of the period, both ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stand {
    first_day: u8,
    last_day: u8,
    district: u16,
}

/// The cells of a period.
#[derive(Clone, Default)]
pub struct Cells {
    stands: HashMap<Box<str>, Vec<Stand>>,
}

impl Cells {
    /// Reads stored cells; what it holds overrules what is here.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(&mut self, path: &Path) -> Result<()> {
        let mut cells = BTreeMap::<String, Vec<Stand>>::new();
        let broken = |_| damaged(path, "the cells cannot be read");
        let mut reader = csv::Reader::from_path(path).map_err(broken)?;
        for row in reader.deserialize() {
            let (cell, first_day, last_day, district): (String, u8, u8, u16) =
                row.map_err(broken)?;
            cells.entry(cell).or_default().push(Stand { first_day, last_day, district });
        }
        self.overrule(cells);
        Ok(())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stands.is_empty()
    }

    /// The district of a cell on a day of the period.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn district(&self, cell: &str, day: u8) -> Result<u16, Reason> {
        let stands = self.stands.get(cell).ok_or(Reason::UnknownCell)?;
        let stands_then = |it: &&Stand| (it.first_day..=it.last_day).contains(&day);
        stands.iter().find(stands_then).map(|it| it.district).ok_or(Reason::CellNotValid)
    }

    fn overrule(&mut self, cells: BTreeMap<String, Vec<Stand>>) {
        self.stands.extend(cells.into_iter().map(|(cell, stands)| (cell.into(), stands)));
    }
}

/// Cells that a batch brings.
pub struct NewCells<'period> {
    period: Period,
    geography: &'period Geography,
    cells: BTreeMap<String, Vec<Stand>>,
}

impl<'period> NewCells<'period> {
    /// No cells yet.
    #[must_use]
    pub const fn new(period: Period, geography: &'period Geography) -> Self {
        Self { period, geography, cells: BTreeMap::new() }
    }

    /// Takes the rows of a topology file.
    pub fn take(&mut self, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let stand = self.stand(chunk, row);
            if let Some((cell, stand)) = tally.add(number, stand) {
                let stands = self.cells.entry(cell).or_default();
                stands.push(stand);
                stands.sort_unstable();
                stands.dedup();
            }
        }
    }

    /// The stay of a row; one without a day when it lies outside the period.
    fn stand(&self, chunk: &Chunk, row: usize) -> Result<(String, Stand), Reason> {
        let cell = text_of(chunk.text(0), row).ok_or(Reason::UnknownCell)?;
        let place = value_of(chunk.real(1), row).zip(value_of(chunk.real(2), row));
        let (lat, lon) = place.ok_or(Reason::BadPlace)?;
        let sector = self.geography.nearest_sector(lat, lon).ok_or(Reason::BadPlace)?;
        let sector = self.geography.sectors.get(usize::from(sector)).ok_or(Reason::BadPlace)?;
        let from = value_of(chunk.day(3), row).map_or(Some(0), |day| self.day_of_period(day));
        let to = value_of(chunk.day(4), row).map_or(Some(30), |day| self.day_of_period(day));
        let (from, to) = from.zip(to).ok_or(Reason::BadTime)?;
        // A cell that did not stand in the period is known all the same.
        let within = (from.max(0), to.min(30));
        let stand = match (u8::try_from(within.0), u8::try_from(within.1)) {
            (Ok(first_day), Ok(last_day)) if first_day <= last_day => {
                Stand { first_day, last_day, district: sector.district }
            }
            _ => Stand { first_day: 1, last_day: 0, district: sector.district },
        };
        Ok((cell.to_owned(), stand))
    }

    /// Days from the first of the period to a day since 1970; may be negative.
    fn day_of_period(&self, since_1970: i32) -> Option<i32> {
        let day = Date::new(1970, 1, 1).ok()?.checked_add(since_1970.days()).ok()?;
        (day - self.period.first_day()).get_days().into()
    }

    /// Writes the cells and lets them overrule `known`.
    ///
    /// # Errors
    /// A fault when the file cannot be written.
    pub fn seal(self, file: String, path: &Path, known: &mut Cells) -> Result<Stored> {
        let mut text = "cell,first_day,last_day,district\n".to_owned();
        for (cell, stands) in &self.cells {
            let cell = cell.replace('"', "\"\"");
            for Stand { first_day, last_day, district } in stands {
                writeln!(text, "\"{cell}\",{first_day},{last_day},{district}")
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
