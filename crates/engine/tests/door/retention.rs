//! After its time nothing can be read of a period.

use engine::door::rights::{self, SubjectState};
use engine::retention::{self, Mode, Purged};
use engine::vault::Vault;
use engine::{Clock, SystemClock};
use jiff::Timestamp;

use super::fixture::{EVENTS, World, event, files_below};

struct At(&'static str);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0.parse().unwrap()
    }
}

fn world() -> World {
    let mut world = World::with_one_of_each();
    world.instance.config.retention.rows = 30;
    let rows = [event("test-000001", "2026-10-02T12:00:00Z", "north-1")];
    world.write("events/2026-10-02.csv", EVENTS, &rows);
    world.ingest().unwrap();
    world
}

fn purge(world: &World, at: &'static str) -> Purged {
    let mut purged = retention::purge(&world.instance, &At(at), Mode::Remove).unwrap();
    purged.files.clear();
    purged
}

#[test]
fn rows_go_first_then_everything_and_the_key() {
    let world = world();
    assert_eq!(purge(&world, "2026-11-30T12:00:00Z"), Purged::default());
    let rows = purge(&world, "2026-12-01T12:00:00Z");
    assert_eq!(rows.tables["2026-10"], ["presence"]);
    assert!(world.presence().is_empty() && world.people().len() == 1);
    let tables: Vec<_> = files_below(&world.instance.vault_dir());
    assert!(!tables.iter().any(|it| it.to_string_lossy().contains("presence")), "{tables:?}");

    let all = purge(&world, "2027-02-01T12:00:00Z");
    assert_eq!(all.periods, ["2026-10"]);
    let vault = Vault::open(&world.instance).unwrap();
    assert!(vault.periods().unwrap().is_empty());
    assert_eq!(vault.snapshot("2026-10".parse().unwrap()).unwrap_err().code(), "I50");
    let left: Vec<_> = files_below(&world.instance.vault_dir())
        .into_iter()
        .filter(|it| it.extension().is_some_and(|it| it == "parquet"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(world.ingest().unwrap_err().code(), "I48", "no second key for the period");
    assert!(rights::status(&world.instance, "test-000001").unwrap().periods.is_empty());
}

#[test]
fn reports_and_places_of_wrong_rows_go_when_they_are_old() {
    let world = world();
    let reports = || std::fs::read_dir(world.instance.reports_dir()).unwrap().count();
    assert!(reports() > 0);
    let now = SystemClock.now();
    let purged = retention::purge(&world.instance, &SystemClock, Mode::Remove).unwrap();
    assert!(purged.files.is_empty() && reports() > 0, "{purged:?} at {now}");
    retention::purge(&world.instance, &At("2099-01-01T00:00:00Z"), Mode::Remove).unwrap();
    assert_eq!(reports(), 0);
}

#[test]
fn nobody_can_tell_who_was_there_once_the_key_is_gone() {
    let world = world();
    let today = "2026-12-24".parse().unwrap();
    let october = "2026-10".parse().unwrap();
    engine::keys::life::destroy(
        &world.instance,
        october,
        today,
        engine::keys::life::Early::Refused,
    )
    .unwrap();
    let status = rights::status(&world.instance, "test-000001").unwrap();
    assert_eq!(status.periods, [("2026-10".to_owned(), SubjectState::Unlinkable)]);
    let receipt =
        rights::leave_out(&world.instance, "test-000001", rights::Request::Object, &SystemClock);
    assert_eq!(receipt.unwrap().unlinkable, ["2026-10"]);
}
