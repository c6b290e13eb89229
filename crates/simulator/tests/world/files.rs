//! What is written: the same bytes again, the same rows in both formats, what was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reference::Geography;
use simulator::{Format, SimulateError, Spread, Summary, World, simulate};
use tempfile::TempDir;

use super::fixture::{calm, made, rows, small};

fn digests(folder: &Path) -> BTreeMap<PathBuf, blake3::Hash> {
    let mut found = BTreeMap::new();
    for part in ["raw", "raw/events", "raw/web", "truth"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, blake3::hash(&fs::read(&path).unwrap()));
            }
        }
    }
    found
}

#[test]
fn the_same_world_has_the_same_bytes_and_another_seed_others() {
    let world = World { format: Format::Parquet, ..small() };
    let (one, _) = made(&world);
    let (two, _) = made(&world);
    let (other, _) = made(&World { seed: 8, ..world });
    assert_eq!(digests(one.path()), digests(two.path()));
    assert_ne!(digests(one.path()), digests(other.path()));
}

/// A Parquet file as CSV, read by a library that had no part in writing it.
fn as_csv(path: &Path) -> String {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut out = Vec::new();
    let mut writer = arrow::csv::WriterBuilder::new().with_header(false).build(&mut out);
    reader.for_each(|batch| writer.write(&batch.unwrap()).unwrap());
    drop(writer);
    String::from_utf8(out).unwrap()
}

#[test]
fn csv_and_parquet_say_the_same() {
    let (csv, parquet) = same_in_both_formats(&small());
    assert_eq!(
        (csv.people, csv.events, csv.web_records),
        (parquet.people, parquet.events, parquet.web_records)
    );
    assert_eq!(csv.planted, parquet.planted);
    let planted: Vec<&str> = csv.planted.keys().map(String::as_str).collect();
    assert_eq!(planted, REASONS);
    same_in_both_formats(&calm());
}

/// Everything that can be wrong with a row.
const REASONS: [&str; 12] = [
    "bad_host",
    "bad_time",
    "cell_not_valid",
    "duplicate",
    "host_with_path",
    "no_contract",
    "null_id",
    "same_time_elsewhere",
    "suspicious_jump",
    "unknown_cell",
    "unknown_subscriber",
    "visitor_from_abroad",
];

fn same_in_both_formats(world: &World) -> (Summary, Summary) {
    let (csv_folder, csv) = made(world);
    let (parquet_folder, parquet) = made(&World { format: Format::Parquet, ..world.clone() });
    for name in ["customers", "events/2026-10-02", "web/2026-10-03"] {
        let file = |folder: &TempDir, ending: &str| {
            folder.path().join("raw").join(format!("{name}.{ending}"))
        };
        let text = fs::read_to_string(file(&csv_folder, "csv")).unwrap();
        let (_, lines) = text.split_once('\n').unwrap();
        assert!(lines == as_csv(&file(&parquet_folder, "parquet")), "{name}");
    }
    (csv, parquet)
}

#[test]
fn whole_areas_are_filled_at_a_real_operators_density() {
    let land = Geography::built_in();
    let world =
        World { subscribers: 250_000, days: 1, events_per_day: 0.0, web_per_day: 0.0, ..small() };
    let (folder, summary) = made(&world);
    assert!(summary.areas.len() >= 2 && summary.areas[0] == world.origin, "{:?}", summary.areas);
    let text = fs::read_to_string(folder.path().join("raw/customers.csv")).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|it| it.split(',').collect()).collect();
    let numbers: BTreeSet<&str> = rows.iter().map(|it| it[0]).collect();
    assert_eq!(numbers.len(), 250_000);
    let mut by_sector = BTreeMap::<u16, f64>::new();
    for row in &rows {
        *by_sector.entry(land.sector_of_postcode(row[4]).unwrap()).or_default() += 1.0;
    }
    let homes: f64 =
        by_sector.keys().map(|&it| f64::from(land.sectors[usize::from(it)].postcodes)).sum();
    let people = 65_185_724.0 / f64::from(land.sectors.iter().map(|it| it.postcodes).sum::<u32>());
    let share = 250_000.0 / (homes * people);
    assert!((0.36..=0.43).contains(&share), "{share} of residents are customers");
}

#[test]
fn what_cannot_be_made_is_said_with_what_can() {
    let folder = TempDir::new().unwrap();
    let refused = |world: &World| simulate(world, folder.path(), &|_| ()).unwrap_err();
    assert!(matches!(refused(&World { subscribers: 999, ..small() }), SimulateError::TooFew(999)));
    assert!(matches!(refused(&World { days: 32, ..small() }), SimulateError::WrongDays(32)));
    assert!(matches!(refused(&World { days: 0, ..small() }), SimulateError::WrongDays(0)));
    let many = World { subscribers: 60_000_000, spread: Spread::GreatBritain, ..small() };
    assert!(matches!(refused(&many), SimulateError::TooMany { .. }));
    let nowhere = refused(&World { origin: "QQ".to_owned(), ..small() });
    assert!(nowhere.to_string().contains("AB AL B BA"), "{nowhere}");
    simulate(&small(), folder.path(), &|_| ()).unwrap();
    assert!(matches!(refused(&small()), SimulateError::NotEmpty(_)));
}

#[test]
fn the_documentation_lists_every_rate_with_its_default() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/simulator.md");
    let text = fs::read_to_string(path).unwrap();
    for rate in simulator::RATES {
        let row = format!("| `{}` | {} | {} |", rate.name, rate.default, rate.meaning);
        assert!(text.contains(&row), "docs/simulator.md lacks: {row}");
    }
}

#[test]
fn a_rate_that_is_off_plants_nothing() {
    let mut world = small();
    for name in ["visitor", "suspicious_jump", "duplicate", "opt_out_feed", "sensitive_place"] {
        world.rates.scale(name, 0.0).unwrap();
    }
    let (folder, summary) = made(&world);
    for name in ["visitor_from_abroad", "suspicious_jump"] {
        assert_eq!(summary.planted.get(name), None, "{name}");
    }
    assert!(rows(&folder.path().join("raw/sensitive_places.csv")).is_empty());
    assert!(rows(&folder.path().join("raw/opt_out.csv")).is_empty());
}
