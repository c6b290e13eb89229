//! No file of a twin can be taken for a release.

use bytes::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;

use crate::sample::{bolton, files};

#[test]
fn every_file_says_that_it_is_synthetic() {
    let operator = bolton();
    operator.twin("twin", Some(400), 0).unwrap();
    for (name, bytes) in files(&operator.path("twin")) {
        let end = name.rsplit('.').next().unwrap();
        match end {
            "csv" => csv_is_marked(&name, &bytes),
            "parquet" => parquet_is_marked(&name, bytes),
            "json" => {
                let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(json["synthetic"], true, "{name}");
                assert!(json["notice"].as_str().unwrap().contains("Never to be mixed"), "{name}");
            }
            "html" => {
                let page = String::from_utf8(bytes).unwrap();
                for part in [
                    "<p class=banner role=note><strong>Synthetic.</strong>",
                    "Exempt from &quot;50 or more&quot;",
                    "<title>Synthetic",
                    "<meta name=\"synthetic\" content=\"true\">",
                ] {
                    assert!(page.contains(part), "{part}");
                }
            }
            "txt" => {
                let text = String::from_utf8(bytes).unwrap();
                for part in
                    ["SYNTHETIC", "Exempt from \"50 or more\"", "Never to be mixed with releases"]
                {
                    assert!(text.contains(part), "{part}");
                }
            }
            _ => panic!("{name} has no rule for its mark"),
        }
    }
}

fn csv_is_marked(name: &str, bytes: &[u8]) {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().unwrap().clone();
    assert_eq!(header.get(0), Some("synthetic"), "{name}");
    let person = header.iter().position(|it| it == "person");
    for record in reader.records() {
        let record = record.unwrap();
        assert_eq!(record.get(0), Some("true"), "{name}");
        assert!(person.is_none_or(|it| record[it].starts_with("syn-")), "{name}");
    }
}

fn parquet_is_marked(name: &str, bytes: Vec<u8>) {
    let reader = SerializedFileReader::new(Bytes::from(bytes)).unwrap();
    let facts = reader.metadata().file_metadata().key_value_metadata().unwrap().clone();
    let is_marked = |it: &parquet::file::metadata::KeyValue| {
        it.key == "synthetic" && it.value.as_deref() == Some("true")
    };
    assert!(facts.iter().any(is_marked), "{name}");
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        assert!(
            row.get_bool(0).unwrap() && row.get_string(1).unwrap().starts_with("syn-"),
            "{name}"
        );
    }
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let mut operator = bolton();
    let hostile = "level,home,people,people_lo,people_hi,status\n\
                   home,<script>alert(1)</script>,5000,4990,5010,A\n";
    operator.publish_text("residents-x", "residents", hostile, &[("home", 1)]);
    operator.twin("twin", Some(400), 0).unwrap();
    let page = String::from_utf8(files(&operator.path("twin"))["fidelity.html"].clone()).unwrap();
    for forbidden in ["<script", "http:", "https:", "src=", "url(", "@import", "href"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'"));
    assert!(page.contains("&lt;script&gt;"), "the worst cell is named, as text");
}
