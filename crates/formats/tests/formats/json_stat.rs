//! JSON-stat, read by `serde_json`.

use formats::json_stat;
use serde_json::{Value, json};

use super::sample;

fn dataset(name: &str) -> Value {
    let files = json_stat(&sample::tables()).unwrap();
    serde_json::from_slice(&sample::file(&files, &format!("json-stat/{name}.json")).bytes).unwrap()
}

#[test]
fn a_hidden_value_is_null_with_a_status_and_no_other_is() {
    let it = dataset("district_gender");
    assert_eq!(it["id"], json!(["district", "gender", "measure", "period"]));
    assert_eq!(it["size"], json!([3, 2, 4, 1]));
    assert_eq!(
        it["value"].as_array().unwrap()[..4],
        [json!(310), json!(290), json!(330), json!(0.25124)]
    );
    let values = it["value"].as_array().unwrap();
    for (at, value) in values.iter().enumerate() {
        let status = &it["status"][at.to_string()];
        assert_eq!(value.is_null(), *status == "[c]", "value {at}");
    }
    assert_eq!(it["status"]["8"], "near_threshold");
}

#[test]
fn an_empty_table_and_one_without_keys_are_datasets_too() {
    assert_eq!(dataset("nothing")["value"], json!([]));
    assert_eq!(dataset("nothing")["size"], json!([0, 3, 1]));
    assert_eq!(dataset("everybody")["value"], json!([1_000_000]));
}

#[test]
fn labels_come_back_as_they_were() {
    let category = &dataset("region_site")["dimension"]["site"]["category"];
    assert_eq!(category["index"][1], "example.co.uk");
    assert_eq!(category["label"]["example.co.uk"], sample::AWKWARD);
    assert_eq!(category["label"]["=1+1"], sample::FORMULA);
}
