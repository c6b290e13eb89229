//! A plan says what a load would do, and leaves nothing behind.

use std::fs;
use std::path::PathBuf;

use super::fixture::{CUSTOMERS, EVENTS, WEB, World, adult, event, files_below, web};

const NOON: &str = "2026-10-02T12:00:00Z";

/// One right row and two wrong ones of events, and a web record with a path.
fn world() -> World {
    let world = World::with_one_of_each();
    world.tolerate_wrong_rows();
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001"), adult("test-000002")]);
    let rows = [
        event("test-000001", NOON, "north-1"),
        event("test-000009", NOON, "north-1"),
        event("test-000002", NOON, "nowhere"),
    ];
    world.write("events/1.csv", EVENTS, &rows);
    world.write("web/1.csv", WEB, &[web("test-000001", NOON, "test.example/test-000002", 1)]);
    world
}

fn everything(world: &World) -> Vec<(PathBuf, Vec<u8>)> {
    let folders = [world.instance.root.clone(), world.instance.keys_dir().unwrap()];
    let files = folders.iter().flat_map(|it| files_below(it));
    files.map(|it| (it.clone(), fs::read(it).unwrap())).collect()
}

#[test]
fn a_plan_leaves_the_instance_and_its_keys_as_they_were() {
    let world = world();
    let lock = world.instance.vault_dir().join("lock");
    fs::write(lock, "").unwrap();
    let before = everything(&world);
    world.plan().unwrap();
    assert_eq!(everything(&world), before);
    world.ingest().unwrap();
    let after = everything(&world);
    world.write("events/2.csv", EVENTS, &[event("test-000001", "2026-10-05T12:00:00Z", "north-1")]);
    let second = world.plan().unwrap();
    assert_eq!(everything(&world), after);
    assert_eq!(second.files_already_loaded.len(), 4);
    assert_eq!(second.files.len(), 1);
}

#[test]
fn a_plan_counts_what_the_load_then_does_and_shows_where_to_look() {
    let world = world();
    let plan = world.plan().unwrap();
    let events = plan.files.iter().find(|it| it.file == "events/1.csv").unwrap();
    assert_eq!((events.mapping.as_str(), events.class), ("events", "events"));
    assert_eq!(events.columns["time"], "event_time");
    assert_eq!((events.rows.read, events.rows.kept), (3, 1));
    let unknown = &events.examples["unknown_subscriber"];
    assert_eq!((unknown.column, unknown.rows.as_slice()), ("subscriber_id", &[2][..]));
    assert_eq!(events.examples["unknown_cell"].rows, [3]);
    assert_eq!(plan.refused, None);
    let text = format!("{plan:?}");
    assert!(!text.contains("test-0"), "an id in {text}");
    let loaded = world.ingest().unwrap();
    assert_eq!(plan.rows, loaded.rows);
    assert_eq!(plan.people, loaded.people);
    assert_eq!(plan.days_sealed, loaded.days_sealed);
    assert!(plan.files_loaded.is_empty() && loaded.files_loaded.len() == 4);
}

#[test]
fn a_plan_of_a_load_that_would_be_refused_says_why_and_where() {
    let world = World::with_one_of_each();
    world.write("events/1.csv", EVENTS, &[event("test-000009", NOON, "north-1")]);
    let plan = world.plan().unwrap();
    let why = plan.refused.unwrap();
    assert!(why.contains("[I41]") && why.contains("events/1.csv row 1"), "{why}");
    assert_eq!(world.ingest().unwrap_err().code(), "I41");
}
