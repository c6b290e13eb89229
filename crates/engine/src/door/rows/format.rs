//! The two formats: which columns a file has, and how its batches are read.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use flate2::read::MultiGzDecoder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};

use super::{Batches, Meter, damaged};
use crate::door::mapping::Format;
use crate::door::nearest::choices;
use crate::door::schema::Column;
use crate::door::source::SourceFile;
use crate::error::{Error, Result, io_error};

/// The columns of a file.
pub struct StoredColumns {
    schema: Arc<Schema>,
    /// Parquet knows types; in CSV everything is text.
    parquet: Option<ArrowReaderMetadata>,
}

/// Reads the header or the schema of a file, and nothing more.
///
/// # Errors
/// `I24` when it is damaged or of no known format.
pub fn columns(file: &SourceFile) -> Result<StoredColumns> {
    if format_of(file)? == Format::Parquet {
        let open = File::open(&file.path).map_err(|cause| io_error("read", &file.path, &cause))?;
        let metadata = ArrowReaderMetadata::load(&open, ArrowReaderOptions::default())
            .map_err(|cause| damaged(&file.path, &cause.to_string()))?;
        return Ok(StoredColumns {
            schema: Arc::clone(metadata.schema()),
            parquet: Some(metadata),
        });
    }
    let csv = file.mapping.csv;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .delimiter(delimiter(csv.delimiter))
        .from_reader(plain(file, &Arc::default())?);
    let mut first = csv::StringRecord::new();
    reader.read_record(&mut first).map_err(|cause| damaged(&file.path, &cause.to_string()))?;
    let name = |(at, field): (usize, &str)| {
        if csv.header { field.trim_start_matches('\u{feff}').to_owned() } else { at.to_string() }
    };
    let fields = (1..).zip(first.iter()).map(name);
    let fields: Vec<Field> = fields.map(|it| Field::new(it, DataType::Utf8, true)).collect();
    Ok(StoredColumns { schema: Arc::new(Schema::new(fields)), parquet: None })
}

impl StoredColumns {
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
            let names = self.schema.fields().iter().map(|it| it.name().as_str());
            return Err(Error::input("I32", format!("the file has no column `{name}`"))
                .at(place)
                .allowed(choices(name, names)));
        };
        if self.parquet.is_some() && !column.kind.reads(field.data_type(), mapping.time) {
            let what = format!("the column `{name}` holds {}", field.data_type());
            return Err(Error::input("I33", what)
                .at(place)
                .allowed(column.kind.describe(mapping.time)));
        }
        Ok(at)
    }
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
    if let Some(metadata) = stored.parquet {
        let open = File::open(&file.path).map_err(|cause| io_error("read", &file.path, &cause))?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns);
        let rows =
            u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or_default();
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(open, metadata)
            .with_projection(mask)
            .with_batch_size(chunk_rows)
            .build()
            .map_err(|cause| broken(cause.to_string()))?;
        return Ok((Box::new(reader), Meter::RowsOf(rows)));
    }
    let done = Arc::new(AtomicU64::new(0));
    let reader = ReaderBuilder::new(stored.schema)
        .with_header(file.mapping.csv.header)
        .with_delimiter(delimiter(file.mapping.csv.delimiter))
        .with_projection(columns)
        .with_batch_size(chunk_rows)
        .build_buffered(BufReader::with_capacity(1 << 18, plain(file, &done)?))
        .map_err(|cause| broken(cause.to_string()))?;
    Ok((Box::new(reader), Meter::Bytes(done)))
}

/// The format of a file by its mapping, else by its extension.
fn format_of(file: &SourceFile) -> Result<Format> {
    if let Some(format) = file.mapping.format {
        return Ok(format);
    }
    let ends = |ending: &str| file.label.to_ascii_lowercase().ends_with(ending);
    if ends(".parquet") {
        return Ok(Format::Parquet);
    }
    if [".csv", ".csv.gz", ".csv.zst", ".tsv", ".txt"].iter().any(|it| ends(it)) {
        return Ok(Format::Csv);
    }
    Err(Error::input("I24", format!("the format of `{}` is not known by its name", file.label))
        .at(file.path.display())
        .allowed(".parquet, .csv, .csv.gz, .csv.zst")
        .remedy("set format = \"csv\" or \"parquet\" in the mapping"))
}

/// The plain bytes of a CSV file; `done` counts those of the file itself.
fn plain(file: &SourceFile, done: &Arc<AtomicU64>) -> Result<Box<dyn Read + Send>> {
    let wrong = |cause: io::Error| io_error("read", &file.path, &cause);
    let open = File::open(&file.path).map_err(wrong)?;
    let open = Counted { inner: open, done: Arc::clone(done) };
    match file.path.extension().and_then(|it| it.to_str()) {
        Some("gz") => Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 17, open)))),
        Some("zst") => Ok(Box::new(zstd::Decoder::new(open).map_err(wrong)?)),
        _ => Ok(Box::new(open)),
    }
}

/// Counts what is read through it.
struct Counted {
    inner: File,
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
