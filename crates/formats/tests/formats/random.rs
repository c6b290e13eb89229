//! Random releases with any text in labels: every format writes them, twice the same, and hides as
//! many values as the release does.

use formats::{
    Cell, Code, Key, Kind, Level, Measure, Shape, Status, Table, Tables, Value, every_file,
    sdmx_csv,
};
use proptest::prelude::*;

use super::sample;

/// Any text that a label may be: no control characters but the line feed.
fn label() -> impl Strategy<Value = String> {
    let letters = "[ -~\n]|[\u{a1}-\u{d7ff}]|[\u{e000}-\u{fffd}]|[😀-😏]";
    let awkward = "[=+@\\-][ -~]{0,20}|[,;\"'&<>\\]\\[]{1,9}|_x0041_| +|\\.\\./[a-z]{1,5}";
    proptest::string::string_regex(&format!("({letters}){{1,40}}|{awkward}")).unwrap()
}

fn key(name: &'static str, level: Option<Level>) -> impl Strategy<Value = Key> {
    proptest::collection::btree_map(label(), label(), 0..4).prop_map(move |codes| Key {
        name: name.to_owned(),
        title: name.to_owned(),
        codes: codes.into_iter().map(|(code, label)| Code { code, label }).collect(),
        level,
    })
}

fn cell() -> impl Strategy<Value = Cell> {
    let number = prop_oneof![Just(Value::Hidden), (0.0..1.0).prop_map(Value::Number)];
    prop_oneof![
        Just(Cell { values: vec![Value::Hidden; 2], status: Status::Hidden }),
        (any::<i64>(), number, any::<bool>()).prop_map(|(people, share, near)| Cell {
            values: vec![Value::Integer(people), share],
            status: if near { Status::NearThreshold } else { Status::Normal },
        }),
    ]
}

fn table() -> impl Strategy<Value = Table> {
    let level = prop_oneof![Just(None), Just(Some(Level::District)), Just(Some(Level::Sector))];
    let keys = level.prop_flat_map(|level| (key("place", level), key("group", None)));
    (keys, label()).prop_flat_map(|((place, group), title)| {
        let cells = place.codes.len() * group.codes.len();
        let keys = vec![place, group];
        proptest::collection::vec(cell(), cells).prop_map(move |cells| Table {
            name: "random".to_owned(),
            title: title.clone(),
            keys: keys.clone(),
            measures: vec![
                measure("people", &title, Shape::Integer),
                measure("share", &title, Shape::Decimal(5)),
            ],
            cells,
        })
    })
}

fn measure(name: &str, title: &str, shape: Shape) -> Measure {
    Measure { name: name.to_owned(), title: title.to_owned(), unit: title.to_owned(), shape }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_release_is_written_and_hides_what_it_hides(table in table()) {
        let hidden = table.cells.iter().flat_map(|it| &it.values);
        let hidden = hidden.filter(|it| **it == Value::Hidden).count();
        let tables = Tables::new(sample::facts(), vec![table]).unwrap();
        let data = sample::data_csv(&tables);
        let files = every_file(&tables, std::slice::from_ref(&data)).unwrap();
        let again = every_file(&tables, std::slice::from_ref(&data)).unwrap();
        prop_assert!(files == again);

        let bytes = &sample::file(&files, "json-stat/random.json").bytes;
        let json: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let nulls = json["value"].as_array().unwrap().iter().filter(|it| it.is_null()).count();
        prop_assert_eq!(nulls, hidden);

        let sdmx = &sdmx_csv(&tables).unwrap()[0].bytes;
        let mut reader = csv::Reader::from_reader(sdmx.as_slice());
        let confidential = |row: &csv::StringRecord| &row[row.len() - 1] == "C";
        let rows = reader.records().map(Result::unwrap);
        prop_assert_eq!(rows.filter(confidential).count(), hidden);

        if let Some(file) = files.iter().find(|it| it.kind == Kind::GeoParquet) {
            prop_assert_eq!(in_geoparquet(&file.bytes), hidden);
        }
        prop_assert_eq!(in_workbook(&sample::file(&files, "data.xlsx").bytes), hidden);
        prop_assert_eq!(in_geopackage(&sample::file(&files, "data.gpkg").bytes), hidden);
    }
}

fn in_geoparquet(bytes: &[u8]) -> usize {
    use arrow::array::Array;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
    let bytes = bytes::Bytes::copy_from_slice(bytes);
    let batches = ParquetRecordBatchReader::try_new(bytes, 1024).unwrap().map(Result::unwrap);
    let nulls = |batch: arrow::array::RecordBatch| {
        let measures = ["people", "share"].map(|it| batch.column_by_name(it).unwrap().null_count());
        measures.iter().sum::<usize>()
    };
    batches.map(nulls).sum()
}

fn in_workbook(bytes: &[u8]) -> usize {
    use calamine::{Data, Reader, Xlsx};
    let mut book: Xlsx<_> = Xlsx::new(std::io::Cursor::new(bytes.to_vec())).unwrap();
    let range = book.worksheet_range("random").unwrap();
    let measures = |row: &[Data]| row[row.len() - 3..row.len() - 1].to_vec();
    let values = range.rows().skip(3).flat_map(measures);
    values.filter(|it| *it == Data::String("[c]".to_owned())).count()
}

fn in_geopackage(bytes: &[u8]) -> usize {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let sql = "SELECT count(*) FILTER (WHERE people IS NULL) \
               + count(*) FILTER (WHERE share IS NULL) FROM random";
    let hidden: u32 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    hidden.try_into().unwrap()
}
