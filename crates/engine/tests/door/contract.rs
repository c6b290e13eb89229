//! A column that was never there stops the batch, unless the mapping says what becomes of it.

use engine::Result;
use engine::door::IngestReport;

use super::fixture::{EVENTS, World, event};

/// A first load, then two rows of which one has a value in a new column.
fn second_load(mode: &str) -> (World, Result<IngestReport>) {
    let world = World::with_one_of_each();
    let row = |at: &str| event("test-000001", &format!("2026-10-{at}:00:00Z"), "north-1");
    world.write("events/2026-10-02.csv", EVENTS, &[row("02T12")]);
    world.ingest().unwrap();
    if !mode.is_empty() {
        world.map("events", "[columns]", &format!("contract = \"{mode}\"\n\n[columns]"));
    }
    let rows = [format!("{},", row("03T12")), format!("{},447700900123", row("03T13"))];
    world.write("events/2026-10-03.csv", &format!("{EVENTS},called_number"), &rows);
    let report = world.ingest();
    (world, report)
}

#[test]
fn a_new_column_stops_the_batch_and_is_named() {
    let (world, refused) = second_load("");
    let error = refused.unwrap_err();
    assert_eq!(error.code(), "I36");
    let text = error.to_string();
    assert!(
        text.contains("never there: called_number") && text.contains("discard_value"),
        "{text}"
    );
    assert!(!text.contains("4477"), "{text}");
    assert_eq!(world.presence().len(), 1);
}

#[test]
fn a_mapping_says_what_becomes_of_it() {
    let kept = |mode: &str| {
        let (_, report) = second_load(mode);
        let events = report.unwrap().rows["events"].clone();
        (events.kept, events.dropped.get("off_contract").copied())
    };
    assert_eq!(kept("evolve"), (2, None));
    assert_eq!(kept("discard_value"), (2, None));
    assert_eq!(kept("discard_row"), (1, Some(1)));
}

#[test]
fn what_evolved_is_known_from_then_on_and_what_was_passed_over_is_not() {
    let third = |mode: &str| {
        let (world, _) = second_load(mode);
        world.map("events", &format!("contract = \"{mode}\""), "contract = \"freeze\"");
        let row = event("test-000001", "2026-10-04T12:00:00Z", "north-1");
        let header = format!("{EVENTS},called_number");
        world.write("events/2026-10-04.csv", &header, &[format!("{row},")]);
        world.ingest().map(drop).map_err(|it| it.code().to_owned())
    };
    assert_eq!(third("evolve"), Ok(()));
    assert_eq!(third("discard_value"), Err("I36".to_owned()));
}
