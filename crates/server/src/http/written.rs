//! The rows of an answer as they are written: part by part, as the client takes them.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::vec;

use arrow::array::RecordBatch;
use arrow::csv;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::writer::StreamWriter;
use arrow_json::writer::{JsonArray, WriterBuilder};
use axum::body::Bytes;
use parquet::arrow::ArrowWriter;

use super::answer::{Column, Format};
use crate::limits::Held;
use crate::service::Told;

/// Rows that are written at a time.
const PART: usize = 8_192;

/// The bytes of an answer, in parts.
pub struct Written {
    rows: vec::IntoIter<RecordBatch>,
    /// None when all was written.
    writer: Option<Writer>,
    out: Out,
    /// What stands behind the rows.
    tail: Vec<u8>,
    _held: Held,
}

enum Writer {
    Json { rows: Box<arrow_json::Writer<Out, JsonArray>>, any: bool },
    Csv(Box<csv::Writer<Out>>),
    Arrow(Box<StreamWriter<Out>>),
    Parquet(Box<ArrowWriter<Out>>),
}

impl Written {
    /// An answer in a format.
    ///
    /// # Errors
    /// What cannot be written in it.
    pub fn new(told: Told, format: Format) -> Result<Self, ArrowError> {
        let Told { schema, rows, notices, held, .. } = told;
        let schema = rows.first().map_or(schema, RecordBatch::schema);
        let parts: Vec<RecordBatch> = rows.iter().flat_map(parts).collect();
        let (mut out, mut tail) = (Out::default(), Vec::new());
        if format == Format::Json {
            // Rows keep the order of their columns: they are put in as they are written.
            out.write_all(b"{\"columns\":")?;
            serde_json::to_writer(&mut out, &Column::all(&schema)).map_err(io::Error::from)?;
            out.write_all(b",\"rows\":")?;
            tail.write_all(b",\"notices\":")?;
            serde_json::to_writer(&mut tail, &notices).map_err(io::Error::from)?;
            tail.write_all(b"}")?;
        }
        let writer = Writer::new(format, &schema, &out)?;
        let mut written =
            Self { rows: parts.into_iter(), writer: Some(writer), out, tail, _held: held };
        if written.rows.len() == 0 && format == Format::Csv {
            written.write(&RecordBatch::new_empty(schema))?;
        }
        Ok(written)
    }

    fn write(&mut self, part: &RecordBatch) -> Result<(), ArrowError> {
        self.writer.as_mut().map_or(Ok(()), |it| it.write(part))
    }

    /// Writes the next part, or the end; whether there was any.
    fn step(&mut self) -> Result<bool, ArrowError> {
        if let Some(part) = self.rows.next() {
            self.write(&part)?;
            return Ok(true);
        }
        let Some(writer) = self.writer.take() else { return Ok(false) };
        writer.finish(&mut self.out)?;
        self.out.write_all(&self.tail)?;
        Ok(true)
    }
}

/// A batch in parts.
fn parts(batch: &RecordBatch) -> Vec<RecordBatch> {
    let starts = (0..batch.num_rows()).step_by(PART);
    starts.map(|at| batch.slice(at, PART.min(batch.num_rows() - at))).collect()
}

impl Iterator for Written {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            match self.step() {
                // Some formats write nothing until they have more.
                Ok(true) => {
                    let bytes = self.out.take();
                    if !bytes.is_empty() {
                        return Some(Ok(bytes.into()));
                    }
                }
                Ok(false) => return None,
                Err(cause) => {
                    // What a client has is no whole answer: the connection ends.
                    self.writer = None;
                    self.rows = Vec::new().into_iter();
                    return Some(Err(io::Error::other(cause)));
                }
            }
        }
    }
}

impl Writer {
    fn new(format: Format, schema: &SchemaRef, out: &Out) -> Result<Self, ArrowError> {
        let out = out.clone();
        Ok(match format {
            Format::Json => {
                let rows = WriterBuilder::new().with_explicit_nulls(true).build(out);
                Self::Json { rows: Box::new(rows), any: false }
            }
            Format::Csv => Self::Csv(Box::new(csv::Writer::new(out))),
            Format::Arrow => Self::Arrow(Box::new(StreamWriter::try_new(out, schema)?)),
            Format::Parquet => {
                let writer = ArrowWriter::try_new(out, SchemaRef::clone(schema), None)?;
                Self::Parquet(Box::new(writer))
            }
        })
    }

    fn write(&mut self, part: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::Json { rows, any } => {
                *any |= part.num_rows() > 0;
                rows.write(part)
            }
            Self::Csv(it) => it.write(part),
            Self::Arrow(it) => it.write(part),
            Self::Parquet(it) => Ok(it.write(part)?),
        }
    }

    fn finish(self, out: &mut Out) -> Result<(), ArrowError> {
        match self {
            Self::Json { rows: _, any: false } => Ok(out.write_all(b"[]")?),
            Self::Json { mut rows, any: true } => rows.finish(),
            Self::Csv(_) => Ok(()),
            Self::Arrow(mut it) => it.finish(),
            Self::Parquet(it) => Ok(it.close().map(drop)?),
        }
    }
}

/// Bytes between who writes and who sends them.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Out {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
