//! Opens a source file and yields its rows in canonical columns, a chunk at a time.
//!
//! CSV, JSON lines and Parquet meet here: what comes out has the columns of the class, in their order and
//! kinds. A value that cannot be read as its kind is null; the caller decides what that means.
//! Guarantee: never more than one chunk of one file in memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, StringArray, UInt32Array, new_null_array,
};
use arrow::compute::{CastOptions, cast_with_options, take};
use arrow::datatypes::{DataType, Int64Type};
use arrow::error::ArrowError;

use roaring::RoaringTreemap;

use super::mapping::Mapping;
use super::schema::{Column, Kind, TimeFormat, utc_milliseconds};
use super::source::SourceFile;
use super::tally::{Reason, Tally};
use crate::error::{Error, Result};

mod format;
mod inspect;
mod lines;

pub use format::{is_plain_csv, parts};
pub use inspect::inspect;
pub use lines::{LineMarks, Mark};

/// 65,536: a few megabytes a chunk.
const CHUNK_ROWS: usize = 1 << 16;

/// How far a reader is.
enum Meter {
    /// Bytes of the file that were read.
    Bytes(Arc<AtomicU64>),
    /// All rows of the file.
    RowsOf(u64),
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

/// Rows of one file in canonical columns.
pub struct Chunk {
    columns: Vec<ArrayRef>,
    /// Columns off the contract: rows with a value there are not to be taken.
    off: Vec<ArrayRef>,
    /// The number of rows.
    pub rows: usize,
    /// The number of the first row in its file, from 1.
    pub first_row: u64,
    /// The rows to take; all when absent.
    only: Option<Arc<RoaringTreemap>>,
    /// The rows that are no rows any more.
    deleted: Option<Arc<RoaringTreemap>>,
}

/// The rows of an open file.
pub struct SourceRows<'file> {
    file: &'file SourceFile,
    places: Vec<Place>,
    /// Positions of columns that are off the contract.
    off: Vec<usize>,
    batches: Batches,
    meter: Meter,
    first_row: u64,
    next_row: u64,
}

/// Where a canonical column comes from.
enum Place {
    /// A column of each batch, by number.
    Stored(usize),
    /// One value for all rows.
    Constant(ArrayRef),
    /// Nowhere: null for all rows.
    Absent,
}

impl<'file> SourceRows<'file> {
    /// Opens a file.
    ///
    /// # Errors
    /// `I24` when the file is damaged, `I32` when a column is not there, `I33` when it is of
    /// another kind, `I35` when a constant cannot be read.
    pub fn open(file: &'file SourceFile) -> Result<Self> {
        Self::open_with(file, CHUNK_ROWS)
    }

    fn open_with(file: &'file SourceFile, chunk_rows: usize) -> Result<Self> {
        let stored = guarded(&file.path, || format::columns(file))?;
        let mapping = &file.mapping;
        let mut wanted: Vec<usize> = Vec::new();
        let mut places = Vec::new();
        for column in mapping.class.columns() {
            let place = if let Some(name) = mapping.columns.get(column.name) {
                let at = stored.find(name, column, file)?;
                wanted.push(at);
                Place::Stored(at)
            } else if let Some(value) = mapping.constants.get(column.name) {
                Place::Constant(constant(value, column, mapping)?)
            } else {
                Place::Absent
            };
            places.push(place);
        }
        let mut off: Vec<usize> =
            file.off_contract.iter().filter_map(|it| stored.position(it)).collect();
        wanted.extend(&off);
        wanted.sort_unstable();
        wanted.dedup();
        let read = |at: usize| wanted.binary_search(&at).unwrap_or_default();
        for place in &mut places {
            if let Place::Stored(at) = place {
                *at = read(*at);
            }
        }
        for at in &mut off {
            *at = read(*at);
        }
        let (batches, meter) =
            guarded(&file.path, || format::batches(file, stored, wanted, chunk_rows))?;
        let first_row = file.part.as_ref().map_or(1, |it| it.first_row);
        Ok(Self { file, places, off, batches, meter, first_row, next_row: first_row })
    }

