//! Files that somebody, or a broken disk, has changed: one clear error or a load, never a panic.
//!
//! Seeded changes of right files: bytes flipped, cut out, doubled, put in from another place, the end
//! cut off. Everything runs as a plan, which reads all and stores nothing.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use engine::policy::Policy;
use ledger::disk::seeds;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, WEB, World, adult, cell, event, web};
use super::formats::{json_lines, parquet};

fn world() -> World {
    let world = World::new();
    world.tolerate_wrong_rows();
    let ids: Vec<String> = (1..=20).map(|it| format!("test-{it:06}")).collect();
    world.write("customers.csv", CUSTOMERS, &ids.iter().map(|it| adult(it)).collect::<Vec<_>>());
    world.write("cells.csv", CELLS, &[cell("a", 0, "2020-01-01", ""), cell("b", 40, "", "")]);
    let site = &reference::SiteList::built_in().sites[0].domain;
    let noon = "2026-10-02T12:00:00Z";
    let events: Vec<_> = ids.iter().map(|it| event(it, noon, "a")).collect();
    let records: Vec<_> = ids.iter().map(|it| web(it, noon, site, 60)).collect();
    world.write("events/1.csv", EVENTS, &events);
    world.write("web/1.csv", WEB, &records);
    world
}

/// One to four seeded changes.
fn changed(bytes: &[u8], chance: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..chance.usize(1..5) {
        if bytes.is_empty() {
            break;
        }
        let at = chance.usize(0..bytes.len());
        let end = (at + chance.usize(1..20)).min(bytes.len());
        match chance.u8(0..6) {
            0 => bytes[at] ^= 1 << chance.u8(0..8),
            1 => bytes[at] = chance.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let part = bytes[at..end].to_vec();
                let to = chance.usize(0..=bytes.len());
                drop(bytes.splice(to..to, part));
            }
            4 => bytes.truncate(at),
            _ => bytes[at..end].fill(b'"'),
        }
    }
    bytes
}

/// Changes the file at `path` again and again; `run` must come back, with whatever verdict.
fn every_change(path: &Path, run: impl Fn() -> Result<(), engine::Error>) {
    let bytes = fs::read(path).unwrap();
    let mut refused = 0;
    for seed in seeds(0..120) {
        let mut chance = fastrand::Rng::with_seed(seed);
        fs::write(path, changed(&bytes, &mut chance)).unwrap();
        let verdict = catch_unwind(AssertUnwindSafe(&run));
        assert!(verdict.is_ok(), "{}, seed {seed}: it panicked", path.display());
        if let Ok(Err(error)) = verdict {
            refused += 1;
            let text = error.to_string();
            let begin = ["error[", "refused["].iter().any(|it| text.starts_with(it));
            assert!(begin, "{}, seed {seed}: {text}", path.display());
            assert!(text.len() < 4_000, "{}, seed {seed}: a long error", path.display());
            assert!(!text.contains("test-0"), "an id in an error: seed {seed}: {text}");
        }
    }
    assert!(refused > 0, "{}: no change was ever noticed", path.display());
    fs::write(path, bytes).unwrap();
    run().unwrap();
}

fn every_source(how: impl Fn(&Path)) {
    let world = world();
    let mut paths: Vec<PathBuf> = super::fixture::files_below(&world.raw);
    paths.retain(|it| it.extension().is_some_and(|it| it == "csv"));
    for path in paths {
        how(&path);
    }
    let mut files = super::fixture::files_below(&world.raw);
    files.retain(|it| !it.ends_with("_SUCCESS"));
    for path in files {
        every_change(&path, || world.plan().map(drop));
    }
}

#[test]
fn changed_csv_is_loaded_or_refused() {
    every_source(|_| ());
}

#[test]
fn changed_json_lines_are_loaded_or_refused() {
    every_source(json_lines);
}

#[test]
fn changed_parquet_is_loaded_or_refused() {
    every_source(parquet);
}

#[test]
fn changed_mappings_are_used_or_refused() {
    let world = world();
    for name in ["customers", "cells", "events", "web"] {
        let path = world.instance.mapping_dir().join(format!("{name}.toml"));
        every_change(&path, || world.plan().map(drop));
    }
}

#[test]
fn a_changed_policy_is_used_or_refused() {
    let world = world();
    engine::product::write_templates(&world.instance.policy_dir()).unwrap();
    for path in super::fixture::files_below(&world.instance.policy_dir()) {
        every_change(&path, || Policy::read(&world.instance).map(drop));
    }
}
