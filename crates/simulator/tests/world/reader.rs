//! A slow, careful reader of the raw files: who is counted, where, and what looks wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use reference::{AgeBand, Geography};

use super::fixture::{FIRST_DAY, Row, local, rows, table, tenure};

/// A person as a careful reader of the customer record sees them.
#[derive(Clone)]
pub struct Person {
    pub sector: u16,
    pub gender: String,
    pub band: String,
    pub consent: bool,
}

/// Whose a number is, and from when until when.
pub struct Contract {
    pub days: RangeInclusive<Date>,
    /// Number of the person.
    pub number: usize,
    pub person: Person,
}

/// Contracts by raw id.
pub type Contracts = BTreeMap<String, Vec<Contract>>;

/// The contract that holds for a number on a day.
pub fn contract<'all>(all: &'all Contracts, id: &str, day: Date) -> Option<&'all Contract> {
    all.get(id)?.iter().find(|it| it.days.contains(&day))
}

/// The contracts of people of the month.
pub fn people(raw: &Path) -> Contracts {
    let land = Geography::built_in();
    let feed: BTreeSet<String> =
        rows(&raw.join("opt_out.csv")).into_iter().map(|it| it["subscriber_id"].clone()).collect();
    let mut by_account = BTreeMap::<String, Vec<Row>>::new();
    for row in rows(&raw.join("customers.csv")) {
        if *tenure(&row).end() >= FIRST_DAY {
            by_account.entry(row["account_id"].clone()).or_default().push(row);
        }
    }
    let objects = |sim: &Row| sim["opt_out"] == "true" || feed.contains(&sim["subscriber_id"]);
    let mut found = Contracts::new();
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
                let contract = Contract { days: tenure(sim), number, person };
                found.entry(sim["subscriber_id"].clone()).or_default().push(contract);
            }
            number += 1;
        }
    }
    found
}

/// A cell that stood in the month and is not at a sensitive place.
#[derive(Clone)]
pub struct Cell {
    pub at: (f64, f64),
    pub district: String,
}

/// Metres between two places, on a sphere of 6,371,008.8 m.
pub fn metres(from: (f64, f64), to: (f64, f64)) -> f64 {
    let (a, b) =
        ((from.0.to_radians(), from.1.to_radians()), (to.0.to_radians(), to.1.to_radians()));
    let cosine = a.0.sin() * b.0.sin() + a.0.cos() * b.0.cos() * (a.1 - b.1).cos();
    6_371_008.8 * cosine.clamp(-1.0, 1.0).acos()
}

pub fn cells(raw: &Path) -> BTreeMap<String, Cell> {
    let land = Geography::built_in();
    let place = |row: &Row| -> (f64, f64) {
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
pub type Seen = (i64, i8, Cell);

/// The events of each device and local day on which it is somebody's, in order of time.
pub fn devices(
    raw: &Path,
    people: &Contracts,
    cells: &BTreeMap<String, Cell>,
    zone: &TimeZone,
) -> BTreeMap<(String, Date), Vec<Seen>> {
    let mut devices = BTreeMap::<_, Vec<Seen>>::new();
    for row in table(raw, "events") {
        let Some(cell) = cells.get(&row["cell_id"]) else { continue };
        let Some(at) = local(&row["event_time"], zone) else { continue };
        if contract(people, &row["subscriber_id"], at.date()).is_none() {
            continue;
        }
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
pub fn possible(events: &[Seen]) -> Vec<Seen> {
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
