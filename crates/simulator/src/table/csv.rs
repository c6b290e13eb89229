//! Columns as lines of CSV. No text of a raw table has a comma, a quote or a line break.

use super::values::{Column, push_digits};

/// The rows of `columns`.
pub(super) fn lines(columns: &[Column]) -> Vec<u8> {
    let rows = columns.first().map_or(0, Column::rows);
    let mut out = Vec::with_capacity(rows * ROW_BYTES);
    let mut cursors: Vec<Cursor> = columns.iter().map(Cursor::new).collect();
    for row in 0..rows {
        for cursor in &mut cursors {
            cursor.write(row, &mut out);
            out.push(b',');
        }
        if let Some(end) = out.last_mut() {
            *end = b'\n';
        }
    }
    out
}

/// 96 bytes hold a row of most tables.
const ROW_BYTES: usize = 96;

/// Goes through a column: rows without a value have none in the list of values either.
struct Cursor<'rows> {
    column: Column<'rows>,
    value: usize,
    missing: std::iter::Peekable<std::slice::Iter<'rows, usize>>,
}

impl<'rows> Cursor<'rows> {
    fn new(column: &Column<'rows>) -> Self {
        let missing = column.missing().iter().peekable();
        Self { column: *column, value: 0, missing }
    }

    fn write(&mut self, row: usize, out: &mut Vec<u8>) {
        if self.missing.next_if(|it| **it == row).is_some() {
            return;
        }
        match self.column {
            Column::Texts(texts) => {
                let code = texts.codes.get(self.value).copied().unwrap_or_default();
                out.extend_from_slice(texts.text(usize::try_from(code).unwrap_or(usize::MAX)));
            }
            Column::Longs(numbers) => {
                number(out, numbers.values.get(self.value).copied().unwrap_or_default());
            }
            Column::Ints(numbers) => {
                number(out, numbers.values.get(self.value).copied().unwrap_or_default().into());
            }
            Column::Flags(flags) => {
                let flag = flags.get(self.value).copied().unwrap_or_default();
                out.extend_from_slice(if flag { b"true" } else { b"false" });
            }
        }
        self.value += 1;
    }
}

impl<'rows> Column<'rows> {
    fn rows(&self) -> usize {
        match self {
            Self::Texts(it) => it.rows(),
            Self::Longs(it) => it.values.len() + it.missing.len(),
            Self::Ints(it) => it.values.len() + it.missing.len(),
            Self::Flags(it) => it.len(),
        }
    }

    fn missing(&self) -> &'rows [usize] {
        match self {
            Self::Texts(it) => &it.missing,
            Self::Longs(it) => &it.missing,
            Self::Ints(it) => &it.missing,
            Self::Flags(_) => &[],
        }
    }
}

fn number(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    let digits = value.checked_ilog10().unwrap_or_default() + 1;
    push_digits(out, value, usize::try_from(digits).unwrap_or(1));
}
