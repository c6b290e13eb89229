//! A person who objects is gone from every later scan and load, and an erased one from the disk.

use engine::SystemClock;
use engine::door::rights::{self, Request, SubjectState};
use engine::retention::{self, Mode};

use super::fixture::{EVENTS, World, adult, event, files_below};

const ONE: &str = "test-000001";

fn world() -> World {
    let world = World::with_one_of_each();
    let ids = [ONE, "test-000002"];
    world.write("customers.csv", super::fixture::CUSTOMERS, &ids.map(adult));
    let rows = ids.map(|it| event(it, "2026-10-02T12:00:00Z", "north-1"));
    world.write("events/2026-10-02.csv", EVENTS, &rows);
    world.ingest().unwrap();
    world
}

/// Persons whom a scan counts, by day.
fn counted(world: &World) -> Vec<String> {
    let gone = world.snapshot().suppressed;
    let rows = world.presence().into_iter().filter(|it| !gone.contains(&it.1));
    rows.map(|it| it.0).collect()
}

fn state(world: &World, period: &str) -> SubjectState {
    let status = rights::status(&world.instance, ONE).unwrap();
    status.periods.iter().find(|it| it.0 == period).unwrap().1
}

#[test]
fn an_objection_holds_at_once_in_later_loads_and_in_later_periods() {
    let world = world();
    let before = world.snapshot();
    assert_eq!((counted(&world).len(), state(&world, "2026-10")), (2, SubjectState::Counted));
    let receipt =
        rights::leave_out(&world.instance, &format!(" {ONE}\n"), Request::Object, &SystemClock);
    let receipt = receipt.unwrap();
    assert_eq!(receipt.periods, ["2026-10"]);
    assert_eq!((counted(&world).len(), state(&world, "2026-10")), (1, SubjectState::LeftOut));
    assert_ne!(world.snapshot().id, before.id, "another snapshot, paid for anew");

    let next = [ONE, "test-000002"].map(|it| event(it, "2026-10-03T12:00:00Z", "north-1"));
    world.write("events/2026-10-03.csv", EVENTS, &next);
    let report = world.ingest().unwrap();
    assert_eq!(report.rows["events"].dropped["excluded_subscriber"], 1);
    let november = [ONE, "test-000002"].map(|it| event(it, "2026-11-03T12:00:00Z", "north-1"));
    world.write("events/2026-11-03.csv", EVENTS, &november);
    world.tolerate_wrong_rows();
    let report = world.ingest_as("2026-11", None).unwrap();
    assert_eq!(report.sims_excluded["opt_out"], 1, "the record does not know; the list does");
    assert_eq!(state(&world, "2026-11"), SubjectState::LeftOut);
    assert_eq!(counted(&world), ["2026-11-03"]);
}

#[test]
fn a_receipt_and_the_list_of_objectors_name_nobody() {
    let world = world();
    let receipt = rights::leave_out(&world.instance, ONE, Request::Erase, &SystemClock).unwrap();
    let text = serde_json::to_string(&receipt).unwrap();
    assert!(!text.contains("test-"), "{text}");
    for file in files_below(&world.instance.root) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes.windows(ONE.len()).any(|it| it == ONE.as_bytes());
        assert!(!found, "{}", file.display());
    }
    assert_eq!(rights::status(&world.instance, " ").unwrap_err().code(), "I54");
}

