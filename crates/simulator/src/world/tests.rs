//! How a world is cut into blocks and who makes them changes nothing about who does what.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::blocks::Who;

fn small() -> World {
    World { subscribers: 2_000, days: 3, seed: 5, ..World::default() }
}

/// All files of a world that is made with `workers` in blocks of about `block_rows`.
fn made(world: &World, workers: usize, block_rows: u32) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = TempDir::new().unwrap();
    simulate_with(world, folder.path(), &Pace { workers, block_rows }, &|_| ()).unwrap();
    let mut files = BTreeMap::new();
    for part in ["raw", "raw/events", "raw/web", "truth"] {
        for entry in fs::read_dir(folder.path().join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(folder.path()).unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_workers() {
    for format in [Format::Parquet, Format::Csv] {
        let world = World { format, ..small() };
        // At least 256 customers in a block: eight blocks and one of visitors.
        let alone = made(&world, 1, 1);
        assert!(alone == made(&world, 2, 1) && alone == made(&world, 5, 1), "{format:?}");
    }
}

#[test]
fn the_people_and_the_truth_do_not_depend_on_where_blocks_end() {
    let world = World { format: Format::Csv, ..small() };
    let (fine, coarse) = (made(&world, 2, 1), made(&world, 2, BLOCK_ROWS));
    for name in [
        "raw/customers.csv",
        "raw/opt_out.csv",
        "truth/residents.csv",
        "truth/presence.csv",
        "truth/web.csv",
    ] {
        assert!(fine[Path::new(name)] == coarse[Path::new(name)], "{name}");
    }
}

#[test]
fn blocks_are_whole_homes_and_no_account_is_in_two() {
    let (world, geography) = (small(), Geography::built_in());
    let land = Land::new(&world, geography).unwrap();
    let population = Population::new(&world, &land);
    let blocks = blocks(&world, &land, 1);
    assert!(blocks.len() > 5, "{}", blocks.len());
    let (mut next_home, mut next_customer, mut visitors) = (0, 0, 0);
    let mut accounts = BTreeSet::new();
    for block in blocks {
        match block.who {
            Who::Homes { homes, first } => {
                assert_eq!((homes.start, first), (next_home, next_customer));
                next_home = homes.end;
                let mut customers = Vec::new();
                next_customer =
                    homes.fold(first, |at, home| population.home(home, at, &mut customers));
                let own: BTreeSet<u32> = customers.iter().map(|it| it.account).collect();
                assert!(own.is_disjoint(&accounts));
                accounts.extend(own);
            }
            Who::Visitors(part) => {
                assert_eq!(part.start, visitors);
                visitors = part.end;
            }
        }
    }
    assert_eq!((next_home, next_customer), (land.homes.len().try_into().unwrap(), 2_000));
    assert_eq!(visitors, 40);
}
