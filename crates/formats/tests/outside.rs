//! A small release, opened by other people's programs; and copies of it with a fault each, which the
//! same programs must find.
//!
//! `QUORATE_TOOLS` names a Python that has them; `cargo xtask check` makes one where it can, and so does
//! `tests/tools.sh DIR`. Without it the test says so and passes: nothing but Rust is needed to build and
//! test the rest.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail and say why")]

#[path = "formats/sample.rs"]
mod sample;

use std::path::Path;
use std::process::Command;

use formats::{File, Kind, Tables, Value, every_file};
use serde_json::json;

#[test]
fn other_peoples_programs_open_every_file_and_see_the_same_values() {
    let Ok(python) = std::env::var("QUORATE_TOOLS") else {
        eprintln!(
            "SKIPPED: QUORATE_TOOLS is not set. crates/formats/tests/tools.sh DIR makes the tools; \
             then set it to DIR/bin/python"
        );
        return;
    };
    let folder = tempfile::TempDir::new().unwrap();
    let release = folder.path().join("release");
    let tables = sample::tables();
    let data = sample::data_csv(&tables);
    let given = [data.clone(), csv_metadata(&data)];
    for file in every_file(&tables, &given).unwrap().iter().chain(&given) {
        write(&release.join(&file.path), &file.bytes);
    }
    let expected = serde_json::to_vec(&expected(&tables)).unwrap();
    write(&folder.path().join("expected.json"), &expected);
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/outside");
    let output = Command::new(python)
        .args(["-B", "-W", "ignore::DeprecationWarning", "-W", "ignore::ResourceWarning"])
        .env_remove("PYTHONWARNINGS")
        .arg(scripts.join("run.py"))
        .args([&release, &folder.path().join("expected.json")])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    eprintln!("{}", String::from_utf8_lossy(&said));
    assert!(output.status.success(), "a program refused a file, or accepted a wrong one");
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// The metadata of `data.csv` as a release folder has it.
fn csv_metadata(data: &File) -> File {
    let header = csv::Reader::from_reader(data.bytes.as_slice()).headers().unwrap().clone();
    let column = |name: &str| match name {
        "people" | "people_lo" | "people_hi" => {
            json!({ "name": name, "titles": name, "datatype": "integer", "null": "[c]" })
        }
        "reach" => json!({ "name": name, "titles": name, "datatype": "number", "null": "[c]" }),
        _ => json!({ "name": name, "titles": name, "datatype": "string" }),
    };
    let metadata = json!({
        "@context": "http://www.w3.org/ns/csvw",
        "url": "data.csv",
        "dc:title": "sample 2026-10",
        "tableSchema": { "columns": header.iter().map(column).collect::<Vec<_>>() },
    });
    let bytes = serde_json::to_vec_pretty(&metadata).unwrap();
    File { path: "data.csv-metadata.json".to_owned(), kind: Kind::Csvw, bytes }
}

/// What every program must see: codes, labels and values of every cell.
fn expected(tables: &Tables) -> serde_json::Value {
    let value = |value: &Value| match value {
        Value::Integer(it) => json!(it),
        Value::Number(it) => json!(it),
        Value::Hidden => json!(null),
    };
    let table = |table: &formats::Table| {
        let cells: Vec<serde_json::Value> = table
            .rows()
            .map(|(codes, cell)| {
                json!({
                    "codes": codes.iter().map(|it| &it.code).collect::<Vec<_>>(),
                    "labels": codes.iter().map(|it| &it.label).collect::<Vec<_>>(),
                    "values": cell.values.iter().map(value).collect::<Vec<_>>(),
                    "status": cell.status.code(),
                })
            })
            .collect();
        json!({
            "name": table.name,
            "keys": table.keys.iter().map(|it| &it.name).collect::<Vec<_>>(),
            "measures": table.measures.iter().map(|it| &it.name).collect::<Vec<_>>(),
            "cells": cells,
        })
    };
    json!(tables.tables().iter().map(table).collect::<Vec<_>>())
}
