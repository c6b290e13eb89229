//! Writes raw tables as Parquet or CSV, a batch of rows at a time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::world::{Format, SimulateError};

/// Rows in a batch and in a row group.
pub(crate) const BATCH_ROWS: usize = 131_072;

/// An open table.
pub(crate) struct TableFile {
    path: PathBuf,
    schema: SchemaRef,
    writer: Writer,
}

enum Writer {
    Parquet(Box<ArrowWriter<File>>),
    Csv(Box<arrow::csv::Writer<File>>),
}

impl TableFile {
    pub fn create(
        folder: &Path,
        name: &str,
        format: Format,
        schema: Schema,
    ) -> Result<Self, SimulateError> {
        let path = folder.join(format!("{name}.{}", format.extension()));
        let file = File::create(&path).map_err(|cause| SimulateError::write(&path, &cause))?;
        let schema = Arc::new(schema);
        let writer = match format {
            Format::Csv => Writer::Csv(Box::new(arrow::csv::Writer::new(file))),
            Format::Parquet => {
                let level = ZstdLevel::try_new(1).unwrap_or_default();
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(level))
                    .set_max_row_group_row_count(Some(BATCH_ROWS))
                    .build();
                let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(|it| SimulateError::write(&path, &it))?))
            }
        };
        Ok(Self { path, schema, writer })
    }

    pub fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), SimulateError> {
        let wrong = |cause: &dyn std::fmt::Display| SimulateError::write(&self.path, cause);
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|it| wrong(&it))?;
        match &mut self.writer {
            Writer::Parquet(writer) => writer.write(&batch).map_err(|it| wrong(&it)),
            Writer::Csv(writer) => writer.write(&batch).map_err(|it| wrong(&it)),
        }
    }

    pub fn close(self) -> Result<(), SimulateError> {
        match self.writer {
            Writer::Parquet(writer) => {
                writer.close().map(drop).map_err(|it| SimulateError::write(&self.path, &it))
            }
            Writer::Csv(_) => Ok(()),
        }
    }
}
