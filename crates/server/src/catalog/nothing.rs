//! What has no rows in any catalog of ours: a plan over it is cut short before it is run.
//!
//! Clients ask for keys, indexes, rules and defaults in ways that PostgreSQL runs and DataFusion does not. Over
//! relations without rows such parts are known beforehand: EXISTS is false, a scalar is null, an inner join has no
//! rows.

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRewriter};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{EmptyRelation, Expr, JoinType, LogicalPlan, lit};

/// A plan without the parts that have no rows.
///
/// # Errors
/// None that is known.
pub fn cut(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.rewrite_with_subqueries(&mut Cut).map(|it| it.data)
}

struct Cut;

impl TreeNodeRewriter for Cut {
    type Node = LogicalPlan;

    fn f_up(&mut self, node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let is_empty = match &node {
            LogicalPlan::Join(join) => match join.join_type {
                JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => {
                    nothing(&join.left) || nothing(&join.right)
                }
                JoinType::Left | JoinType::LeftAnti => nothing(&join.left),
                JoinType::Right | JoinType::RightAnti => nothing(&join.right),
                _ => false,
            },
            LogicalPlan::Aggregate(it) => !it.group_expr.is_empty() && nothing(&it.input),
            LogicalPlan::Projection(it) => nothing(&it.input),
            LogicalPlan::Filter(it) => it.predicate == lit(false) || nothing(&it.input),
            LogicalPlan::Window(it) => nothing(&it.input),
            LogicalPlan::Sort(it) => nothing(&it.input),
            LogicalPlan::Limit(it) => nothing(&it.input),
            LogicalPlan::Distinct(it) => nothing(it.input()),
            LogicalPlan::Unnest(it) => nothing(&it.input),
            LogicalPlan::SubqueryAlias(it) => nothing(&it.input),
            _ => false,
        };
        if is_empty {
            return Ok(Transformed::yes(none(&node)));
        }
        node.map_expressions(|expression| expression.transform_up(|it| Ok(known(it))))
    }
}

fn nothing(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::EmptyRelation(it) if !it.produce_one_row)
}

/// Whether a scalar of this plan is null: it has no rows, or aggregates none and counts nothing.
fn is_null(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(it) => is_null(&it.input),
        LogicalPlan::SubqueryAlias(it) => is_null(&it.input),
        LogicalPlan::Aggregate(it) => {
            let counts = |it: &Expr| it.schema_name().to_string().contains("count(");
            it.group_expr.is_empty() && nothing(&it.input) && !it.aggr_expr.iter().any(counts)
        }
        plan => nothing(plan),
    }
}

fn none(node: &LogicalPlan) -> LogicalPlan {
    let schema = std::sync::Arc::<DFSchema>::clone(node.schema());
    LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema })
}

/// What an expression over a subquery without rows comes to.
fn known(expression: Expr) -> Transformed<Expr> {
    match &expression {
        Expr::Exists(Exists { subquery, negated }) if nothing(&subquery.subquery) => {
            Transformed::yes(lit(*negated))
        }
        Expr::InSubquery(InSubquery { subquery, negated, .. }) if nothing(&subquery.subquery) => {
            Transformed::yes(lit(*negated))
        }
        Expr::ScalarSubquery(subquery) if is_null(&subquery.subquery) => {
            let fields = subquery.subquery.schema().fields();
            let of = fields.first().map(|it| ScalarValue::try_from(it.data_type()));
            match of {
                Some(Ok(null)) => Transformed::yes(Expr::Literal(null, None)),
                _ => Transformed::no(expression),
            }
        }
        _ => Transformed::no(expression),
    }
}
