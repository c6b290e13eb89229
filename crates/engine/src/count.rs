//! Bounded, exact counting of people: a plan goes in, sealed aggregates come out.
//!
//! One pass over rows sorted by person, as a `DataFusion` physical plan; nothing here draws noise
//! and nothing here can print what it counted.

mod amounts;
mod bound_and_count;
mod row_map;
mod scan;
mod sorted_rows;
mod tally;
mod terms;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafusion::arrow::array::{Array, RecordBatch, UInt32Array, UInt64Array};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;
use jiff::civil::{Date, Weekday};
use privacy::{BoundingKey, DilutionSums};

use crate::error::{Error, Result};
use crate::plan::{PrivatePlan, View};
use crate::vault::Snapshot;
use bound_and_count::{BoundAndCountExec, QUALITY_PEOPLE, Row, Settings};
use row_map::{Columns, LATE_DAY, in_detail};
use sorted_rows::RowKind;
pub(crate) use tally::TallySpec;
pub(crate) use tally::{Counters, Counts, QualityCounts};
#[cfg(test)]
pub(crate) use tally::{Person, Tally};

/// Exact aggregates. No `Debug`, `Display` or `Serialize`: cannot be logged or sent.
///
/// ```compile_fail
/// fn leak(sealed: engine::Sealed) -> String { format!("{sealed:?}") }
/// ```
pub struct Sealed {
    counters: Counters,
}

impl Sealed {
    /// Aggregates of whole people that a test makes up.
    #[cfg(test)]
    pub(crate) fn of(counts: Vec<Vec<u32>>) -> Self {
        let tables = counts.into_iter().map(Counts::of).collect();
        Self { counters: Counters { tables, ..Counters::default() } }
    }

    /// Aggregates of whole people with their sums that a test makes up.
    #[cfg(test)]
    pub(crate) fn of_tables(tables: Vec<Counts>) -> Self {
        Self { counters: Counters { tables, ..Counters::default() } }
    }

    /// Aggregates that a test counted.
    #[cfg(test)]
    pub(crate) const fn of_counters(counters: Counters) -> Self {
        Self { counters }
    }

    /// The people of every table, for a test.
    #[cfg(test)]
    pub(crate) fn into_people(self) -> Vec<Vec<u32>> {
        self.counters.into_people()
    }

    /// Opens the aggregates for the one function that draws noise over them.
    pub(crate) fn into_counters(self) -> Counters {
        self.counters
    }
}

/// How many people of consecutive ordinals one partition should at least hold.
const PEOPLE_PER_PARTITION_MIN: u32 = 8_192;

/// The code of a count that stopped.
pub(crate) const STOPPED: &str = "F04";

