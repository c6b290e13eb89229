//! The formats: which columns a file has, and how its batches are read.

use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use flate2::read::MultiGzDecoder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use parquet::file::metadata::RowGroupMetaData;

use super::lines::Mark;
use super::{Batches, Meter, damaged};
use crate::door::mapping::{Format, Mapping};
use crate::door::nearest::choices;
use crate::door::schema::Column;
use crate::door::source::{Extent, Part, SourceFile};
use crate::door::store::{ObjectReader, Windows};
use crate::error::{Error, Result, io_error};

/// The columns of a file.
pub struct StoredColumns {
    schema: Arc<Schema>,
    stored: Stored,
}

/// What is known about a file beside the names of its columns.
enum Stored {
    /// Everything is text.
    Csv,
    /// Everything is text; a column is known when one of the first lines has it.
    Jsonl,
    /// Columns have types.
    Parquet(ArrowReaderMetadata),
}

/// How many lines of a JSON file are asked which columns there are.
const SAMPLE_LINES: usize = 1 << 10;

/// Reads the header or the schema of a file, and nothing more.
///
/// # Errors
/// `I24` when it is damaged or of no known format.
pub fn columns(file: &SourceFile) -> Result<StoredColumns> {
    match format_of(file)? {
        Format::Parquet => {
            let metadata =
                ArrowReaderMetadata::load(&Windows::new(file.object.clone()), plain_types())
                    .map_err(|cause| damaged(&file.path, &cause.to_string()))?;
            let schema = Arc::clone(metadata.schema());
            Ok(StoredColumns { schema, stored: Stored::Parquet(metadata) })
        }
        Format::Csv => Ok(StoredColumns { schema: texts(header(file)?), stored: Stored::Csv }),
        Format::Jsonl => Ok(StoredColumns { schema: texts(keys(file)?), stored: Stored::Jsonl }),
    }
}

/// Cuts a file into about `count` parts that can be read side by side; one where it has no parts.
///
/// # Errors
/// `I24` when it is damaged.
pub fn parts(file: &SourceFile, count: usize) -> Result<Vec<SourceFile>> {
    let parts = match columns(file)?.stored {
        Stored::Parquet(metadata) => parts_of_groups(metadata.metadata().row_groups(), count),
        Stored::Csv => parts_of_lines(file, count),
        Stored::Jsonl => Vec::new(),
    };
    let own = |part| SourceFile { part: Some(part), ..file.clone() };
    let parts: Vec<SourceFile> = parts.into_iter().map(own).collect();
    Ok(if parts.is_empty() { vec![file.clone()] } else { parts })
}

fn parts_of_groups(groups: &[RowGroupMetaData], count: usize) -> Vec<Part> {
    let each = groups.len().div_ceil(count.max(1)).max(1);
    let mut first_row = 1;
    let starts = (0..groups.len()).step_by(each);
    let part = |from: usize| {
        let range = from..(from + each).min(groups.len());
        let own = groups.get(range.clone()).unwrap_or_default();
        let rows = own.iter().map(RowGroupMetaData::num_rows);
        let part = Part { extent: Extent::Groups(range), first_row };
        first_row += u64::try_from(rows.sum::<i64>()).unwrap_or_default();
        part
    };
    starts.map(part).collect()
}

/// Parts from mark to mark; the header is in the first.
fn parts_of_lines(file: &SourceFile, count: usize) -> Vec<Part> {
    let header = u64::from(file.mapping.csv.header);
    let each = file.marks.len().div_ceil(count.max(1)).max(1);
    let cuts = file.marks.iter().skip(each - 1).step_by(each);
    let mut starts = vec![Mark { offset: 0, rows_before: header }];
    starts.extend(cuts.take(count.saturating_sub(1)));
    let ends = starts.iter().skip(1).map(|it| it.offset).chain([file.bytes]);
    let part = |(start, end): (&Mark, u64)| Part {
        extent: Extent::Bytes(start.offset..end),
        first_row: start.rows_before + 1 - header,
    };
    starts.iter().zip(ends).map(part).collect()
}

/// Parquet's own types are enough; a writer's note about others may be damaged, and is not read.
fn plain_types() -> ArrowReaderOptions {
    ArrowReaderOptions::new().with_skip_arrow_metadata(true)
}

