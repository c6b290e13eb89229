//! Builds a world and writes it: customers, cells, events and web records by local day.

mod block;
mod events;
mod files;
mod hand_over;
mod order;
mod pages;
mod places;
mod record;
#[cfg(test)]
mod tests;
mod wrong;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use reference::{Geography, SiteList};
use serde::{Deserialize, Serialize};

use crate::blocks::{BLOCK_ROWS, blocks};
use crate::customers::Population;
use crate::day;
use crate::land::Land;
use crate::life::Life;
use crate::rates::{RATES, Rates};
use crate::sites::Tastes;
use crate::truth::{self, Basis, Tally};

use block::Maker;
use files::{Files, Tables};
use hand_over::HandOver;

/// The raw files' format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet, packed and compressed.
    Parquet,
    /// CSV, plain.
    Csv,
}

impl Format {
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
        }
    }
}

/// Where the customers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// In whole postcode areas from the origin outwards, as dense as a real operator's.
    Outwards,
    /// All over Great Britain, thinner.
    GreatBritain,
}

/// What to simulate.
#[derive(Clone, Debug)]
pub struct World {
    /// SIMs in the customer record; one that changed hands has two rows there.
    pub subscribers: u32,
    /// Local days.
    pub days: u16,
    /// The first of them.
    pub first_day: Date,
    /// The same seed gives the same world.
    pub seed: u64,
    /// The raw files' format.
    pub format: Format,
    /// The postcode area to begin with.
    pub origin: String,
    /// Where the customers are.
    pub spread: Spread,
    /// Mean calls, texts and data sessions of a SIM and day.
    pub events_per_day: f64,
    /// Mean web records of a SIM and day.
    pub web_per_day: f64,
    /// How often everything else happens.
    pub rates: Rates,
}

impl Default for World {
    fn default() -> Self {
        Self {
            subscribers: 400_000,
            days: 7,
            first_day: Date::constant(2026, 10, 1),
            seed: 1,
            format: Format::Parquet,
            origin: "BL".to_owned(),
            spread: Spread::Outwards,
            events_per_day: 12.0,
            web_per_day: 8.0,
            rates: Rates::default(),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// Rows of the customer record.
    pub customers: u64,
    /// People whom a correct door admits.
    pub people: u64,
    /// Rows of events, wrong ones included.
    pub events: u64,
    /// Rows of web records, wrong ones included.
    pub web_records: u64,
    /// Postcode areas, in the order in which they were filled.
    pub areas: Vec<String>,
    /// Wrong rows planted, by reason.
    pub planted: BTreeMap<String, u64>,
}

/// How far a simulation is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps done: blocks of customers, and one for the truth.
    pub done: u64,
    /// Steps in all.
    pub total: u64,
}

/// A world that cannot be made.
#[derive(Debug)]
pub enum SimulateError {
    /// More customers than there is room for.
    TooMany {
        /// Asked for.
        asked: u32,
        /// Room for.
        most: u32,
    },
    /// Fewer than make a crowd.
    TooFew(u32),
    /// No day, or more days than the month has.
    WrongDays(u16),
    /// A postcode area that does not exist.
    UnknownArea {
        /// Asked for.
        asked: String,
        /// All there are.
        known: String,
    },
    /// A rate that does not exist, or a factor that is none.
    UnknownRate {
        /// Asked for.
        asked: String,
    },
    /// The folder holds something already.
    NotEmpty(PathBuf),
    /// A date that the calendar does not have.
    Calendar(String),
    /// A file that cannot be written.
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: String,
    },
}

/// The smallest world.
const SUBSCRIBERS_MIN: u32 = 1_000;

impl SimulateError {
    pub(crate) fn write(path: &Path, cause: &dyn fmt::Display) -> Self {
        Self::Write { path: path.to_owned(), cause: cause.to_string() }
    }

    /// Rows that cannot be encoded, whatever the file.
    pub(crate) fn encode(cause: &parquet::errors::ParquetError) -> Self {
        Self::Write { path: PathBuf::from("raw"), cause: cause.to_string() }
    }
}

