//! The sheets before the data: what the release is, and how to read it.

use rust_xlsxwriter::{Format, FormatAlign, Url, Worksheet, XlsxError};

use super::{Place, text};
use crate::tables::Tables;
use crate::words;

/// Width of a column of running text, in letters.
const TEXT_WIDTH: f64 = 100.0;
/// Width of a column of headings, in letters.
const HEAD_WIDTH: f64 = 32.0;
/// Addresses longer than this are not links in every program.
const URL_LETTERS: usize = 2_000;

/// Title, what it is, how it was made safe, licence, contents.
pub(super) fn cover(
    sheet: &mut Worksheet,
    tables: &Tables,
    places: &[Place<'_>],
) -> Result<(), XlsxError> {
    let facts = tables.facts();
    let (head, wrap) = (Format::new().set_bold(), wrapped());
    sheet.set_name("Cover")?;
    sheet.set_column_width(0, HEAD_WIDTH)?.set_column_width(1, TEXT_WIDTH)?;
    let title = Format::new().set_bold().set_font_size(16);
    sheet.write_string_with_format(0, 0, text(&facts.title), &title)?;
    let lines = [
        ("What it is", facts.description.clone()),
        ("How it was made safe", words::safe(facts)),
        ("Shorthand", words::hidden()),
        ("Privacy loss", words::cost(facts)),
        ("Period", facts.period.clone()),
        ("Publisher", facts.publisher.clone()),
        ("Made", tables.created().to_string()),
        ("Release", facts.id.clone()),
        ("Licence", facts.licence.name.clone()),
    ];
    let mut row = 1;
    for (about, says) in &lines {
        sheet.write_string_with_format(row, 0, *about, &head)?;
        sheet.write_string_with_format(row, 1, text(says), &wrap)?;
        row += 1;
    }
    sheet.write_string_with_format(row, 0, "Licence text", &head)?;
    if facts.licence.url.len() <= URL_LETTERS {
        sheet.write_url(row, 1, facts.licence.url.as_str())?;
    } else {
        sheet.write_string_with_format(row, 1, text(&facts.licence.url), &wrap)?;
    }
    row += 1;
    sheet.write_string_with_format(row, 0, "Contents", &head)?;
    sheet.write_url(row, 1, link("Notes", "Notes: how to read the tables"))?;
    for (place, number) in places.iter().zip(1..) {
        row += 1;
        sheet.write_string_with_format(row, 0, format!("Table {number}"), &head)?;
        if let Some(name) = &place.sheet {
            sheet.write_url(row, 1, link(name, &text(&place.table.title)))?;
        } else {
            let says = format!("{}: too long for a sheet, see data.csv", place.table.title);
            sheet.write_string_with_format(row, 1, text(&says), &wrap)?;
        }
    }
    Ok(())
}

/// Definitions, one a row.
pub(super) fn notes(sheet: &mut Worksheet, tables: &Tables) -> Result<(), XlsxError> {
    let head = Format::new().set_bold();
    sheet.set_name("Notes")?;
    sheet.set_column_width(0, HEAD_WIDTH)?.set_column_width(1, TEXT_WIDTH)?;
    sheet.write_string_with_format(0, 0, "Notes", &head.clone().set_font_size(16))?;
    sheet.write_string_with_format(1, 0, "About", &head)?;
    sheet.write_string_with_format(1, 1, "Says", &head)?;
    let wrap = wrapped();
    let notes = words::notes(tables).into_iter().map(|it| (it.about.to_owned(), it.says));
    for ((about, says), row) in notes.chain(measures(tables)).zip(2..) {
        sheet.write_string_with_format(row, 0, text(&about), &wrap)?;
        sheet.write_string_with_format(row, 1, text(&says), &wrap)?;
    }
    Ok(())
}

/// What each measure counts; once, though many tables have it.
fn measures(tables: &Tables) -> Vec<(String, String)> {
    let mut measures: Vec<(String, String)> = Vec::new();
    for it in tables.tables().iter().flat_map(|it| &it.measures) {
        let line = (it.title.clone(), format!("Column {}; unit: {}.", it.name, it.unit));
        if !measures.contains(&line) {
            measures.push(line);
        }
    }
    measures
}

fn wrapped() -> Format {
    Format::new().set_text_wrap().set_align(FormatAlign::Top)
}

fn link(sheet: &str, says: &str) -> Url {
    Url::new(format!("internal:'{sheet}'!A1")).set_text(says)
}
