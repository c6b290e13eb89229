//! Numbers that change hands, contracts that ended, fleets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use simulator::World;

use super::fixture::{FIRST_DAY, Row, calm, local, made, rows, small, table, tenure};

/// The rows of a customer record by number.
fn by_number(raw: &Path) -> BTreeMap<String, Vec<Row>> {
    let mut found = BTreeMap::<String, Vec<Row>>::new();
    for row in rows(&raw.join("customers.csv")) {
        found.entry(row["subscriber_id"].clone()).or_default().push(row);
    }
    found
}

/// The numbers and local days of a table's rows.
fn appearances(raw: &Path, name: &str, time: &str) -> BTreeSet<(String, Date)> {
    let zone = TimeZone::get("Europe/London").unwrap();
    let seen = |row: Row| Some((row["subscriber_id"].clone(), local(&row[time], &zone)?.date()));
    table(raw, name).into_iter().filter_map(seen).collect()
}

#[test]
fn a_number_that_changes_hands_is_of_one_customer_after_the_other() {
    let world =
        World { subscribers: 4_000, days: 4, events_per_day: 2.0, web_per_day: 0.5, ..small() };
    let (folder, summary) = made(&world);
    let raw = folder.path().join("raw");
    let numbers = by_number(&raw);
    let twice: Vec<_> = numbers.values().filter(|it| it.len() > 1).collect();
    assert_eq!(summary.customers, u64::try_from(4_000 + twice.len()).unwrap());
    assert!((2..30).contains(&twice.len()), "{}", twice.len());
    let last_day = Date::constant(2026, 10, 4);
    for rows in &twice {
        let [before, after] = rows.as_slice() else { panic!("{rows:?}") };
        assert_ne!(before["account_id"], after["account_id"]);
        let (ends, starts) = (*tenure(before).end(), *tenure(after).start());
        assert!(FIRST_DAY <= ends && starts <= last_day, "{rows:?}");
        let rest = (starts - ends).get_days();
        assert!((1..=3).contains(&rest) && after["end_date"].is_empty(), "{rows:?}");
    }
    // Nobody appears without a contract, but as often as was planted.
    let mut without = 0;
    for (name, time) in [("events", "event_time"), ("web", "time")] {
        let seen = appearances(&raw, name, time);
        let holds = |rows: &[Row], day| rows.iter().any(|it| tenure(it).contains(&day));
        let known = seen.iter().filter_map(|(id, day)| Some((numbers.get(id)?, *day)));
        without += known.filter(|(rows, day)| !holds(rows, *day)).count();
    }
    assert_eq!(summary.planted["no_contract"], u64::try_from(without).unwrap());
}

#[test]
fn a_contract_that_ended_before_has_a_row_and_nobody_behind_it() {
    let (folder, summary) = made(&World { days: 1, ..small() });
    let rows = rows(&folder.path().join("raw/customers.csv"));
    let ended: Vec<_> = rows.iter().filter(|it| *tenure(it).end() < FIRST_DAY).collect();
    assert!((2..30).contains(&ended.len()), "{}", ended.len());
    assert!(ended.iter().all(|it| it["sim_role"] == "phone" && !tenure(it).is_empty()));
    // A world of one day has no room for a number that changes hands.
    assert_eq!(summary.customers, 2_000);
    let strays = summary.planted["no_contract"];
    assert!(strays > 0 && strays <= 2 * u64::try_from(ended.len()).unwrap(), "{strays}");
}

#[test]
fn fleets_have_one_account_and_one_home() {
    let mut world = World { subscribers: 20_000, days: 1, ..small() };
    (world.events_per_day, world.web_per_day) = (0.0, 0.0);
    world.rates.scale("machine", 3.0).unwrap();
    world.rates.scale("business", 5.0).unwrap();
    let (folder, _) = made(&world);
    let mut accounts = BTreeMap::<String, Vec<Row>>::new();
    for row in rows(&folder.path().join("raw/customers.csv")) {
        accounts.entry(row["account_id"].clone()).or_default().push(row);
    }
    for (role, rate) in [("M2M", world.rates.machine), ("business", world.rates.business)] {
        let own: Vec<_> = accounts.values().filter(|it| it[0]["sim_role"] == role).collect();
        for fleet in &own {
            let sector = |row: &Row| row["postcode"][..row["postcode"].len() - 2].to_owned();
            assert!(fleet.iter().all(|it| it["sim_role"] == role), "{fleet:?}");
            assert!(fleet.iter().all(|it| sector(it) == sector(&fleet[0])), "{fleet:?}");
            assert!(fleet.len() <= 80, "{}", fleet.len());
        }
        assert!(own.iter().filter(|it| it.len() >= 5).count() * 2 > own.len(), "{role}");
        let sims: usize = own.iter().map(|it| it.len()).sum();
        let share = f64::from(u32::try_from(sims).unwrap()) / 20_000.0;
        assert!((share / rate - 1.0).abs() < 0.3, "{role}: {share}");
    }
    let people = accounts.values().filter(|it| it[0]["sim_role"] == "phone");
    assert!(people.map(Vec::len).all(|it| it <= 2));
}

#[test]
fn what_life_does_to_numbers_can_be_switched_off() {
    let (folder, summary) = made(&calm());
    assert_eq!((summary.customers, summary.planted.get("no_contract")), (1_000, None));
    let rows = rows(&folder.path().join("raw/customers.csv"));
    assert!(rows.iter().all(|it| it["end_date"].is_empty() && *it["start_date"] < *"2026"));
    assert!(rows.iter().all(|it| ["phone", "tablet"].contains(&it["sim_role"].as_str())));
}