impl fmt::Display for SimulateError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { asked, most } => write!(
                out,
                "{asked} customers do not fit Great Britain at an operator's density; at most {most}"
            ),
            Self::TooFew(asked) => {
                write!(out, "{asked} customers make no crowd; at least {SUBSCRIBERS_MIN}")
            }
            Self::WrongDays(asked) => write!(
                out,
                "{asked} days do not fit the month of the first day; 1 to the end of that month"
            ),
            Self::UnknownArea { asked, known } => {
                write!(out, "`{asked}` is not a postcode area; one of: {known}")
            }
            Self::UnknownRate { asked } => {
                let names: Vec<&str> = RATES.iter().map(|it| it.name).collect();
                write!(
                    out,
                    "`{asked}` is not a rate with a factor of 0 or more; the rates: {}",
                    names.join(" ")
                )
            }
            Self::NotEmpty(path) => write!(
                out,
                "{} holds a simulation already; choose another folder or remove it",
                path.display()
            ),
            Self::Calendar(cause) => write!(out, "the calendar does not have that day: {cause}"),
            Self::Write { path, cause } => write!(out, "cannot write {}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for SimulateError {}

/// Writes the world to `dir/raw` and its truth to `dir/truth`.
///
/// # Errors
/// [`SimulateError`] naming what was asked and what is allowed, or the file that failed.
pub fn simulate(
    world: &World,
    dir: &Path,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Summary, SimulateError> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    simulate_with(world, dir, &Pace { workers, block_rows: BLOCK_ROWS }, progress)
}

/// How a world is made; changes nothing about who does what.
struct Pace {
    workers: usize,
    /// Rows of one table and day in a block, about.
    block_rows: u32,
}

fn simulate_with(
    world: &World,
    dir: &Path,
    pace: &Pace,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Summary, SimulateError> {
    if world.subscribers < SUBSCRIBERS_MIN {
        return Err(SimulateError::TooFew(world.subscribers));
    }
    let dates = dates(world)?;
    let zone = TimeZone::get("Europe/London")
        .map_err(|cause| SimulateError::Calendar(cause.to_string()))?;
    let days = day::days(&dates, &zone)?;
    let (geography, sites) = (Geography::built_in(), SiteList::built_in());
    let land = Land::new(world, geography)?;
    let raw = dir.join("raw");
    if raw.exists() {
        return Err(SimulateError::NotEmpty(raw));
    }
    for folder in ["events", "web"] {
        let folder = raw.join(folder);
        fs::create_dir_all(&folder).map_err(|cause| SimulateError::write(&folder, &cause))?;
    }
    places::cells(&land, &raw)?;
    places::sensitive(&land, &raw)?;
    let life = Life { world, land: &land, tastes: Tastes::new(world.seed, sites), sites };
    let (population, basis) = (Population::new(world, &land), Basis::new(&land, geography, sites));
    let tables = Tables::new(world.format)?;
    let blocks = blocks(world, &land, pace.block_rows);
    let hand_over = HandOver::new(Files::create(&tables, &raw, &days)?, &blocks, pace.workers);
    let maker = || Maker::new(&life, &population, &basis, &tables, &days);
    let (files, made) = hand_over.run(maker, progress)?;
    files.close()?;
    let mut tally = Tally::new(&basis);
    for it in &made {
        tally.add(&it.tally);
    }
    truth::write(&tally, &basis, &dir.join("truth"))?;
    let total = u64::try_from(blocks.len()).unwrap_or_default() + 1;
    progress(Progress { done: total, total });
    let done = raw.join("_SUCCESS");
    fs::write(&done, "").map_err(|cause| SimulateError::write(&done, &cause))?;
    let mut planted = BTreeMap::new();
    for (name, rows) in made.iter().flat_map(|it| &it.planted) {
        *planted.entry((*name).to_owned()).or_default() += rows;
    }
    Ok(Summary {
        customers: made.iter().map(|it| it.customers).sum(),
        people: tally.people,
        events: made.iter().map(|it| it.events).sum(),
        web_records: made.iter().map(|it| it.web_records).sum(),
        areas: land.areas.clone(),
        planted,
    })
}

fn dates(world: &World) -> Result<Vec<Date>, SimulateError> {
    let left = world.first_day.last_of_month().day() - world.first_day.day() + 1;
    if world.days == 0 || i32::from(world.days) > i32::from(left) {
        return Err(SimulateError::WrongDays(world.days));
    }
    (0..i64::from(world.days))
        .map(|day| {
            let date = world.first_day.checked_add(day.days());
            date.map_err(|cause| SimulateError::Calendar(cause.to_string()))
        })
        .collect()
}
