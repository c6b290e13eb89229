//! Small worlds, and their files row by row.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use simulator::{Format, Summary, World, simulate};
use tempfile::TempDir;

/// Two thousand customers, three days.
pub fn small() -> World {
    World { subscribers: 2_000, days: 3, seed: 7, format: Format::Csv, ..World::default() }
}

/// The first day of the small world, and of the month.
pub const FIRST_DAY: Date = Date::constant(2026, 10, 1);

/// A world without fleets in which every number is always the same customer's.
pub fn calm() -> World {
    let mut world = World { subscribers: 1_000, ..small() };
    for name in ["recycled", "ended", "machine", "business"] {
        world.rates.scale(name, 0.0).unwrap();
    }
    world
}

/// Simulates into a folder.
pub fn made(world: &World) -> (TempDir, Summary) {
    let folder = TempDir::new().unwrap();
    let summary = simulate(world, folder.path(), &|_| ()).unwrap();
    (folder, summary)
}

/// A row by column.
pub type Row = BTreeMap<String, String>;

/// The rows of a CSV file.
pub fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|it| row(it.unwrap())).collect()
}

/// The days of a row of the customer record.
pub fn tenure(row: &Row) -> RangeInclusive<Date> {
    let until = row["end_date"].parse().unwrap_or(Date::MAX);
    row["start_date"].parse().unwrap()..=until
}

/// The files of a table, read whole.
pub fn table(raw: &Path, name: &str) -> Vec<Row> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(raw.join(name)).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|it| rows(it)).collect()
}

/// The local day and hour of an instant inside the month.
pub fn local(time: &str, zone: &TimeZone) -> Option<DateTime> {
    let instant = Timestamp::from_millisecond(time.parse().ok()?).ok()?;
    let local = zone.to_datetime(instant);
    (local.year() == 2026 && local.month() == 10).then_some(local)
}
