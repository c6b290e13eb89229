//! Columns as Parquet: a row group is encoded by the worker that made its rows.
//!
//! Texts go through dictionaries, numbers are differences, packed.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::{SerializedFileWriter, SerializedPageWriter, TrackedWrite};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescPtr, SchemaDescPtr, SchemaDescriptor};

use super::values::{Column, Texts};
use super::{Columns, Kind};

/// The schema of a table and how it is encoded.
pub(super) struct Layout {
    schema: SchemaDescPtr,
    properties: WriterPropertiesPtr,
}

/// An encoded column chunk.
type Chunk = (Bytes, ColumnCloseResult);

/// Encoded rows.
pub(crate) struct RowGroup(Vec<Chunk>);

impl Layout {
    pub fn new(columns: Columns) -> Result<Self, ParquetError> {
        let fields: Vec<String> = columns.iter().map(|&(name, kind)| field(name, kind)).collect();
        let root = parse_message_type(&format!("message raw {{ {} }}", fields.join(" ")))?;
        let level = ZstdLevel::try_new(1).unwrap_or_default();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_dictionary_enabled(true)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_data_page_row_count_limit(PAGE_ROWS)
            .set_write_batch_size(PAGE_ROWS);
        let numbers = columns.iter().filter(|it| !matches!(it.1, Kind::Text | Kind::Flag));
        let properties = numbers.fold(properties, |all, &(name, _)| {
            all.set_column_dictionary_enabled(name.into(), false)
                .set_column_encoding(name.into(), Encoding::DELTA_BINARY_PACKED)
        });
        Ok(Self {
            schema: Arc::new(SchemaDescriptor::new(Arc::new(root))),
            properties: Arc::new(properties.build()),
        })
    }

    /// Begins a file.
    pub fn file(
        &self,
        file: BufWriter<File>,
    ) -> Result<SerializedFileWriter<BufWriter<File>>, ParquetError> {
        let root = self.schema.root_schema_ptr();
        SerializedFileWriter::new(file, root, Arc::clone(&self.properties))
    }

    /// Encodes `columns`, in the order of the schema.
    pub fn encode(&self, columns: &[Column]) -> Result<RowGroup, ParquetError> {
        let chunk = |(column, about): (&Column, &ColumnDescPtr)| match column {
            Column::Texts(it) => self.values::<ByteArrayType>(&texts(it), &it.missing, about),
            Column::Longs(it) => self.values::<Int64Type>(&it.values, &it.missing, about),
            Column::Ints(it) => self.values::<Int32Type>(&it.values, &it.missing, about),
            Column::Flags(it) => self.values::<BoolType>(it, &[], about),
        };
        columns.iter().zip(self.schema.columns()).map(chunk).collect::<Result<_, _>>().map(RowGroup)
    }

    /// Encodes `values`, one for each row that is not `missing`.
    fn values<T: DataType>(
        &self,
        values: &[T::T],
        missing: &[usize],
        about: &ColumnDescPtr,
    ) -> Result<Chunk, ParquetError> {
        let mut sink = TrackedWrite::new(Vec::new());
        let pages = Box::new(SerializedPageWriter::new(&mut sink));
        let (about, properties) = (Arc::clone(about), Arc::clone(&self.properties));
        let optional = about.max_def_level() > 0;
        let mut writer = ColumnWriterImpl::<T>::new(about, properties, pages);
        let levels = optional.then(|| {
            let mut levels = vec![1; values.len() + missing.len()];
            for &row in missing {
                levels[row] = 0;
            }
            levels
        });
        writer.write_batch(values, levels.as_deref(), None)?;
        let close = writer.close()?;
        Ok((sink.into_inner()?.into(), close))
    }
}

impl RowGroup {
    /// Appends the row group to a file.
    pub fn append(
        self,
        file: &mut SerializedFileWriter<BufWriter<File>>,
    ) -> Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        for (bytes, close) in self.0 {
            group.append_column(&bytes, close)?;
        }
        group.close().map(drop)
    }
}

/// More rows than a block has: a column chunk is one page, but for very long ones.
const PAGE_ROWS: usize = 1 << 20;

fn field(name: &str, kind: Kind) -> String {
    match kind {
        Kind::Text => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
        Kind::Long => format!("REQUIRED INT64 {name};"),
        Kind::LongOrNone => format!("OPTIONAL INT64 {name};"),
        Kind::Int => format!("REQUIRED INT32 {name} (INTEGER(32,false));"),
        Kind::IntOrNone => format!("OPTIONAL INT32 {name} (INTEGER(32,false));"),
        Kind::Flag => format!("REQUIRED BOOLEAN {name};"),
    }
}

/// The text of each row that has one; equal texts share their bytes.
fn texts(texts: &Texts) -> Vec<ByteArray> {
    let list: Vec<ByteArray> = texts.list().map(ByteArray::from).collect();
    let at = |code: &u32| usize::try_from(*code).ok().and_then(|it| list.get(it)).cloned();
    texts.codes.iter().filter_map(at).collect()
}
