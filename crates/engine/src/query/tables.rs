//! What stands in the catalog: views that are never scanned, public lists, and slots for answers.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::{TableProvider, TableType, source_as_provider};
use datafusion::logical_expr::{Expr, TableSource};
use datafusion::physical_plan::ExecutionPlan;

use super::bins::Lists;
use super::relation::{Attribute, Source};
use super::view::{self, Meaning};
use crate::dimension::Dimension;

/// A view of people in the catalog: names and types, and no way to its rows.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The rows behind it.
    pub view: crate::plan::View,
}

#[async_trait]
impl TableProvider for View {
    fn schema(&self) -> SchemaRef {
        view::of(self.view).schema()
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(DataFusionError::Internal("a view of people is counted, never scanned".to_owned()))
    }
}

/// The view behind a scan, if it is one.
#[must_use]
pub fn view(source: &Arc<dyn TableSource>) -> Option<View> {
    source_as_provider(source).ok()?.downcast_ref::<View>().copied()
}

/// A public list that views are joined with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicList {
    /// Districts of presence.
    Area,
    /// Sites.
    Site,
}

impl PublicList {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Area, Self::Site];

    /// Its name in SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Area => "dim_area",
            Self::Site => "dim_site",
        }
    }

    /// The dimension of its key, each of whose values it has once.
    #[must_use]
    pub const fn key(self) -> Dimension {
        match self {
            Self::Area => Dimension::PresentIn,
            Self::Site => Dimension::Site,
        }
    }

    /// Its columns, the key first.
    #[must_use]
    pub const fn columns(self) -> &'static [(&'static str, Source)] {
        match self {
            Self::Area => &[
                ("area", Source::Column(Meaning::Bin(Dimension::PresentIn))),
                ("postcode_area", Source::Attribute(Attribute::PostcodeArea)),
                ("region", Source::Attribute(Attribute::Region)),
            ],
            Self::Site => &[
                ("site", Source::Column(Meaning::Bin(Dimension::Site))),
                ("category", Source::Attribute(Attribute::Category)),
            ],
        }
    }

    /// Where a column comes from.
    #[must_use]
    pub fn source(self, name: &str) -> Option<Source> {
        self.columns().iter().find(|it| it.0 == name).map(|it| it.1)
    }
}

/// A public list in the catalog.
#[derive(Debug)]
pub struct ListTable {
    list: PublicList,
    batch: RecordBatch,
}

impl ListTable {
    /// The list as it is in `lists`.
    ///
    /// # Errors
    /// Arrow's, when columns differ in length, which no list causes.
    pub fn new(list: PublicList, lists: &Lists) -> Result<Self> {
        let keys = lists.codes.list(list.key()).labels();
        let columns = list.columns().iter().map(|(name, source)| {
            let values: StringArray = match source {
                Source::Column(_) => keys.iter().map(|it| Some(it.as_str())).collect(),
                Source::Attribute(attribute) => {
                    lists.facts(*attribute).iter().map(Option::as_deref).collect()
                }
            };
            let values: ArrayRef = Arc::new(values);
            (Field::new(*name, DataType::Utf8, true), values)
        });
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.unzip();
        Ok(Self { list, batch: RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)? })
    }
}

/// The public list behind a scan, if it is one.
#[must_use]
pub fn public_list(source: &Arc<dyn TableSource>) -> Option<PublicList> {
    Some(source_as_provider(source).ok()?.downcast_ref::<ListTable>()?.list)
}

#[async_trait]
impl TableProvider for ListTable {
    fn schema(&self) -> SchemaRef {
        self.batch.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        in_memory(&self.batch, projection)
    }
}

/// Where the answer of a question will stand: the leaf of what is computed for free.
pub struct Slot {
    schema: SchemaRef,
    answer: OnceLock<RecordBatch>,
}

impl Slot {
    /// An empty slot for rows of `schema`.
    #[must_use]
    pub const fn new(schema: SchemaRef) -> Self {
        Self { schema, answer: OnceLock::new() }
    }

    /// Puts the answer in; the first one stays.
    pub fn fill(&self, answer: RecordBatch) {
        drop(self.answer.set(answer));
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Slot")
    }
}

#[async_trait]
impl TableProvider for Slot {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let unpaid =
            || DataFusionError::Internal("an answer is read before it is there".to_owned());
        in_memory(self.answer.get().ok_or_else(unpaid)?, projection)
    }
}

fn in_memory(
    batch: &RecordBatch,
    projection: Option<&Vec<usize>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let parts = [vec![batch.clone()]];
    let exec = MemorySourceConfig::try_new_exec(&parts, batch.schema(), projection.cloned())?;
    Ok(exec)
}

/// Whether a scan is of a [`Slot`].
#[must_use]
pub fn is_slot(source: &Arc<dyn TableSource>) -> bool {
    source_as_provider(source).is_ok_and(|it| it.downcast_ref::<Slot>().is_some())
}
