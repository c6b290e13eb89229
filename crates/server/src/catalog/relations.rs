//! What is shown, as two tables of numbers and names: relations and their columns. The views of [`super::views`]
//! are made of these.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use arrow::array::{ArrayRef, BooleanArray, Int16Array, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_pg::datatypes::into_pg_type;
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion_pg_catalog::pg_catalog::oid_field::{kind, oid_field};
use engine::query::{Database, Described, sql_type};

/// The two tables, and what functions of the catalog look up.
pub struct Relations {
    /// `relation`: a row for each table.
    pub tables: Arc<MemTable>,
    /// `field`: a row for each column.
    pub columns: Arc<MemTable>,
    /// What functions look up.
    pub known: Arc<Known>,
}

/// Numbers by name, and comments by number and column (0 for the table).
#[derive(Debug, Default)]
pub struct Known(RwLock<Index>);

#[derive(Debug, Default)]
struct Index {
    numbers: BTreeMap<String, i32>,
    comments: BTreeMap<(i32, i32), String>,
}

impl Known {
    /// The number of a relation by its name, with or without its schema.
    pub fn number(&self, name: &str) -> Option<i32> {
        let index = self.0.read().unwrap_or_else(PoisonError::into_inner);
        index.numbers.get(&name.replace('"', "")).copied()
    }

    /// The comment of a column, or of the relation itself.
    pub fn comment(&self, relation: i32, column: i32) -> Option<String> {
        let index = self.0.read().unwrap_or_else(PoisonError::into_inner);
        index.comments.get(&(relation, column)).cloned()
    }
}

impl Relations {
    /// None yet.
    ///
    /// # Errors
    /// None that is known.
    pub fn new() -> Result<Self> {
        let empty = |schema: SchemaRef| MemTable::try_new(schema, vec![Vec::new()]).map(Arc::new);
        Ok(Self {
            tables: empty(table_schema())?,
            columns: empty(column_schema())?,
            known: Arc::default(),
        })
    }

    /// Shows these tables and no others.
    ///
    /// # Errors
    /// A column of a type that PostgreSQL has not.
    pub async fn show(&self, database: Database, tables: &[Described]) -> Result<()> {
        let mut index = Index::default();
        for (name, number) in SYSTEM {
            index.numbers.insert(name.to_owned(), number);
            index.numbers.insert(format!("pg_catalog.{name}"), number);
        }
        let mut columns = Columns::default();
        for table in tables {
            let number = number(table.schema, &table.name);
            if table.schema == database.default_schema() {
                index.numbers.insert(table.name.clone(), number);
            }
            index.numbers.insert(format!("{}.{}", table.schema, table.name), number);
            index.comments.insert((number, 0), table.summary.clone());
            columns.add(number, table, &mut index)?;
        }
        let rows = relations(tables)?;
        if let Some(partition) = self.tables.batches.first() {
            *partition.write().await = vec![rows];
        }
        if let Some(partition) = self.columns.batches.first() {
            *partition.write().await = vec![columns.batch()?];
        }
        *self.known.0.write().unwrap_or_else(PoisonError::into_inner) = index;
        Ok(())
    }
}

/// Relations of the system whose numbers clients compare with. Source: PostgreSQL 16, `pg_class.dat`.
const SYSTEM: [(&str, i32); 10] = [
    ("pg_attrdef", 2604),
    ("pg_authid", 1260),
    ("pg_class", 1259),
    ("pg_constraint", 2606),
    ("pg_database", 1262),
    ("pg_extension", 3079),
    ("pg_namespace", 2615),
    ("pg_proc", 1255),
    ("pg_trigger", 2620),
    ("pg_type", 1247),
];

/// A number that is the same in every session and after every start: of the name alone.
fn number(schema: &str, name: &str) -> i32 {
    let bytes = schema.bytes().chain([b'.']).chain(name.bytes());
    // FNV-1a, 32 bits, folded into the numbers of what users make: from 16,384 on.
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    16_384 + i32::try_from(hash % 1_000_000_000).unwrap_or_default()
}

fn table_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        oid_field("oid", kind::REGCLASS, false),
        oid_field("namespace", kind::REGNAMESPACE, false),
        Field::new("schema", DataType::Utf8, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("width", DataType::Int16, false),
        Field::new("comment", DataType::Utf8, false),
    ]))
}

