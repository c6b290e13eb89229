//! Tables of the vault as Parquet: plain integers, fixed row groups, bytes that depend on the rows
//! alone.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::manifest::{Stored, damaged};
use crate::error::{Error, Result, io_error};

/// 131,072 rows: what a scan by ranges of people skips or reads at once.
const ROW_GROUP_ROWS: usize = 1 << 17;

/// Writes one table and digests its bytes on the way.
pub struct TableWriter {
    file: String,
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<Digested<BufWriter<File>>>,
}

impl TableWriter {
    /// Starts the table that will be `file` in the vault at `path`; no column can be null.
    ///
    /// # Errors
    /// A fault when the file cannot be made.
    pub fn create(file: &str, path: PathBuf, columns: &[(&str, DataType)]) -> Result<Self> {
        let field = |(name, kind): &(&str, DataType)| Field::new(*name, kind.clone(), false);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let out = File::create(&path).map_err(|cause| io_error("create", &path, &cause))?;
        let out = Digested { hasher: blake3::Hasher::new(), inner: BufWriter::new(out) };
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties()?))
            .map_err(|cause| unwritable(&path, cause))?;
        Ok(Self { file: file.to_owned(), path, schema, writer })
    }

    /// Appends rows, column by column.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn write(&mut self, columns: Vec<Arc<dyn Array>>) -> Result<()> {
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(parquet::errors::ParquetError::from)
            .and_then(|batch| self.writer.write(&batch))
            .map_err(|cause| unwritable(&self.path, cause))
    }

    /// Closes the table; its bytes are durable when this returns.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn finish(self) -> Result<Stored> {
        let out = self.writer.into_inner().map_err(|cause| unwritable(&self.path, cause))?;
        let hash = out.hasher.finalize().to_hex().to_string();
        let durable = out.inner.into_inner().map_err(io::Error::from).and_then(|it| it.sync_all());
        durable.map_err(|cause| io_error("write", &self.path, &cause))?;
        Ok(Stored { file: self.file, hash })
    }
}

/// Calls `each` with every batch of the table at `path`.
///
/// # Errors
/// `F10` when the table is damaged, and whatever `each` says.
pub fn read(path: &Path, mut each: impl FnMut(&RecordBatch) -> Result<()>) -> Result<()> {
    let file = File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(ParquetRecordBatchReaderBuilder::build)
        .map_err(|cause| damaged(path, &cause.to_string()))?;
    for batch in reader {
        each(&batch.map_err(|cause| damaged(path, &cause.to_string()))?)?;
    }
    Ok(())
}

/// The number of rows of the table at `path`.
///
/// # Errors
/// `F10` when the table is damaged.
pub fn row_count(path: &Path) -> Result<u64> {
    let file = File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
    let metadata = metadata.map_err(|cause| damaged(path, &cause.to_string()))?;
    u64::try_from(metadata.metadata().file_metadata().num_rows())
        .map_err(|_| damaged(path, "a table of less than no rows"))
}

/// The columns of the table at `path`.
///
/// # Errors
/// `F10` when the table is damaged.
pub fn schema(path: &Path) -> Result<SchemaRef> {
    let file = File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file);
    let reader = reader.map_err(|cause| damaged(path, &cause.to_string()))?;
    Ok(Arc::clone(reader.schema()))
}

/// A column of a table by its number, as the type that the vault writes.
///
/// # Errors
/// `F10` when the column is not there or of another type.
pub fn column<'batch, T: 'static>(
    batch: &'batch RecordBatch,
    number: usize,
    path: &Path,
) -> Result<&'batch T> {
    let column = batch.columns().get(number).and_then(|it| it.as_any().downcast_ref::<T>());
    column.ok_or_else(|| damaged(path, "a table has other columns than it was written with"))
}

/// The persons of a one-column table.
///
/// # Errors
/// `F10` when the table is damaged.
pub fn read_persons(path: &Path) -> Result<Vec<u32>> {
    let mut persons = Vec::new();
    read(path, |batch| {
        persons.extend_from_slice(column::<UInt32Array>(batch, 0, path)?.values());
        Ok(())
    })?;
    Ok(persons)
}

fn properties() -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(1).map_err(|it| Error::fault("F11", it.to_string()))?;
    Ok(WriterProperties::builder()
        .set_created_by("quorate".to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_dictionary_enabled(false)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_column_statistics_enabled(ColumnPath::from("person"), EnabledStatistics::Chunk)
        .build())
}

fn unwritable(path: &Path, cause: parquet::errors::ParquetError) -> Error {
    match cause {
        parquet::errors::ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(cause) => io_error("write", path, &cause),
            Err(other) => Error::fault("F11", format!("a table cannot be written: {other}")),
        },
        other => Error::fault("F11", format!("a table cannot be written: {other}")),
    }
    .at(path.display())
}

/// Passes bytes on and digests them.
struct Digested<W> {
    hasher: blake3::Hasher,
    inner: W,
}

impl<W: Write> Write for Digested<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
