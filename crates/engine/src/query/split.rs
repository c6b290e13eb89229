//! Splits a statement: questions, which are paid for, and what is computed from their answers, which is free.
//!
//! Every aggregate directly above rows of people becomes a question, and a slot for its answer takes its place
//! in the plan; what remains reads slots, released tables and public lists alone. A view that no aggregate
//! stands above is refused. Nothing is pushed below a slot: it is a leaf.
//! Source: privacy model §9; dependencies, traps of planning.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::common::Column;
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::datasource::{TableProvider, provider_as_source};
use datafusion::logical_expr::expr::{Exists, InSubquery, SetComparison};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, Subquery};

use super::answer::edges;
use super::interval::{HIGH, LOW};
use super::question::{Asked, of};
use super::rule::{keys_alone, rows, subquery};
use super::tables::{Slot, view};
use super::view as views;
use super::{Asking, statement};
use crate::error::{Error, Result};

/// A statement in its two parts.
pub struct Split {
    /// What is computed for free.
    pub free: LogicalPlan,
    /// The questions, and the slots in `free` that their answers fill.
    pub questions: Vec<(Asked, Arc<Slot>)>,
}

/// Splits an unoptimised plan.
///
/// # Errors
/// `Q03` to `Q13` for what may not be asked.
pub fn split(plan: LogicalPlan, asking: &Asking<'_>) -> Result<Split> {
    let mut splitter = Splitter { asking, questions: Vec::new() };
    let free = splitter.free(plan)?;
    if let Some(name) = people(&free) {
        return Err(Error::fault("F03", format!("rows of {name} are left in what is free")));
    }
    Ok(Split { free, questions: splitter.questions })
}

/// The name of a view of people that a plan reads anywhere, subqueries included.
#[must_use]
pub fn people(plan: &LogicalPlan) -> Option<&'static str> {
    let mut found = None;
    let visited = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && let Some(table) = view(&scan.source)
        {
            found = Some(views::of(table.view).name);
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    // What cannot be walked is not free.
    if visited.is_err() { found.or(Some("a view")) } else { found }
}

struct Splitter<'ask> {
    asking: &'ask Asking<'ask>,
    questions: Vec<(Asked, Arc<Slot>)>,
}

impl Splitter<'_> {
    fn free(&mut self, plan: LogicalPlan) -> Result<LogicalPlan> {
        if people(&plan).is_none() {
            return Ok(plan);
        }
        match &plan {
            LogicalPlan::Aggregate(aggregate) if reaches_rows(&aggregate.input).is_some() => {
                return self.question(aggregate);
            }
            LogicalPlan::Distinct(distinct) if reaches_rows(distinct.input()).is_some() => {
                return Err(keys_alone::alone(self.asking.sql, "distinct"));
            }
            LogicalPlan::TableScan(scan) => {
                let name = view(&scan.source).map_or("a view", |it| views::of(it.view).name);
                return Err(rows::shown(name, "the statement", self.asking.sql));
            }
            _ => {}
        }
        let inputs: Vec<LogicalPlan> =
            plan.inputs().into_iter().cloned().map(|it| self.free(it)).collect::<Result<_>>()?;
        let expressions: Vec<Expr> =
            plan.expressions().into_iter().map(|it| self.expression(it)).collect::<Result<_>>()?;
        plan.with_new_exprs(expressions, inputs).map_err(|cause| uncarry(&cause))
    }

    /// An expression above the release, whose subqueries are split like the statement.
    fn expression(&mut self, expression: Expr) -> Result<Expr> {
        let rewritten = expression.transform_up(|it| {
            Ok(match it {
                Expr::ScalarSubquery(own) => {
                    Transformed::yes(Expr::ScalarSubquery(self.subquery(own)?))
                }
                Expr::Exists(Exists { subquery, negated }) => {
                    let subquery = self.subquery(subquery)?;
                    Transformed::yes(Expr::Exists(Exists { subquery, negated }))
                }
                Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                    let subquery = self.subquery(subquery)?;
                    Transformed::yes(Expr::InSubquery(InSubquery { expr, subquery, negated }))
                }
                Expr::SetComparison(own) => {
                    let subquery = self.subquery(own.subquery)?;
                    Transformed::yes(Expr::SetComparison(SetComparison { subquery, ..own }))
                }
                other => Transformed::no(other),
            })
        });
        rewritten.map(|it| it.data).map_err(|cause| uncarry(&cause))
    }

    fn subquery(&mut self, own: Subquery) -> datafusion::common::Result<Subquery> {
        if people(&own.subquery).is_none() {
            return Ok(own);
        }
        if !own.outer_ref_columns.is_empty() {
            return Err(carry(subquery::below(
                "a correlated subquery",
                self.asking.sql,
                "(select",
            )));
        }
        let plan = self.free(own.subquery.as_ref().clone()).map_err(carry)?;
        Ok(Subquery { subquery: Arc::new(plan), ..own })
    }

    /// Puts a slot where an aggregate over people stood, with the same columns.
    fn question(&mut self, aggregate: &Aggregate) -> Result<LogicalPlan> {
        let asked = of(aggregate, self.asking)?;
        let fields = aggregate.schema.fields().iter().enumerate();
        let own = fields.map(|(at, it)| Field::new(format!("c{at}"), it.data_type().clone(), true));
        let mut fields: Vec<Field> = own.collect();
        for at in edges(&asked) {
            let Some(kind) = fields.get(at).map(|it| it.data_type().clone()) else { continue };
            fields.extend(
                [LOW, HIGH].map(|end| Field::new(format!("c{at}{end}"), kind.clone(), true)),
            );
        }
        let slot = Arc::new(Slot::new(Arc::new(Schema::new(fields))));
        let columns = aggregate.schema.iter().enumerate().map(|(at, (qualifier, field))| {
            let column = Expr::Column(Column::new(Some("answer"), format!("c{at}")));
            match qualifier {
                Some(qualifier) => column.alias_qualified(Some(qualifier.clone()), field.name()),
                None => column.alias(field.name()),
            }
        });
        let provider: Arc<dyn TableProvider> = Arc::<Slot>::clone(&slot);
        let leaf = LogicalPlanBuilder::scan("answer", provider_as_source(provider), None)
            .and_then(|it| it.project(columns.collect::<Vec<_>>()))
            .and_then(LogicalPlanBuilder::build);
        self.questions.push((asked, slot));
        leaf.map_err(|cause| uncarry(&cause))
    }
}

/// The view whose rows reach the top of a plan: that no aggregate below stands above.
fn reaches_rows(plan: &LogicalPlan) -> Option<&'static str> {
    match plan {
        LogicalPlan::TableScan(scan) => view(&scan.source).map(|it| views::of(it.view).name),
        LogicalPlan::Aggregate(aggregate) => {
            // Grouped by person, its rows are people still.
            let grouped = aggregate.group_expr.iter().any(has_person);
            grouped.then(|| reaches_rows(&aggregate.input)).flatten()
        }
        other => other.inputs().into_iter().find_map(reaches_rows),
    }
}

fn has_person(expression: &Expr) -> bool {
    let columns = expression.column_refs();
    columns.iter().any(|it| statement::is_person(&it.name))
}

/// Carries our error through the planner.
pub fn carry(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// The error that was carried, or the planner's own as a fault.
#[must_use]
pub fn uncarry(cause: &DataFusionError) -> Error {
    if let DataFusionError::External(inner) = cause.find_root()
        && let Some(error) = inner.downcast_ref::<Error>()
    {
        return error.clone();
    }
    Error::fault("F03", format!("the plan cannot be rewritten: {}", cause.strip_backtrace()))
}
