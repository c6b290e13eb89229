//! `data.xlsx`: cover, notes, then one sheet a table.
//!
//! After the UK Analysis Function's guidance on spreadsheets: one table a sheet from column A on, no
//! merged cells, no blank rows, shorthand explained, header frozen, numbers as numbers. Every text is
//! written as text: a label that looks like a formula stays a label. Times are the release's.

mod front;
mod sheet;

use std::collections::BTreeSet;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::tables::{Table, Tables};

const PATH: &str = "data.xlsx";

/// The most rows that a sheet has in any program.
const SHEET_ROWS: usize = 1_048_576;
/// The most UTF-16 units that a cell holds.
const CELL_UNITS: usize = 32_767;
/// The longest name of a sheet.
const SHEET_NAME: usize = 31;

/// A table and the sheet that it stands on; none when it is too long for one.
struct Place<'table> {
    table: &'table Table,
    sheet: Option<String>,
}

/// The release as a workbook.
///
/// A table of more rows than a sheet can have is left out; the cover says so.
///
/// # Errors
/// [`Wrong`] when the workbook cannot be written.
pub fn xlsx(tables: &Tables) -> Result<File> {
    let bytes = book(tables).map_err(|cause| Wrong::writing(PATH)(&cause))?;
    Ok(File::new(PATH, Kind::Xlsx, bytes))
}

fn book(tables: &Tables) -> std::result::Result<Vec<u8>, XlsxError> {
    let facts = tables.facts();
    let mut book = Workbook::new();
    let properties = DocProperties::new()
        .set_title(text(&facts.title))
        .set_subject(text(&facts.id))
        .set_creation_datetime(&ExcelDateTime::from_timestamp(tables.created().as_second())?);
    book.set_properties(&properties);
    let places = places(tables);
    front::cover(book.add_worksheet(), tables, &places)?;
    front::notes(book.add_worksheet(), tables)?;
    for (place, number) in places.iter().zip(1..) {
        if let Some(name) = &place.sheet {
            sheet::write(book.add_worksheet(), place.table, name, number)?;
        }
    }
    book.save_to_buffer()
}

/// Names a sheet for each table that fits on one.
fn places(tables: &Tables) -> Vec<Place<'_>> {
    let mut taken: BTreeSet<String> = ["cover", "notes", "history"].map(str::to_owned).into();
    let mut place = |(table, number): (&'_ Table, usize)| {
        let fits = table.cells.len() <= SHEET_ROWS - usize::try_from(sheet::FIRST_ROW).unwrap_or(0);
        let name = if table.name.len() <= SHEET_NAME && !taken.contains(&table.name) {
            table.name.clone()
        } else {
            format!("table-{number}")
        };
        taken.insert(name.clone());
        fits.then_some(name)
    };
    let numbered = tables.tables().iter().zip(1..);
    numbered.map(|(table, number)| Place { table, sheet: place((table, number)) }).collect()
}

/// `it`, cut to what a cell holds.
fn text(it: &str) -> String {
    if it.encode_utf16().count() <= CELL_UNITS {
        return it.to_owned();
    }
    let mut units = 1;
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units <= CELL_UNITS
    };
    it.chars().take_while(fits).chain(['…']).collect()
}
