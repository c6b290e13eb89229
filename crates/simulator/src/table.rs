//! Raw tables, column by column, as Parquet or CSV: encoded by whoever made the rows, appended in order.

mod csv;
mod parquet;
mod values;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ::parquet::file::writer::SerializedFileWriter;

use self::parquet::{Layout, RowGroup};
use crate::world::{Format, SimulateError};

pub(crate) use values::{Column, Numbers, Texts, push_digits};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text, or nothing.
    Text,
    /// 64 bits with a sign.
    Long,
    /// The same, or nothing.
    LongOrNone,
    /// 31 bits.
    Int,
    /// The same, or nothing.
    IntOrNone,
    Flag,
}

/// The columns of a table by name.
pub(crate) type Columns = &'static [(&'static str, Kind)];

/// How a table is written.
pub(crate) struct Table {
    columns: Columns,
    /// None for CSV.
    layout: Option<Layout>,
}

/// Rows of a table, encoded.
pub(crate) enum Part {
    RowGroup(RowGroup),
    Lines(Vec<u8>),
}

impl Table {
    pub fn new(columns: Columns, format: Format) -> Result<Self, SimulateError> {
        let layout = match format {
            Format::Csv => None,
            Format::Parquet => Some(Layout::new(columns).map_err(|it| SimulateError::encode(&it))?),
        };
        Ok(Self { columns, layout })
    }

    /// Encodes `columns`, in the order of the table's and all with as many rows.
    pub fn encode(&self, columns: &[Column]) -> Result<Part, SimulateError> {
        match &self.layout {
            None => Ok(Part::Lines(csv::lines(columns))),
            Some(layout) => {
                let group = layout.encode(columns).map_err(|it| SimulateError::encode(&it))?;
                Ok(Part::RowGroup(group))
            }
        }
    }

    /// Makes the file `folder/name.<extension>`.
    pub fn create(&self, folder: &Path, name: &str) -> Result<TableFile, SimulateError> {
        let format = if self.layout.is_some() { Format::Parquet } else { Format::Csv };
        let path = folder.join(format!("{name}.{}", format.extension()));
        let wrong = |cause: &dyn std::fmt::Display| SimulateError::write(&path, cause);
        let file = File::create(&path).map_err(|cause| wrong(&cause))?;
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let writer = if let Some(layout) = &self.layout {
            Writer::Parquet(Box::new(layout.file(file).map_err(|it| wrong(&it))?))
        } else {
            let names: Vec<&str> = self.columns.iter().map(|it| it.0).collect();
            writeln!(file, "{}", names.join(",")).map_err(|it| wrong(&it))?;
            Writer::Csv(file)
        };
        Ok(TableFile { path, writer })
    }
}

/// 256 KiB: few calls of the system, little memory for two files a day.
const BUFFER_BYTES: usize = 1 << 18;

/// An open file of a table.
pub(crate) struct TableFile {
    path: PathBuf,
    writer: Writer,
}

enum Writer {
    Parquet(Box<SerializedFileWriter<BufWriter<File>>>),
    Csv(BufWriter<File>),
}

impl TableFile {
    /// Appends rows; a part of the other format is none.
    pub fn append(&mut self, part: Part) -> Result<(), SimulateError> {
        let wrong = |cause: &dyn std::fmt::Display| SimulateError::write(&self.path, cause);
        match (&mut self.writer, part) {
            (Writer::Parquet(file), Part::RowGroup(group)) => {
                group.append(file).map_err(|it| wrong(&it))
            }
            (Writer::Csv(file), Part::Lines(lines)) => {
                file.write_all(&lines).map_err(|it| wrong(&it))
            }
            _ => Err(wrong(&"rows of another format")),
        }
    }

    pub fn close(self) -> Result<(), SimulateError> {
        let wrong = |cause: &dyn std::fmt::Display| SimulateError::write(&self.path, cause);
        match self.writer {
            Writer::Parquet(file) => file
                .into_inner()
                .map_err(|it| wrong(&it))
                .and_then(|mut it| it.flush().map_err(|it| wrong(&it))),
            Writer::Csv(mut file) => file.flush().map_err(|it| wrong(&it)),
        }
    }
}
