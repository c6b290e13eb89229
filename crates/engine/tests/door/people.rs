//! Who is one person, who is out, and that a pseudonym keeps its ordinal.

use std::collections::BTreeSet;
use std::fs;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::UInt32Type;

use super::fixture::{
    CELLS, CUSTOMERS, EVENTS, World, adult, batches, cell, district, event, postcode,
};

struct Row<'text> {
    id: &'text str,
    account: &'text str,
    birth_year: &'text str,
    holder: bool,
    opt_out: bool,
    role: &'text str,
}

const PHONE: Row<'_> = Row {
    id: "test-000001",
    account: "home-1",
    birth_year: "1980",
    holder: true,
    opt_out: false,
    role: "phone",
};

impl Row<'_> {
    fn text(&self) -> String {
        let Self { id, account, birth_year, holder, opt_out, role } = self;
        let postcode = postcode(0);
        format!(
            "{id},{account},M,{birth_year},{postcode},consumer,,,{holder},{opt_out},true,{role}"
        )
    }
}

/// Loads customers alone; returns people loaded and SIMs excluded by reason.
fn check(rows: &[Row<'_>], people: u32, excluded: &[(&str, u64)]) {
    let world = World::new();
    let rows: Vec<String> = rows.iter().map(Row::text).collect();
    world.write("customers.csv", CUSTOMERS, &rows);
    let report = world.ingest().unwrap();
    assert_eq!(report.people.new, people, "{rows:#?}");
    let reasons: Vec<_> = report.sims_excluded.iter().map(|(why, count)| (*why, *count)).collect();
    assert_eq!(reasons, excluded, "{rows:#?}");
}

#[test]
fn sims_of_an_account_holder_are_one_person() {
    let second = Row { id: "test-000002", ..PHONE };
    let tablet = Row { id: "test-000003", role: "tablet", birth_year: "", ..PHONE };
    check(&[PHONE, second, tablet], 1, &[]);
}

#[test]
fn another_user_is_a_person_only_with_a_birth_year() {
    let known = Row { id: "test-000002", holder: false, birth_year: "1990", ..PHONE };
    let unknown = Row { id: "test-000003", holder: false, birth_year: "", ..PHONE };
    check(&[PHONE, known, unknown], 2, &[("unknown_user", 1)]);
}

#[test]
fn machines_firms_children_and_objectors_are_out() {
    let of = |id, account| Row { id, account, ..PHONE };
    check(
        &[
            Row { role: "M2M", ..of("test-000001", "a") },
            Row { role: "business", ..of("test-000002", "b") },
            Row { role: "toaster", ..of("test-000003", "c") },
            // Born in 2008: perhaps 17 still.
            Row { birth_year: "2008", ..of("test-000004", "d") },
            Row { birth_year: "2007", ..of("test-000005", "e") },
            Row { birth_year: "", ..of("test-000006", "f") },
            Row { birth_year: "1880", ..of("test-000007", "g") },
            Row { opt_out: true, ..of("test-000008", "h") },
            Row { opt_out: false, ..of("test-000009", "h") },
        ],
        1,
        &[
            ("business_sim", 1),
            ("machine_sim", 1),
            ("opt_out", 2),
            ("under_18", 1),
            ("unknown_age", 2),
            ("unknown_role", 1),
        ],
    );
}

#[test]
fn attributes_are_those_of_the_first_phone() {
    let world = World::new();
    let tablet = Row { role: "tablet", birth_year: "1950", ..PHONE }.text();
    let phone = Row { id: "test-000002", ..PHONE }.text();
    world.write("customers.csv", CUSTOMERS, &[tablet, phone]);
    world.ingest().unwrap();
    // Born in 1980: 45 to 54, the fourth band; gender M, the second.
    assert_eq!(world.people(), [(0, 1, 3, 0)]);
}

#[test]
fn loading_customers_again_keeps_every_ordinal() {
    let world = World::new();
    let ids: Vec<String> = (1..=50).map(|it| format!("test-{it:06}")).collect();
    let rows: Vec<String> = ids.iter().map(|it| adult(it)).collect();
    world.write("customers.csv", CUSTOMERS, &rows);
    world.write("cells.csv", CELLS, &[cell("north-1", 0, "", "")]);
    let day = |day: u32| {
        let instant = format!("2026-10-{day:02}T12:00:00Z");
        let own: Vec<_> = ids.iter().map(|it| event(it, &instant, "north-1")).collect();
        world.write(&format!("events/2026-10-{day:02}.csv"), EVENTS, &own);
    };
    day(2);
    world.ingest().unwrap();
    // A second SIM joins the first account, and a new person comes.
    let mut again = rows;
    again.push(adult("test-000051"));
    again.push(adult("test-000052").replace("test-000052-account", "test-000001-account"));
    world.write("customers.csv", CUSTOMERS, &again);
    day(3);
    let second_sim = [event("test-000052", "2026-10-04T12:00:00Z", "north-1")];
    world.write("events/2026-10-04.csv", EVENTS, &second_sim);
    let first_sim = [event("test-000001", "2026-10-05T12:00:00Z", "north-1")];
    world.write("events/2026-10-05.csv", EVENTS, &first_sim);
    let report = world.ingest().unwrap();
    assert_eq!((report.people.new, report.people.total), (1, 51));
    let on = |day: &str| -> Vec<u32> {
        world.presence().into_iter().filter(|it| it.0 == day).map(|it| it.1).collect()
    };
    assert_eq!(on("2026-10-02"), on("2026-10-03"));
    assert_eq!(on("2026-10-04"), on("2026-10-05"));
    assert_eq!(
        world.people().iter().map(|it| it.0).collect::<Vec<_>>(),
        (0..51).collect::<Vec<_>>()
    );
}

#[test]
fn whoever_objects_later_is_suppressed_at_once() {
    let world = World::with_one_of_each();
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001"), adult("test-000002")]);
    world.write(
        "events/2026-10-02.csv",
        EVENTS,
        &[event("test-000001", "2026-10-02T12:00:00Z", "north-1")],
    );
    world.ingest().unwrap();
    let before = world.snapshot();
    assert!(before.suppressed.is_empty());
    let person = world.presence()[0].1;

    let mapping = "class = \"opt_out\"\nfiles = [\"objections.csv\"]\nlawful_basis = \
                   \"legal_obligation\"\ndocument = \"x\"\n[columns]\nsubscriber_id = \"id\"\n";
    fs::write(world.instance.mapping_dir().join("objections.toml"), mapping).unwrap();
    world.write("objections.csv", "id", &["test-000001".to_owned()]);
    let next = [event("test-000001", "2026-10-03T12:00:00Z", "north-1")];
    world.write("events/2026-10-03.csv", EVENTS, &next);
    let report = world.ingest().unwrap();
    assert_eq!(report.people.suppressed, 1);
    assert_eq!(report.rows["events"].dropped["excluded_subscriber"], 1);
    let after = world.snapshot();
    assert_eq!(after.suppressed, [person]);
    assert_ne!(after.id, before.id);

    // The customer record says otherwise: the person stays out for the period.
    world.write("customers.csv", CUSTOMERS, &[adult("test-000001")]);
    let report = world.ingest().unwrap();
    assert_eq!(report.sims_excluded["opt_out"], 1);
    assert_eq!((report.people.new, report.people.total), (0, 2));
}

#[test]
fn the_repeated_hour_of_a_clock_change_is_one_presence() {
    let world = World::with_one_of_each();
    let at = |instant| event("test-000001", instant, "north-1");
    let rows = [at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"), at("2026-10-25T02:30:00Z")];
    world.write("events/1.csv", EVENTS, &rows);
    world.ingest().unwrap();
    let day = "2026-10-25".to_owned();
    let district = district(0);
    assert_eq!(world.presence(), [(day.clone(), 0, district, 1), (day, 0, district, 2)]);
}

#[test]
fn a_token_depends_on_its_person_alone() {
    let tokens = |world: &World, ids: &[&str]| -> BTreeSet<u32> {
        let rows: Vec<_> = ids.iter().map(|it| adult(it)).collect();
        world.write("customers.csv", CUSTOMERS, &rows);
        world.ingest().unwrap();
        let batches = batches(&world.snapshot().people[0]);
        let column = |it: &RecordBatch| it.column(1).as_primitive::<UInt32Type>().values().to_vec();
        batches.iter().flat_map(column).collect()
    };
    let world = World::new();
    let twin = world.twin();
    let all = tokens(&world, &["test-000001", "test-000002", "test-000003"]);
    let fewer = tokens(&twin, &["test-000003", "test-000001"]);
    assert_eq!((all.len(), fewer.len()), (3, 2));
    assert!(fewer.is_subset(&all));
}
