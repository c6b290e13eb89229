//! Wrong inputs: one clear error each, naming what to change, and nothing loaded.

use std::fs;
use std::path::Path;

use engine::SystemClock;
use engine::door::{IngestOptions, ingest};

use super::fixture::{EVENTS, World, event};

/// A good operator is changed in one way; the error has a code and says the words.
fn check(change: impl Fn(&World), code: &str, words: &[&str]) {
    let world = World::with_one_of_each();
    world.write("events/1.csv", EVENTS, &[event("test-000001", "2026-10-02T12:00:00Z", "north-1")]);
    change(&world);
    let error = world.ingest().unwrap_err();
    let text = error.to_string();
    assert_eq!(error.code(), code, "{text}");
    for word in words {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
    assert!(world.vault_files().is_empty(), "{text}");
    assert!(!world.instance.vault_dir().join("staging").exists(), "{text}");
}

fn rewrite(world: &World, file: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) {
    let path = world.raw.join(file);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, change(bytes)).unwrap();
}

#[test]
fn a_wrong_mapping_is_found_before_the_first_row() {
    let map =
        |from: &'static str, to: &'static str| move |world: &World| world.map("events", from, to);
    check(map("class =", "clas ="), "I30", &["events.toml", "unknown field `clas`", "line 3"]);
    check(map("\"events\"", "\"evens\""), "I30", &["unknown variant `evens`"]);
    check(
        map("time = \"event_time\"", "tme = \"event_time\""),
        "I30",
        &["[columns] tme", "did you mean `time`"],
    );
    check(map("time = \"event_time\"", ""), "I31", &["where time is"]);
    check(
        map("\"event_time\"", "\"even_time\""),
        "I32",
        &["even_time", "did you mean `event_time`", "events/1.csv", "events.toml"],
    );
    check(map("\"event_time\"", "\"type\""), "I33", &["`type`", "milliseconds"]);
    check(map("\"legitimate_interests\"", "\"curiosity\""), "I30", &["curiosity", "consent"]);
    check(map("\"event-records\"", "\" \""), "I30", &["document"]);
    check(map("\"privacy-notice-2026-01\"", "\" \""), "I30", &["notice", "told them"]);
    check(map("[columns]", "max_bad_share = 7.0\n[columns]"), "I30", &["max_bad_share"]);
    check(map("[columns]", "[constants]\ncell_id = 1\n[columns]"), "I30", &["both"]);
}

#[test]
fn a_constant_must_be_of_its_kind() {
    let constant = |world: &World| {
        world.map("events", "time = \"event_time\"\n", "");
        world.map(
            "events",
            "cell_id = \"cell_id\"",
            "cell_id = \"cell_id\"\n[constants]\ntime = \"noon\"",
        );
    };
    check(constant, "I35", &["time = \"noon\"", "milliseconds"]);
}

#[test]
fn files_must_be_claimed_once_complete_and_whole() {
    check(|world| drop(world.write("extra.csv", "a", &[])), "I21", &["extra.csv", "events/*.csv"]);
    let twice = |world: &World| {
        let folder = world.instance.mapping_dir();
        fs::copy(folder.join("events.toml"), folder.join("again.toml")).unwrap();
    };
    check(twice, "I22", &["again and events"]);
    check(|world| fs::remove_file(world.raw.join("_SUCCESS")).unwrap(), "I20", &["_SUCCESS"]);
    check(|world| rewrite(world, "events/1.csv", |_| Vec::new()), "I23", &["empty"]);
    check(|world| drop(world.write("events/1.csv", EVENTS, &[])), "I23", &["no row"]);
    let latin = |world: &World| {
        rewrite(world, "events/1.csv", |mut it| {
            it.extend(b"test-\xe9,1,x,y,1,1\n");
            it
        });
    };
    check(latin, "I24", &["UTF-8", "nothing of this batch was loaded"]);
    let ragged = |world: &World| {
        rewrite(world, "events/1.csv", |mut it| {
            it.extend(b"a,b\n");
            it
        });
    };
    check(ragged, "I24", &["fields"]);
}

