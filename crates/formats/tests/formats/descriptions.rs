//! The files that describe others: data package, catalogue entry, registry entry.

use formats::{every_file, registry_entry};
use serde_json::{Value, json};

use super::sample;

fn described(path: &str) -> Value {
    let tables = sample::tables();
    let files = every_file(&tables, &[sample::data_csv(&tables)]).unwrap();
    serde_json::from_slice(&sample::file(&files, path).bytes).unwrap()
}

#[test]
fn the_data_package_names_size_digest_and_what_is_missing() {
    let data = sample::data_csv(&sample::tables());
    let resource = &described("datapackage.json")["resources"][0];
    assert_eq!(resource["bytes"], data.bytes.len());
    assert_eq!(resource["hash"], format!("sha256:{}", data.sha256()));
    assert_eq!(resource["schema"]["missingValues"], json!(["[c]", "[x]"]));
    let fields = resource["schema"]["fields"].as_array().unwrap();
    let kind = |name: &str| &fields.iter().find(|it| it["name"] == name).unwrap()["type"];
    assert_eq!([kind("people"), kind("reach"), kind("site")], ["integer", "number", "string"]);
    let keys = ["level", "district", "gender", "sector", "region", "site", "category"];
    assert_eq!(resource["schema"]["primaryKey"], json!(keys));
}

#[test]
fn the_catalogue_entry_lists_every_other_file_with_its_digest() {
    let tables = sample::tables();
    let files = every_file(&tables, &[sample::data_csv(&tables)]).unwrap();
    let entry = described("dcat.jsonld");
    let listed = entry["dcat:distribution"].as_array().unwrap();
    // All but the entry itself, and data.csv, which was given.
    assert_eq!(listed.len(), files.len());
    for file in files.iter().filter(|it| it.path != "dcat.jsonld") {
        let own = listed.iter().find(|it| it["dcat:accessURL"]["@id"] == file.path).unwrap();
        assert_eq!(own["dcat:byteSize"]["@value"], file.bytes.len().to_string());
        assert_eq!(own["spdx:checksum"]["spdx:checksumValue"]["@value"], file.sha256());
    }
    assert_eq!(entry["dct:temporal"]["dcat:endDate"]["@value"], "2026-10-31");
}

#[test]
fn a_release_without_its_data_file_is_not_described() {
    let wrong = every_file(&sample::tables(), &[]).unwrap_err();
    assert_eq!(wrong.to_string(), "the release: has no data.csv; give it along");
}

#[test]
fn the_registry_entry_states_unit_and_parameters() {
    let text = String::from_utf8(registry_entry(&sample::tables()).unwrap().bytes).unwrap();
    // Delta is the one at which epsilon holds, not that of the zero-concentrated guarantee.
    for line in [
        "url_slug: sample-2026-10-7",
        "tier: 3",
        "privacy_unit: person-month",
        "epsilon: 1.2345",
        "delta: 1.0e-9",
        "rho: 0.018",
    ] {
        assert!(text.lines().any(|it| it.trim() == line), "no {line} in\n{text}");
    }
}

#[test]
fn a_release_of_simulated_people_says_so_in_every_description() {
    let facts = formats::Facts { synthetic: true, ..sample::facts() };
    let tables = formats::Tables::new(facts, sample::tables().tables().to_vec()).unwrap();
    let files = every_file(&tables, &[sample::data_csv(&tables)]).unwrap();
    let text = |path: &str| String::from_utf8(sample::file(&files, path).bytes.clone()).unwrap();
    for path in ["datapackage.json", "dcat.jsonld", "dp_registry.yaml"] {
        let text = text(path);
        for part in ["Sample & test (synthetic people)", "nobody in this release exists"] {
            assert!(text.contains(part), "no {part} in {path}: {text}");
        }
    }
    let table =
        formats::Table { title: "Sites".to_owned(), ..sample::table(&tables, "sector").clone() };
    let facts = formats::Facts { synthetic: true, ..sample::facts() };
    let tables = formats::Tables::new(facts, vec![table]).unwrap();
    let files = every_file(&tables, &[sample::data_csv(&tables)]).unwrap();
    for path in ["json-stat/sector.json", "sdmx/structure.xml"] {
        let bytes = sample::file(&files, path).bytes.clone();
        assert!(String::from_utf8(bytes).unwrap().contains("Sites (synthetic people)"), "{path}");
    }
    let real = registry_entry(&sample::tables()).unwrap().bytes;
    assert!(!String::from_utf8(real).unwrap().to_lowercase().contains("synthetic"));
}
