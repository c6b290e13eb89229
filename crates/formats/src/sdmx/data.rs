//! `sdmx/<table>.csv`: a row for every value.

use super::{Lists, VERSION, id};
use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::tables::{Cell, Measure, Status, Table, Tables, Value};

/// The columns after the dimensions.
const AFTER: [&str; 5] = ["INDICATOR", "TIME_PERIOD", "OBS_VALUE", "OBS_STATUS", "CONF_STATUS"];

pub(super) fn file(tables: &Tables, lists: &Lists<'_>, table: &Table) -> Result<File> {
    let path = format!("sdmx/{}.csv", table.name);
    let bytes = bytes(tables, lists, table).map_err(|cause| Wrong::writing(&path)(&cause))?;
    Ok(File::new(path, Kind::SdmxCsv, bytes))
}

fn bytes(tables: &Tables, lists: &Lists<'_>, table: &Table) -> csv::Result<Vec<u8>> {
    let facts = tables.facts();
    let agency = id::agency(&facts.publisher);
    let flow = format!("{agency}:{}({VERSION})", super::structure::flow(tables, table));
    let mut out = csv::Writer::from_writer(Vec::new());
    let keys = table.keys.iter().map(|it| id::name(&it.name));
    let before = ["STRUCTURE", "STRUCTURE_ID", "ACTION"].map(str::to_owned);
    out.write_record(before.into_iter().chain(keys).chain(AFTER.map(str::to_owned)))?;
    let codes =
        |column: &str| lists.get(table, column).map(|it| it.codes.as_slice()).unwrap_or_default();
    let keys: Vec<_> = table.keys.iter().map(|it| codes(&it.name)).collect();
    let indicators = codes("");
    for (at, cell) in table.cells.iter().enumerate() {
        let positions = table.positions(at);
        let of = |(key, at): (&&[(String, &str)], &usize)| key.get(*at).map(|it| it.0.clone());
        let codes: Vec<String> = keys.iter().zip(&positions).filter_map(of).collect();
        for (number, (measure, indicator)) in table.measures.iter().zip(indicators).enumerate() {
            let mut row = vec!["dataflow".to_owned(), flow.clone(), "I".to_owned()];
            row.extend(codes.iter().cloned());
            row.extend([indicator.0.clone(), facts.period.clone()]);
            row.extend(observation(measure, cell, number));
            out.write_record(row)?;
        }
    }
    out.into_inner().map_err(|cause| cause.into_error().into())
}

/// The value and its two statuses.
fn observation(measure: &Measure, cell: &Cell, number: usize) -> [String; 3] {
    let value = cell.values.get(number).copied().unwrap_or(Value::Hidden);
    match measure.print(value) {
        None => ["", "Q", "C"].map(str::to_owned),
        Some(it) if number == 0 && cell.status == Status::NearThreshold => {
            [it, "U".to_owned(), "F".to_owned()]
        }
        Some(it) => [it, "E".to_owned(), "F".to_owned()],
    }
}
