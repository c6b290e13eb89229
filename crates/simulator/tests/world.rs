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
    let feed: BTreeSet<String> =
        rows(&raw.join("opt_out.csv")).into_iter().map(|it| it["subscriber_id"].clone()).collect();
    let mut by_account = BTreeMap::<String, Vec<BTreeMap<String, String>>>::new();
    for row in customers {
        by_account.entry(row["account_id"].clone()).or_default().push(row);
    }
    let objects = |sim: &BTreeMap<String, String>| {
        sim["opt_out"] == "true" || feed.contains(&sim["subscriber_id"])
    };
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
            let (Some(band), false) = (band, group.iter().any(|it| objects(it))) else {
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

/// Compares two tables, and shows where they differ alone.
fn same(found: &Counts, truth: &Counts) {
    let cells: BTreeSet<_> = found.keys().chain(truth.keys()).collect();
    let differ: Vec<_> = cells.into_iter().filter(|it| found.get(*it) != truth.get(*it)).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

/// A cell that stood in the month and is not at a sensitive place.
#[derive(Clone)]
struct Cell {
    at: (f64, f64),
    district: String,
}

/// Metres between two places, on a sphere of 6,371,008.8 m.
fn metres(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (a, b) =
        ((from.0.to_radians(), from.1.to_radians()), (to.0.to_radians(), to.1.to_radians()));
    let cosine = a.0.sin() * b.0.sin() + a.0.cos() * b.0.cos() * (a.1 - b.1).cos();
    6_371_008.8 * cosine.clamp(-1.0, 1.0).acos()
}

fn cells(raw: &Path) -> BTreeMap<String, Cell> {
    let land = Geography::built_in();
    let place = |row: &BTreeMap<String, String>| -> (f64, f64) {
        (row["latitude"].parse().unwrap(), row["longitude"].parse().unwrap())
    };
    let sensitive: Vec<_> = rows(&raw.join("sensitive_places.csv"))
        .iter()
        .map(|it| (place(it), it["radius_m"].parse::<f64>().unwrap()))
        .collect();
    let mut all = Vec::new();
    for row in rows(&raw.join("cells.csv")) {
        let at = place(&row);
        let sector = &land.sectors[usize::from(land.nearest_sector(at.0, at.1).unwrap())];
        let district = land.districts[usize::from(sector.district)].code.clone();
        let sees = sensitive.iter().any(|it| metres(it.0, at) <= it.1);
        all.push((
            row["cell_id"].clone(),
            row["valid_date_end"].is_empty(),
            sees,
            Cell { at, district },
        ));
    }
    let mut counts = BTreeMap::<String, (usize, usize)>::new();
    for (_, _, sees, cell) in &all {
        let count = counts.entry(cell.district.clone()).or_default();
        *count = (count.0 + usize::from(*sees), count.1 + 1);
    }
    let open = all.into_iter().filter(|(_, stands, sees, cell)| {
        let (shut, cells) = counts[&cell.district];
        *stands && !sees && 2 * shut <= cells
    });
    open.map(|(id, _, _, cell)| (id, cell)).collect()
}

/// An event: its instant in whole seconds, its local hour, its cell.
type Seen = (i64, i8, Cell);

/// The events of each device and local day, in order of time.
fn devices(
    raw: &Path,
    people: &BTreeMap<String, (usize, Person)>,
    cells: &BTreeMap<String, Cell>,
    zone: &TimeZone,
) -> BTreeMap<(String, jiff::civil::Date), Vec<Seen>> {
    let mut devices = BTreeMap::<_, Vec<Seen>>::new();
    for row in table(raw, "events") {
        let Some(cell) =
            cells.get(&row["cell_id"]).filter(|_| people.contains_key(&row["subscriber_id"]))
        else {
            continue;
        };
        let Some(at) = local(&row["event_time"], zone) else { continue };
        let second = row["event_time"].parse::<i64>().unwrap().div_euclid(1_000);
        let device = (row["subscriber_id"].clone(), at.date());
        devices.entry(device).or_default().push((second, at.hour(), cell.clone()));
    }
    for events in devices.values_mut() {
        events.sort_by_key(|it| it.0);
    }
    devices
}

/// What is left of the events of one device and day: nobody is at two places over 10 km apart in one
/// second, nor goes over 10 km away and back at over 55 m/s.
fn possible(events: &[Seen]) -> Vec<Seen> {
    let far = |a: &Seen, b: &Seen| {
        let way = metres(a.2.at, b.2.at);
        let seconds = f64::from(i32::try_from((a.0 - b.0).abs()).unwrap());
        way > 10_000.0 && way > 55.0 * seconds
    };
    let alone = |it: &&Seen| !events.iter().any(|other| other.0 == it.0 && far(it, other));
    let kept: Vec<Seen> = events.iter().filter(alone).cloned().collect();
    let jumps = |at: usize| {
        at > 0
            && at + 1 < kept.len()
            && far(&kept[at - 1], &kept[at])
            && far(&kept[at], &kept[at + 1])
    };
    (0..kept.len()).filter(|at| !jumps(*at)).map(|at| kept[at].clone()).collect()
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
    same(&residents.counts(), &truth.residents);

    let cells = cells(&raw);
    for ((id, day), events) in devices(&raw, &people, &cells, &zone) {
        let weekend =
            matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        let kind = if weekend { "weekend" } else { "weekday" };
        for (_, hour, cell) in possible(&events) {
            presence.add(&[&cell.district, &hour.to_string(), kind], people[&id].0);
        }
    }
    same(&presence.counts(), &truth.presence);

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
    same(&web.counts(), &truth.web);
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

#[test]
fn the_documentation_lists_every_rate_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/simulator.md");
    let text = fs::read_to_string(path).unwrap();
    for rate in simulator::RATES {
        let row = format!("| `{}` | {} | {} |", rate.name, rate.default, rate.meaning);
        assert!(text.contains(&row), "docs/simulator.md lacks: {row}");
    }
}

#[test]
fn a_rate_that_is_off_plants_nothing() {
    let mut world = small();
    for name in ["visitor", "suspicious_jump", "duplicate", "opt_out_feed", "sensitive_place"] {
        world.rates.scale(name, 0.0).unwrap();
    }
    let (folder, summary) = made(&world);
    for name in ["visitor_from_abroad", "suspicious_jump"] {
        assert_eq!(summary.planted.get(name), None, "{name}");
    }
    assert!(rows(&folder.path().join("raw/sensitive_places.csv")).is_empty());
    assert!(rows(&folder.path().join("raw/opt_out.csv")).is_empty());
}
