//! The truth of a world: exact counts of the people whom a correct door admits.
//!
//! Computed person by person from the same draws as the files, in flat memory. Never read by
//! anything that releases.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use reference::Geography;

use crate::customers::{Customer, Role};
use crate::day::{Life, Slot, slots};
use crate::world::SimulateError;

/// Exact people by the labels of a cell, e.g. `["BL1 1", "F", "18-24"]`.
pub type Counts = BTreeMap<Vec<String>, u64>;

/// What only a simulation knows.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// sector, gender, age band.
    pub residents: Counts,
    /// district, hour, kind of day.
    pub presence: Counts,
    /// level (base, site, category), name, gender, age band, home region.
    pub web: Counts,
}

const FILES: [&str; 3] = ["residents.csv", "presence.csv", "web.csv"];

impl Truth {
    /// Reads the truth that [`crate::simulate`] wrote to `dir`.
    ///
    /// # Errors
    /// [`SimulateError::Write`] naming the file that cannot be read.
    pub fn read(dir: &Path) -> Result<Self, SimulateError> {
        let [residents, presence, web] = FILES.map(|name| read(&dir.join(name)));
        Ok(Self { residents: residents?, presence: presence?, web: web? })
    }
}

fn read(path: &Path) -> Result<Counts, SimulateError> {
    let wrong = |cause: &dyn std::fmt::Display| SimulateError::write(path, cause);
    let mut reader = csv::Reader::from_path(path).map_err(|cause| wrong(&cause))?;
    let rows = reader.records().map(|row| {
        let row = row.map_err(|cause| wrong(&cause))?;
        let mut labels: Vec<String> = row.iter().map(str::to_owned).collect();
        let people = labels.pop().and_then(|it| it.parse().ok());
        Ok((labels, people.ok_or_else(|| wrong(&"a row without a count"))?))
    });
    rows.collect()
}

/// Exact counts by number; labels come when they are written.
#[derive(Default)]
struct Tally {
    people: u64,
    residents: BTreeMap<(u16, u8, u8), u64>,
    presence: BTreeMap<(u16, u8, bool), u64>,
    web: BTreeMap<(u8, u32, u8, u8, u16), u64>,
}

impl Tally {
    fn add(mut self, other: Self) -> Self {
        self.people += other.people;
        for (cell, people) in other.residents {
            *self.residents.entry(cell).or_default() += people;
        }
        for (cell, people) in other.presence {
            *self.presence.entry(cell).or_default() += people;
        }
        for (cell, people) in other.web {
            *self.web.entry(cell).or_default() += people;
        }
        self
    }
}

/// Writes the truth; returns how many people there are.
pub(crate) fn write(
    life: &Life<'_>,
    dir: &Path,
    days: &[Date],
    zone: &TimeZone,
    geography: &Geography,
) -> Result<u64, SimulateError> {
    let hours = days.iter().map(|&day| slots(day, zone)).collect::<Result<Vec<_>, _>>()?.concat();
    let half = split(life.customers);
    let tally = std::thread::scope(|scope| {
        let first = scope.spawn(|| count(life, 0..half, &hours, geography));
        let second = count(life, half..life.customers.len(), &hours, geography);
        first.join().map_or_else(|_| Tally::default(), |first| first.add(second))
    });
    fs::create_dir_all(dir).map_err(|cause| SimulateError::write(dir, &cause))?;
    let sector = |at: u16| geography.sectors.get(usize::from(at)).map_or("", |it| it.code.as_str());
    let district =
        |at: u16| geography.districts.get(usize::from(at)).map_or("", |it| it.code.as_str());
    let region = |at: u16| geography.regions.get(usize::from(at)).map_or("", |it| it.code.as_str());
    let gender = |at: u8| reference::Gender::ALL.get(usize::from(at)).map_or("", |it| it.code());
    let band = |at: u8| reference::AgeBand::ALL.get(usize::from(at)).map_or("", |it| it.label());
    table(
        &dir.join(FILES[0]),
        "sector,gender,age_band,people",
        tally.residents.iter().map(|(&(home, g, b), people)| {
            format!("{},{},{},{people}", sector(home), gender(g), band(b))
        }),
    )?;
    table(
        &dir.join(FILES[1]),
        "district,hour,day_type,people",
        tally.presence.iter().map(|(&(at, hour, weekend), people)| {
            let day = if weekend { "weekend" } else { "weekday" };
            format!("{},{hour},{day},{people}", district(at))
        }),
    )?;
    table(
        &dir.join(FILES[2]),
        "level,name,gender,age_band,region,people",
        tally.web.iter().map(|(&(level, name, g, b, r), people)| {
            let at = usize::try_from(name).unwrap_or(usize::MAX);
            let (level, name) = match level {
                0 => ("base", ""),
                1 => ("site", life.sites.sites.get(at).map_or("", |it| it.domain.as_str())),
                _ => ("category", life.sites.categories.get(at).map_or("", String::as_str)),
            };
            let name = if name.contains(',') { format!("\"{name}\"") } else { name.to_owned() };
            format!("{level},{name},{},{},{},{people}", gender(g), band(b), region(r))
        }),
    )?;
    Ok(tally.people)
}

