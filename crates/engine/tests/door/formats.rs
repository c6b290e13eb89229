//! CSV, JSON lines, compressed or not, and Parquet of the same rows make the same vault, byte for byte.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::fixture::{CELLS, CUSTOMERS, EVENTS, WEB, World, adult, cell, event, web};

/// Two days of thirty people; one file of each kind a day.
fn plain() -> World {
    let world = World::new();
    let ids: Vec<String> = (1..=30).map(|it| format!("test-{it:06}")).collect();
    world.write("customers.csv", CUSTOMERS, &ids.iter().map(|it| adult(it)).collect::<Vec<_>>());
    world.write("cells.csv", CELLS, &[cell("a", 0, "", ""), cell("b", 40, "", "")]);
    let sites = &reference::SiteList::built_in().sites;
    let hosts: Vec<_> = sites.iter().filter(|it| !it.sensitive).take(3).collect();
    for day in 1..=2 {
        let (mut events, mut records) = (Vec::new(), Vec::new());
        for (number, id) in ids.iter().enumerate() {
            for minute in 0..10 {
                let hour = (number + minute) % 24;
                let instant = format!("2026-10-{day:02}T{hour:02}:{:02}:00Z", minute * 5);
                events.push(event(id, &instant, if minute % 2 == 0 { "a" } else { "b" }));
                records.push(web(id, &instant, &hosts[number % 3].domain, 30));
            }
        }
        world.write(&format!("events/2026-10-0{day}.csv"), EVENTS, &events);
        world.write(&format!("web/2026-10-0{day}.csv"), WEB, &records);
    }
    world
}

/// The same files in another format.
fn rewritten(world: &World, how: impl Fn(&Path)) -> World {
    let twin = world.twin();
    for part in ["customers.csv", "cells.csv", "events", "web"] {
        let from = world.raw.join(part);
        let files = if from.is_dir() { super::fixture::files_below(&from) } else { vec![from] };
        for file in files {
            let to = twin.raw.join(file.strip_prefix(&world.raw).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(&file, &to).unwrap();
            how(&to);
        }
    }
    twin
}

fn gzip(path: &Path) {
    let out = fs::File::create(path.with_extension("csv.gz")).unwrap();
    let mut out = GzEncoder::new(out, Compression::fast());
    out.write_all(&fs::read(path).unwrap()).unwrap();
    out.finish().unwrap();
    fs::remove_file(path).unwrap();
}

fn zstandard(path: &Path) {
    let packed = zstd::encode_all(&*fs::read(path).unwrap(), 1).unwrap();
    fs::write(path.with_extension("csv.zst"), packed).unwrap();
    fs::remove_file(path).unwrap();
}

/// One object a line; numbers and flags bare, as programs write them, and no key for what is empty.
pub fn json_lines(path: &Path) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut out = String::new();
    for row in reader.records().map(Result::unwrap) {
        let pairs = names.iter().zip(&row).filter(|it| !it.1.is_empty()).map(|(name, value)| {
            let bare = value.parse::<f64>().is_ok() || value.parse::<bool>().is_ok();
            if bare { format!("\"{name}\":{value}") } else { format!("\"{name}\":\"{value}\"") }
        });
        out += &format!("{{{}}}\n", pairs.collect::<Vec<_>>().join(","));
    }
    fs::write(path.with_extension("jsonl"), out).unwrap();
    fs::remove_file(path).unwrap();
}

