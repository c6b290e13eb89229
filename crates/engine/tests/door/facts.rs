//! Public facts that an operator brings: zones, postcodes, holidays, countries, a census.

use std::collections::BTreeMap;

use engine::policy::Policy;
use engine::vault::Vault;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, World, adult, event, postcode};

const ZONES: &str = "id,level,name,parent,lad,latitude,longitude,geometry";

/// An island of two districts; the second is an outline with a lake.
fn island() -> Vec<String> {
    [
        "IE,country,Island,,,,,",
        "W,region,West,IE,,,,",
        "C,area,Coast,W,,,,",
        "C1,district,Harbour,C,,,,",
        "C2,district,Hills,C,,,,",
        "K,lad,Kerry,,,,,",
        "C1a,sector,Quay,C1,K,52.1,-10.4,",
        "C1b,sector,Mole,C1,K,52.2,-10.4,POINT (-10.4 52.2)",
        "C2a,sector,Ridge,C2,K,,,\"POLYGON ((-9 52, -9 53, -8 53, -8 52, -9 52), (-8.6 52.4, -8.4 52.4, \
         -8.4 52.6, -8.6 52.6, -8.6 52.4))\"",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn on_the_island() -> World {
    let world = World::new();
    world.write("zones.csv", ZONES, &island());
    world.write(
        "postcodes.csv",
        "postcode,sector",
        &["v93 x2-d1,C1b", "V94 1AA,C2a"].map(str::to_owned),
    );
    let people = ["V93 X2D1", "v941aa", "SW1A 1AA"];
    let people: Vec<_> = people
        .iter()
        .enumerate()
        .map(|(at, code)| adult(&format!("test-00000{at}")).replace(&postcode(0), code))
        .collect();
    world.write("customers.csv", CUSTOMERS, &people);
    world.write(
        "cells.csv",
        CELLS,
        &["quay,52.11,-10.41,4G,,".to_owned(), "ridge,52.3,-8.5,4G,,".to_owned()],
    );
    world
}

#[test]
fn people_live_and_are_seen_in_the_operators_own_zones() {
    let world = on_the_island();
    world.write(
        "events/2026-10-02.csv",
        EVENTS,
        &[event("test-000000", "2026-10-02T12:00:00Z", "ridge")],
    );
    world.ingest().unwrap();
    let land = Vault::open(&world.instance).unwrap().geography().unwrap();
    let sector = |code| land.sector_index(code).unwrap();
    let mut homes: Vec<u16> = world.people().iter().map(|it| it.3).collect();
    homes.sort_unstable();
    assert_eq!(homes, [sector("C1b"), sector("C2a"), u16::MAX], "an unknown postcode is nowhere");
    let hills = &land.districts[usize::from(world.presence()[0].2)];
    assert_eq!((hills.code.as_str(), hills.outline.len()), ("C2", 2));
    assert_eq!(land.regions[usize::from(hills.region)].name, "West");
    assert!((land.sectors[usize::from(sector("C2a"))].lat - 52.5).abs() < 1e-9);

    // The policy and its plans are of those zones.
    engine::product::write_templates(&world.instance.policy_dir()).unwrap();
    let plan =
        Policy::read(&world.instance).unwrap().plan("residents", &world.snapshot(), None).unwrap();
    let districts = plan.codes.list(engine::dimension::Dimension::District);
    assert_eq!(districts.labels(), ["C1", "C2"]);

    // They are frozen: the vault's numbers point into them.
    let mut zones = island();
    zones.push("C3a,sector,New,C2,K,52.9,-8.1,".to_owned());
    world.write("zones.csv", ZONES, &zones);
    let refused = world.ingest().unwrap_err();
    assert!(refused.code() == "I45" && refused.to_string().contains("zones.csv"), "{refused}");
    assert_eq!(world.people().len(), 3);
}

/// A list with one line changed is refused whole, with the place and the reason.
fn check_zones(line: usize, with: &str, says: &str) {
    let world = on_the_island();
    let mut zones = island();
    with.clone_into(&mut zones[line]);
    world.write("zones.csv", ZONES, &zones);
    let refused = world.ingest().unwrap_err();
    let text = refused.to_string();
    assert!(refused.code() == "I58" && text.contains(says), "{with}: {text}");
    assert!(text.contains("zones.csv"), "{text}");
    assert!(world.vault_files().is_empty());
}

#[test]
fn zones_that_leave_a_gap_are_refused_whole() {
    check_zones(6, "C1a,sector,Quay,C9,K,52.1,-10.4,", "the sector `C1a` lies in no district");
    check_zones(6, "C1a,sector,Quay,C1,,52.1,-10.4,", "the sector `C1a` lies in no lad");
    check_zones(6, "C1b,sector,Quay,C1,K,52.1,-10.4,", "the sector `C1b` is listed twice");
    check_zones(6, "C1a,sector,Quay,C1,K,,,", "neither a point nor an outline");
    check_zones(6, "C1a,sector,Quay,C1,K,91,0,", "neither a point nor an outline");
    check_zones(6, "C1a,parish,Quay,C1,K,52.1,-10.4,", "row 7 is no zone: the level is not known");
    check_zones(6, ",sector,Quay,C1,K,52.1,-10.4,", "row 7 is no zone: the id is empty");
    check_zones(6, "C1a,sector,Quay,C1,K,,,POLYGON ((0 0", "row 7 is no zone: the geometry");
    check_zones(6, "C1a,sector,Quay,C1,K,,,LINESTRING (0 0)", "row 7 is no zone: the geometry");
    check_zones(0, "IE,area,Island,W,,,,", "the list has no country");
    check_zones(5, "K,district,Kerry,C,,,,", "no sector lies in the district `K`");
    let deep = "GEOMETRYCOLLECTION (".repeat(10_000);
    check_zones(6, &format!("C1a,sector,Quay,C1,K,,,{deep}"), "row 7 is no zone: the geometry");
}

#[test]
fn a_holiday_counts_as_weekend_from_the_batch_that_brings_it() {
    let world = World::with_one_of_each();
    world.write(
        "events/2026-10-02.csv",
        EVENTS,
        &[event("test-000001", "2026-10-02T12:00:00Z", "north-1")],
    );
    world.ingest().unwrap();
    let before = world.snapshot();
    world.write(
        "holidays.csv",
        "date,name",
        &["2026-10-26,Half-term", "2027-01-01,New Year"].map(str::to_owned),
    );
    world.ingest().unwrap();
    let after = world.snapshot();
    assert_eq!(after.holidays.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2026-10-26"]);
    assert_ne!(before.id, after.id, "other answers are of another snapshot");
    // The next year's are known when their month comes.
    std::fs::remove_file(world.raw.join("events/2026-10-02.csv")).unwrap();
    world.write("customers.csv", CUSTOMERS, &[adult("test-000002")]);
    world.ingest_as("2027-01", None).unwrap();
    assert_eq!(world.snapshot().holidays.len(), 1);
    world.write("holidays.csv", "date,name", &["soon,Fair".to_owned()]);
    assert_eq!(world.ingest().unwrap_err().code(), "I33");
}

#[test]
fn a_code_of_no_country_is_wrong_and_visitors_are_told_apart() {
    let world = World::with_one_of_each();
    world.map("events", "[columns]", "home_mcc = [234]\n\n[columns]\nmcc = \"mcc\"");
    world.tolerate_wrong_rows();
    let countries = ["234,GB,Europe/London", "235,gb,", "208,FR,Europe/Paris"];
    world.write("countries.csv", "mcc,iso,timezone", &countries.map(str::to_owned));
    let row =
        |id: &str, mcc: &str| format!("{},{mcc}", event(id, "2026-10-02T12:00:00Z", "north-1"));
    let rows = [
        row("test-000001", "234"),
        row("guest-1", "208"),
        row("guest-2", "208"),
        row("guest-3", "999"),
        row("guest-4", "235"),
    ];
    world.write("events/2026-10-02.csv", &format!("{EVENTS},mcc"), &rows);
    let report = world.ingest().unwrap();
    let events = &report.rows["events"];
    assert_eq!((events.kept, events.dropped["visitor_from_abroad"]), (1, 3));
    assert_eq!(events.quarantined, [("unknown_country", 1)].into_iter().collect());
    let visitors = [("FR", 2), ("GB", 1)].map(|(iso, rows)| (iso.to_owned(), rows));
    assert_eq!(report.quality.visitors, visitors.into_iter().collect());
    for wrong in ["12,FR,", "208,FRA,", "208,FR,Europe/Nowhere"] {
        let world = World::with_one_of_each();
        world.write("countries.csv", "mcc,iso,timezone", &[wrong.to_owned()]);
        assert_eq!(world.ingest().unwrap_err().code(), "I41", "{wrong}");
    }
}

#[test]
fn people_are_held_against_the_census() {
    let world = on_the_island();
    let census = [
        "C1a,F,18-24,30",
        "C1a,M,18-24,10",
        "C2a,F,75+,60",
        "C2a,F,0-17,500",
        "C9,F,75+,1",
        "C2a,F,old,1",
        "C2a,F,75+,-1",
    ];
    world.map("population", "[columns]", "max_bad_share = 1.0\n\n[columns]");
    world.write("population.csv", "zone,gender,age_band,people", &census.map(str::to_owned));
    let report = world.ingest().unwrap();
    let rows = &report.rows["population"];
    assert_eq!((rows.kept, rows.dropped["under_age"]), (3, 1));
    assert_eq!(rows.quarantined, BTreeMap::from([("bad_count", 2), ("unknown_zone", 1)]));
    let [west] = &report.quality.coverage[..] else { panic!("{:?}", report.quality) };
    assert_eq!((west.region.as_str(), west.people, west.residents), ("W", 2, 100));
    // A later batch still knows it; what no scan reads leaves the snapshot as it is.
    let before = world.snapshot().id;
    world.write("population.csv", "zone,gender,age_band,people", &["C1a,F,18-24,4".to_owned()]);
    let report = world.ingest().unwrap();
    assert_eq!(report.quality.coverage[0].residents, 4);
    assert_eq!(world.snapshot().id, before);
    let page = world.instance.reports_dir().join(format!("ingest-{}.html", report.batch));
    assert!(std::fs::read_to_string(page).unwrap().contains("People beside the census"));
}
