//! The geopackage, read by SQLite, and GeoParquet, read by the parquet crate's reader.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type};
use formats::{Shape, Table, Value, geopackage, geoparquet};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::RowGroupMetaData;
use rusqlite::Connection;

use super::sample;

/// The geopackage in a file, and the connection to it.
fn open() -> (tempfile::NamedTempFile, Connection) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), geopackage(&sample::tables()).unwrap().bytes).unwrap();
    let connection = Connection::open(file.path()).unwrap();
    (file, connection)
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_geopackage_says_what_it_is_and_is_whole() {
    let (_file, connection) = open();
    assert_eq!(number(&connection, "PRAGMA application_id"), 0x4750_4B47);
    assert_eq!(number(&connection, "PRAGMA user_version"), 10_400);
    let check: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
    let broken = "SELECT count(*) FROM pragma_foreign_key_check";
    assert_eq!(number(&connection, broken), 0);
    let times = "SELECT count(DISTINCT last_change) FROM gpkg_contents \
                 WHERE last_change = '2026-11-03T09:30:00.000Z'";
    assert_eq!(number(&connection, times), 1);
    let britain = "SELECT count(*) FROM gpkg_contents WHERE data_type = 'features' \
                   AND min_x BETWEEN -9 AND max_x AND max_x < 2 \
                   AND min_y BETWEEN 49 AND max_y AND max_y < 61";
    assert_eq!(number(&connection, britain), 4);
}

#[test]
fn every_layer_is_registered_and_has_a_geometry_in_every_row() {
    let (_file, connection) = open();
    for (layer, rows) in [("district_gender", 6), ("sector", 2)] {
        let geometry = format!(
            "SELECT count(*) FROM \"{layer}\" WHERE substr(geom, 1, 8) = x'47500001E6100000'"
        );
        assert_eq!(number(&connection, &geometry), rows, "{layer}");
        let listed = format!(
            "SELECT count(*) FROM gpkg_contents JOIN gpkg_geometry_columns USING (table_name) \
             WHERE table_name = '{layer}' AND data_type = 'features' AND column_name = 'geom'"
        );
        assert_eq!(number(&connection, &listed), 1, "{layer}");
    }
    let plain = "SELECT count(*) FROM gpkg_contents WHERE data_type = 'attributes'";
    assert_eq!(number(&connection, plain), 5);
}

#[test]
fn a_hidden_value_is_null_in_the_geopackage_and_no_other_is() {
    let (_file, connection) = open();
    let tables = sample::tables();
    for table in tables.tables() {
        let order =
            if table.keys.first().is_some_and(|it| it.level.is_some()) { "1" } else { "fid" };
        let order = if table.name == "region_site" { "fid" } else { order };
        for (at, measure) in table.measures.iter().enumerate() {
            let sql =
                format!("SELECT \"{}\" FROM \"{}\" ORDER BY {order}", measure.name, table.name);
            let mut statement =
                connection.prepare(&sql.replace("ORDER BY 1", "ORDER BY OGC_FID")).unwrap();
            let read: Vec<Option<f64>> =
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            assert_eq!(read, values(table, at), "{} {}", table.name, measure.name);
        }
    }
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "small numbers of a test")]
fn values(table: &Table, measure: usize) -> Vec<Option<f64>> {
    let value = |value: Value| match value {
        Value::Integer(it) => Some(it as f64),
        Value::Number(it) => Some(it),
        Value::Hidden => None,
    };
    table.cells.iter().map(|it| value(it.values[measure])).collect()
}

#[test]
fn geoparquet_holds_the_same_values_and_a_hidden_one_is_null() {
    let tables = sample::tables();
    let files = geoparquet(&tables).unwrap();
    let paths: Vec<&str> = files.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["geo/district_gender.parquet", "geo/sector.parquet"]);
    for (file, table) in files.iter().zip(tables.tables()) {
        let bytes = bytes::Bytes::from(file.bytes.clone());
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap().build().unwrap();
        let batch = reader.map(Result::unwrap).next().unwrap();
        for (at, measure) in table.measures.iter().enumerate() {
            let column = batch.column_by_name(&measure.name).unwrap();
            let read: Vec<Option<f64>> = match measure.shape {
                #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "small")]
                Shape::Integer => column
                    .as_primitive::<Int64Type>()
                    .iter()
                    .map(|it| it.map(|it| it as f64))
                    .collect(),
                Shape::Decimal(_) => column.as_primitive::<Float64Type>().iter().collect(),
            };
            assert_eq!(read, values(table, at), "{}", measure.name);
        }
        let geometry = batch.column_by_name("geometry").unwrap();
        assert_eq!((geometry.len(), geometry.null_count()), (table.cells.len(), 0));
        // Well-known binary, little endian: a point is 1, a multipolygon is 6.
        let kind = if table.name == "sector" { 1 } else { 6 };
        let first = geometry.as_binary::<i32>().value(0);
        assert_eq!(first[..5], [1, kind, 0, 0, 0]);
    }
}

#[test]
fn geoparquet_carries_no_statistics_and_no_index() {
    for file in geoparquet(&sample::tables()).unwrap() {
        let bytes = bytes::Bytes::from(file.bytes);
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let metadata = builder.metadata();
        let keys = metadata.file_metadata().key_value_metadata().unwrap();
        assert_eq!(keys.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), ["geo"]);
        for column in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
            assert!(column.statistics().is_none());
            assert!(column.bloom_filter_offset().is_none());
            assert!(column.column_index_offset().is_none());
            assert!(column.offset_index_offset().is_none());
            assert!(column.geo_statistics().is_none());
        }
    }
}
