//! `data.csv-metadata.json`: the table described for programs (W3C CSV on the Web, 2015).

use serde_json::{Value, json};

use super::manifest::Manifest;
use super::sheet::{ALL, HIDDEN, Sheet};

/// The metadata of `data.csv`.
pub(super) fn metadata(sheet: &Sheet, manifest: &Manifest) -> Value {
    let mark = if manifest.synthetic { " (synthetic people)" } else { "" };
    let columns: Vec<Value> = sheet.header().iter().map(|name| column(name)).collect();
    json!({
        "@context": "http://www.w3.org/ns/csvw",
        "url": "data.csv",
        "dc:title": format!("{} {}{mark}", manifest.product, manifest.period),
        "dc:identifier": manifest.id,
        "dc:description": format!(
            "Every published cell is of {} people or more, with noise; {HIDDEN} is a cell of the \
             code list that is not published, {ALL} a dimension that the table is not split by.",
            manifest.floor
        ),
        "tableSchema": { "columns": columns }
    })
}

fn column(name: &str) -> Value {
    let datatype = match name {
        "people" | "people_lo" | "people_hi" | "reach_of" | "composition_of" | "rows"
        | "rows_lo" | "rows_hi" | "minutes" | "minutes_lo" | "minutes_hi" => "integer",
        name if name.starts_with("reach") || name.starts_with("composition") => "number",
        name if name.starts_with("index") => "number",
        _ => "string",
    };
    match datatype {
        "string" => json!({ "name": name, "titles": name, "datatype": datatype }),
        _ => json!({ "name": name, "titles": name, "datatype": datatype, "null": HIDDEN }),
    }
}
