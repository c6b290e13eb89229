//! The tables of places: cells, and where nobody is to be counted. Always CSV.

use std::path::Path;

use super::{Format, SimulateError};
use crate::land::{Land, SENSITIVE_RADIUS_M, round};
use crate::table::{Column, Columns, Kind, Table, Texts, push_digits};

const CELLS: Columns = &[
    ("cell_id", Kind::Text),
    ("latitude", Kind::Text),
    ("longitude", Kind::Text),
    ("technology", Kind::Text),
    ("valid_date_start", Kind::Text),
    ("valid_date_end", Kind::Text),
];

pub(super) fn cells(land: &Land, raw: &Path) -> Result<(), SimulateError> {
    let mut columns: [Texts; 6] = std::array::from_fn(|_| Texts::default());
    for (number, cell) in (0_u32..).zip(&land.cells) {
        let [id, lat, lon, technology, start, end] = &mut columns;
        let place = round(cell.lat, cell.lon);
        id.push_new(|out| push_cell(out, number));
        lat.push_new(|out| push_degrees(out, place.0));
        lon.push_new(|out| push_degrees(out, place.1));
        technology
            .push_new(|out| out.extend_from_slice(if number % 2 == 0 { b"nr" } else { b"lte" }));
        start.push_new(|out| out.extend_from_slice(b"2019-01-01"));
        if cell.retired {
            end.push_new(|out| out.extend_from_slice(b"2026-06-30"));
        } else {
            end.push_none();
        }
    }
    write(CELLS, "cells", &columns, raw)
}

const SENSITIVE: Columns = &[
    ("name", Kind::Text),
    ("kind", Kind::Text),
    ("latitude", Kind::Text),
    ("longitude", Kind::Text),
    ("radius_m", Kind::Text),
];

/// Places where nobody is to be counted.
pub(super) fn sensitive(land: &Land, raw: &Path) -> Result<(), SimulateError> {
    let kinds = ["clinic", "worship", "refuge", "prison", "military"];
    let mut columns: [Texts; 5] = std::array::from_fn(|_| Texts::default());
    for ((number, place), kind) in land.sensitive.iter().enumerate().zip(kinds.iter().cycle()) {
        let [name, of_kind, lat, lon, radius] = &mut columns;
        name.push_new(|out| out.extend_from_slice(format!("{kind} {number}").as_bytes()));
        of_kind.push_new(|out| out.extend_from_slice(kind.as_bytes()));
        lat.push_new(|out| push_degrees(out, place.0));
        lon.push_new(|out| push_degrees(out, place.1));
        radius.push_new(|out| push_degrees(out, SENSITIVE_RADIUS_M));
    }
    write(SENSITIVE, "sensitive_places", &columns, raw)
}

fn write(columns: Columns, name: &str, rows: &[Texts], raw: &Path) -> Result<(), SimulateError> {
    let table = Table::new(columns, Format::Csv)?;
    let rows: Vec<Column> = rows.iter().map(Column::Texts).collect();
    let mut file = table.create(raw, name)?;
    file.append(table.encode(&rows)?)?;
    file.close()
}

/// A number with a point.
fn push_degrees(out: &mut Vec<u8>, number: f64) {
    out.extend_from_slice(format!("{number:?}").as_bytes());
}

/// The name of a cell in files.
pub(super) fn push_cell(out: &mut Vec<u8>, cell: u32) {
    out.extend_from_slice(b"00101-");
    push_digits(out, cell.into(), 7);
}