#[test]
fn a_purge_takes_the_rows_of_an_erased_person_and_nobody_elses() {
    let world = world();
    let copy = rights::export(&world.instance, ONE).unwrap();
    let stored = serde_json::to_string(&copy).unwrap();
    assert!(stored.contains("\"45-54\"") && stored.contains("\"hour\":13"), "{stored}");
    rights::leave_out(&world.instance, ONE, Request::Erase, &SystemClock).unwrap();
    let before = world.snapshot();
    let [person] = before.suppressed[..] else { panic!("{:?}", before.suppressed) };
    let purge = |mode| retention::purge(&world.instance, &SystemClock, mode).unwrap();
    let files = world.vault_files();
    assert_eq!(purge(Mode::DryRun).rows["2026-10"], 1);
    assert_eq!(world.vault_files(), files, "a dry run removes nothing");
    assert_eq!(purge(Mode::Remove).rows["2026-10"], 1);
    assert_eq!(purge(Mode::Remove), retention::Purged::default(), "once is enough");
    assert_eq!(world.presence().iter().filter(|it| it.1 == person).count(), 0);
    assert_eq!(world.presence().len(), 1);
    let blank = (person, 255, 255, 65_535);
    assert!(world.people().contains(&blank) && world.people().len() == 2);
    let after = world.snapshot();
    assert_eq!((after.id, after.suppressed), (before.id, before.suppressed), "the same scan");
    let copy = rights::export(&world.instance, ONE).unwrap();
    assert!(copy.objected && copy.periods.is_empty());
    // What was there before is nowhere: neither the old tables nor anything that names them.
    for (file, bytes) in files.iter().filter(|it| !world.vault_files().contains_key(it.0)) {
        assert!(!world.vault_files().values().any(|it| it == bytes), "{}", file.display());
    }
    // A load goes on with the same ordinals.
    let next = [event("test-000002", "2026-10-03T12:00:00Z", "north-1")];
    world.write("events/2026-10-03.csv", EVENTS, &next);
    world.ingest().unwrap();
    let persons: Vec<u32> = world.presence().iter().map(|it| it.1).collect();
    assert_eq!(persons[0], persons[1]);
}

#[test]
fn rows_that_wait_for_their_day_are_in_a_copy_and_go_with_a_purge() {
    let world = world();
    let sites = &reference::SiteList::built_in().sites;
    let host = &sites.iter().find(|it| !it.sensitive).unwrap().domain;
    // Files of the third that hold the first hour of the fourth, which nothing declares.
    let row = |hour: u8| event(ONE, &format!("2026-10-03T{hour:02}:30:00Z"), "north-1");
    world.write("events/2026-10-03.csv", EVENTS, &[row(12), row(23)]);
    let visit = super::fixture::web(ONE, "2026-10-03T23:15:00Z", host, 60);
    world.write("web/2026-10-03.csv", super::fixture::WEB, &[visit]);
    let days = Some("2026-10-03..2026-10-03");
    assert_eq!(world.ingest_as("2026-10", days).unwrap().rows_held["presence"], 1);
    let copy = rights::export(&world.instance, ONE).unwrap();
    let waiting = serde_json::to_value(&copy.periods[0].1.waiting).unwrap();
    let district = serde_json::to_value(&copy).unwrap()["periods"][0][1]["presence"][0]["district"]
        .as_str()
        .unwrap()
        .to_owned();
    let expected = serde_json::json!([
        { "day": "2026-10-04", "second": 1_800, "what": district },
        { "day": "2026-10-04", "second": 900, "what": host },
    ]);
    assert_eq!(waiting, expected);
    let other = rights::export(&world.instance, "test-000002").unwrap();
    assert!(other.periods[0].1.waiting.is_empty(), "nobody else's");
    rights::leave_out(&world.instance, ONE, Request::Erase, &SystemClock).unwrap();
    retention::purge(&world.instance, &SystemClock, Mode::Remove).unwrap();
    assert!(rights::export(&world.instance, ONE).unwrap().periods.is_empty());
}

#[test]
fn nothing_more_of_a_person_is_stored_whichever_sim_it_comes_from() {
    let world = World::with_one_of_each();
    let second = adult("test-000002").replace("test-000002-account", "test-000001-account");
    world.write("customers.csv", super::fixture::CUSTOMERS, &[adult(ONE), second]);
    let row = |id: &str, day: u8| event(id, &format!("2026-10-{day:02}T12:00:00Z"), "north-1");
    world.write("events/2026-10-02.csv", EVENTS, &[row("test-000002", 2)]);
    world.ingest().unwrap();
    rights::leave_out(&world.instance, ONE, Request::Erase, &SystemClock).unwrap();
    retention::purge(&world.instance, &SystemClock, Mode::Remove).unwrap();
    world.write("events/2026-10-03.csv", EVENTS, &[row("test-000002", 3)]);
    let report = world.ingest().unwrap();
    assert_eq!(report.rows["events"].dropped["excluded_subscriber"], 1);
    assert!(world.presence().is_empty());
}