/// The middle of the customers, not inside an account.
fn split(customers: &[Customer]) -> usize {
    let mut at = customers.len() / 2;
    while at < customers.len() && customers[at].role == Role::Tablet {
        at += 1;
    }
    at
}

fn table(
    path: &Path,
    header: &str,
    rows: impl Iterator<Item = String>,
) -> Result<(), SimulateError> {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(&row);
        text.push('\n');
    }
    fs::write(path, text).map_err(|cause| SimulateError::write(path, &cause))
}

fn count(
    life: &Life<'_>,
    range: std::ops::Range<usize>,
    hours: &[Slot],
    geography: &Geography,
) -> Tally {
    let year = u32::try_from(life.world.first_day.year()).unwrap_or_default();
    let mut tally = Tally::default();
    let mut at = range.start;
    while at < range.end {
        let holder = &life.customers[at];
        // Tablets of the same person follow the phone.
        let sims = 1 + life.customers[at + 1..]
            .iter()
            .take_while(|it| it.role == Role::Tablet && it.account == holder.account)
            .count();
        if let Some(band) = holder.band(year).filter(|_| holder.role == Role::Phone) {
            person(life, at..at + sims, band.index(), hours, geography, &mut tally);
        }
        at += sims;
    }
    tally
}

fn person(
    life: &Life<'_>,
    sims: std::ops::Range<usize>,
    band: u8,
    hours: &[Slot],
    geography: &Geography,
    tally: &mut Tally,
) {
    let holder = &life.customers[sims.start];
    let gender = holder.gender.index();
    let home = usize::try_from(holder.home).ok().and_then(|at| life.land.homes.get(at));
    let home = home.map_or(0, |it| it.0);
    let region = geography.sectors.get(usize::from(home)).map_or(0, |it| it.region);
    tally.people += 1;
    *tally.residents.entry((home, gender, band)).or_default() += 1;
    let (mut seen, mut visited) = (Vec::new(), Vec::new());
    for (index, customer) in
        sims.clone().map(|at| (u32::try_from(at).unwrap_or(0), &life.customers[at]))
    {
        for slot in hours {
            life.events(index, customer, slot, |event| {
                let cell = usize::try_from(event.cell).ok().and_then(|at| life.land.cells.get(at));
                let at = usize::try_from(event.cell).unwrap_or(usize::MAX);
                if !life.land.shut.get(at).copied().unwrap_or_default() {
                    seen.push((cell.map_or(0, |it| it.district), slot.hour, slot.weekend));
                }
            });
            if customer.consent {
                life.web(index, customer, slot, |record| visited.push(record.site));
            }
        }
    }
    seen.sort_unstable();
    seen.dedup();
    for cell in seen {
        *tally.presence.entry(cell).or_default() += 1;
    }
    visited.sort_unstable();
    visited.dedup();
    let listed = |site: &u32| {
        let site = usize::try_from(*site).ok().and_then(|at| life.sites.sites.get(at));
        site.is_some_and(|it| !it.sensitive)
    };
    visited.retain(listed);
    let mut add = |level: u8, name: u32| {
        *tally.web.entry((level, name, gender, band, region)).or_default() += 1;
    };
    if !visited.is_empty() {
        add(0, 0);
    }
    for &site in &visited {
        add(1, site);
    }
    let mut categories: Vec<u16> =
        visited.iter().map(|&site| life.sites.category_index(site)).collect();
    categories.sort_unstable();
    categories.dedup();
    for category in categories {
        add(2, u32::from(category));
    }
}
