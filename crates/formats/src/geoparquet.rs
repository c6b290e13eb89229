//! `geo/<table>.parquet`: a table with the geometry of its places (GeoParquet 1.1).
//!
//! One flat table a file, as the format wants it: keys, measures, status, geometry. No statistics,
//! no page index, no bloom filter; arrays are built for this file, so dictionaries hold printed
//! values only. A hidden measure is null.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Float64Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use reference::Geography;
use serde_json::json;

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::places;
use crate::tables::{Level, Shape, Table, Tables, Value};

const ROW_GROUP_ROWS: usize = 65_536;
const GEOMETRY: &str = "geometry";

/// A file for each table that has places which are drawn.
///
/// # Errors
/// [`Wrong`] when a file cannot be written.
pub fn geoparquet(tables: &Tables) -> Result<Vec<File>> {
    let placed = tables.tables().iter().filter_map(|it| Some((it, it.place()?)));
    placed
        .map(|(table, place)| {
            let path = format!("geo/{}.parquet", table.name);
            let failed = |cause: &dyn std::fmt::Display| Wrong::writing(&path)(cause);
            let bytes =
                bytes(table, place, &tables.facts().geography).map_err(|cause| failed(&cause))?;
            Ok(File::new(path, Kind::GeoParquet, bytes))
        })
        .collect()
}

fn bytes(
    table: &Table,
    place: (usize, Level),
    geography: &Geography,
) -> parquet::errors::Result<Vec<u8>> {
    let batch = RecordBatch::try_from_iter_with_nullable(columns(table, place, geography))?;
    let about = json!({
        "version": "1.1.0",
        "primary_column": GEOMETRY,
        "columns": { GEOMETRY: {
            "encoding": "WKB",
            "geometry_types": places::geometry_type(place.1).into_iter().collect::<Vec<_>>(),
            "orientation": "counterclockwise",
        } },
    });
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_created_by("quorate".to_owned())
        .set_key_value_metadata(Some(vec![KeyValue::new(
            "geo".to_owned(),
            crate::json_stat::canonical(about).to_string(),
        )]))
        .build();
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options)?;
    writer.write(&batch)?;
    writer.into_inner()
}

fn columns(
    table: &Table,
    (place, level): (usize, Level),
    geography: &Geography,
) -> Vec<(String, ArrayRef, bool)> {
    let mut columns: Vec<(String, ArrayRef, bool)> = Vec::new();
    for (at, key) in table.keys.iter().enumerate() {
        let text = |label: bool| -> ArrayRef {
            let of = |row: Vec<&crate::Code>| {
                row.get(at).map(|it| if label { it.label.clone() } else { it.code.clone() })
            };
            Arc::new(table.rows().map(|it| of(it.0)).collect::<StringArray>())
        };
        columns.push((key.name.clone(), text(false), false));
        if key.has_labels() {
            columns.push((format!("{}_label", key.name), text(true), false));
        }
    }
    for (at, measure) in table.measures.iter().enumerate() {
        let values = table.cells.iter().map(|it| it.values.get(at).copied());
        let array: ArrayRef = match measure.shape {
            Shape::Integer => Arc::new(values.map(integer).collect::<Int64Array>()),
            Shape::Decimal(_) => Arc::new(values.map(number).collect::<Float64Array>()),
        };
        columns.push((measure.name.clone(), array, true));
    }
    let status = table.cells.iter().map(|it| Some(it.status.code()));
    columns.push(("status".to_owned(), Arc::new(status.collect::<StringArray>()), false));
    let geometries: Vec<Option<Vec<u8>>> = table
        .keys
        .get(place)
        .map(|key| key.codes.iter().map(|it| places::wkb(geography, level, &it.code)).collect())
        .unwrap_or_default();
    let geometry = |cell: usize| {
        let at = table.positions(cell).get(place).copied()?;
        geometries.get(at).and_then(Option::as_deref)
    };
    let geometry: BinaryArray = (0..table.cells.len()).map(geometry).collect();
    columns.push((GEOMETRY.to_owned(), Arc::new(geometry), true));
    columns
}

fn integer(value: Option<Value>) -> Option<i64> {
    match value? {
        Value::Integer(it) => Some(it),
        Value::Number(_) | Value::Hidden => None,
    }
}

fn number(value: Option<Value>) -> Option<f64> {
    match value? {
        Value::Number(it) => Some(it),
        Value::Integer(_) | Value::Hidden => None,
    }
}
