//! Nobody is loaded on yesterday's word about who objects.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use engine::SystemClock;
use engine::door::{IngestOptions, ingest};
use engine::{Clock, Result};
use jiff::Timestamp;

use super::fixture::{EVENTS, World, event};

const FEED: &str = "class = \"opt_out\"\nfiles = [\"objections.csv\"]\nlawful_basis = \
                    \"legal_obligation\"\ndocument = \"d\"\n\n[columns]\nsubscriber_id = \"id\"\n";

/// The clock of the machine, some hours later.
struct Later(i64);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        SystemClock.now() + jiff::SignedDuration::from_hours(self.0)
    }
}

fn load(world: &World, hours: i64) -> Result<()> {
    let sources = std::slice::from_ref(&world.raw);
    let options = IngestOptions::default();
    ingest(&world.instance, sources, &options, &Later(hours), &mut |_| ()).map(drop)
}

fn world() -> World {
    let world = World::with_one_of_each();
    world.write(
        "events/2026-10-02.csv",
        EVENTS,
        &[event("test-000001", "2026-10-02T12:00:00Z", "north-1")],
    );
    world
}

#[test]
fn rows_are_refused_when_the_word_about_objections_is_more_than_a_day_old() {
    let world = world();
    let refused = load(&world, 25).unwrap_err();
    assert_eq!(refused.code(), "I51");
    assert!(refused.to_string().contains("25 hours old"), "{refused}");
    assert!(world.vault_files().is_empty());
    load(&world, 23).unwrap();
    assert_eq!(world.presence().len(), 1);
}

#[test]
fn an_empty_list_of_objections_is_a_fresh_word() {
    let world = world();
    fs::write(world.instance.mapping_dir().join("objections.toml"), FEED).unwrap();
    let seconds = u64::try_from(Later(-30).now().as_second()).unwrap();
    let age = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let customers = File::options().write(true).open(world.raw.join("customers.csv")).unwrap();
    customers.set_modified(age).unwrap();
    assert_eq!(load(&world, 0).unwrap_err().code(), "I51");
    fs::write(world.raw.join("objections.csv"), "id\n").unwrap();
    load(&world, 0).unwrap();
    // The next day's rows need the next day's word.
    world.write(
        "events/2026-10-03.csv",
        EVENTS,
        &[event("test-000001", "2026-10-03T12:00:00Z", "north-1")],
    );
    assert_eq!(load(&world, 25).unwrap_err().code(), "I51");
    load(&world, 0).unwrap();
    assert_eq!(world.presence().len(), 2);
}