    /// The next chunk; `None` at the end.
    ///
    /// # Errors
    /// `I24` when the file turns out to be damaged.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>> {
        let next = guarded(&self.file.path, || Ok(self.batches.next()))?;
        let Some(batch) = next else { return Ok(None) };
        let batch = batch.map_err(|cause| self.broken(&cause.to_string()))?;
        let kinds = self.file.mapping.class.columns();
        let columns = self.places.iter().zip(kinds).map(|(place, column)| {
            place
                .values(&batch, column.kind, self.file.mapping.time)
                .map_err(|cause| damaged(&self.file.path, &cause.to_string()))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let first_row = self.next_row;
        self.next_row += u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        let (only, deleted) = (self.file.only.clone(), self.file.deleted.clone());
        let off = self.off.iter().map(|at| Arc::clone(batch.column(*at))).collect();
        Ok(Some(Chunk { columns, off, rows: batch.num_rows(), first_row, only, deleted }))
    }
}

impl SourceRows<'_> {
    /// A damaged file; a reader of a part counts its lines from there.
    fn broken(&self, why: &str) -> Error {
        let error = damaged(&self.file.path, why);
        let place =
            format!("{}, lines counted from row {}", self.file.path.display(), self.first_row);
        if self.first_row > 1 { error.at(place) } else { error }
    }

    /// How many bytes of the file are behind, about.
    pub fn bytes_done(&self) -> u64 {
        let bytes = self.file.bytes;
        match &self.meter {
            Meter::Bytes(done) => done.load(Ordering::Relaxed).min(bytes),
            Meter::RowsOf(all) => {
                bytes.saturating_mul(self.next_row - self.first_row) / (*all).max(1)
            }
        }
    }
}

impl Place {
    fn values(
        &self,
        batch: &RecordBatch,
        kind: Kind,
        time: TimeFormat,
    ) -> Result<ArrayRef, ArrowError> {
        match self {
            Self::Stored(at) => canonical(batch.column(*at), kind, time),
            Self::Constant(value) => {
                take(value, &UInt32Array::from(vec![0; batch.num_rows()]), None)
            }
            Self::Absent => Ok(new_null_array(&kind.canonical(), batch.num_rows())),
        }
    }
}

/// Reads stored values as a kind; what cannot be read is null.
fn canonical(values: &ArrayRef, kind: Kind, time: TimeFormat) -> Result<ArrayRef, ArrowError> {
    let lenient = CastOptions { safe: true, ..CastOptions::default() };
    let cast = |values: &ArrayRef, to: &DataType| {
        if values.data_type() == to {
            return Ok(Arc::clone(values));
        }
        cast_with_options(values, to, &lenient)
    };
    let instant =
        matches!(values.data_type(), DataType::Timestamp(_, _)) || time == TimeFormat::Rfc3339;
    if kind == Kind::Time && instant {
        return cast(&cast(values, &utc_milliseconds())?, &DataType::Int64);
    }
    cast(values, &kind.canonical())
}

fn constant(value: &str, column: &Column, mapping: &Mapping) -> Result<ArrayRef> {
    let stored: ArrayRef = Arc::new(StringArray::from(vec![value]));
    // A constant instant may be written either way, whatever the file does.
    let formats = [mapping.time, TimeFormat::Rfc3339];
    let mut read = formats.iter().filter_map(|time| canonical(&stored, column.kind, *time).ok());
    read.find(|it| it.null_count() == 0).ok_or_else(|| {
        Error::input("I35", format!("[constants] {} = \"{value}\" cannot be read", column.name))
            .at(mapping.path.display())
            .allowed(column.kind.describe(mapping.time))
    })
}

impl Chunk {
    /// A column of texts.
    pub fn text(&self, number: usize) -> &StringArray {
        self.columns[number].as_string()
    }

    /// A column of whole numbers or instants.
    pub fn integer(&self, number: usize) -> &arrow::array::Int64Array {
        self.columns[number].as_primitive::<Int64Type>()
    }

    /// A column of numbers.
    pub fn real(&self, number: usize) -> &arrow::array::Float64Array {
        self.columns[number].as_primitive::<arrow::datatypes::Float64Type>()
    }

