//! The operator that reads source files and yields rows as sortable numbers.
//!
//! Partitions take the next file from one list, so that two cores share many files evenly. Which
//! partition read a file changes nothing: what follows sorts everything.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{ArrayRef, RecordBatch, UInt32Array, UInt64Array};
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use tokio::sync::mpsc::UnboundedSender;

use super::intake::{Intake, Packed};
use super::mapping::Match;
use super::rows::SourceRows;
use super::site::SiteFinder;
use super::source::SourceFile;
use super::tally::Tally;

/// Two batches: a reader is never far ahead of the sort.
const BATCHES_AHEAD: usize = 2;

/// What a reader tells while it reads.
pub enum News {
    /// More was read.
    Read {
        /// So many more rows.
        rows: u64,
        /// So many more bytes, about.
        bytes: u64,
    },
    /// A file is read; this is what became of its rows.
    Done {
        /// Position of the file.
        file: usize,
        /// What became of its rows.
        tally: Tally,
    },
}

/// Reads files of one table; see the head of this file.
pub struct PackExec {
    files: Arc<[SourceFile]>,
    held: Arc<[PathBuf]>,
    waiting: Arc<Mutex<VecDeque<usize>>>,
    intake: Arc<Intake>,
    news: UnboundedSender<News>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl PackExec {
    /// Reads `files` in `partitions` streams, and the tables of rows that earlier batches `held` back.
    #[must_use]
    pub fn new(
        files: Vec<SourceFile>,
        held: Vec<PathBuf>,
        intake: Arc<Intake>,
        news: UnboundedSender<News>,
        partitions: usize,
    ) -> Self {
        let fields = super::held::COLUMNS.map(|(name, kind)| Field::new(name, kind, false));
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            waiting: Arc::new(Mutex::new((0..files.len()).collect())),
            files: files.into(),
            held: held.into(),
            intake,
            news,
            schema,
            properties: Arc::new(properties),
        }
    }
}

/// Reads one file to its end, handing each batch to `send`; stops early when nobody listens.
fn read(
    at: usize,
    file: &SourceFile,
    intake: &Intake,
    news: &UnboundedSender<News>,
    mut send: impl FnMut(Packed) -> Result<bool>,
) -> Result<bool> {
    let fault = |cause: crate::error::Error| DataFusionError::External(Box::new(cause));
    let exact = file.mapping.sites.as_ref().is_some_and(|it| it.matching == Match::Exact);
    let mut finder = SiteFinder::new(&intake.sites, exact);
    let mut tally = Tally::default();
    let mut rows = SourceRows::open(file).map_err(fault)?;
    let mut bytes_done = 0;
    while let Some(chunk) = rows.next_chunk().map_err(fault)? {
        chunk.note(&file.mapping, &mut tally);
        let packed = intake.pack(&chunk, file, &mut finder, &mut tally);
        let (before, now) = (bytes_done, rows.bytes_done());
        bytes_done = now;
        let read = u64::try_from(chunk.rows).unwrap_or_default();
        let read = News::Read { rows: read, bytes: now.saturating_sub(before) };
        if news.send(read).is_err() || !send(packed)? {
            return Ok(false);
        }
    }
    Ok(news.send(News::Done { file: at, tally }).is_ok())
}

fn batch(schema: &SchemaRef, packed: Packed) -> Result<RecordBatch> {
    let columns: Vec<ArrayRef> =
        vec![Arc::new(UInt64Array::from(packed.keys)), Arc::new(UInt32Array::from(packed.beside))];
    Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
}

impl ExecutionPlan for PackExec {
    fn name(&self) -> &'static str {
        "PackExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema = Arc::clone(&self.schema);
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&schema), BATCHES_AHEAD);
        let out = stream.tx();
        let (files, waiting) = (Arc::clone(&self.files), Arc::clone(&self.waiting));
        let (intake, news) = (Arc::clone(&self.intake), self.news.clone());
        let held = if partition == 0 { Arc::clone(&self.held) } else { Arc::default() };
        stream.spawn_blocking(move || {
            for path in held.iter() {
                let each = |rows: &RecordBatch| {
                    let rows =
                        RecordBatch::try_new(Arc::clone(&schema), rows.columns().to_vec())
                            .map_err(|_| crate::vault::manifest::damaged(path, "rows held back"))?;
                    // Nobody listens any more when the sort has failed: it says why.
                    let _ = out.blocking_send(Ok(rows));
                    Ok(())
                };
                crate::vault::table::read(path, each)
                    .map_err(|cause| DataFusionError::External(Box::new(cause)))?;
            }
            let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            while let Some((at, file)) = next().and_then(|at| Some((at, files.get(at)?))) {
                let send = |packed| Ok(out.blocking_send(batch(&schema, packed)).is_ok());
                if !read(at, file, &intake, &news, send)? {
                    break;
                }
            }
            Ok(())
        });
        Ok(stream.build())
    }
}

impl DisplayAs for PackExec {
    fn fmt_as(&self, _: DisplayFormatType, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PackExec: {} files", self.files.len())
    }
}

impl fmt::Debug for PackExec {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, out)
    }
}
