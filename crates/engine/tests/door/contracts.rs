//! Numbers that change hands, and persons who turn out to be one.

use super::fixture::{CELLS, CUSTOMERS, EVENTS, World, cell, event, postcode};

fn contract(id: &str, account: &str, born: u16, days: &str, holder: bool) -> String {
    format!("{id},{account},F,{born},{},consumer,{days},{holder},false,true,phone", postcode(0))
}

fn world(customers: &[String]) -> World {
    let world = World::new();
    world.write("customers.csv", CUSTOMERS, customers);
    world.write("cells.csv", CELLS, &[cell("north-1", 0, "", "")]);
    world
}

fn on(day: u8, id: &str) -> String {
    event(id, &format!("2026-10-{day:02}T12:00:00Z"), "north-1")
}

#[test]
fn a_number_is_whose_contract_holds_on_the_day() {
    let world = world(&[
        contract("test-000001", "first", 1980, "2020-01-01,2026-10-10", true),
        contract("test-000001", "second", 1960, "2026-10-20,", true),
        contract("test-000002", "first", 1980, "2020-01-01,", true),
    ]);
    let rows: Vec<_> = [5, 15, 25]
        .map(|it| on(it, "test-000001"))
        .into_iter()
        .chain([on(25, "test-000002")])
        .collect();
    world.write("events/1.csv", EVENTS, &rows);
    let report = world.ingest().unwrap();
    assert_eq!(report.people.new, 2);
    assert_eq!(report.rows["customers"].dropped.get("duplicate"), None);
    assert_eq!(report.rows["events"].dropped, [("no_contract", 1)].into_iter().collect());
    let seen: Vec<(String, u32)> = world.presence().into_iter().map(|it| (it.0, it.1)).collect();
    let [(_, first), (_, left), (_, right)] = seen.as_slice() else { panic!("{seen:?}") };
    // The first person went on with the second number.
    assert_ne!(left, right);
    assert!([left, right].contains(&first));
}

#[test]
fn a_person_of_a_recycled_number_stays_the_same_when_customers_come_again() {
    let rows = [
        contract("test-000001", "first", 1980, "2020-01-01,2026-10-10", false),
        contract("test-000001", "second", 1960, "2026-10-20,", false),
    ];
    let world = world(&rows);
    let load = |file: &str, day: u8| {
        world.write(&format!("events/{file}.csv"), EVENTS, &[on(day, "test-000001")]);
        world.ingest().unwrap()
    };
    assert_eq!(load("2026-10-05", 5).people.total, 2);
    assert_eq!(load("2026-10-25", 25).people.total, 2);
    world.write("customers.csv", CUSTOMERS, &[rows[1].clone(), rows[0].clone()]);
    assert_eq!(load("2026-10-26", 26).people.total, 2);
    assert_eq!(load("2026-10-06", 6).people.total, 2);
    let seen: Vec<u32> = world.presence().into_iter().map(|it| it.1).collect();
    let [fifth, sixth, later, last] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((fifth, later), (sixth, last));
    assert_ne!(fifth, later);
}

#[test]
fn contracts_of_the_same_days_are_the_same_contract_twice() {
    let world = world(&[
        contract("test-000001", "first", 1980, "2020-01-01,", true),
        contract("test-000001", "second", 1960, "2026-10-20,", true),
    ]);
    let report = world.ingest().unwrap();
    assert_eq!((report.people.new, report.rows["customers"].dropped["duplicate"]), (1, 1));
}

#[test]
fn two_persons_who_turn_out_to_be_one_are_one_from_then_on() {
    let apart = [
        contract("test-000001", "home", 1980, "2020-01-01,", true),
        contract("test-000002", "other", 1980, "2020-01-01,", true),
    ];
    let world = world(&apart);
    world.write("events/2026-10-05.csv", EVENTS, &[on(5, "test-000001"), on(5, "test-000002")]);
    assert_eq!(world.ingest().unwrap().people.total, 2);
    let joined = [apart[0].clone(), apart[1].replace("other", "home")];
    world.write("customers.csv", CUSTOMERS, &joined);
    world.write("events/2026-10-06.csv", EVENTS, &[on(6, "test-000001"), on(6, "test-000002")]);
    let report = world.ingest().unwrap();
    assert_eq!((report.people.total, report.people.suppressed), (2, 1));
    let snapshot = world.snapshot();
    let seen = world.presence();
    let counted = |day: &str| {
        let own = seen.iter().filter(|it| it.0 == day && !snapshot.suppressed.contains(&it.1));
        own.map(|it| it.1).collect::<Vec<_>>()
    };
    assert_eq!(counted("2026-10-05").len(), 1, "never two people again");
    assert_eq!(counted("2026-10-05"), counted("2026-10-06"));
}
