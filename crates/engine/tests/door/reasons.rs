//! Every reason for which a row is not in the vault, and that each is counted once.

use std::collections::BTreeMap;
use std::fs;

use engine::door::rights;
use engine::vault::HIDDEN_SITE;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, WEB, World, adult, cell, event, web};

fn counts(expected: &[(&'static str, u64)]) -> BTreeMap<&'static str, u64> {
    expected.iter().copied().collect()
}

#[test]
fn every_wrong_event_is_counted_by_its_reason() {
    let world = World::new();
    world.tolerate_wrong_rows();
    let objector = adult("test-000002").replace("true,false,true", "true,true,true");
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001"), objector]);
    world.write(
        "cells.csv",
        CELLS,
        &[
            cell("north-1", 0, "2020-01-01", ""),
            cell("old", 0, "2020-01-01", "2026-10-01"),
            cell("gone", 0, "2020-01-01", "2020-12-31"),
            "atlantic,45.0,-30.0,4G,2020-01-01,".to_owned(),
            "nowhere,north,west,4G,2020-01-01,".to_owned(),
        ],
    );
    let noon = "2026-10-02T12:00:00Z";
    world.write(
        "events/2026-10-02.csv",
        EVENTS,
        &[
            event("test-000001", noon, "north-1"),
            event("test-000001", "2026-10-02T12:10:00Z", "north-1"),
            event("", noon, "north-1"),
            event("test-000009", noon, "north-1"),
            event("test-000002", noon, "north-1"),
            event("test-000001", "yesterday", "north-1"),
            event("test-000001", "", "north-1"),
            event("test-000001", "2026-11-02T12:00:00Z", "north-1"),
            event("test-000001", noon, "south-1"),
            event("test-000001", noon, ""),
            event("test-000001", noon, "old"),
            event("test-000001", noon, "gone"),
            event("test-000001", noon, "atlantic"),
        ],
    );
    let report = world.ingest().unwrap();
    assert_eq!(report.period, "2026-10");
    let events = &report.rows["events"];
    assert_eq!((events.read, events.kept), (13, 2));
    assert_eq!(events.dropped, counts(&[("excluded_subscriber", 1)]));
    let wrong = [
        ("null_id", 1),
        ("unknown_subscriber", 1),
        ("bad_time", 2),
        ("outside_period", 1),
        ("unknown_cell", 3),
        ("cell_not_valid", 2),
    ];
    assert_eq!(events.quarantined, counts(&wrong));
    assert_eq!(report.rows["cells"].quarantined, counts(&[("bad_place", 2)]));
    assert_eq!(world.presence().len(), 1);

    let places = world.instance.quarantine_dir().join(&report.batch).join("bad_time.csv");
    let places = fs::read_to_string(places).unwrap();
    assert_eq!(
        places,
        "file,row,column\nevents/2026-10-02.csv,6,time\nevents/2026-10-02.csv,7,time\n"
    );
}

#[test]
fn every_wrong_web_record_is_counted_by_its_reason() {
    let world = World::new();
    world.tolerate_wrong_rows();
    let silent = adult("test-000002").replace("true,false,true", "true,false,false");
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001"), silent]);
    let sites = reference::SiteList::built_in();
    let plain = &sites.sites.iter().find(|it| !it.sensitive).unwrap().domain;
    let sensitive = &sites.sites.iter().find(|it| it.sensitive).unwrap().domain;
    let noon = "2026-10-02T12:00:00Z";
    world.write(
        "web/2026-10-02.csv",
        WEB,
        &[
            web("test-000001", noon, plain, 1),
            web("test-000001", noon, &format!("WWW.{plain}"), 5),
            web("test-000001", noon, &format!("{plain}/page"), 1),
            web("test-000001", noon, "192.0.2.1", 1),
            web("test-000001", noon, "", 1),
            web("test-000001", noon, "unlisted.example.org", 1),
            web("test-000001", noon, sensitive, 1),
            web("test-000002", noon, plain, 1),
        ],
    );
    let report = world.ingest().unwrap();
    let rows = &report.rows["web"];
    assert_eq!((rows.read, rows.kept), (8, 1));
    let dropped = [
        ("duplicate", 1),
        ("unlisted_site", 1),
        ("sensitive_site", 1),
        ("no_consent", 1),
        ("host_not_visible", 1),
    ];
    assert_eq!(rows.dropped, counts(&dropped));
    assert_eq!(rows.quarantined, counts(&[("host_with_path", 1), ("bad_host", 1)]));
    let site = sites.index_of(plain).unwrap();
    let visits: Vec<_> = world.visits().into_iter().map(|it| (it.0, it.2, it.3, it.4)).collect();
    let day = || "2026-10-02".to_owned();
    assert_eq!(visits, [(day(), site, 13, 1), (day(), HIDDEN_SITE, 13, 1)]);
}

#[test]
fn records_of_hidden_hosts_leave_one_mark_a_session_and_of_nobody_else() {
    let world = World::new();
    let silent = adult("test-000002").replace("true,false,true", "true,false,false");
    let objector = adult("test-000003").replace("true,false,true", "true,true,true");
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001"), silent, objector]);
    let hidden = |id: &str, time: &str| web(id, &format!("2026-10-{time}Z"), "", 0);
    world.write(
        "web/2026-10-02.csv",
        WEB,
        &[
            hidden("test-000001", "02T12:00:00"),
            hidden("test-000001", "02T12:00:00"),
            hidden("test-000001", "02T12:20:00"),
            hidden("test-000001", "02T14:00:00"),
            hidden("test-000001", "03T09:00:00"),
            hidden("test-000002", "02T12:00:00"),
            hidden("test-000003", "02T12:00:00"),
        ],
    );
    let report = world.ingest_as("2026-10", Some("2026-10-02")).unwrap();
    let rows = &report.rows["web"];
    assert_eq!((rows.read, rows.kept), (7, 0));
    let dropped = [("host_not_visible", 5), ("no_consent", 1), ("excluded_subscriber", 1)];
    assert_eq!(rows.dropped, counts(&dropped));
    assert_eq!((report.quality.visible, report.rows_held["visit"]), (Some(2.0 / 7.0), 1));
    let marks = || -> Vec<_> {
        let visits = world.visits().into_iter().filter(|it| it.2 == HIDDEN_SITE);
        visits.map(|it| (it.0.get(8..).unwrap().to_owned(), it.3, it.4)).collect()
    };
    let second = [("02".to_owned(), 13, 21), ("02".to_owned(), 15, 1)];
    assert_eq!(marks(), second);

    // The row that was held back comes in with its day; the sealed day stays, and its row is late.
    let third = [hidden("test-000001", "03T20:00:00"), hidden("test-000001", "02T20:00:00")];
    world.write("web/2026-10-03.csv", WEB, &third);
    let report = world.ingest_as("2026-10", Some("2026-10-03")).unwrap();
    assert_eq!(report.rows["web"].dropped, counts(&[("host_not_visible", 1), ("late_row", 1)]));
    assert_eq!(marks()[2..], [("03".to_owned(), 10, 1), ("03".to_owned(), 21, 1)]);

    // In the next period the late one is a mark of the day that it was of.
    let at = |time: &str| web("test-000001", &format!("2026-{time}Z"), "", 0);
    fs::remove_dir_all(world.raw.join("web")).unwrap();
    world.write("web/2026-11-01.csv", WEB, &[at("10-02T20:00:00"), at("11-01T08:00:00")]);
    world.ingest_as("2026-11", Some("2026-11-01")).unwrap();
    let late = [("02".to_owned(), 21, 1), ("01".to_owned(), 8, 1)];
    let mut found = marks();
    found.sort_by(|left, right| right.cmp(left));
    assert_eq!(found, late);

    // What the person asks for says that there was something, and not where.
    let copy = rights::export(&world.instance, "test-000001").unwrap();
    let copy = serde_json::to_value(&copy.periods[0].1).unwrap();
    assert_eq!(copy["visit"][0]["site"], serde_json::Value::Null);
    assert_eq!(copy["visit"].as_array().unwrap().len(), 4);
}

#[test]
fn another_basis_than_consent_takes_rows_without_consent() {
    let world = World::new();
    let silent = adult("test-000001").replace("true,false,true", "true,false,false");
    world.write("customers.csv", CUSTOMERS, &[silent]);
    world.map("web", "\"consent\"", "\"contract\"");
    let site = &reference::SiteList::built_in().sites[0].domain;
    world.write("web/1.csv", WEB, &[web("test-000001", "2026-10-02T12:00:00Z", site, 1)]);
    world.ingest().unwrap();
    assert_eq!(world.visits().len(), 1);
}

#[test]
fn a_sealed_day_never_changes_and_late_rows_are_counted() {
    let world = World::with_one_of_each();
    let first = [event("test-000001", "2026-10-02T12:00:00Z", "north-1")];
    world.write("events/2026-10-02.csv", EVENTS, &first);
    world.ingest().unwrap();
    let before = world.vault_files();
    let late = event("test-000001", "2026-10-02T14:00:00Z", "north-1");
    let next = event("test-000001", "2026-10-03T14:00:00Z", "north-1");
    world.write("events/2026-10-03.csv", EVENTS, &[late, next]);
    let report = world.ingest().unwrap();
    assert_eq!(report.rows["events"].dropped, counts(&[("late_row", 1)]));
    assert_eq!(report.days_sealed["presence"], ["2026-10-03"]);
    let after = world.vault_files();
    assert!(before.iter().all(|(file, bytes)| after[file] == *bytes));
    assert_eq!(world.presence().len(), 2);
}

#[test]
fn too_many_wrong_rows_refuse_the_batch_and_leave_no_trace() {
    let world = World::with_one_of_each();
    let fine = event("test-000001", "2026-10-02T12:00:00Z", "north-1");
    let wrong = event("test-000001", "2026-10-02T12:00:00Z", "south-1");
    let rows = |wrong_rows: usize| {
        let mut rows = vec![fine.clone(); 100 - wrong_rows];
        rows.extend(vec![wrong.clone(); wrong_rows]);
        rows
    };
    world.write("events/1.csv", EVENTS, &rows(6));
    let error = world.ingest().unwrap_err();
    assert_eq!(error.code(), "I41");
    let text = error.to_string();
    assert!(text.contains("unknown_cell 6, of 100"), "{text}");
    assert!(text.contains("events/1.csv row 95"), "{text}");
    assert!(world.vault_files().is_empty());
    assert!(!world.instance.vault_dir().join("manifest.json").exists());
    world.write("events/1.csv", EVENTS, &rows(5));
    world.ingest().unwrap();
}