fn texts(names: Vec<String>) -> Arc<Schema> {
    let fields = names.into_iter().map(|it| Field::new(it, DataType::Utf8, true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The names in a CSV file's first row, or its columns' numbers from 1.
fn header(file: &SourceFile) -> Result<Vec<String>> {
    let csv = file.mapping.csv;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter(csv.delimiter))
        .from_reader(plain(file, 0..file.bytes, &Arc::default())?);
    let mut first = csv::StringRecord::new();
    reader.read_record(&mut first).map_err(|cause| damaged(&file.path, &cause.to_string()))?;
    let name = |(at, field): (usize, &str)| {
        if csv.header { field.trim_start_matches('\u{feff}').to_owned() } else { at.to_string() }
    };
    Ok((1..).zip(first.iter()).map(name).collect())
}

/// The keys of the first objects of a file of JSON lines, in the order in which they appear.
fn keys(file: &SourceFile) -> Result<Vec<String>> {
    let objects = serde_json::Deserializer::from_reader(BufReader::new(plain(
        file,
        0..file.bytes,
        &Arc::default(),
    )?));
    let objects = objects.into_iter::<serde_json::Map<String, serde_json::Value>>();
    let mut names = Vec::new();
    for object in objects.take(SAMPLE_LINES) {
        for (name, _) in object.map_err(|cause| damaged(&file.path, &cause.to_string()))? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    // An empty value may have no key at all; what must be there is there in the first lines.
    let optional = file.mapping.class.columns().iter().filter(|it| !it.mandatory);
    for name in optional.filter_map(|it| file.mapping.columns.get(it.name)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

impl StoredColumns {
    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.schema.fields().iter().map(|it| it.name().as_str())
    }

    /// The number of the column `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.schema.column_with_name(name).map(|it| it.0)
    }

    /// The number of the column `name`, when it can be read as `column`.
    ///
    /// # Errors
    /// `I32` when it is not there, `I33` when it is of another type.
    pub fn find(&self, name: &str, column: &Column, file: &SourceFile) -> Result<usize> {
        let mapping = &file.mapping;
        let place = format!(
            "{}, [columns] {} = \"{name}\", file {}",
            mapping.path.display(),
            column.name,
            file.path.display()
        );
        let Some((at, field)) = self.schema.column_with_name(name) else {
            let names: Vec<&str> =
                self.schema.fields().iter().map(|it| it.name().as_str()).collect();
            let error = Error::input("I32", format!("the file has no column `{name}`")).at(place);
            // A file without a header has a person's row in its place, which no error may show.
            return Err(if look_like_names(&names) {
                error.allowed(choices(name, names.iter().copied()))
            } else {
                error
                    .allowed("a first row that names the columns; this one does not look like names")
                    .remedy("if the file has no header, say [csv] header = false and number the columns")
            });
        };
        let typed = matches!(self.stored, Stored::Parquet(_));
        if typed && !column.kind.reads(field.data_type(), mapping.time) {
            let what = format!("the column `{name}` holds {}", field.data_type());
            return Err(Error::input("I33", what)
                .at(place)
                .allowed(column.kind.describe(mapping.time)));
        }
        Ok(at)
    }
}

/// Whether these can be the names of columns: short, and none with digits as ids and dates have.
///
/// One that cannot be a name means that none is.
pub fn look_like_names(names: &[&str]) -> bool {
    let plain = |name: &&str| {
        let digits = name.chars().filter(char::is_ascii_digit).count();
        let known = |it: char| it.is_alphanumeric() || "_-. ()/".contains(it);
        (1..=40).contains(&name.chars().count()) && digits <= 2 && name.chars().all(known)
    };
    names.iter().all(plain)
}

/// The batches of a file with the columns of these numbers, ascending.
///
/// # Errors
/// `I24` when the file is damaged, a fault when it cannot be read.
pub fn batches(
    file: &SourceFile,
    stored: StoredColumns,
    columns: Vec<usize>,
    chunk_rows: usize,
) -> Result<(Batches, Meter)> {
    let broken = |cause: String| damaged(&file.path, &cause);
    let done = Arc::new(AtomicU64::new(0));
    let extent = file.part.as_ref().map(|it| it.extent.clone());
    let range = match &extent {
        Some(Extent::Bytes(range)) => range.clone(),
        _ => 0..file.bytes,
    };
    let begins = range.start == 0;
    let bytes = || Ok::<_, Error>(BufReader::with_capacity(1 << 18, plain(file, range, &done)?));
    match stored.stored {
        Stored::Parquet(metadata) => {
            let open = Windows::new(file.object.clone());
            let mask = ProjectionMask::roots(metadata.parquet_schema(), columns);
            let rows = metadata.metadata().file_metadata().num_rows();
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(open, metadata)
                .with_projection(mask)
                .with_batch_size(chunk_rows);
            let reader = match extent {
                Some(Extent::Groups(groups)) => reader.with_row_groups(groups.collect()),
                _ => reader,
            };
            let reader = reader.build().map_err(|cause| broken(cause.to_string()))?;
            Ok((Box::new(reader), Meter::RowsOf(u64::try_from(rows).unwrap_or_default())))
        }
        Stored::Csv => {
            let reader = ReaderBuilder::new(stored.schema)
                .with_header(file.mapping.csv.header && begins)
                .with_delimiter(delimiter(file.mapping.csv.delimiter))
                .with_projection(columns)
                .with_batch_size(chunk_rows)
                .build_buffered(bytes()?)
                .map_err(|cause| broken(cause.to_string()))?;
            Ok((Box::new(reader), Meter::Bytes(done)))
        }
        Stored::Jsonl => {
            let wanted = stored.schema.project(&columns);
            let wanted = wanted.map_err(|cause| broken(cause.to_string()))?;
            // Numbers and flags become their own text; what is nested is null, as if it were absent.
            let reader = arrow_json::ReaderBuilder::new(Arc::new(wanted))
                .with_coerce_primitive(true)
                .with_ignore_type_conflicts(true)
                .with_batch_size(chunk_rows)
                .build(bytes()?)
                .map_err(|cause| broken(cause.to_string()))?;
            Ok((Box::new(reader), Meter::Bytes(done)))
        }
    }
}

/// The format of a file by its mapping, else by its extension.
fn format_of(file: &SourceFile) -> Result<Format> {
    format_by_name(&file.mapping, &file.label).ok_or_else(|| {
        Error::input("I24", format!("the format of `{}` is not known by its name", file.label))
            .at(file.path.display())
            .allowed(".parquet; .csv, .jsonl, .ndjson, plain or with .gz or .zst")
            .remedy("set format = \"csv\", \"jsonl\" or \"parquet\" in the mapping")
    })
}

fn format_by_name(mapping: &Mapping, label: &str) -> Option<Format> {
    if mapping.format.is_some() {
        return mapping.format;
    }
    let name = label.to_ascii_lowercase();
    let name = [".gz", ".zst"].iter().find_map(|it| name.strip_suffix(it)).unwrap_or(&name);
    match name.rsplit_once('.')?.1 {
        "parquet" => Some(Format::Parquet),
        "csv" | "tsv" | "txt" => Some(Format::Csv),
        "jsonl" | "ndjson" | "json" => Some(Format::Jsonl),
        _ => None,
    }
}

/// How the bytes of a file of text are packed.
fn packing(label: &str) -> Option<&str> {
    label.rsplit_once('.').map(|it| it.1).filter(|it| ["gz", "zst"].contains(it))
}

/// Whether a file is CSV that stands there as it is, so that its rows can be found in its bytes.
pub fn is_plain_csv(mapping: &Mapping, label: &str) -> bool {
    format_by_name(mapping, label) == Some(Format::Csv) && packing(label).is_none()
}

/// The plain bytes of a `range` of a file of text; `done` counts those of the file itself.
fn plain(
    file: &SourceFile,
    range: Range<u64>,
    done: &Arc<AtomicU64>,
) -> Result<Box<dyn Read + Send>> {
    let wrong = |cause: io::Error| io_error("read", &file.path, &cause);
    let open = Counted { inner: file.object.reader(range), done: Arc::clone(done) };
    match packing(&file.label) {
        Some("gz") => Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 17, open)))),
        Some("zst") => Ok(Box::new(zstd::Decoder::new(open).map_err(wrong)?)),
        _ => Ok(Box::new(open)),
    }
}

/// Counts what is read through it.
struct Counted {
    inner: ObjectReader,
    done: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.done.fetch_add(u64::try_from(read).unwrap_or_default(), Ordering::Relaxed);
        Ok(read)
    }
}

/// The delimiter as a byte; a mapping is checked to hold an ASCII one.
fn delimiter(character: char) -> u8 {
    u8::try_from(character).unwrap_or(b',')
}
