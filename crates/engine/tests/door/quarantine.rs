//! Rows that did not get in wait by number, and are read again where they are.

use std::fs;

use engine::door::{IngestOptions, IngestReport, Quarantine, replay};
use engine::{Result, SystemClock};

use super::fixture::{CUSTOMERS, EVENTS, World, adult, event, files_below};

fn again(world: &World, batch: &str, period: Option<&str>) -> Result<IngestReport> {
    let period = period.map(|it| it.parse().unwrap());
    let options = IngestOptions { period, ..IngestOptions::default() };
    let sources = std::slice::from_ref(&world.raw);
    replay(&world.instance, batch, sources, &options, &SystemClock, &mut |_| ())
}

fn waiting(world: &World) -> Vec<(String, u64)> {
    let batches = Quarantine::list(&world.instance).unwrap();
    let files = batches.into_iter().flat_map(|it| it.files);
    files.flat_map(|it| it.rows).collect()
}

/// One good row, one of a number that no record has yet, and one in a cell that none has.
fn world() -> (World, String) {
    let world = World::with_one_of_each();
    world.tolerate_wrong_rows();
    let noon = "2026-10-02T12:00:00Z";
    let rows = [
        event("test-000001", noon, "north-1"),
        event("test-000002", noon, "north-1"),
        event("test-000001", "2026-10-02T15:00:00Z", "nowhere"),
    ];
    world.write("events/2026-10-02.csv", EVENTS, &rows);
    let report = world.ingest().unwrap();
    (world, report.batch)
}

#[test]
fn mended_rows_get_in_and_the_others_wait_on() {
    let (world, batch) = world();
    let both = [("unknown_cell".to_owned(), 1), ("unknown_subscriber".to_owned(), 1)];
    assert_eq!(waiting(&world), both);
    // The day is sealed: what is mended in the same period is late now.
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001"), adult("test-000002")]);
    let _customers = world.ingest().unwrap();
    let report = again(&world, &batch, None).unwrap();
    let events = &report.rows["events"];
    assert_eq!((events.read, events.kept, events.dropped["late_row"]), (2, 0, 2));
    assert_eq!(report.days_sealed["presence"], Vec::<String>::new());
    assert_eq!(waiting(&world), [("late_row".to_owned(), 2)]);

    // In the next period they get in, but for the one in no cell.
    let november = [event("test-000001", "2026-11-01T12:00:00Z", "north-1")];
    world.write("events/2026-11-01.csv", EVENTS, &november);
    world.ingest_as("2026-11", None).unwrap();
    let late = Quarantine::list(&world.instance).unwrap();
    let late = late.iter().find(|it| it.files.iter().any(|it| it.rows.contains_key("late_row")));
    let late = late.unwrap().batch.clone();
    let report = again(&world, &late, Some("2026-11")).unwrap();
    assert_eq!(report.days_late["presence"], ["2026-10-02"]);
    let events = &report.rows["events"];
    assert_eq!((events.kept, events.quarantined["unknown_cell"]), (1, 1));
    assert_eq!(world.presence().iter().filter(|it| it.0 == "2026-10-02").count(), 1);
    // Once: the same rows do not get in again.
    assert_eq!(again(&world, &late, Some("2026-11")).unwrap_err().code(), "I55");
}

#[test]
fn nothing_but_numbers_of_rows_is_kept() {
    let (world, _) = world();
    for file in files_below(&world.instance.quarantine_dir()) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(7).any(|it| it == b"test-00"), "{}", file.display());
    }
}

#[test]
fn a_file_that_is_not_as_it_was_loaded_is_not_read_again() {
    let (world, batch) = world();
    assert_eq!(again(&world, "nothing", None).unwrap_err().code(), "I55");
    let rows = [event("test-000002", "2026-10-02T12:00:00Z", "north-1")];
    world.write("events/2026-10-02.csv", EVENTS, &rows);
    let refused = again(&world, &batch, None).unwrap_err();
    assert_eq!(refused.code(), "I55");
    assert!(refused.to_string().contains("events/2026-10-02.csv"), "{refused}");
    assert_eq!(waiting(&world).len(), 2);
}

#[test]
fn the_quality_report_says_what_could_be_read_placed_and_seen() {
    let (world, batch) = world();
    let path = world.instance.reports_dir().join(format!("ingest-{batch}.html"));
    let page = fs::read_to_string(path).unwrap();
    assert!(page.contains("Events that can be placed on the map<td class=n>50.00 %"), "{page}");
    let basis = "legitimate_interests, event-records, privacy-notice-2026-01";
    assert!(page.contains(basis), "{page}");
    let manifest = fs::read_to_string(world.instance.vault_dir().join("manifest.json")).unwrap();
    assert!(manifest.contains("privacy-notice-2026-01"), "{manifest}");
    assert!(!page.contains("test-00") && !page.contains("http"), "{page}");
    let rows = [event("test-000001", "2026-10-03T12:00:00Z", "north-1"), event("", "", "")];
    world.write("events/2026-10-03.csv", EVENTS, &rows);
    let quality = world.ingest().unwrap().quality;
    let day = &quality.days["presence"][0];
    assert_eq!((day.day.as_str(), day.rows, day.change), ("2026-10-03", 1, Some(0.0)));
    assert!((quality.nulls["events"]["time"] - 0.5).abs() < 1e-9);
    assert_eq!(quality.placed, Some(1.0));
}

#[test]
fn rows_of_a_list_that_are_read_again_do_not_replace_the_list() {
    let world = World::new();
    world.map("postcodes", "[columns]", "max_bad_share = 1.0\n\n[columns]");
    let sector = &reference::Geography::built_in().sectors[7];
    let rows = [format!("ZZ1 1AA,{}", sector.code), "ZZ2 2BB,nowhere".to_owned()];
    world.write("postcodes.csv", "postcode,sector", &rows);
    let batch = world.ingest().unwrap().batch;
    assert_eq!(waiting(&world), [("unknown_zone".to_owned(), 1)]);
    again(&world, &batch, None).unwrap();
    let person = adult("test-000001").replace(&super::fixture::postcode(0), "ZZ1 1AA");
    world.write("customers.csv", CUSTOMERS, &[person]);
    world.ingest().unwrap();
    assert_eq!(world.people()[0].3, 7, "the postcode is still known");
}
