//! A batch that was killed leaves nothing; two at once are one too many.

use std::fs;

use super::fixture::{EVENTS, World, event, files_below};

fn day(world: &World, day: u32) {
    let instant = format!("2026-10-{day:02}T12:00:00Z");
    world.write(
        &format!("events/2026-10-{day:02}.csv"),
        EVENTS,
        &[event("test-000001", &instant, "north-1")],
    );
}

#[test]
fn a_batch_killed_while_staging_is_swept() {
    let world = World::with_one_of_each();
    day(&world, 1);
    let staging = world.instance.vault_dir().join("staging/0123456789abcdef/files/2026-10");
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("people-0.parquet"), "half").unwrap();
    world.ingest().unwrap();
    assert!(!world.instance.vault_dir().join("staging").exists());
    assert_eq!(world.presence().len(), 1);
}

#[test]
fn a_batch_killed_between_move_and_manifest_never_was() {
    let world = World::with_one_of_each();
    day(&world, 1);
    world.ingest().unwrap();
    let manifest = world.instance.vault_dir().join("manifest.json");
    let before = (fs::read(&manifest).unwrap(), world.snapshot().id);
    day(&world, 2);
    world.ingest().unwrap();
    let whole = world.vault_files();

    fs::write(&manifest, &before.0).unwrap();
    assert_eq!(world.snapshot().id, before.1);
    assert_eq!(world.presence().len(), 1);
    // The remains are swept even by a batch that brings nothing.
    fs::remove_file(world.raw.join("events/2026-10-02.csv")).unwrap();
    assert!(world.ingest().unwrap().nothing_changed());
    assert_eq!(world.vault_files().len(), whole.len() - 1);

    day(&world, 2);
    world.ingest().unwrap();
    assert_eq!(world.vault_files(), whole);
}

#[test]
fn loading_the_same_files_again_changes_nothing() {
    let world = World::with_one_of_each();
    day(&world, 1);
    let first = world.ingest().unwrap();
    assert_eq!((first.files_loaded.len(), first.files_already_loaded.len()), (3, 0));
    let before = world.vault_files();
    let again = world.ingest().unwrap();
    assert!(again.nothing_changed());
    assert_eq!(again.files_already_loaded.len(), 3);
    assert_eq!(world.vault_files(), before);
    // A file given twice is loaded once.
    day(&world, 2);
    let twice = [world.raw.clone(), world.raw.join("events/2026-10-02.csv")];
    let report = world.ingest_from(&twice).unwrap();
    assert_eq!((report.files_loaded.len(), report.files_already_loaded.len()), (1, 4));
    // The same bytes under another name are the same file.
    fs::rename(world.raw.join("events/2026-10-01.csv"), world.raw.join("events/renamed.csv"))
        .unwrap();
    assert!(world.ingest().unwrap().nothing_changed());
}

#[test]
fn two_ingests_at_once_are_one_too_many() {
    let world = World::with_one_of_each();
    day(&world, 1);
    let lock = fs::File::create(world.instance.vault_dir().join("lock")).unwrap();
    lock.try_lock().unwrap();
    assert_eq!(world.ingest().unwrap_err().code(), "I43");
    drop(lock);
    world.ingest().unwrap();
}

#[test]
fn a_vault_that_lost_a_file_says_so() {
    let world = World::with_one_of_each();
    day(&world, 1);
    world.ingest().unwrap();
    let vault = engine::vault::Vault::open(&world.instance).unwrap();
    let lost = files_below(&world.instance.vault_dir())
        .into_iter()
        .find(|it| it.ends_with("people-0.parquet"));
    fs::remove_file(lost.unwrap()).unwrap();
    assert_eq!(vault.snapshot("2026-10".parse().unwrap()).unwrap_err().code(), "F10");
    assert_eq!(vault.snapshot("2026-09".parse().unwrap()).unwrap_err().code(), "I50");
}
