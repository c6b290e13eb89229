//! The catalog of a session: views, public lists, released tables, and what they are.
//!
//! Two databases: `quorate` holds released tables alone and is free; `protected` adds the views, whose
//! questions are charged. Everything that the catalog says of itself is public.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::Result;
use datafusion::datasource::MemTable;

use super::bins::Lists;
use super::released::{Released, summary};
use super::split::carry;
use super::tables::{ListTable, PublicList, View};
use super::view::{self, ViewSpec};
use crate::product;

/// Which statements a session may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// Released tables alone.
    Released,
    /// Views of people too, whose questions are charged.
    Protected,
}

impl Database {
    /// Its name on every wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Released => "quorate",
            Self::Protected => "protected",
        }
    }

    /// The schema of names without one.
    #[must_use]
    pub const fn default_schema(self) -> &'static str {
        match self {
            Self::Released => RELEASED,
            Self::Protected => PROTECTED,
        }
    }
}

/// The schema of released tables.
pub const RELEASED: &str = "released";
/// The schema of views and public lists.
pub const PROTECTED: &str = "protected";
const INFORMATION: &str = "information_schema";

/// The catalog of one session.
///
/// # Errors
/// Arrow's, for lists that are no tables, which none of ours is.
pub fn catalog(
    database: Database,
    lists: &Lists,
    released: &Arc<Released>,
) -> Result<Arc<dyn CatalogProvider>> {
    let catalog = MemoryCatalogProvider::new();
    let tables = Arc::new(ReleasedSchema { released: Arc::clone(released) });
    catalog.register_schema(RELEASED, tables)?;
    if database == Database::Protected {
        let schema = MemorySchemaProvider::new();
        for spec in view::ALL {
            schema.register_table(spec.name.to_owned(), Arc::new(View { view: spec.view }))?;
        }
        for list in PublicList::ALL {
            schema
                .register_table(list.name().to_owned(), Arc::new(ListTable::new(list, lists)?))?;
        }
        catalog.register_schema(PROTECTED, Arc::new(schema))?;
    }
    let about = About { database, catalog: Arc::new(catalog), released: Arc::clone(released) };
    let whole = MemoryCatalogProvider::new();
    for name in about.catalog.schema_names() {
        if let Some(schema) = about.catalog.schema(&name) {
            whole.register_schema(&name, schema)?;
        }
    }
    whole.register_schema(INFORMATION, Arc::new(about))?;
    Ok(Arc::new(whole))
}

/// Released tables, read when a statement names them.
#[derive(Debug)]
struct ReleasedSchema {
    released: Arc<Released>,
}

#[async_trait]
impl SchemaProvider for ReleasedSchema {
    fn table_names(&self) -> Vec<String> {
        self.released.names()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        self.released.table(name).map_err(carry)
    }

    fn table_exist(&self, name: &str) -> bool {
        self.released.names().iter().any(|it| it == name)
    }
}

/// What there is, for those who look around: made when a statement asks.
#[derive(Debug)]
struct About {
    database: Database,
    catalog: Arc<MemoryCatalogProvider>,
    released: Arc<Released>,
}

/// A table that a statement may name.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its schema.
    pub schema: &'static str,
    /// Its name.
    pub name: String,
    /// What it is.
    pub summary: String,
    /// Its columns.
    pub columns: SchemaRef,
    /// What each column is.
    pub comments: Vec<&'static str>,
}

#[async_trait]
impl SchemaProvider for About {
    fn table_names(&self) -> Vec<String> {
        ["tables", "columns"].map(str::to_owned).to_vec()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let described = described(self.database, &self.released)?;
        Ok(match name {
            "tables" => Some(self.tables(&described)?),
            "columns" => Some(self.columns(&described)?),
            _ => None,
        })
    }

    fn table_exist(&self, name: &str) -> bool {
        ["tables", "columns"].contains(&name)
    }
}

/// Whether a name without a schema may be a table: a product, a view or a public list.
#[must_use]
pub fn may_be_table(name: &str) -> bool {
    product::named(name).is_ok()
        || view::ALL.iter().any(|it| it.name == name)
        || PublicList::ALL.iter().any(|it| it.name() == name)
}

