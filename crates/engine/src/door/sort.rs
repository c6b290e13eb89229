//! Sorts the rows of a batch with bounded memory: read, sort each stream, merge.
//!
//! What memory does not hold goes to disk inside the staging folder of the vault, which gets the
//! same protection as raw data.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{UInt32Type, UInt64Type};
use datafusion::common::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::prelude::SessionConfig;
use futures::StreamExt;
use tokio::sync::mpsc::UnboundedReceiver;

use super::pack::{News, PackExec};
use crate::error::{Error, Result};

/// What a sort may use.
#[derive(Clone, Copy, Debug)]
pub struct SortLimits<'path> {
    /// Bytes held in memory.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
    /// Where the rest goes.
    pub spill: &'path Path,
}

/// Takes sorted rows: keys, and what stands beside each.
pub type TakeRows<'seal> = dyn FnMut(&[u64], &[u32]) -> Result<()> + 'seal;

/// Runs `pack`, hands its rows in order to `rows` and its news to `news`.
///
/// # Errors
/// Whatever a reader or a callback says; `F12` when the sort itself fails.
pub fn run(
    pack: PackExec,
    limits: SortLimits<'_>,
    mut news: UnboundedReceiver<News>,
    hear: &mut dyn FnMut(News),
    take: &mut TakeRows<'_>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(limits.threads)
        .build()
        .map_err(|cause| Error::fault("F06", format!("no threads to sort with: {cause}")))?;
    let context = context(limits).map_err(|cause| own(&cause))?;
    let plan = plan(pack).map_err(|cause| own(&cause))?;
    runtime.block_on(async {
        let mut stream = plan.execute(0, context).map_err(|cause| own(&cause))?;
        drop(plan);
        loop {
            tokio::select! {
                biased;
                Some(heard) = news.recv() => hear(heard),
                batch = stream.next() => match batch {
                    Some(batch) => rows(&batch.map_err(|cause| own(&cause))?, take)?,
                    None => break,
                },
            }
        }
        while let Ok(heard) = news.try_recv() {
            hear(heard);
        }
        Ok(())
    })
}

fn plan(pack: PackExec) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let order = || {
        LexOrdering::new([PhysicalSortExpr::new_default(Arc::new(Column::new("key", 0)))])
            .ok_or_else(|| DataFusionError::Internal("no sort key".to_owned()))
    };
    let sort = SortExec::new(order()?, Arc::new(pack)).with_preserve_partitioning(true);
    Ok(Arc::new(SortPreservingMergeExec::new(order()?, Arc::new(sort))))
}

fn context(limits: SortLimits<'_>) -> Result<Arc<TaskContext>, DataFusionError> {
    let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
    let disk = DiskManagerMode::Directories(vec![limits.spill.to_owned()]);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(disk))
        .build_arc()?;
    let mut config = SessionConfig::new();
    // A sixteenth of the memory stays free for each merge of sorted runs.
    let reserved = memory / 16 / limits.threads.max(1);
    config.options_mut().execution.sort_spill_reservation_bytes = reserved;
    Ok(Arc::new(TaskContext::default().with_session_config(config).with_runtime(runtime)))
}

fn rows(batch: &RecordBatch, take: &mut TakeRows<'_>) -> Result<()> {
    let keys = batch.column(0).as_primitive::<UInt64Type>().values();
    take(keys, batch.column(1).as_primitive::<UInt32Type>().values())
}

/// Takes our own error out of the engine's, or wraps what is the engine's own.
fn own(cause: &DataFusionError) -> Error {
    if let DataFusionError::External(inner) = cause.find_root()
        && let Some(error) = inner.downcast_ref::<Error>()
    {
        return error.clone();
    }
    Error::fault("F12", format!("sorting failed: {}", cause.strip_backtrace()))
        .remedy("give it more `memory` in quorate.toml or more free disk, and run again")
}
