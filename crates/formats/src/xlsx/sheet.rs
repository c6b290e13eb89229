//! One table on one sheet: title, a line on shorthand, header, cells.

use std::collections::BTreeSet;

use rust_xlsxwriter::{Format, Table as Marked, TableColumn, TableStyle, Worksheet, XlsxError};

use super::text;
use crate::tables::{Cell, Code, Measure, Table, Value};
use crate::words::HIDDEN;

/// The row of the first cell; title, shorthand and header stand above.
pub(super) const FIRST_ROW: u32 = 3;
/// The widest column, in letters; longer labels are cut to the eye, not in the file.
const WIDEST: usize = 60;
/// Integers beyond this lose their last digits as a spreadsheet's numbers.
const EXACT: i64 = 9_007_199_254_740_992;

/// A column: its header and its width in letters.
struct Column {
    head: String,
    width: usize,
}

pub(super) fn write(
    sheet: &mut Worksheet,
    table: &Table,
    name: &str,
    number: usize,
) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    let title = Format::new().set_bold().set_font_size(14);
    let heading = format!("Table {number}: {}", table.title);
    sheet.write_string_with_format(0, 0, text(&heading), &title)?;
    let shorthand = format!("This sheet has one table. {HIDDEN}: hidden, see the sheet Notes.");
    sheet.write_string(1, 0, shorthand)?;
    let columns = columns(table);
    let head = Format::new().set_bold().set_text_wrap();
    for (column, at) in columns.iter().zip(0..) {
        sheet.write_string_with_format(FIRST_ROW - 1, at, &column.head, &head)?;
        sheet.set_column_width(at, width(column.width))?;
    }
    sheet.set_freeze_panes(FIRST_ROW, 0)?;
    let formats: Vec<Format> = table.measures.iter().map(format).collect();
    for ((codes, cell), row) in table.rows().zip(FIRST_ROW..) {
        write_row(sheet, row, table, (&codes, cell), &formats)?;
    }
    mark(sheet, table, number, &columns, &head)
}

fn write_row(
    sheet: &mut Worksheet,
    row: u32,
    table: &Table,
    (codes, cell): (&[&Code], &Cell),
    formats: &[Format],
) -> Result<(), XlsxError> {
    let mut at = 0;
    for (key, code) in table.keys.iter().zip(codes) {
        sheet.write_string(row, at, text(&code.code))?;
        at += 1;
        if key.has_labels() {
            sheet.write_string(row, at, text(&code.label))?;
            at += 1;
        }
    }
    for (value, format) in cell.values.iter().zip(formats) {
        match value {
            Value::Integer(it) => match number(*it) {
                Some(it) => sheet.write_number_with_format(row, at, it, format)?,
                None => sheet.write_string(row, at, it.to_string())?,
            },
            Value::Number(it) => sheet.write_number_with_format(row, at, *it, format)?,
            Value::Hidden => sheet.write_string_with_format(row, at, HIDDEN, format)?,
        };
        at += 1;
    }
    sheet.write_string(row, at, cell.status.code())?;
    Ok(())
}

/// Marks the table up, so that screen readers and programs find it; an empty one cannot be.
fn mark(
    sheet: &mut Worksheet,
    table: &Table,
    number: usize,
    columns: &[Column],
    head: &Format,
) -> Result<(), XlsxError> {
    let last_row = u32::try_from(table.cells.len()).unwrap_or(u32::MAX).saturating_add(FIRST_ROW);
    let last_column = u16::try_from(columns.len()).unwrap_or(u16::MAX);
    if last_row == FIRST_ROW || last_column == 0 {
        return Ok(());
    }
    let heads: Vec<TableColumn> = columns
        .iter()
        .map(|it| TableColumn::new().set_header(&it.head).set_header_format(head))
        .collect();
    let marked = Marked::new()
        .set_name(format!("table_{number}"))
        .set_columns(&heads)
        .set_autofilter(false)
        .set_style(TableStyle::None);
    sheet.add_table(FIRST_ROW - 1, 0, last_row - 1, last_column - 1, &marked)?;
    Ok(())
}

/// The columns; a title that two of them share gives way to their names.
fn columns(table: &Table) -> Vec<Column> {
    let mut columns: Vec<(String, &str, usize)> = Vec::new();
    for key in &table.keys {
        let widest = |of: fn(&Code) -> &str| {
            key.codes.iter().map(|it| of(it).chars().count()).max().unwrap_or(0)
        };
        columns.push((key.name.clone(), &key.title, widest(|it| &it.code)));
        if key.has_labels() {
            columns.push((format!("{}_label", key.name), "", widest(|it| &it.label)));
        }
    }
    let measures = table.measures.iter().map(|it| (it.name.clone(), it.title.as_str(), 8));
    columns.extend(measures);
    columns.push(("status".to_owned(), "Status", "near_threshold".len()));
    let mut taken = BTreeSet::new();
    let repeated: BTreeSet<String> = columns
        .iter()
        .map(|it| it.1.to_lowercase())
        .filter(|it| !taken.insert(it.clone()))
        .collect();
    let head = |name: String, title: &str| {
        let short = title.chars().count() <= 255 && !title.trim().is_empty();
        if short && !repeated.contains(&title.to_lowercase()) { title.to_owned() } else { name }
    };
    let column = |(name, title, width): (String, &str, usize)| {
        let head = head(name, title);
        Column { width: width.max(head.chars().count().min(24)), head }
    };
    columns.into_iter().map(column).collect()
}

fn width(letters: usize) -> f64 {
    f64::from(u8::try_from(letters.clamp(8, WIDEST)).unwrap_or(u8::MAX)) + 2.0
}

/// The number as a spreadsheet holds it; `None` when it would lose digits.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "exact below 2^53")]
fn number(it: i64) -> Option<f64> {
    (-EXACT..=EXACT).contains(&it).then_some(it as f64)
}

fn format(measure: &Measure) -> Format {
    let digits = "0".repeat(usize::from(measure.decimals().min(30)));
    let pattern = if digits.is_empty() { "#,##0".to_owned() } else { format!("0.{digits}") };
    Format::new().set_num_format(pattern).set_align(rust_xlsxwriter::FormatAlign::Right)
}