/// Every table of a database, released ones first.
///
/// # Errors
/// A fault when a release is not what was published, carried.
pub fn described(database: Database, released: &Released) -> Result<Vec<Described>> {
    let mut all = Vec::new();
    for name in released.names() {
        let Some(table) = released.table(&name).map_err(carry)? else { continue };
        let columns = table.schema();
        let comments = columns.fields().iter().map(|it| summary(it.name())).collect();
        let about = product::named(&name).map_or("", |it| it.summary).to_owned();
        all.push(Described { schema: RELEASED, name, summary: about, columns, comments });
    }
    if database == Database::Protected {
        all.extend(view::ALL.into_iter().map(of_view));
        all.extend(PublicList::ALL.into_iter().map(of_list));
    }
    Ok(all)
}

impl Described {
    /// Whether it was published, and so has rows that cost nothing.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.schema == RELEASED
    }
}

/// A type in the words of SQL.
#[must_use]
pub const fn sql_type(of: &DataType) -> &'static str {
    match of {
        DataType::Boolean => "boolean",
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => "smallint",
        DataType::Int32 | DataType::UInt16 => "integer",
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => "bigint",
        DataType::Float16 | DataType::Float32 => "real",
        DataType::Float64 => "double precision",
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) => "numeric",
        DataType::Date32 | DataType::Date64 => "date",
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone",
        DataType::Timestamp(_, None) => "timestamp without time zone",
        _ => "text",
    }
}

impl About {
    fn tables(&self, all: &[Described]) -> Result<Arc<MemTable>> {
        let text = |of: &dyn Fn(&Described) -> String| texts(all.iter().map(of));
        let kind = |it: &Described| if it.is_released() { "BASE TABLE" } else { "VIEW" };
        table(vec![
            ("table_catalog", text(&|_| self.database.name().to_owned())),
            ("table_schema", text(&|it| it.schema.to_owned())),
            ("table_name", text(&|it| it.name.clone())),
            ("table_type", text(&|it| kind(it).to_owned())),
            ("comment", text(&|it| it.summary.clone())),
        ])
    }

    fn columns(&self, all: &[Described]) -> Result<Arc<MemTable>> {
        let own = |it: &Described| {
            let fields = it.columns.fields().iter().zip(&it.comments).zip(1_i64..);
            let own = fields.map(|((field, comment), at)| (Arc::clone(field), *comment, at));
            own.collect::<Vec<_>>()
        };
        let each =
            || all.iter().flat_map(move |it| own(it).into_iter().map(move |column| (it, column)));
        let places: ArrayRef = Arc::new(Int64Array::from_iter_values(each().map(|it| it.1.2)));
        table(vec![
            ("table_catalog", texts(each().map(|_| self.database.name().to_owned()))),
            ("table_schema", texts(each().map(|it| it.0.schema.to_owned()))),
            ("table_name", texts(each().map(|it| it.0.name.clone()))),
            ("column_name", texts(each().map(|it| it.1.0.name().clone()))),
            ("ordinal_position", places),
            ("data_type", texts(each().map(|it| sql_type(it.1.0.data_type()).to_owned()))),
            ("comment", texts(each().map(|it| it.1.1.to_owned()))),
        ])
    }
}

/// A view; the other name of the person is known and not shown.
fn of_view(spec: &ViewSpec) -> Described {
    let shown = || spec.columns.iter().filter(|it| it.name != "id");
    let fields = shown().map(|it| Field::new(it.name, it.meaning.data_type(), true));
    Described {
        schema: PROTECTED,
        name: spec.name.to_owned(),
        summary: spec.summary.to_owned(),
        columns: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
        comments: shown().map(|it| it.summary).collect(),
    }
}

fn of_list(list: PublicList) -> Described {
    let fields = list.columns().iter().map(|(name, _)| Field::new(*name, DataType::Utf8, true));
    let rest = list.columns().len().saturating_sub(1);
    let comments =
        std::iter::once("the key").chain(std::iter::repeat_n("follows from the key", rest));
    Described {
        schema: PROTECTED,
        name: list.name().to_owned(),
        summary: "a public list, free, joined with views on its key".to_owned(),
        columns: Arc::new(Schema::new(fields.collect::<Vec<_>>())),
        comments: comments.collect(),
    }
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn table(columns: Vec<(&str, ArrayRef)>) -> Result<Arc<MemTable>> {
    let batch = RecordBatch::try_from_iter(columns)?;
    Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
}
