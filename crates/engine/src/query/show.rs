//! An answer as text: a table for people, CSV and JSON for programs.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch, StringArray};
use arrow::csv::WriterBuilder;
use arrow::util::display::FormatOptions;
use arrow::util::pretty::pretty_format_batches_with_options;
use arrow_json::WriterBuilder as JsonBuilder;
use arrow_json::writer::JsonArray;

use super::Answer;
use crate::error::{Error, Result};

impl Answer {
    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A table with borders; nothing is printed as `NULL`.
    ///
    /// # Errors
    /// A fault when a column cannot be printed.
    pub fn to_table(&self) -> Result<String> {
        let options = FormatOptions::default().with_null("NULL");
        let empty = RecordBatch::new_empty(Arc::clone(&self.schema));
        let rows = if self.rows.is_empty() { std::slice::from_ref(&empty) } else { &self.rows[..] };
        let shown = pretty_format_batches_with_options(rows, &options);
        shown.map(|it| it.to_string()).map_err(|cause| unprintable(&cause))
    }

    /// The text of its first column, a line each row.
    #[must_use]
    pub fn lines(&self) -> String {
        let columns = self.rows.iter().filter_map(|it| it.columns().first());
        let texts = columns.filter_map(|it| it.as_any().downcast_ref::<StringArray>());
        let lines: Vec<&str> = texts.flat_map(|it| it.iter().flatten()).collect();
        lines.join("\n")
    }

    /// CSV with a header; an unknown value is an empty field.
    ///
    /// # Errors
    /// A fault when a column cannot be written.
    pub fn to_csv(&self) -> Result<String> {
        let mut out = Vec::new();
        let mut writer = WriterBuilder::new().with_header(true).build(&mut out);
        let empty = RecordBatch::new_empty(Arc::clone(&self.schema));
        let rows = if self.rows.is_empty() { std::slice::from_ref(&empty) } else { &self.rows[..] };
        rows.iter().try_for_each(|it| writer.write(it)).map_err(|cause| unprintable(&cause))?;
        drop(writer);
        String::from_utf8(out).map_err(|cause| Error::fault("F03", cause.to_string()))
    }

    /// A JSON array of one object a row, unknown values included.
    ///
    /// # Errors
    /// A fault when a column cannot be written.
    pub fn to_json(&self) -> Result<serde_json::Value> {
        let mut writer =
            JsonBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
        let rows: Vec<&RecordBatch> = self.rows.iter().collect();
        let written = writer.write_batches(&rows).and_then(|()| writer.finish());
        written.map_err(|cause| unprintable(&cause))?;
        let bytes = writer.into_inner();
        let bytes = if bytes.is_empty() { b"[]".to_vec() } else { bytes };
        serde_json::from_slice(&bytes).map_err(|cause| Error::fault("F03", cause.to_string()))
    }
}

fn unprintable(cause: &arrow::error::ArrowError) -> Error {
    Error::fault("F03", format!("the answer cannot be shown: {cause}"))
}
