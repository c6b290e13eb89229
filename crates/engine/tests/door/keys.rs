//! Keys of periods: made once, destroyed for good.

use std::fs;

use engine::keys::life::{Early, KeyState, destroy, list, rotate};
use jiff::civil::{Date, date};

use super::fixture::{CUSTOMERS, EVENTS, World, adult, event};

const WITHIN: Date = date(2026, 11, 7);
const AFTER: Date = date(2026, 11, 8);

fn october() -> engine::Period {
    "2026-10".parse().unwrap()
}

#[test]
fn a_key_lives_through_its_late_rows_and_not_longer() {
    let world = World::with_one_of_each();
    world.ingest().unwrap();
    let refused = destroy(&world.instance, october(), WITHIN, Early::Refused).unwrap_err();
    assert_eq!(refused.code(), "P07");
    assert!(refused.to_string().contains("until 2026-11-07"), "{refused}");
    assert_eq!(list(&world.instance).unwrap()[0].state, KeyState::Live);
    destroy(&world.instance, october(), AFTER, Early::Refused).unwrap();
    let keys = list(&world.instance).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(
        (keys[0].state, keys[0].destroyed_on.as_deref()),
        (KeyState::Destroyed, Some("2026-11-08"))
    );
    assert!(!world.instance.keys_dir().unwrap().join("pseudonym-2026-10.key").exists());
    // Once more changes nothing.
    destroy(&world.instance, october(), date(2026, 12, 1), Early::Refused).unwrap();
    assert_eq!(list(&world.instance).unwrap(), keys);
}

#[test]
fn no_second_key_is_made_for_a_period_so_nobody_is_two() {
    let world = World::with_one_of_each();
    world.ingest().unwrap();
    let before = world.vault_files();
    destroy(&world.instance, october(), WITHIN, Early::Allowed).unwrap();
    world.write("customers.csv", CUSTOMERS, &[adult("test-000002")]);
    world.write("events/1.csv", EVENTS, &[event("test-000001", "2026-10-02T12:00:00Z", "north-1")]);
    let refused = world.ingest().unwrap_err();
    assert_eq!(refused.code(), "I48");
    assert!(refused.to_string().contains("destroyed on 2026-11-07"), "{refused}");
    assert_eq!(world.vault_files(), before);
}

#[test]
fn a_crash_between_tombstone_and_key_is_finished_by_the_next_attempt() {
    let world = World::with_one_of_each();
    world.ingest().unwrap();
    let folder = world.instance.keys_dir().unwrap();
    fs::write(folder.join("pseudonym-2026-10.destroyed"), "2026-11-08\n").unwrap();
    world.write("customers.csv", CUSTOMERS, &[adult("test-000002")]);
    assert_eq!(world.ingest().unwrap_err().code(), "I48");
    destroy(&world.instance, october(), AFTER, Early::Refused).unwrap();
    assert!(!folder.join("pseudonym-2026-10.key").exists());
}

#[test]
fn rotating_makes_this_month_and_ends_those_that_are_over() {
    let world = World::with_one_of_each();
    world.ingest().unwrap();
    let early = rotate(&world.instance, WITHIN).unwrap();
    assert_eq!((early.made.as_deref(), early.destroyed.len()), (Some("2026-11"), 0));
    let later = rotate(&world.instance, AFTER).unwrap();
    assert_eq!((later.made, later.destroyed), (None, vec!["2026-10".to_owned()]));
    assert_eq!(rotate(&world.instance, AFTER).unwrap(), engine::keys::life::Rotation::default());
    let unknown = destroy(&world.instance, "2020-01".parse().unwrap(), AFTER, Early::Allowed);
    assert_eq!(unknown.unwrap_err().code(), "I48");
}
