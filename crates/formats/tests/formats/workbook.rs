//! The workbook, read by calamine.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use formats::{Value, xlsx};

use super::sample;

fn open() -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(xlsx(&sample::tables()).unwrap().bytes)).unwrap()
}

fn rows(sheet: &str) -> Vec<Vec<Data>> {
    open().worksheet_range(sheet).unwrap().rows().map(<[Data]>::to_vec).collect()
}

#[test]
fn cover_and_notes_come_first_then_one_sheet_a_table() {
    let sheets =
        ["Cover", "Notes", "district_gender", "sector", "region_site", "nothing", "everybody"];
    assert_eq!(open().sheet_names(), sheets);
    for sheet in sheets {
        let blank = |row: &Vec<Data>| row.iter().all(|it| *it == Data::Empty);
        assert!(!rows(sheet).iter().any(blank), "{sheet} has a blank row");
    }
}

#[test]
fn every_value_comes_back_and_every_hidden_one_is_text() {
    let tables = sample::tables();
    for table in tables.tables() {
        let rows = rows(&table.name);
        assert_eq!(rows.len(), 3 + table.cells.len(), "{}", table.name);
        for (row, cell) in rows.iter().skip(3).zip(&table.cells) {
            let first = row.len() - 1 - cell.values.len();
            for (read, value) in row[first..].iter().zip(&cell.values) {
                match value {
                    Value::Integer(it) => assert_eq!(read.to_string(), it.to_string()),
                    Value::Number(it) => assert_eq!(read.to_string(), it.to_string()),
                    Value::Hidden => assert_eq!(*read, Data::String("[c]".to_owned())),
                }
            }
            assert_eq!(row[row.len() - 1].to_string(), cell.status.code());
        }
    }
}

#[test]
fn a_label_that_looks_like_a_formula_stays_a_label() {
    let rows = rows("region_site");
    let text = |it: &str| Data::String(it.to_owned());
    assert_eq!(rows[3][2..4], [text("=1+1"), text(sample::FORMULA)]);
    assert_eq!(rows[4][3], text(sample::AWKWARD));
    let formulas = open().worksheet_formula("region_site").unwrap();
    assert!(formulas.cells().all(|(_, _, it)| it.is_empty()));
}

#[test]
fn a_label_longer_than_a_cell_is_cut() {
    let long = rows("region_site")[5][3].to_string();
    assert_eq!(long.encode_utf16().count(), 32_767);
    assert!(long.ends_with('…'));
}
