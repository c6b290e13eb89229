//! Rows of synthetic data as CSV and as Parquet, each marked: the first column is `synthetic`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, BooleanBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use crate::error::Result;
use crate::folder::Draft;
use crate::{MARK, NOTICE};

const ROW_GROUP_ROWS: usize = 65_536;

/// What a column holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    /// `true` or `false`.
    Flag,
}

enum Column {
    Text(StringBuilder),
    Flag(BooleanBuilder),
}

/// Two files with the same rows.
pub(crate) struct Rows {
    name: String,
    csv: csv::Writer<BufWriter<File>>,
    parquet: ArrowWriter<BufWriter<File>>,
    schema: Arc<Schema>,
    columns: Vec<Column>,
    pending: usize,
}

impl Rows {
    /// Starts `<name>.csv` and `<name>.parquet` with these columns after the mark.
    pub fn create(draft: &mut Draft, name: &str, columns: &[(String, Kind)]) -> Result<Self> {
        let mut csv = csv::Writer::from_writer(draft.create(&format!("{name}.csv"))?);
        let header = std::iter::once(MARK).chain(columns.iter().map(|it| it.0.as_str()));
        csv.write_record(header).map_err(|it| draft.failed(name, &it))?;
        let kind = |kind: Kind| match kind {
            Kind::Text => DataType::Utf8,
            Kind::Flag => DataType::Boolean,
        };
        let mark = Field::new(MARK, DataType::Boolean, false);
        let fields = columns.iter().map(|it| Field::new(&it.0, kind(it.1), false));
        let schema = Arc::new(Schema::new(std::iter::once(mark).chain(fields).collect::<Vec<_>>()));
        let notes = [(MARK, "true"), ("notice", NOTICE)];
        let notes = notes.map(|(key, text)| KeyValue::new(key.to_owned(), text.to_owned()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::None)
            .set_created_by("quorate-twin".to_owned())
            .set_key_value_metadata(Some(notes.to_vec()))
            .build();
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let file = draft.create(&format!("{name}.parquet"))?;
        let parquet = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)
            .map_err(|it| draft.failed(name, &it))?;
        let column = |it: &(String, Kind)| match it.1 {
            Kind::Text => Column::Text(StringBuilder::new()),
            Kind::Flag => Column::Flag(BooleanBuilder::new()),
        };
        let columns = columns.iter().map(column).collect();
        Ok(Self { name: name.to_owned(), csv, parquet, schema, columns, pending: 0 })
    }

    /// Adds a row: one field for each column after the mark.
    pub fn add(&mut self, draft: &Draft, fields: &[&str]) -> Result<()> {
        let record = std::iter::once("true").chain(fields.iter().copied());
        self.csv.write_record(record).map_err(|it| draft.failed(&self.name, &it))?;
        for (column, field) in self.columns.iter_mut().zip(fields) {
            match column {
                Column::Text(column) => column.append_value(field),
                Column::Flag(column) => column.append_value(*field == "true"),
            }
        }
        self.pending += 1;
        if self.pending == ROW_GROUP_ROWS { self.flush(draft) } else { Ok(()) }
    }

    /// Ends both files.
    pub fn finish(mut self, draft: &Draft) -> Result<()> {
        self.flush(draft)?;
        self.csv.flush().map_err(|it| draft.failed(&self.name, &it))?;
        let file = self.parquet.into_inner().map_err(|it| draft.failed(&self.name, &it))?;
        file.into_inner().map(drop).map_err(|it| draft.failed(&self.name, &it))
    }

    fn flush(&mut self, draft: &Draft) -> Result<()> {
        let mark: ArrayRef = Arc::new(BooleanArray::from(vec![true; self.pending]));
        let fields = self.columns.iter_mut().map(|it| -> ArrayRef {
            match it {
                Column::Text(it) => Arc::new(it.finish()),
                Column::Flag(it) => Arc::new(it.finish()),
            }
        });
        let columns = std::iter::once(mark).chain(fields).collect();
        self.pending = 0;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        let batch = batch.map_err(|it| draft.failed(&self.name, &it))?;
        self.parquet.write(&batch).map_err(|it| draft.failed(&self.name, &it))
    }
}

/// Rows under their header as CSV, marked.
pub(crate) fn csv(header: &[String], rows: &[Vec<String>]) -> std::io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(std::iter::once(MARK).chain(header.iter().map(String::as_str)))?;
    for row in rows {
        out.write_record(std::iter::once("true").chain(row.iter().map(String::as_str)))?;
    }
    let mut bytes = out.into_inner().map_err(csv::IntoInnerError::into_error)?;
    bytes.flush()?;
    Ok(bytes)
}
