//! The physical operator that bounds and counts people in one pass over rows sorted by person.
//!
//! Inputs: people (child 0) and any number of row tables (one a day), all sorted by person and cut
//! into the same ranges. Output: one batch a partition, the non-zero `(marginal, part, cell, people, units)`: part 0
//! are the people of a cell, each other part is a sum of theirs in `units`, or how many of them are in a bin;
//! behind the marginals stand the families' quality figures: people, and the parts of each pair of sums.
//! Memory: the counters and one chunk of people, whatever the number of rows. An input that is not
//! sorted is a fault, never a wrong count.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};

use super::sorted_rows::{PeopleCursor, ROW_BITS, RowCursor, RowKind};
use super::tally::{Counters, Tally, TallySpec};
use crate::plan::View;
use privacy::BoundingKey;

/// Counts distinct people in bounded cells; see the head of this file.
pub struct BoundAndCountExec {
    people: Arc<dyn ExecutionPlan>,
    rows: Vec<Arc<dyn ExecutionPlan>>,
    settings: Settings,
    properties: Arc<PlanProperties>,
}

/// Everything that the operator needs beside its inputs: plain data.
#[derive(Clone)]
pub struct Settings {
    /// What to count.
    pub spec: TallySpec,
    /// How to read each row input, in order.
    pub kinds: Vec<RowKind>,
    /// The view: people themselves, or rows of people.
    pub view: View,
    /// The people of each partition.
    pub ranges: Vec<Range<u32>>,
    /// People who objected or were erased, ascending: never counted.
    pub suppressed: Arc<[u32]>,
    /// The key of the ranks by which cells are kept.
    pub key: BoundingKey,
}

impl BoundAndCountExec {
    /// Wires the operator to its inputs.
    #[must_use]
    pub fn new(
        people: Arc<dyn ExecutionPlan>,
        rows: Vec<Arc<dyn ExecutionPlan>>,
        settings: Settings,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema()),
            Partitioning::UnknownPartitioning(settings.ranges.len()),
            EmissionType::Final,
            Boundedness::Bounded,
        ));
        Self { people, rows, settings, properties }
    }
}

fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("marginal", DataType::UInt32, false),
        Field::new("part", DataType::UInt32, false),
        Field::new("cell", DataType::UInt64, false),
        Field::new("people", DataType::UInt32, false),
        Field::new("units", DataType::UInt64, false),
    ]))
}

/// Reads one partition to its end and returns its counters.
async fn count(
    mut people: PeopleCursor,
    mut rows: Vec<RowCursor>,
    range: Range<u32>,
    settings: Settings,
) -> Result<RecordBatch> {
    let mut tally = Tally::new(settings.spec, settings.key)
        .map_err(|cause| DataFusionError::External(Box::new(cause)))?;
    let single = rows.len() == 1;
    let mut chunk: Vec<u64> = Vec::new();
    while let Some(block) = people.next_block(&range).await? {
        chunk.clear();
        for cursor in &mut rows {
            cursor.take_until(block.end(), block.start(), &mut chunk).await?;
        }
        if !single {
            chunk.sort_unstable();
        }
        let mut rest = &chunk[..];
        for (offset, &person) in (0_u32..).zip(block.people()) {
            // A run is short: walking it is faster than halving the block.
            let ends = rest.iter().take_while(|&&row| row >> ROW_BITS <= u64::from(offset)).count();
            let (own, others) = rest.split_at(ends);
            rest = others;
            if settings.suppressed.binary_search(&(block.start() + offset)).is_ok() {
                continue;
            }
            if settings.view == View::Subscriber {
                tally.add(person, &std::iter::once(0));
            } else {
                tally.add(person, &own.iter().copied().map(cell_of));
            }
        }
    }
    batch(&tally.into_counters())
}

/// The row cell in the lower bits of a packed row.
const fn cell_of(row: u64) -> u64 {
    row & ((1 << ROW_BITS) - 1)
}

/// Where the people of a quality figure stand: behind the parts of its sums.
pub(super) const QUALITY_PEOPLE: u64 = 8;

/// One row of a batch.
pub(super) struct Row {
    pub table: u32,
    pub part: u32,
    pub cell: u64,
    pub people: u32,
    pub units: u64,
}

fn batch(counters: &Counters) -> Result<RecordBatch> {
    let cells = (0_u32..).zip(&counters.tables).flat_map(|(table, counts)| {
        let people = counts.some().map(move |(cell, people, units)| Row {
            table,
            part: 0,
            cell,
            people,
            units,
        });
        let amounts = counts.some_amounts().map(move |(which, cell, units)| Row {
            table,
            part: which + 1,
            cell,
            people: 0,
            units,
        });
        people.chain(amounts)
    });
    let behind = u32::try_from(counters.tables.len()).unwrap_or(u32::MAX);
    let quality = (behind..).zip(&counters.quality).flat_map(|(table, it)| {
        let sums = it.clone().pairs().map(|it| it.parts());
        let parts = (0_u64..).zip(sums.into_iter().flatten());
        let row = move |cell, people, units| Row { table, part: 0, cell, people, units };
        let everybody = std::iter::once(row(QUALITY_PEOPLE, it.people, 0));
        everybody.chain(parts.map(move |(part, units)| row(part, 0, units)))
    });
    let rows: Vec<Row> = cells.chain(quality).collect();
    Ok(RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.table))),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.part))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|it| it.cell))),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.people))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|it| it.units))),
        ],
    )?)
}

impl ExecutionPlan for BoundAndCountExec {
    fn name(&self) -> &'static str {
        "BoundAndCountExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        std::iter::once(&self.people).chain(&self.rows).collect()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut children = children.into_iter();
        let people = children.next().ok_or_else(|| {
            DataFusionError::Internal("BoundAndCountExec needs an input of people".to_owned())
        })?;
        Ok(Arc::new(Self::new(people, children.collect(), self.settings.clone())))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let recompute = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, recompute)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let range = self.settings.ranges.get(partition).cloned().ok_or_else(|| {
            DataFusionError::Internal(format!("there is no partition {partition}"))
        })?;
        let people = PeopleCursor::new(self.people.execute(partition, Arc::clone(&context))?);
        let rows = self
            .rows
            .iter()
            .zip(&self.settings.kinds)
            .map(|(input, kind)| {
                Ok(RowCursor::new(input.execute(partition, Arc::clone(&context))?, *kind))
            })
            .collect::<Result<Vec<_>>>()?;
        let counting = count(people, rows, range, self.settings.clone());
        let stream = futures::stream::once(counting);
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema(), stream)))
    }
}

impl DisplayAs for BoundAndCountExec {
    fn fmt_as(&self, _kind: DisplayFormatType, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "BoundAndCountExec: marginals={}, tables={}",
            self.settings.spec.marginals(),
            self.rows.len()
        )
    }
}

impl fmt::Debug for BoundAndCountExec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BoundAndCountExec")
    }
}
