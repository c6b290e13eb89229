//! Where people cannot have been, and where nobody is counted.

use std::collections::BTreeMap;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, World, adult, cell, district, event};
use reference::Geography;

/// Two sectors over 50 km apart.
const FAR: usize = 4_000;

fn world() -> World {
    let world = World::new();
    let ids = ["test-000001", "test-000002"];
    world.write("customers.csv", CUSTOMERS, &ids.map(adult));
    world.write("cells.csv", CELLS, &[cell("here", 0, "", ""), cell("far", FAR, "", "")]);
    world
}

fn load(world: &World, rows: &[(&str, &str, &str)]) -> BTreeMap<&'static str, u64> {
    let rows: Vec<_> = rows
        .iter()
        .map(|(id, time, cell)| event(id, &format!("2026-10-02T{time}Z"), cell))
        .collect();
    world.write("events/1.csv", EVENTS, &rows);
    let report = world.ingest().unwrap();
    assert_eq!(
        report.rows["events"].kept + report.rows["events"].dropped.values().sum::<u64>(),
        report.rows["events"].read
    );
    report.rows["events"].dropped.clone()
}

#[test]
fn a_jump_away_and_back_and_two_places_at_once_are_dropped_and_counted() {
    let world = world();
    let one = "test-000001";
    let dropped = load(
        &world,
        &[
            (one, "12:00:00", "here"),
            (one, "12:00:20", "far"),
            (one, "12:00:40", "here"),
            (one, "15:00:00", "here"),
            (one, "15:00:00", "far"),
            (one, "15:00:00", "far"),
            // Another person may well be there.
            ("test-000002", "12:00:20", "far"),
        ],
    );
    let expected = [("suspicious_jump", 1), ("same_time_elsewhere", 2), ("duplicate", 1)];
    assert_eq!(dropped, expected.into_iter().collect());
    let seen: Vec<_> = world.presence().iter().map(|it| (it.2, it.3)).collect();
    assert_eq!(seen.len(), 2);
    assert!(seen.contains(&(district(0), 13)) && seen.contains(&(district(FAR), 13)));
}

#[test]
fn a_tablet_at_home_is_no_jump_of_the_phone() {
    let world = world();
    let both = [
        adult("test-000001"),
        adult("test-000003")
            .replace("test-000003-account", "test-000001-account")
            .replace("phone", "tablet"),
    ];
    world.write("customers.csv", CUSTOMERS, &both);
    let dropped = load(
        &world,
        &[
            ("test-000001", "12:00:00", "far"),
            ("test-000003", "12:00:10", "here"),
            ("test-000001", "12:00:20", "far"),
            ("test-000003", "12:00:30", "here"),
        ],
    );
    assert_eq!(dropped, BTreeMap::new());
    assert_eq!(world.presence().len(), 2, "one person, in two places within the hour");
}

#[test]
fn nobody_is_counted_at_a_sensitive_place() {
    let world = world();
    let far = &Geography::built_in().sectors[FAR];
    let clinic = format!("Clinic 1,clinic,{},{},200", far.lat, far.lon + 0.001);
    world.write("sensitive_places.csv", "name,kind,latitude,longitude,radius_m", &[clinic]);
    let dropped =
        load(&world, &[("test-000001", "12:00:00", "here"), ("test-000001", "18:00:00", "far")]);
    assert_eq!(dropped, [("sensitive_place", 1)].into_iter().collect());
    assert_eq!(world.presence().len(), 1);
}

#[test]
fn an_area_most_of_whose_cells_see_sensitive_places_is_left_out_whole() {
    let world = world();
    let sector = &Geography::built_in().sectors[FAR];
    let cells = [
        cell("here", 0, "", ""),
        format!("a,{},{},4G,,", sector.lat, sector.lon),
        format!("b,{},{},4G,,", sector.lat + 0.0001, sector.lon),
        format!("c,{},{},4G,,", sector.lat, sector.lon + 0.004),
    ];
    world.write("cells.csv", CELLS, &cells);
    let prison = format!("Prison 1,prison,{},{},30", sector.lat, sector.lon);
    world.write("sensitive_places.csv", "name,kind,latitude,longitude,radius_m", &[prison]);
    world.write("events/1.csv", EVENTS, &[event("test-000001", "2026-10-02T12:00:00Z", "c")]);
    let report = world.ingest().unwrap();
    let code = &Geography::built_in().districts[usize::from(district(FAR))].code;
    assert_eq!(report.areas_left_out, std::slice::from_ref(code));
    assert_eq!(report.rows["events"].dropped["sensitive_place"], 1);
}

#[test]
fn visitors_from_abroad_are_counted_apart_from_unknown_numbers() {
    let world = world();
    world.map(
        "events",
        "[columns]",
        "home_mcc = [1]\nmax_bad_share = 1.0\n\n[columns]\nmcc = \"mcc\"",
    );
    let row = |id: &str, mcc: &str| format!("{},{mcc}", event(id, "2026-10-02T12:00:00Z", "here"));
    let rows =
        [row("test-000001", "001"), row("visitor-1", "262"), row("visitor-2", "001"), row("x", "")];
    world.write("events/1.csv", &format!("{EVENTS},mcc"), &rows);
    let events = world.ingest().unwrap().rows["events"].clone();
    assert_eq!(events.dropped, [("visitor_from_abroad", 1)].into_iter().collect());
    assert_eq!(events.quarantined, [("unknown_subscriber", 2)].into_iter().collect());
}
