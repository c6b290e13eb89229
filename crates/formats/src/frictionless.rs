//! `datapackage.json`: `data.csv` described for pipelines (Frictionless Data Package).
//!
//! The columns are those of the file's own header; what is known of them comes from the tables.
//! `[c]` and `[x]` are missing values everywhere but in the status, which says them in words.

use serde_json::{Value as Json, json};

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::json_stat::canonical;
use crate::tables::{Key, Measure, Shape, Tables};
use crate::words;

const PATH: &str = "datapackage.json";

/// The description of `data`, the release's `data.csv`.
///
/// # Errors
/// [`Wrong`] when the file has no header.
pub fn data_package(tables: &Tables, data: &File) -> Result<File> {
    let mut reader = csv::Reader::from_reader(data.bytes.as_slice());
    let header = reader
        .headers()
        .map_err(|cause| Wrong::new(&data.path, cause, "give the release's data.csv"))?;
    let keys: Vec<&str> = header.iter().filter(|it| is_key(tables, it)).collect();
    let fields: Vec<Json> = header.iter().map(|it| field(tables, it)).collect();
    let facts = tables.facts();
    let package = json!({
        "profile": "tabular-data-package",
        "name": name(&facts.id),
        "id": facts.id,
        "title": facts.title,
        "description": format!("{}\n\n{}", facts.description, words::safe(facts)),
        "created": tables.created().to_string(),
        "licenses": [{ "name": name(&facts.licence.name), "title": facts.licence.name,
                       "path": facts.licence.url }],
        "sources": [{ "title": facts.publisher }],
        "resources": [{
            "profile": "tabular-data-resource",
            "name": name(data.path.trim_end_matches(".csv")),
            "path": data.path,
            "format": "csv",
            "mediatype": Kind::Csv.media_type(),
            "encoding": "utf-8",
            "bytes": data.size(),
            "hash": format!("sha256:{}", data.sha256()),
            "schema": {
                "fields": fields,
                "primaryKey": keys,
                "missingValues": [words::HIDDEN, words::MISSING],
            },
        }],
    });
    let bytes = serde_json::to_vec_pretty(&canonical(package))
        .map_err(|cause| Wrong::writing(PATH)(&cause))?;
    Ok(File::new(PATH, Kind::DataPackage, bytes))
}

fn is_key(tables: &Tables, column: &str) -> bool {
    column == "level" || key(tables, column).is_some()
}

fn key<'release>(tables: &'release Tables, column: &str) -> Option<&'release Key> {
    tables.tables().iter().flat_map(|it| &it.keys).find(|it| it.name == column)
}

fn measure<'release>(tables: &'release Tables, column: &str) -> Option<&'release Measure> {
    tables.tables().iter().flat_map(|it| &it.measures).find(|it| it.name == column)
}

fn field(tables: &Tables, column: &str) -> Json {
    let (title, kind, about) = match (key(tables, column), measure(tables, column)) {
        (Some(key), _) => (
            key.title.as_str(),
            "string",
            "A code of a public list; `all` where the table is not split by it.".to_owned(),
        ),
        (_, Some(it)) => {
            let kind = if it.shape == Shape::Integer { "integer" } else { "number" };
            (it.title.as_str(), kind, format!("Unit: {}. {}", it.unit, words::hidden()))
        }
        _ if column == "level" => ("Table", "string", "The table of the row.".to_owned()),
        _ if column == "status" => {
            let about = format!("A, near_threshold or {}.", words::HIDDEN);
            return json!({ "name": column, "title": "Status", "type": "string",
                           "description": about, "missingValues": [words::MISSING],
                           "constraints": { "required": true } });
        }
        _ => (column, "string", String::new()),
    };
    json!({ "name": column, "title": title, "type": kind, "description": about })
}

/// A name as the format wants it: lower case, digits, `.`, `_`, `-`.
fn name(it: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() || "._-".contains(it) { it } else { '-' };
    it.to_ascii_lowercase().chars().map(plain).collect()
}
