//! Row locality (privacy model §1): without any one person, every other person's rows are the same
//! bit for bit, in every registered view; and a suppressed person is as good as one who never was.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::AsArray;
use arrow::datatypes::UInt32Type;
use engine::SystemClock;
use engine::door::rights::{self, Request};
use fastrand::Rng;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, WEB, World, batches, cell, event, postcode, web};

const PEOPLE: usize = 24;

/// One person's rows in every file of an operator.
struct Person {
    customers: Vec<String>,
    events: Vec<String>,
    web: Vec<String>,
    ids: Vec<String>,
}

/// A person with one to three SIMs and everything that goes wrong with some.
fn person(number: usize, rng: &mut Rng) -> Person {
    let mut person = Person { customers: vec![], events: vec![], web: vec![], ids: vec![] };
    let sites = &reference::SiteList::built_in().sites;
    for sim in 0..rng.usize(1..4) {
        let id = format!("test-{number:03}{sim:03}");
        let ends = ["", "", "2026-10-02"][rng.usize(0..3)];
        let role = ["phone", "phone", "tablet"][rng.usize(0..3)];
        let (sector, consent) = (postcode(number * 7), rng.u8(0..4) > 0);
        person.customers.push(format!(
            "{id},home-{number},F,19{},{sector},consumer,2020-01-01,{ends},true,false,{consent},{role}",
            rng.u8(30..99),
        ));
        for _ in 0..rng.usize(0..40) {
            let instant = format!(
                "2026-10-{:02}T{:02}:{:02}:{:02}Z",
                rng.u8(1..4),
                rng.u8(0..24),
                rng.u8(0..4),
                rng.u8(0..3)
            );
            let place = ["near-1", "near-2", "far", "gone", ""][rng.usize(0..5)];
            person.events.push(event(&id, &instant, place));
            let site = &sites[rng.usize(0..40)].domain;
            person.web.push(web(&id, &instant, site, rng.u32(0..600)));
        }
        person.ids.push(id);
    }
    person
}

fn load(people: &[Person], without: Option<usize>) -> World {
    let world = World::new();
    world.tolerate_wrong_rows();
    // The same keys, so that people can be told to be the same.
    let keys = world.instance.config.keys_dir.clone();
    std::fs::create_dir_all(&keys).unwrap();
    for name in ["pseudonym-2026-10.key", "objectors.key"] {
        std::fs::write(keys.join(name), [7; 32]).unwrap();
    }
    let cells = [
        cell("near-1", 0, "", ""),
        cell("near-2", 1, "", ""),
        cell("far", 4_000, "", ""),
        cell("gone", 0, "2020-01-01", "2026-10-01"),
    ];
    world.write("cells.csv", CELLS, &cells);
    let kept = |at: &usize| Some(*at) != without;
    let all = |rows: fn(&Person) -> &Vec<String>| {
        let own = (0..people.len()).filter(kept).flat_map(|at| rows(&people[at]).clone());
        own.collect::<Vec<_>>()
    };
    world.write("customers.csv", CUSTOMERS, &all(|it| &it.customers));
    world.write("events/part.csv", EVENTS, &all(|it| &it.events));
    world.write("web/part.csv", WEB, &all(|it| &it.web));
    world.ingest_as("2026-10", Some("2026-10-01..2026-10-02")).unwrap();
    world
}

/// Every row of every view that a scan reads, by the token of its person.
fn views(world: &World) -> BTreeMap<u32, BTreeSet<String>> {
    let snapshot = world.snapshot();
    let mut tokens = BTreeMap::new();
    for batch in snapshot.people.iter().flat_map(|it| batches(it)) {
        let column = |at: usize| batch.column(at).as_primitive::<UInt32Type>().values().to_vec();
        tokens.extend(column(0).into_iter().zip(column(1)));
    }
    let mut views = BTreeMap::<u32, BTreeSet<String>>::new();
    let mut add = |person: u32, row: String| {
        if !snapshot.suppressed.contains(&person) {
            views.entry(tokens[&person]).or_default().insert(row);
        }
    };
    for (person, gender, band, sector) in world.people() {
        add(person, format!("subscriber {gender} {band} {sector}"));
    }
    for (day, person, district, hour) in world.presence() {
        add(person, format!("presence {day} {district} {hour}"));
    }
    for (day, person, site, hour, minutes) in world.visits() {
        add(person, format!("visit {day} {site} {hour} {minutes}"));
    }
    views
}

#[test]
fn without_any_one_person_all_others_rows_are_the_same_bit_for_bit() {
    let mut rng = Rng::with_seed(11);
    let people: Vec<Person> = (0..PEOPLE).map(|it| person(it, &mut rng)).collect();
    let whole = load(&people, None);
    let all = views(&whole);
    assert!(all.len() > PEOPLE / 2 && all.values().map(BTreeSet::len).sum::<usize>() > 500);
    let mut gone = 0;
    for without in 0..PEOPLE {
        let rest = views(&load(&people, Some(without)));
        let missing: Vec<_> = all.keys().filter(|it| !rest.contains_key(it)).collect();
        assert!(missing.len() <= 1 && rest.keys().all(|it| all.contains_key(it)));
        for (token, rows) in &rest {
            assert_eq!(all[token], *rows, "without {without}");
        }
        gone += missing.len();
    }
    assert_eq!(gone, all.len(), "everybody was taken out once");
}

#[test]
fn a_suppressed_person_is_as_good_as_one_who_never_was() {
    let mut rng = Rng::with_seed(12);
    let people: Vec<Person> = (0..PEOPLE).map(|it| person(it, &mut rng)).collect();
    for without in [0, 5, 11, 17] {
        let world = load(&people, None);
        let id = &people[without].ids[0];
        rights::leave_out(&world.instance, id, Request::Object, &SystemClock).unwrap();
        assert_eq!(views(&world), views(&load(&people, Some(without))), "without {without}");
    }
}