/// Counts what `plan` asks for over `snapshot`, on so many threads, for so long at most.
///
/// # Errors
/// [`Error`] `P03` when the plan asks for what its view does not have, or a fault when the vault
/// cannot be read or the time is over.
pub fn bound_and_count(
    plan: &PrivatePlan,
    snapshot: &Snapshot,
    key: BoundingKey,
    (threads, limit): (usize, Option<Duration>),
) -> Result<Sealed> {
    let spec = TallySpec::of(plan)?;
    let none = spec.counters()?;
    let Some(physical) = physical_plan(plan, snapshot, spec, key, threads)? else {
        return Ok(Sealed { counters: none });
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .enable_time()
        .build()
        .map_err(|cause| Error::fault("F06", format!("no threads to count with: {cause}")))?;
    seal(none, &runtime.block_on(within(limit, collect(physical)))?)
}

/// Waits for a count until the time is over; what it does then ends with its runtime.
async fn within<T>(limit: Option<Duration>, count: impl Future<Output = Result<T>>) -> Result<T> {
    let Some(limit) = limit else { return count.await };
    let late = |_| stopped(&format!("it took more than {} s", limit.as_secs()));
    tokio::time::timeout(limit, count).await.map_err(late)?
}

fn stopped(cause: &dyn std::fmt::Display) -> Error {
    Error::fault(STOPPED, format!("counting stopped: {cause}"))
        .remedy("nothing was charged or released; check the vault and run again")
}

/// The physical plan; `None` when the snapshot holds nobody.
fn physical_plan(
    plan: &PrivatePlan,
    snapshot: &Snapshot,
    spec: TallySpec,
    key: BoundingKey,
    threads: usize,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if snapshot.persons == 0 {
        return Ok(None);
    }
    let ranges = ranges(snapshot.persons, threads);
    let people: Vec<&Path> = snapshot.people.iter().map(AsRef::as_ref).collect();
    let attributes = ["person", "token", "gender", "age_band", "sector"];
    let people = scan::scan(&people, &attributes, &ranges)?;
    let (tables, mut columns): (&[_], Vec<&str>) = match plan.view {
        View::Subscriber => (&[], Vec::new()),
        View::Presence => (&snapshot.presence, vec!["person", "district"]),
        View::Visit => (&snapshot.visit, vec!["person", "site"]),
    };
    let needed = Columns::of(plan);
    columns.extend((needed.hour && plan.view != View::Subscriber).then_some("hour"));
    columns.extend(needed.minutes.then_some("minutes"));
    let kinds = tables.iter().map(|(day, _)| row_kind(plan, *day, &snapshot.holidays)).collect();
    let rows = tables
        .iter()
        .map(|(_, path)| scan::scan(&[path.as_ref()], &columns, &ranges))
        .collect::<Result<_>>()?;
    let suppressed = snapshot.suppressed.as_slice().into();
    let settings = Settings { spec, kinds, view: plan.view, ranges, suppressed, key };
    Ok(Some(Arc::new(BoundAndCountExec::new(people, rows, settings))))
}

fn row_kind(plan: &PrivatePlan, day: Date, holidays: &BTreeSet<Date>) -> RowKind {
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let weekend = is_weekend || holidays.contains(&day);
    if in_detail(plan) {
        let of_period = u8::try_from(day.day() - 1).ok().filter(|_| plan.period.contains(day));
        let (day, columns) = (of_period.unwrap_or(LATE_DAY), Columns::of(plan));
        return RowKind::Detailed { weekend, day, columns };
    }
    match plan.view {
        View::Presence => RowKind::Presence { weekend },
        View::Subscriber | View::Visit => RowKind::Visit,
    }
}

/// Cuts people into at most `threads` ranges of nearly equal length.
fn ranges(persons: u32, threads: usize) -> Vec<Range<u32>> {
    let most = persons.div_ceil(PEOPLE_PER_PARTITION_MIN);
    let parts = u32::try_from(threads).unwrap_or(u32::MAX).clamp(1, most.max(1));
    let edge = |part: u32| {
        let edge = u64::from(persons) * u64::from(part) / u64::from(parts);
        u32::try_from(edge).unwrap_or(persons)
    };
    (0..parts).map(|part| edge(part)..edge(part + 1)).collect()
}

/// Runs every partition at once and gathers their small tables of cells.
async fn collect(plan: Arc<dyn ExecutionPlan>) -> Result<Vec<RecordBatch>> {
    let context = Arc::new(TaskContext::default());
    let partitions = plan.output_partitioning().partition_count();
    let tasks: Vec<_> = (0..partitions)
        .map(|partition| {
            let stream = plan.execute(partition, Arc::clone(&context));
            tokio::spawn(async move {
                let mut batches = Vec::new();
                let mut stream = stream?;
                while let Some(batch) = stream.next().await {
                    batches.push(batch?);
                }
                Ok::<_, datafusion::common::DataFusionError>(batches)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.map_err(|it| stopped(&it))?.map_err(|it| stopped(&it))?);
    }
    Ok(all)
}

/// Adds the partitions' cells together.
fn seal(mut counters: Counters, batches: &[RecordBatch]) -> Result<Sealed> {
    let fault = || Error::fault("F03", "a counted cell lies outside its table");
    for batch in batches {
        let small = |at: usize| batch.column(at).as_any().downcast_ref::<UInt32Array>();
        let large = |at: usize| batch.column(at).as_any().downcast_ref::<UInt64Array>();
        let (marginals, parts) = small(0).zip(small(1)).ok_or_else(fault)?;
        let (cells, people, units) =
            large(2).zip(small(3)).zip(large(4)).map(|((a, b), c)| (a, b, c)).ok_or_else(fault)?;
        let places = marginals.values().iter().zip(parts.values()).zip(cells.values());
        let counts = people.values().iter().zip(units.values());
        for (((&table, &part), &cell), (&people, &units)) in places.zip(counts) {
            let row = Row { table, part, cell, people, units };
            add(&mut counters, &row).ok_or_else(fault)?;
        }
    }
    Ok(Sealed { counters })
}

/// Adds one row of a partition's batch; `None` for one that is not of the plan.
fn add(counters: &mut Counters, row: &Row) -> Option<()> {
    let table = usize::try_from(row.table).ok()?;
    if let Some(counts) = counters.tables.get_mut(table) {
        return match row.part.checked_sub(1) {
            None => counts.add(row.cell, row.people, row.units),
            Some(which) => counts.add_amount(which, row.cell, row.units),
        };
    }
    let quality = counters.quality.get_mut(table.checked_sub(counters.tables.len())?)?;
    if row.cell == QUALITY_PEOPLE {
        quality.people += row.people;
        return Some(());
    }
    let parts = if row.cell.is_multiple_of(2) { [row.units, 0] } else { [0, row.units] };
    let mut pairs = quality.pairs();
    pairs.get_mut(usize::try_from(row.cell / 2).ok()?)?.merge(DilutionSums::of_parts(parts));
    Some(())
}

#[cfg(test)]
mod tests;
