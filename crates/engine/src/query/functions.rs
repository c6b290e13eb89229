//! `dp_cost(sql)` and `dp_budget()`: what a question would cost now, and what is left for questions.
//!
//! The planner knows their names; the desk puts their values in before the free part runs.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarUDF, Volatility, create_udf,
};

use super::refusal::refuse;
use super::rule::unknown;
use super::split::{carry, uncarry};
use crate::error::Result;

const COST: &str = "dp_cost";
const BUDGET: &str = "dp_budget";

/// What the two functions answer.
pub trait Told {
    /// What a statement would cost now, in words.
    ///
    /// # Errors
    /// The refusal of the statement.
    fn cost(&self, sql: &str) -> Result<String>;

    /// The ρ that is left for questions of the month.
    ///
    /// # Errors
    /// A fault when the ledger cannot be read.
    fn budget(&self) -> Result<f64>;
}

/// The functions as the planner knows them.
#[must_use]
pub fn known() -> Vec<ScalarUDF> {
    let unfilled = |_: &[ColumnarValue]| -> datafusion::common::Result<ColumnarValue> {
        Err(DataFusionError::Internal("a function of the ledger was not filled in".to_owned()))
    };
    let unfilled = Arc::new(unfilled);
    vec![
        create_udf(
            COST,
            vec![DataType::Utf8],
            DataType::Utf8,
            Volatility::Stable,
            unfilled.clone(),
        ),
        create_udf(BUDGET, Vec::new(), DataType::Float64, Volatility::Stable, unfilled),
    ]
}

/// The plan with the values of the two functions in it.
///
/// # Errors
/// `Q02` for a cost of something else than text; what `told` says.
pub fn filled(plan: LogicalPlan, told: &dyn Told) -> Result<LogicalPlan> {
    let value = |expression: Expr| {
        let Expr::ScalarFunction(ScalarFunction { func, args }) = &expression else {
            return Ok(Transformed::no(expression));
        };
        let value = match (func.name(), &args[..]) {
            (COST, [Expr::Literal(ScalarValue::Utf8(Some(sql)), _)]) => {
                ScalarValue::Utf8(Some(told.cost(sql).map_err(carry)?))
            }
            (COST, _) => {
                return Err(carry(refuse(&unknown::RULE, "dp_cost is of a statement in quotes")));
            }
            (BUDGET, _) => ScalarValue::Float64(Some(told.budget().map_err(carry)?)),
            _ => return Ok(Transformed::no(expression)),
        };
        let name = expression.schema_name().to_string();
        Ok(Transformed::yes(Expr::Literal(value, None).alias(name)))
    };
    let filled =
        plan.transform_up_with_subqueries(|node| node.map_expressions(|it| it.transform_up(value)));
    filled.map(|it| it.data).map_err(|cause| uncarry(&cause))
}
