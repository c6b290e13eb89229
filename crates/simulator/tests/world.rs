//! A generated world against what it says of itself: the same bytes for the same seed, whole
//! areas, a real operator's density, and a truth that a slow reader of the raw files agrees with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reference::{AgeBand, Geography, SiteList};
use simulator::truth::Counts;
use simulator::{Format, SimulateError, Spread, Summary, Truth, World, simulate};
use tempfile::TempDir;

fn small() -> World {
    World { subscribers: 2_000, days: 3, seed: 7, format: Format::Csv, ..World::default() }
}

fn made(world: &World) -> (TempDir, Summary) {
    let folder = TempDir::new().unwrap();
    let summary = simulate(world, folder.path(), &|_| ()).unwrap();
    (folder, summary)
}

fn digests(folder: &Path) -> BTreeMap<PathBuf, blake3::Hash> {
    let mut found = BTreeMap::new();
    for part in ["raw", "raw/events", "raw/web", "truth"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, blake3::hash(&fs::read(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn the_same_world_has_the_same_bytes_and_another_seed_others() {
    let world = World { format: Format::Parquet, ..small() };
    let (one, _) = made(&world);
    let (two, _) = made(&world);
    let (other, _) = made(&World { seed: 8, ..world });
    assert_eq!(digests(one.path()), digests(two.path()));
    assert_ne!(digests(one.path()), digests(other.path()));
}

/// The rows of a CSV file by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|it| row(it.unwrap())).collect()
}

/// A person as a careful reader of the customer record sees them.
#[derive(Clone)]
struct Person {
    sector: u16,
    gender: String,
    band: String,
    consent: bool,
}

/// SIMs by raw id, with the person whose they are.
fn people(raw: &Path) -> BTreeMap<String, (usize, Person)> {
    let land = Geography::built_in();
    let customers = rows(&raw.join("customers.csv"));
    let mut by_account = BTreeMap::<String, Vec<BTreeMap<String, String>>>::new();
    for row in customers {
        by_account.entry(row["account_id"].clone()).or_default().push(row);
    }
    let mut found = BTreeMap::new();
    let mut number = 0;
    for sims in by_account.values() {
        let (holders, others): (Vec<_>, Vec<_>) =
            sims.iter().partition(|it| it["user_is_holder"] == "true");
        let groups = others.into_iter().map(|it| vec![it]).chain([holders]);
        for group in groups {
            let Some(phone) = group.iter().find(|it| it["sim_role"] == "phone") else { continue };
            let born: Option<u32> = phone["birth_year"].parse().ok();
            let band = born.and_then(|born| AgeBand::from_birth_year(born, 2026));
            let (Some(band), false) = (band, group.iter().any(|it| it["opt_out"] == "true")) else {
                continue;
            };
            let own =
                group.iter().filter(|it| ["phone", "tablet"].contains(&it["sim_role"].as_str()));
            for sim in own {
                let person = Person {
                    sector: land.sector_of_postcode(&phone["postcode"]).unwrap(),
                    gender: phone["gender"].clone(),
                    band: band.label().to_owned(),
                    consent: sim["consent_vas"] == "true",
                };
                found.insert(sim["subscriber_id"].clone(), (number, person));
            }
            number += 1;
        }
    }
    found
}

/// Distinct people by cell, with a set of people for each.
#[derive(Default)]
struct Sets(BTreeMap<Vec<String>, BTreeSet<usize>>);

impl Sets {
    fn add(&mut self, cell: &[&str], person: usize) {
        let cell = cell.iter().map(|&it| it.to_owned()).collect();
        self.0.entry(cell).or_default().insert(person);
    }

    fn counts(self) -> Counts {
        self.0.into_iter().map(|(cell, people)| (cell, people.len().try_into().unwrap())).collect()
    }
}

/// The files of a table, read whole.
fn table(raw: &Path, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(raw.join(name)).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|it| rows(it)).collect()
}

/// The local day and hour of an instant inside the month.
fn local(time: &str, zone: &TimeZone) -> Option<jiff::civil::DateTime> {
    let instant = Timestamp::from_millisecond(time.parse().ok()?).ok()?;
    let local = zone.to_datetime(instant);
    (local.year() == 2026 && local.month() == 10).then_some(local)
}

#[test]
fn the_truth_is_what_a_slow_reader_of_the_raw_files_finds() {
    let (folder, summary) = made(&small());
    let (raw, land) = (folder.path().join("raw"), Geography::built_in());
    let truth = Truth::read(&folder.path().join("truth")).unwrap();
    let zone = TimeZone::get("Europe/London").unwrap();
    let people = people(&raw);
    let (mut residents, mut presence, mut web) =
        (Sets::default(), Sets::default(), Sets::default());
    for (number, person) in people.values() {
        let sector = &land.sectors[usize::from(person.sector)].code;
        residents.add(&[sector, &person.gender, &person.band], *number);
    }
    let distinct: BTreeSet<usize> = people.values().map(|it| it.0).collect();
    assert_eq!(distinct.len(), usize::try_from(summary.people).unwrap());
    assert_eq!(residents.counts(), truth.residents);

    let cells: BTreeMap<String, &str> = rows(&raw.join("cells.csv"))
        .iter()
        .filter(|it| it["valid_date_end"].is_empty())
        .map(|it| {
            let at = (it["latitude"].parse().unwrap(), it["longitude"].parse().unwrap());
            let sector = &land.sectors[usize::from(land.nearest_sector(at.0, at.1).unwrap())];
            let district = &land.districts[usize::from(sector.district)];
            (it["cell_id"].clone(), district.code.as_str())
        })
        .collect();
    for row in table(&raw, "events") {
        let seen = (people.get(&row["subscriber_id"]), cells.get(&row["cell_id"]));
        let ((Some((number, _)), Some(district)), Some(at)) =
            (seen, local(&row["event_time"], &zone))
        else {
            continue;
        };
        let weekend =
            matches!(at.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        let day = if weekend { "weekend" } else { "weekday" };
        presence.add(&[district, &at.hour().to_string(), day], *number);
    }
    assert_eq!(presence.counts(), truth.presence);

    let list = SiteList::built_in();
    let site = |host: &str| {
        let suffixes = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        let number = std::iter::once(host).chain(suffixes).find_map(|it| list.index_of(it))?;
        list.sites.get(usize::try_from(number).unwrap()).filter(|it| !it.sensitive)
    };
    for row in table(&raw, "web") {
        let (Some((number, person)), Some(site)) =
            (people.get(&row["subscriber_id"]), site(&row["host"]))
        else {
            continue;
        };
        if !person.consent || local(&row["time"], &zone).is_none() {
            continue;
        }
        let sector = &land.sectors[usize::from(person.sector)];
        let region = &land.regions[usize::from(sector.region)].code;
        for (level, name) in
            [("base", ""), ("site", site.domain.as_str()), ("category", site.category.as_str())]
        {
            web.add(&[level, name, &person.gender, &person.band, region], *number);
        }
    }
    assert_eq!(web.counts(), truth.web);
}

#[test]
fn csv_and_parquet_say_the_same_of_themselves() {
    let (_, csv) = made(&small());
    let (_, parquet) = made(&World { format: Format::Parquet, ..small() });
    assert_eq!(
        (csv.people, csv.events, csv.web_records),
        (parquet.people, parquet.events, parquet.web_records)
    );
    assert_eq!(csv.planted, parquet.planted);
    assert!(csv.planted.len() >= 8 && csv.planted.values().all(|&it| it > 0), "{:?}", csv.planted);
}

#[test]
fn whole_areas_are_filled_at_a_real_operators_density() {
    let land = Geography::built_in();
    let world =
        World { subscribers: 250_000, days: 1, events_per_day: 0.0, web_per_day: 0.0, ..small() };
    let (folder, summary) = made(&world);
    assert!(summary.areas.len() >= 2 && summary.areas[0] == world.origin, "{:?}", summary.areas);
    let customers = rows(&folder.path().join("raw/customers.csv"));
    assert_eq!(customers.len(), 250_000);
    let mut by_sector = BTreeMap::<u16, f64>::new();
    for row in &customers {
        *by_sector.entry(land.sector_of_postcode(&row["postcode"]).unwrap()).or_default() += 1.0;
    }
    let homes: f64 =
        by_sector.keys().map(|&it| f64::from(land.sectors[usize::from(it)].postcodes)).sum();
    let people = 65_185_724.0 / f64::from(land.sectors.iter().map(|it| it.postcodes).sum::<u32>());
    let share = 250_000.0 / (homes * people);
    assert!((0.36..=0.43).contains(&share), "{share} of residents are customers");
}

#[test]
fn what_cannot_be_made_is_said_with_what_can() {
    let folder = TempDir::new().unwrap();
    let refused = |world: &World| simulate(world, folder.path(), &|_| ()).unwrap_err();
    assert!(matches!(refused(&World { subscribers: 999, ..small() }), SimulateError::TooFew(999)));
    assert!(matches!(refused(&World { days: 32, ..small() }), SimulateError::WrongDays(32)));
    assert!(matches!(refused(&World { days: 0, ..small() }), SimulateError::WrongDays(0)));
    let many = World { subscribers: 60_000_000, spread: Spread::GreatBritain, ..small() };
    assert!(matches!(refused(&many), SimulateError::TooMany { .. }));
    let nowhere = refused(&World { origin: "QQ".to_owned(), ..small() });
    assert!(nowhere.to_string().contains("AB AL B BA"), "{nowhere}");
    simulate(&small(), folder.path(), &|_| ()).unwrap();
    assert!(matches!(refused(&small()), SimulateError::NotEmpty(_)));
}