fn relations(tables: &[Described]) -> Result<RecordBatch> {
    let texts = |of: &dyn Fn(&Described) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(tables.iter().map(of)))
    };
    let numbers = |of: &dyn Fn(&Described) -> i32| -> ArrayRef {
        Arc::new(Int32Array::from_iter_values(tables.iter().map(of)))
    };
    let width = |it: &Described| i16::try_from(it.columns.fields().len()).unwrap_or(i16::MAX);
    let columns = vec![
        numbers(&|it| number(it.schema, &it.name)),
        numbers(&|it| number(it.schema, "")),
        texts(&|it| it.schema.to_owned()),
        texts(&|it| it.name.clone()),
        // What was published is a table; what is asked is a view.
        texts(&|it| if it.is_released() { "r" } else { "v" }.to_owned()),
        Arc::new(Int16Array::from_iter_values(tables.iter().map(width))),
        texts(&|it| it.summary.clone()),
    ];
    Ok(RecordBatch::try_new(table_schema(), columns)?)
}

fn column_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        oid_field("relation", kind::REGCLASS, false),
        Field::new("schema", DataType::Utf8, false),
        Field::new("table", DataType::Utf8, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("number", DataType::Int16, false),
        oid_field("type", kind::REGTYPE, false),
        Field::new("type_name", DataType::Utf8, false),
        Field::new("type_length", DataType::Int16, false),
        Field::new("type_words", DataType::Utf8, false),
        Field::new("required", DataType::Boolean, false),
        Field::new("comment", DataType::Utf8, false),
    ]))
}

#[derive(Default)]
struct Columns {
    relations: Vec<i32>,
    schemas: Vec<String>,
    tables: Vec<String>,
    names: Vec<String>,
    numbers: Vec<i16>,
    types: Vec<i32>,
    type_names: Vec<String>,
    lengths: Vec<i16>,
    words: Vec<String>,
    required: Vec<bool>,
    comments: Vec<String>,
}

impl Columns {
    fn add(&mut self, relation: i32, table: &Described, index: &mut Index) -> Result<()> {
        for ((field, comment), at) in table.columns.fields().iter().zip(&table.comments).zip(1..) {
            let kind = super::signed(field.data_type());
            let known = into_pg_type(&kind);
            let known =
                known.map_err(|it| datafusion::common::DataFusionError::External(Box::new(it)))?;
            self.relations.push(relation);
            self.schemas.push(table.schema.to_owned());
            self.tables.push(table.name.clone());
            self.names.push(field.name().clone());
            self.numbers.push(at);
            self.types.push(i32::try_from(known.oid()).unwrap_or_default());
            self.type_names.push(known.name().to_owned());
            self.lengths.push(length(&kind));
            self.words.push(sql_type(&kind).to_owned());
            self.required.push(!field.is_nullable());
            self.comments.push((*comment).to_owned());
            index.comments.insert((relation, i32::from(at)), (*comment).to_owned());
        }
        Ok(())
    }

    fn batch(self) -> Result<RecordBatch> {
        let texts = |of: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(of)) };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.relations)),
            texts(self.schemas),
            texts(self.tables),
            texts(self.names),
            Arc::new(Int16Array::from(self.numbers)),
            Arc::new(Int32Array::from(self.types)),
            texts(self.type_names),
            Arc::new(Int16Array::from(self.lengths)),
            texts(self.words),
            Arc::new(BooleanArray::from(self.required)),
            texts(self.comments),
        ];
        Ok(RecordBatch::try_new(column_schema(), columns)?)
    }
}

/// Bytes of a value, -1 when they differ.
fn length(of: &DataType) -> i16 {
    of.primitive_width().and_then(|it| i16::try_from(it).ok()).unwrap_or(match of {
        DataType::Boolean => 1,
        _ => -1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_of_names_alone_and_apart() {
        let names = ["presence", "residents", "web_audience", "visit", "subscriber", "dim_area"];
        let mut all: Vec<i32> = ["released", "protected"]
            .iter()
            .flat_map(|schema| names.iter().map(|name| number(schema, name)))
            .collect();
        assert!(all.iter().all(|it| *it >= 16_384));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 12);
        assert_eq!(number("released", "presence"), number("released", "presence"));
    }
}
