//! A Delta Lake table is a source: the files that its log names, and no others.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::fixture::{World, milliseconds};

/// A file of events of one person at noon of some days; returns its size.
fn part(path: &Path, days: &[u8]) -> u64 {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let noon =
        |day: &u8| milliseconds(&format!("2026-10-{day:02}T12:00:00Z")).parse::<i64>().unwrap();
    let instants: ArrayRef = Arc::new(Int64Array::from_iter_values(days.iter().map(noon)));
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["test-000001"; days.len()]));
    let batch =
        RecordBatch::try_from_iter([("subscriber_id", ids), ("event_time", instants)]).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    fs::metadata(path).unwrap().len()
}

fn add(path: &str, size: u64, vector: bool) -> Value {
    let mut add = json!({
        "path": path, "partitionValues": { "cell_id": "north-1" }, "size": size,
        "modificationTime": 1_790_000_000_000_u64, "dataChange": true,
    });
    if vector {
        add["deletionVector"] = json!({
            // The second row of the file, as a roaring bitmap in Z85.
            "storageType": "i", "pathOrInlineDv": "^Bg9^0rr910000000000iXQKl0rr91000005c8Xg0rr91",
            "sizeInBytes": 34, "cardinality": 1,
        });
    }
    json!({ "add": add })
}

/// Writes one version of the log.
fn commit(table: &Path, version: u32, actions: &[Value]) {
    let log = table.join("_delta_log");
    fs::create_dir_all(&log).unwrap();
    let lines: Vec<String> = actions.iter().map(Value::to_string).collect();
    fs::write(log.join(format!("{version:020}.json")), lines.join("\n")).unwrap();
}

fn begin(features: bool) -> [Value; 2] {
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind, "nullable": true, "metadata": {} });
    let schema = json!({ "type": "struct", "fields": [
        field("subscriber_id", "string"), field("event_time", "long"), field("cell_id", "string"),
    ]});
    let protocol = if features {
        json!({ "minReaderVersion": 3, "minWriterVersion": 7,
            "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"] })
    } else {
        json!({ "minReaderVersion": 1, "minWriterVersion": 2 })
    };
    let metadata = json!({
        "id": "7f1c6f1e-0000-4000-8000-000000000000", "format": { "provider": "parquet", "options": {} },
        "schemaString": schema.to_string(), "partitionColumns": ["cell_id"],
        "configuration": {}, "createdTime": 1_790_000_000_000_u64,
    });
    [json!({ "protocol": protocol }), json!({ "metaData": metadata })]
}

/// An operator whose events are a Delta table, partitioned by cell.
fn world(vector: bool) -> World {
    let world = World::with_one_of_each();
    world.map("events", "\"events/*.parquet\"", "\"events/*/*.parquet\"");
    let table = world.raw.join("events");
    let name = |part: u8| format!("cell_id=north-1/part-{part}.parquet");
    let sizes = [1, 2, 3].map(|it| part(&table.join(name(it)), &[it, it + 10]));
    let [protocol, metadata] = begin(vector);
    commit(
        &table,
        0,
        &[protocol, metadata, add(&name(1), sizes[0], false), add(&name(2), sizes[1], vector)],
    );
    // The second file was taken out again, and the third never got in.
    let remove = json!({ "remove": {
        "path": name(2), "deletionTimestamp": 1_790_000_000_001_u64, "dataChange": true,
    }});
    if !vector {
        commit(&table, 1, &[remove]);
    }
    world
}

#[test]
fn the_files_that_the_log_names_are_loaded_with_their_partition_values() {
    let world = world(false);
    let report = world.ingest().unwrap();
    assert_eq!(report.rows["events"].kept, 2);
    let days: Vec<String> = world.presence().into_iter().map(|it| it.0).collect();
    assert_eq!(days, ["2026-10-01", "2026-10-11"]);
    // A table by itself is a source without `_SUCCESS`; nothing of it is new.
    world.map("events", "\"events/*/*.parquet\"", "\"cell_id=*/*.parquet\"");
    let again = world.ingest_from(&[world.raw.join("events")]);
    assert_eq!(again.unwrap_err().code(), "I40", "its names tell no day");
}

#[test]
fn rows_that_a_vector_deleted_do_not_come_in() {
    let world = world(true);
    let report = world.ingest().unwrap();
    assert_eq!((report.rows["events"].read, report.rows["events"].kept), (3, 3));
    let days: Vec<String> = world.presence().into_iter().map(|it| it.0).collect();
    assert_eq!(days, ["2026-10-01", "2026-10-02", "2026-10-11"], "not the twelfth");
    let garbled = self::world(true);
    let log = garbled.raw.join("events/_delta_log/00000000000000000000.json");
    let text = fs::read_to_string(&log).unwrap().replace("^Bg9^0rr91", "^Bg9^0rr92");
    fs::write(&log, text).unwrap();
    assert_eq!(garbled.ingest().unwrap_err().code(), "I26");
}

#[test]
fn columns_are_found_by_the_names_of_the_table() {
    let world = World::with_one_of_each();
    world.map("events", "\"events/*.parquet\"", "\"events/*/*.parquet\"");
    let table = world.raw.join("events");
    // The table renamed its columns; the files keep the names under which they were written.
    let size = part(&table.join("c/part-1.parquet"), &[1, 11]);
    let field = |name: &str, kind: &str, stored: &str, id: u8| {
        json!({ "name": name, "type": kind, "nullable": true, "metadata": {
            "delta.columnMapping.id": id, "delta.columnMapping.physicalName": stored } })
    };
    let schema = json!({ "type": "struct", "fields": [
        field("who", "string", "subscriber_id", 1), field("at", "long", "event_time", 2),
        field("where", "string", "cell_id", 3),
    ]});
    let mut actions = begin(false);
    actions[0]["protocol"] = json!({ "minReaderVersion": 2, "minWriterVersion": 5 });
    actions[1]["metaData"]["schemaString"] = json!(schema.to_string());
    actions[1]["metaData"]["partitionColumns"] = json!(["where"]);
    actions[1]["metaData"]["configuration"] =
        json!({ "delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": "3" });
    let [protocol, metadata] = actions;
    commit(&table, 0, &[protocol, metadata, add("c/part-1.parquet", size, false)]);
    for (name, column, new) in [
        ("subscriber_id", "subscriber_id", "who"),
        ("time", "event_time", "at"),
        ("cell_id", "cell_id", "where"),
    ] {
        world.map("events", &format!("{name} = \"{column}\""), &format!("{name} = \"{new}\""));
    }
    let report = world.ingest().unwrap();
    assert_eq!(report.rows["events"].kept, 2);
}

#[test]
fn a_table_with_a_broken_log_is_refused() {
    let broken = world(false);
    fs::remove_file(broken.raw.join("events/cell_id=north-1/part-1.parquet")).unwrap();
    assert_eq!(broken.ingest().unwrap_err().code(), "I26");
    let garbled = world(false);
    commit(&garbled.raw.join("events"), 1, &[json!({ "remove": { "path": 7 } })]);
    assert_eq!(garbled.ingest().unwrap_err().code(), "I26");
    assert!(garbled.vault_files().is_empty());
}
