//! Puts the interval of each number beside an answer, where the number leaves as it was released.
//!
//! A statement whose top is a chain of projections, names, filters, sorts and limits over one question gets, behind
//! its own columns, `<name>_lo` and `<name>_hi` for each released number among them. Any other shape keeps
//! its columns: nothing computed has an interval of its own.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::{Column, Result};
use datafusion::logical_expr::{
    Expr, Filter, Limit, LogicalPlan, LogicalPlanBuilder, Projection, Sort, SubqueryAlias,
};

use super::tables::is_slot;

/// What ends the name of a lower edge.
pub const LOW: &str = "_lo";
/// What ends the name of an upper edge.
pub const HIGH: &str = "_hi";

/// Columns that have an interval, and the columns of its edges.
type Edges = BTreeMap<Column, (Column, Column)>;

/// The statement with intervals behind its columns, or as it was.
///
/// # Errors
/// The planner's, when a node cannot be put together again.
pub fn with_intervals(plan: LogicalPlan) -> Result<LogicalPlan> {
    match widen(&plan)? {
        Some((wide, edges)) if !edges.is_empty() => Ok(wide),
        _ => Ok(plan),
    }
}

/// The plan with edges as further columns; `None` where it is no chain over one slot.
fn widen(plan: &LogicalPlan) -> Result<Option<(LogicalPlan, Edges)>> {
    match plan {
        LogicalPlan::Projection(projection) => match projection.input.as_ref() {
            LogicalPlan::TableScan(scan) if is_slot(&scan.source) => leaf(projection).map(Some),
            _ => project(projection),
        },
        LogicalPlan::SubqueryAlias(alias) => named(alias),
        LogicalPlan::Filter(filter) => above(&filter.input, |input| {
            Ok(LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), input.into())?))
        }),
        LogicalPlan::Sort(sort) => above(&sort.input, |input| {
            Ok(LogicalPlan::Sort(Sort { input: input.into(), ..sort.clone() }))
        }),
        LogicalPlan::Limit(limit) => above(&limit.input, |input| {
            Ok(LogicalPlan::Limit(Limit { input: input.into(), ..limit.clone() }))
        }),
        _ => Ok(None),
    }
}

fn above(
    input: &LogicalPlan,
    node: impl FnOnce(LogicalPlan) -> Result<LogicalPlan>,
) -> Result<Option<(LogicalPlan, Edges)>> {
    widen(input)?.map(|(input, edges)| Ok((node(input)?, edges))).transpose()
}

/// A name for a subquery or a common table, which all of its columns get.
fn named(alias: &SubqueryAlias) -> Result<Option<(LogicalPlan, Edges)>> {
    let Some((input, below)) = widen(&alias.input)? else { return Ok(None) };
    let names: Vec<&String> = input.schema().fields().iter().map(|it| it.name()).collect();
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        return Ok(None);
    }
    let own = |it: Column| Column::new(Some(alias.alias.clone()), it.name);
    let edges = below.into_iter().map(|(of, (low, high))| (own(of), (own(low), own(high))));
    let named = SubqueryAlias::try_new(input.into(), alias.alias.clone())?;
    Ok(Some((LogicalPlan::SubqueryAlias(named), edges.collect())))
}

/// The slot's own projection: `c3` is named as the aggregate was, its edges after it.
fn leaf(projection: &Projection) -> Result<(LogicalPlan, Edges)> {
    let scanned = projection.input.schema();
    let (mut expressions, mut edges) = (projection.expr.clone(), Edges::new());
    for (expression, named) in projection.expr.iter().zip(projection.schema.columns()) {
        let Some(own) = bare(expression) else { continue };
        let edge = |end: &str| Column::new(own.relation.clone(), format!("{}{end}", own.name));
        let (low, high) = (edge(LOW), edge(HIGH));
        if scanned.has_column(&low) && scanned.has_column(&high) {
            expressions.extend([Expr::Column(low.clone()), Expr::Column(high.clone())]);
            edges.insert(named, (low, high));
        }
    }
    let input = projection.input.as_ref().clone();
    Ok((LogicalPlanBuilder::from(input).project(expressions)?.build()?, edges))
}

fn project(projection: &Projection) -> Result<Option<(LogicalPlan, Edges)>> {
    let Some((input, below)) = widen(&projection.input)? else { return Ok(None) };
    let (mut expressions, mut edges) = (projection.expr.clone(), Edges::new());
    for (expression, named) in projection.expr.iter().zip(projection.schema.columns()) {
        let Some((low, high)) = bare(expression).and_then(|it| below.get(it)) else { continue };
        let base = plain(&named.name);
        let edge = |of: &Column, end: &str| {
            let name = format!("{base}{end}");
            (Expr::Column(of.clone()).alias(name.clone()), Column::new_unqualified(name))
        };
        let ((low, low_named), (high, high_named)) = (edge(low, LOW), edge(high, HIGH));
        let own = projection.schema.columns();
        let given = edges.values().flat_map(|(low, high): &(Column, Column)| [low, high]);
        let taken: Vec<&Column> = own.iter().chain(given).collect();
        let taken = |it: &Column| taken.iter().any(|of| of.name == it.name);
        if edges.contains_key(&named) || taken(&low_named) || taken(&high_named) {
            continue;
        }
        expressions.extend([low, high]);
        edges.insert(named, (low_named, high_named));
    }
    Ok(Some((LogicalPlanBuilder::from(input).project(expressions)?.build()?, edges)))
}

/// The name of a number for the names of its edges: `count` of `count(DISTINCT visit.subscriber_id)`.
fn plain(name: &str) -> &str {
    match name.split_once('(') {
        Some(("count", rest)) if rest.starts_with("DISTINCT") => "people",
        Some(("count", _)) => "rows",
        Some((function, _)) => function,
        None => name,
    }
}

fn bare(expression: &Expr) -> Option<&Column> {
    match expression {
        Expr::Column(column) => Some(column),
        Expr::Alias(alias) => bare(&alias.expr),
        _ => None,
    }
}