    /// A column of flags.
    pub fn flag(&self, number: usize) -> &arrow::array::BooleanArray {
        self.columns[number].as_boolean()
    }

    /// A column of days since 1970.
    pub fn day(&self, number: usize) -> &arrow::array::Date32Array {
        self.columns[number].as_primitive::<arrow::datatypes::Date32Type>()
    }

    /// The rows to take, with their numbers in the file.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, u64)> {
        self.chosen().filter(|it| !self.is_off(it.0))
    }

    fn chosen(&self) -> impl Iterator<Item = (usize, u64)> {
        let chosen = |number: u64| {
            self.only.as_ref().is_none_or(|it| it.contains(number))
                && self.deleted.as_ref().is_none_or(|it| !it.contains(number))
        };
        (0..self.rows).zip(self.first_row..).filter(move |it| chosen(it.1))
    }

    fn is_off(&self, row: usize) -> bool {
        self.off.iter().any(|it| it.is_valid(row))
    }

    /// Counts what [`Self::numbered`] leaves out, and values that are absent or cannot be read.
    pub fn note(&self, mapping: &Mapping, tally: &mut Tally) {
        if !self.off.is_empty() {
            for (_, number) in self.chosen().filter(|it| self.is_off(it.0)) {
                tally.add::<()>(number, Err(Reason::OffContract));
            }
        }
        self.note_nulls(mapping, tally);
    }

    fn note_nulls(&self, mapping: &Mapping, tally: &mut Tally) {
        for (values, column) in self.columns.iter().zip(mapping.class.columns()) {
            if mapping.columns.contains_key(column.name) {
                tally
                    .add_nulls(column.name, u64::try_from(values.null_count()).unwrap_or_default());
            }
        }
    }
}

/// The names of a file's columns; none where a row of data may stand in their place.
///
/// # Errors
/// `I24` when the file is damaged.
pub fn column_names(file: &SourceFile) -> Result<Vec<String>> {
    let stored = guarded(&file.path, || format::columns(file))?;
    let names: Vec<&str> = stored.names().collect();
    let names = if format::look_like_names(&names) { names } else { Vec::new() };
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// A value when it is there.
pub fn value_of<T: arrow::datatypes::ArrowPrimitiveType>(
    values: &arrow::array::PrimitiveArray<T>,
    row: usize,
) -> Option<T::Native> {
    values.is_valid(row).then(|| values.value(row))
}

/// A text when it is there; an empty one is not.
pub fn text_of(values: &StringArray, row: usize) -> Option<&str> {
    values.is_valid(row).then(|| values.value(row)).filter(|it| !it.is_empty())
}

/// A file whose bytes are not what its name says; `why` is what a library said of it.
fn damaged(path: &Path, why: &str) -> Error {
    let why = without_values(why);
    Error::input("I24", format!("the file cannot be read to its end: {why}"))
        .at(path.display())
        .allowed("whole CSV or JSON lines in UTF-8 (plain, .gz, .zst), or whole Parquet")
        .remedy("deliver the file again; nothing of this batch was loaded")
}

/// Lets a library read bytes that may be damaged; one that gives up in a panic has found damage.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(damaged(path, "it is damaged")))
}

/// A library's message without what may be a value of the file, such as an id: everything quoted or
/// bracketed, and every number that is not a line, row or column.
fn without_values(message: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in message.split_whitespace() {
        if word.contains(['"', '\'', '`', '{', '[', '<', '\u{2018}', '\u{201c}']) {
            words.push("…");
            break;
        }
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let place = words.last().is_some_and(|it| ["line", "row", "column"].contains(it));
        words.push(if digits > 2 && !place { "…" } else { word });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn a_message_keeps_its_places_and_loses_its_values() {
        let check = |message: &str, kept: &str| assert_eq!(without_values(message), kept);
        check("invalid type: string \"447700900123\", at line 10", "invalid type: string …");
        check("expected a map at line 1045 column 124", "expected a map at line 1045 column 124");
        check("cannot read 447700900123 as a number", "cannot read … as a number");
        check("got 'x' in row 3", "got …");
    }
}