/// Typed as the layout of the simulated operator says.
pub fn parquet(path: &Path) {
    if path.ends_with("cells.csv") {
        return;
    }
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let column = |(at, name): (usize, &String)| {
        let values = || rows.iter().map(|it| Some(&it[at]).filter(|it| !it.is_empty()));
        let array: ArrayRef = match name.as_str() {
            "event_time" | "time" | "birth_year" | "duration_s" => Arc::new(
                values().map(|it| it.map(|it| it.parse::<i64>().unwrap())).collect::<Int64Array>(),
            ),
            "user_is_holder" | "opt_out" | "consent_vas" => {
                Arc::new(values().map(|it| it.map(|it| it == "true")).collect::<BooleanArray>())
            }
            _ => Arc::new(values().collect::<StringArray>()),
        };
        (name.clone(), array)
    };
    let batch = RecordBatch::try_from_iter(names.iter().enumerate().map(column)).unwrap();
    let out = fs::File::create(path.with_extension("parquet")).unwrap();
    // Many small row groups: one file is read in parts, side by side.
    let groups = WriterProperties::builder().set_max_row_group_row_count(Some(64)).build();
    let mut writer = ArrowWriter::try_new(out, batch.schema(), Some(groups)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fs::remove_file(path).unwrap();
}

#[test]
fn every_format_makes_the_same_vault() {
    let world = plain();
    let report = world.ingest().unwrap();
    assert_eq!((report.rows["events"].kept, report.rows["web"].kept), (600, 600));
    let expected = world.vault_files();
    // People, pseudonyms, cells, sites, and three local days of two tables.
    assert_eq!(expected.len(), 10);
    let (same, gz) = (rewritten(&world, |_| ()), rewritten(&world, gzip));
    let (zst, typed) = (rewritten(&world, zstandard), rewritten(&world, parquet));
    let lines = rewritten(&world, json_lines);
    for twin in [same, gz, zst, typed, lines] {
        twin.ingest().unwrap();
        assert_eq!(twin.vault_files(), expected, "{:?}", super::fixture::files_below(&twin.raw));
    }
}

#[test]
fn rows_keep_their_numbers_when_a_file_is_read_in_parts() {
    let world = World::with_one_of_each();
    world.tolerate_wrong_rows();
    let mut rows: Vec<_> = (0..300)
        .map(|at| event("test-000001", &format!("2026-10-02T{:02}:00:00Z", at % 24), "north-1"))
        .collect();
    rows.push(event("test-000001", "2026-10-02T12:00:00Z", "nowhere"));
    let csv = world.write("events/9.csv", EVENTS, &rows);
    parquet(&csv);
    let report = world.ingest().unwrap();
    let file = report.files.iter().find(|it| it.file == "events/9.parquet").unwrap();
    assert_eq!(file.rows.read, 301);
    assert_eq!(file.examples["unknown_cell"].rows, [301]);
}

#[test]
fn a_long_csv_is_read_in_parts_with_the_numbers_of_its_rows() {
    let world = World::with_one_of_each();
    world.tolerate_wrong_rows();
    // Empty lines are no rows; both kinds of line ends.
    let mut text = format!("{EVENTS}\n\n");
    for at in 0..60_000 {
        let cell = if at == 59_000 { "nowhere" } else { "north-1" };
        let instant = format!("2026-10-02T{:02}:{:02}:{:02}Z", at % 24, at % 60, at % 59);
        text += &event("test-000001", &instant, cell);
        text += if at % 1_000 == 0 { "\r\n\r\n" } else { "\n" };
    }
    let path = world.write("events/9.csv", EVENTS, &[]);
    fs::write(&path, text).unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 2 << 20);
    let report = world.ingest().unwrap();
    let file = report.files.iter().find(|it| it.file == "events/9.csv").unwrap();
    assert_eq!(
        (file.rows.read, file.examples["unknown_cell"].rows.as_slice()),
        (60_000, &[59_001][..])
    );
    // One row that is too long is named from the part that it is in.
    let torn = World::with_one_of_each();
    let rows: Vec<_> = (0..60_000)
        .map(|at| {
            if at == 59_000 {
                "a,b,c,d,e,f,g".to_owned()
            } else {
                event("test-000001", "2026-10-02T12:00:00Z", "north-1")
            }
        })
        .collect();
    torn.write("events/9.csv", EVENTS, &rows);
    let error = torn.ingest().unwrap_err();
    assert!(error.code() == "I24" && error.to_string().contains("counted from row"), "{error}");
}

#[test]
fn the_name_of_a_snapshot_tells_nothing_of_its_rows() {
    let world = plain();
    world.ingest().unwrap();
    let twin = rewritten(&world, gzip);
    twin.ingest().unwrap();
    assert_ne!(twin.snapshot().id, world.snapshot().id, "not a digest of the rows");
    let before = world.snapshot().id;
    world.ingest().unwrap();
    assert_eq!(world.snapshot().id, before, "nothing came, so it is the same snapshot");
}

#[test]
fn a_delimiter_a_missing_header_and_rfc3339_are_options() {
    let world = World::with_one_of_each();
    world.map("events", "subscriber_id = \"subscriber_id\"", "subscriber_id = \"1\"");
    world.map("events", "\"event_time\"", "\"2\"");
    world.map("events", "cell_id = \"cell_id\"", "cell_id = \"3\"");
    world.map("events", "\"epoch_ms\"", "\"rfc3339\"");
    world.map("events", "[columns]", "csv = { delimiter = \";\", header = false }\n\n[columns]");
    let path = world.raw.join("events/1.csv");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "test-000001;2026-10-02T13:30:00+01:00;north-1\n").unwrap();
    world.ingest().unwrap();
    assert_eq!(world.presence().iter().map(|it| it.3).collect::<Vec<_>>(), [13]);
}

#[test]
fn json_lines_that_are_none_load_nothing_and_what_is_nested_is_absent() {
    let line = |instant: &str| {
        format!(
            "{{\"subscriber_id\":\"test-000001\",\"event_time\":{instant},\"cell_id\":\"north-1\"}}\n"
        )
    };
    let load = |text: String| {
        let world = World::with_one_of_each();
        world.map("events", "[columns]", "max_bad_share = 1.0\n\n[columns]");
        let path = world.raw.join("events/1.jsonl");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        (world.ingest(), world)
    };
    // 2026-10-02T12:30:00Z
    let right = line("1790944200000");
    let (loaded, world) = load(format!("{right}{}", line("{\"seconds\":1}")));
    let events = &loaded.unwrap().rows["events"];
    assert_eq!((events.kept, events.quarantined["bad_time"]), (1, 1));
    assert_eq!(world.presence().len(), 1);
    for broken in ["{\"subscriber_id\":", "[1,2]\n", "not json\n"] {
        let (refused, world) = load(format!("{right}{broken}"));
        assert_eq!(refused.unwrap_err().code(), "I24", "{broken}");
        assert!(world.vault_files().is_empty(), "{broken}");
    }
}
