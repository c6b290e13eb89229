//! Which days a batch seals, what waits for its day, and what comes late.

use std::collections::BTreeMap;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, World, adult, cell, event};

/// An operator with three people and one cell.
fn world() -> World {
    let world = World::new();
    let ids = ["test-000001", "test-000002", "test-000003"];
    world.write("customers.csv", CUSTOMERS, &ids.map(adult));
    world.write("cells.csv", CELLS, &[cell("north-1", 0, "", "")]);
    world
}

fn events(world: &World, file: &str, rows: &[(&str, &str)]) {
    let rows: Vec<_> = rows.iter().map(|(id, at)| event(id, at, "north-1")).collect();
    world.write(&format!("events/{file}.csv"), EVENTS, &rows);
}

fn days(world: &World) -> Vec<(String, u32)> {
    world.presence().into_iter().map(|it| (it.0, it.1)).collect()
}

#[test]
fn a_declared_day_is_sealed_without_a_row_and_an_undeclared_one_with_one_is_not() {
    let with = |extra: &[(&str, &str)]| {
        let world = world();
        let base = [("test-000001", "2026-10-01T12:00:00Z")];
        events(&world, "part", &[&base, extra].concat());
        let report = world.ingest_as("2026-10", Some("2026-10-01..2026-10-03")).unwrap();
        (report.days_sealed["presence"].clone(), report.rows_held["presence"])
    };
    let sealed: Vec<String> = ["2026-10-01", "2026-10-02", "2026-10-03"].map(str::to_owned).into();
    assert_eq!(with(&[]), (sealed.clone(), 0));
    // One person's row of another day seals nothing for the others.
    assert_eq!(with(&[("test-000002", "2026-10-04T12:00:00Z")]), (sealed, 1));
}

#[test]
fn files_cut_at_midnight_of_another_zone_lose_no_row() {
    // British summer time: the first local hour of a day lies in the file of the day before.
    let (late, early) = ("2026-10-01T23:30:00Z", "2026-10-02T12:00:00Z");
    let world = world();
    events(&world, "2026-10-01", &[("test-000001", "2026-10-01T10:00:00Z"), ("test-000002", late)]);
    let first = world.ingest_as("2026-10", None).unwrap();
    assert_eq!((first.days_sealed["presence"].len(), first.rows_held["presence"]), (1, 1));
    events(&world, "2026-10-02", &[("test-000003", early)]);
    let second = world.ingest_as("2026-10", None).unwrap();
    assert_eq!((second.days_sealed["presence"].len(), second.rows_held["presence"]), (1, 0));
    assert_eq!(second.rows["events"].dropped, BTreeMap::new());
    assert_eq!(world.presence().len(), 3);
    assert!(world.presence().iter().any(|it| it.0 == "2026-10-02" && it.3 == 0));

    // All at once is the same.
    let at_once = world_with_both(late, early);
    assert_eq!(at_once.presence().len(), 3);
}

fn world_with_both(late: &str, early: &str) -> World {
    let world = world();
    events(&world, "2026-10-01", &[("test-000001", "2026-10-01T10:00:00Z"), ("test-000002", late)]);
    events(&world, "2026-10-02", &[("test-000003", early)]);
    world.ingest_as("2026-10", None).unwrap();
    world
}

#[test]
fn late_rows_go_into_the_next_period_and_older_ones_nowhere() {
    let world = world();
    let october = [("test-000001", "2026-10-30T12:00:00Z")];
    events(&world, "2026-10-30", &october);
    world.ingest_as("2026-10", None).unwrap();
    let sealed = world.vault_files();
    // Too late for October, whose 30th is sealed; the 29th was never delivered.
    events(
        &world,
        "2026-11-01",
        &[
            ("test-000002", "2026-10-30T13:00:00Z"),
            ("test-000003", "2026-11-01T12:00:00Z"),
            ("test-000001", "2026-10-29T12:00:00Z"),
            ("test-000001", "2026-09-30T12:00:00Z"),
        ],
    );
    world.tolerate_wrong_rows();
    let report = world.ingest_as("2026-11", None).unwrap();
    assert_eq!(report.days_late["presence"], ["2026-10-30"]);
    // The first file was October's: its rows are in already, and not late.
    assert_eq!(report.rows["events"].quarantined["outside_period"], 3);
    assert_eq!(report.rows["events"].kept, 2);
    assert_eq!(
        days(&world).iter().map(|it| it.0.as_str()).collect::<Vec<_>>(),
        ["2026-10-30", "2026-11-01"]
    );
    let after = world.vault_files();
    assert!(sealed.iter().all(|(file, bytes)| after[file] == *bytes), "October did not change");
}
