//! `json-stat/<table>.json`: a table for charts (JSON-stat 2.0, class dataset).
//!
//! Dimensions are the keys, then the measure, then the period. A hidden value is null and its
//! status is `[c]`; a status is given for every value that is not simply published.

use serde_json::{Map, Value as Json, json};

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::tables::{Key, Measure, Status, Table, Tables, Value};
use crate::words;

const MEASURE: &str = "measure";
const PERIOD: &str = "period";

/// A file for each table.
///
/// # Errors
/// [`Wrong`] when a file cannot be written.
pub fn json_stat(tables: &Tables) -> Result<Vec<File>> {
    tables.tables().iter().map(|it| file(tables, it)).collect()
}

fn file(tables: &Tables, table: &Table) -> Result<File> {
    let path = format!("json-stat/{}.json", table.name);
    let bytes = serde_json::to_vec(&canonical(dataset(tables, table)))
        .map_err(|cause| Wrong::writing(&path)(&cause))?;
    Ok(File::new(path, Kind::JsonStat, bytes))
}

/// `it` with the members of its objects in order, whatever features the program is built with.
pub(crate) fn canonical(mut it: Json) -> Json {
    it.sort_all_objects();
    it
}

fn dataset(tables: &Tables, table: &Table) -> Json {
    let facts = tables.facts();
    let mut ids: Vec<&str> = table.keys.iter().map(|it| it.name.as_str()).collect();
    let mut size: Vec<usize> = table.keys.iter().map(|it| it.codes.len()).collect();
    ids.extend([MEASURE, PERIOD]);
    size.extend([table.measures.len(), 1]);
    let mut dimensions: Map<String, Json> =
        table.keys.iter().map(|it| (it.name.clone(), dimension(it))).collect();
    dimensions.insert(MEASURE.to_owned(), measures(&table.measures));
    let period = json!({ "index": [facts.period], "label": { &facts.period: facts.period } });
    dimensions.insert(PERIOD.to_owned(), json!({ "label": "Period", "category": period }));
    let places = table.keys.iter().filter(|it| it.level.is_some());
    let geo: Vec<&str> = places.map(|it| it.name.as_str()).collect();
    let mut role = json!({ "time": [PERIOD], "metric": [MEASURE] });
    if !geo.is_empty() {
        role["geo"] = json!(geo);
    }
    let (value, status) = values(table);
    json!({
        "version": "2.0",
        "class": "dataset",
        "label": table.title,
        "source": facts.publisher,
        "updated": tables.created().to_string(),
        "note": words::notes(tables).iter().map(|it| format!("{}: {}", it.about, it.says))
            .collect::<Vec<_>>(),
        "id": ids,
        "size": size,
        "role": role,
        "dimension": dimensions,
        "value": value,
        "status": status,
        "extension": { "release": facts.id, "status": { words::HIDDEN: words::hidden() } },
    })
}

fn dimension(key: &Key) -> Json {
    let codes: Vec<&str> = key.codes.iter().map(|it| it.code.as_str()).collect();
    let labels: Map<String, Json> =
        key.codes.iter().map(|it| (it.code.clone(), json!(it.label))).collect();
    json!({ "label": key.title, "category": { "index": codes, "label": labels } })
}

fn measures(measures: &[Measure]) -> Json {
    let names: Vec<&str> = measures.iter().map(|it| it.name.as_str()).collect();
    let labels: Map<String, Json> =
        measures.iter().map(|it| (it.name.clone(), json!(it.title))).collect();
    let unit = |it: &Measure| json!({ "label": it.unit, "decimals": it.decimals() });
    let units: Map<String, Json> = measures.iter().map(|it| (it.name.clone(), unit(it))).collect();
    let category = json!({ "index": names, "label": labels, "unit": units });
    json!({ "label": "Measure", "category": category })
}

/// The values in order, and the status of those that are not simply published.
fn values(table: &Table) -> (Vec<Json>, Map<String, Json>) {
    let (mut values, mut statuses) = (Vec::new(), Map::new());
    for cell in &table.cells {
        for (at, value) in cell.values.iter().enumerate() {
            let status = match value {
                Value::Hidden => Some(words::HIDDEN),
                _ if at == 0 && cell.status == Status::NearThreshold => Some(cell.status.code()),
                _ => None,
            };
            statuses.extend(status.map(|it| (values.len().to_string(), json!(it))));
            values.push(match value {
                Value::Integer(it) => json!(it),
                Value::Number(it) => json!(it),
                Value::Hidden => Json::Null,
            });
        }
    }
    (values, statuses)
}