#[test]
fn a_truncated_file_loads_nothing() {
    let gz = |world: &World| {
        let path = world.raw.join("events/1.csv");
        let mut packed = Vec::new();
        let mut encoder = flate2::read::GzEncoder::new(
            fs::File::open(&path).unwrap(),
            flate2::Compression::fast(),
        );
        std::io::Read::read_to_end(&mut encoder, &mut packed).unwrap();
        packed.truncate(packed.len() - 9);
        fs::write(path.with_extension("csv.gz"), packed).unwrap();
        fs::remove_file(path).unwrap();
    };
    check(gz, "I24", &["1.csv.gz"]);
    let parquet = |world: &World| {
        fs::remove_file(world.raw.join("events/1.csv")).unwrap();
        fs::write(world.raw.join("events/1.parquet"), b"PAR1 and then the disk was full").unwrap();
    };
    check(parquet, "I24", &["1.parquet"]);
}

#[test]
fn seconds_taken_for_milliseconds_are_not_believed() {
    let seconds = |world: &World| {
        let instant = "1790942400".to_owned();
        world.write("events/1.csv", EVENTS, &[event("test-000001", &instant, "north-1")]);
    };
    check(seconds, "I41", &["outside_period 1", "milliseconds"]);
}

#[test]
fn what_rows_need_must_be_there() {
    check(|world| fs::remove_file(world.raw.join("customers.csv")).unwrap(), "I42", &["2026-10"]);
    check(|world| fs::remove_file(world.raw.join("cells.csv")).unwrap(), "I47", &["topology"]);
}

#[test]
fn something_must_say_which_days_the_rows_are_of_and_no_row_does() {
    let load = |world: &World, options: &IngestOptions| {
        ingest(
            &world.instance,
            std::slice::from_ref(&world.raw),
            options,
            &SystemClock,
            &mut |_| (),
        )
    };
    let named = |name: &str| {
        let world = World::with_one_of_each();
        let row = event("test-000001", "2026-10-02T12:00:00Z", "north-1");
        world.write(&format!("events/{name}.csv"), EVENTS, &[row]);
        world
    };
    let nothing = IngestOptions::default();
    let refused = load(&named("1"), &nothing).unwrap_err();
    assert!(refused.code() == "I40" && refused.to_string().contains("--days"), "{refused}");
    let two = named("2026-09-30_2026-10-01");
    assert!(load(&two, &nothing).unwrap_err().to_string().contains("2026-09, 2026-10"));
    let sealed =
        |world: &World, options| load(world, options).unwrap().days_sealed["presence"].len();
    assert_eq!(sealed(&named("2026-10-02"), &nothing), 1);
    let days = IngestOptions { days: Some("2026-10-01..2026-10-03".parse().unwrap()), ..nothing };
    assert_eq!(sealed(&named("1"), &days), 3);
    let month = IngestOptions { period: Some("2026-10".parse().unwrap()), ..nothing };
    assert_eq!(sealed(&named("1"), &month), 31);
    let apart = IngestOptions { period: Some("2026-11".parse().unwrap()), ..days };
    assert_eq!(load(&named("1"), &apart).unwrap_err().code(), "I52");
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_error() {
    let mut world = World::with_one_of_each();
    let blocked = world.raw.join("file");
    fs::write(&blocked, "").unwrap();
    world.instance.root = blocked.join("below");
    let error = world.ingest().unwrap_err();
    assert_eq!(error.code(), "F01");
    assert!(error.to_string().contains("below/vault"), "{error}");
}

#[test]
fn an_instance_is_made_once_and_opened_where_it_is() {
    let world = World::new();
    let root = &world.instance.root;
    assert_eq!(engine::instance::Instance::init(root).unwrap_err().code(), "I11");
    assert_eq!(engine::instance::Instance::open(&root.join("vault")).unwrap_err().code(), "I11");
    let text = fs::read_to_string(root.join("quorate.toml")).unwrap();
    assert!(text.contains("name = \"north\""), "{text}");
    let opened = engine::instance::Instance::open(root).unwrap();
    assert!(!opened.config.keys_dir.starts_with(Path::new(root)));
}
