//! COPY … TO STDOUT: rows in text, CSV or binary. Source: PostgreSQL 16, COPY.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow_pg::encoder::encode_value;
use futures::stream;
use pgwire::api::results::{CopyCsvOptions, CopyEncoder, CopyResponse, CopyTextOptions, FieldInfo};
use pgwire::error::PgWireResult;

use crate::limits::Held;

/// How rows are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// In what.
    pub kind: Kind,
    /// Whether the first row has the names of columns; text and CSV.
    pub header: bool,
    /// What stands between values, where it is not the usual.
    pub delimiter: Option<char>,
    /// What stands for no value, where it is not the usual.
    pub null: Option<String>,
    /// What stands around values of CSV, where it is not the usual.
    pub quote: Option<char>,
    /// What stands before a quote in values of CSV, where it is not the usual.
    pub escape: Option<char>,
}

/// In what rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    #[default]
    Text,
    /// Comma-separated values.
    Csv,
    /// Binary.
    Binary,
}

/// The answer that has these rows in this layout, each written when the client takes it.
///
/// # Errors
/// Names of columns that cannot be written as PostgreSQL would.
pub fn response(
    fields: Arc<Vec<FieldInfo>>,
    (batches, held): (Vec<RecordBatch>, Held),
    layout: &Layout,
) -> PgWireResult<CopyResponse> {
    let mut encoder = encoder(&fields, layout);
    let mut first = None;
    if layout.header && layout.kind != Kind::Binary {
        for field in fields.iter() {
            encoder.encode_field(&field.name())?;
        }
        first = Some(Ok(encoder.take_copy()));
    }
    let is_binary = layout.kind == Kind::Binary;
    if is_binary && batches.iter().all(|it| it.num_rows() == 0) {
        first = Some(Ok(encoder.take_copy()));
    }
    let width = fields.len();
    let places = batches.into_iter().flat_map(|batch| {
        let batch = Arc::new(batch);
        (0..batch.num_rows()).map(move |row| (Arc::clone(&batch), row))
    });
    let rows = places.map(move |(batch, row)| {
        let _until_taken = &held;
        let columns = batch.columns().iter().zip(batch.schema_ref().fields());
        for ((column, of), field) in columns.zip(fields.iter()) {
            encode_value(&mut encoder, column, row, of, field)?;
        }
        Ok(encoder.take_copy())
    });
    let data = stream::iter(first.into_iter().chain(rows));
    Ok(CopyResponse::new(i8::from(is_binary), width, data))
}

fn encoder(fields: &Arc<Vec<FieldInfo>>, layout: &Layout) -> CopyEncoder {
    let fields = Arc::clone(fields);
    let text = |it: char| it.to_string().as_str().into();
    match layout.kind {
        Kind::Binary => CopyEncoder::new_binary(fields),
        Kind::Text => {
            let mut options = CopyTextOptions::default();
            if let Some(it) = layout.delimiter {
                options.delimiter = text(it);
            }
            if let Some(it) = &layout.null {
                options.null_string = it.as_str().into();
            }
            CopyEncoder::new_text(fields, options)
        }
        Kind::Csv => {
            let mut options = CopyCsvOptions::default();
            if let Some(it) = layout.delimiter {
                options.delimiter = text(it);
            }
            if let Some(it) = layout.quote {
                options.quote = text(it);
                options.escape = text(it);
            }
            if let Some(it) = layout.escape {
                options.escape = text(it);
            }
            if let Some(it) = &layout.null {
                options.null_string = it.as_str().into();
            }
            CopyEncoder::new_csv(fields, options)
        }
    }
}
