//! Q10: the aggregates that have a bounded answer.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams};
use privacy::Percent;

use super::{Rule, predicate};
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::plan::{Measure, View};
use crate::query::Asking;
use crate::query::refusal::{mark, refuse};
use crate::query::relation::{Relation, Source, computed};
use crate::query::view::Meaning;

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q10",
    title: "People are counted, their rows and minutes summed with a cap, and minutes ranked in bins.",
    why: "MIN, MAX, ANY, arrays and sketches answer with one person's value, and an uncapped sum with the \
          heaviest person's.",
    refused: "SELECT area, MAX(hour) FROM presence GROUP BY area",
    instead: "SELECT area, COUNT(DISTINCT subscriber_id), COUNT(*) FROM presence GROUP BY area",
};

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Distinct people.
    People,
    /// The sum of a measure.
    Sum(Measure),
    /// The sum of a measure over the people.
    Average(Measure),
    /// The amount of a measure that this share of the people do not exceed.
    Quantile(Measure, Percent),
    /// Bits that say which of these are not grouped by in a row.
    Grouping(Vec<Dimension>),
}

/// What an aggregate asks for.
///
/// # Errors
/// `Q10` for an aggregate that has no bounded answer, `Q05` for one of a computed value.
pub fn read(
    call: &AggregateFunction,
    relation: &Relation,
    asking: &Asking<'_>,
) -> Result<Answered> {
    let name = call.func.name();
    let params = &call.params;
    let wrong = |found: String| {
        let allowed = "COUNT(DISTINCT subscriber_id), COUNT(*), SUM(minutes), AVG(minutes), MEDIAN(minutes), \
                       percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes)";
        mark(refuse(&RULE, found).allowed(allowed), asking.sql, name)
    };
    let ordered = !params.order_by.is_empty() && !is_in_its_order(name, params);
    if params.filter.is_some() || ordered || params.null_treatment.is_some() {
        let found = format!("{} has FILTER, ORDER BY or a treatment of NULL", name.to_uppercase());
        return Err(wrong(found).remedy("put the condition in WHERE, or group by its column"));
    }
    match (name, &params.args[..], params.distinct) {
        ("count", [Expr::Literal(literal, _)], false) if !literal.is_null() => {
            Ok(Answered::Sum(Measure::Rows))
        }
        #[expect(deprecated, reason = "what a statement's * is before it is planned further")]
        ("count", [Expr::Wildcard { .. }] | [], false) => Ok(Answered::Sum(Measure::Rows)),
        ("count", [argument], true) => match source(argument, relation, asking)? {
            Source::Column(Meaning::Unit) => Ok(Answered::People),
            _ => Err(wrong("COUNT(DISTINCT …) is of another column than the person".to_owned())),
        },
        ("count", [argument], false) => {
            source(argument, relation, asking)?;
            Err(wrong("COUNT of a column is the count of rows where it is not NULL".to_owned())
                .remedy("write  COUNT(*) … WHERE column IS NOT NULL"))
        }
        ("sum" | "avg", [argument], false) => match source(argument, relation, asking)? {
            Source::Column(Meaning::Amount(measure)) if name == "sum" => Ok(Answered::Sum(measure)),
            Source::Column(Meaning::Amount(measure)) => Ok(Answered::Average(measure)),
            _ => Err(wrong(format!("{} of a column that is no amount", name.to_uppercase()))),
        },
        ("median" | "approx_median", [argument], false) => {
            quantile(source(argument, relation, asking)?, Percent::HALF).ok_or_else(|| {
                wrong(format!("{} of a column that is no amount", name.to_uppercase()))
            })
        }
        (name, [argument, share], false) if PERCENTILES.contains(&name) => {
            let own = source(argument, relation, asking)?;
            let percent = percent(share).ok_or_else(|| {
                let share = share.human_display();
                wrong(format!("{name} is at {share}")).allowed("0.05, 0.1, 0.15 and so on to 0.95")
            })?;
            quantile(own, percent)
                .ok_or_else(|| wrong(format!("{name} of a column that is no amount")))
        }
        ("grouping", arguments, false) => {
            let of = |it: &Expr| match source(it, relation, asking)? {
                Source::Column(Meaning::Bin(dimension)) => Ok(dimension),
                _ => Err(wrong("GROUPING of a column that is not grouped by".to_owned())),
            };
            Ok(Answered::Grouping(arguments.iter().map(of).collect::<Result<_>>()?))
        }
        _ => Err(wrong(format!("{} has no bounded answer", name.to_uppercase()))),
    }
}

/// The functions that take a share, and the column in WITHIN GROUP or before it.
const PERCENTILES: [&str; 2] = ["percentile_cont", "approx_percentile_cont"];

/// Whether the order of an aggregate is the ascending one of its own column.
fn is_in_its_order(name: &str, params: &AggregateFunctionParams) -> bool {
    match (&params.order_by[..], params.args.first()) {
        ([own], Some(argument)) => PERCENTILES.contains(&name) && own.asc && own.expr == *argument,
        _ => false,
    }
}

fn quantile(source: Source, percent: Percent) -> Option<Answered> {
    match source {
        Source::Column(Meaning::Amount(measure)) => Some(Answered::Quantile(measure, percent)),
        _ => None,
    }
}

/// The share of the grid that a literal is.
fn percent(share: &Expr) -> Option<Percent> {
    let Expr::Literal(ScalarValue::Float64(Some(share)), _) = share else { return None };
    // A share is read from decimal text, and off its own value by less than this.
    let is = |it: &&Percent| (f64::from(it.get()) - share * 100.0).abs() < 1e-9;
    Percent::GRID.iter().find(is).copied()
}

fn source(argument: &Expr, relation: &Relation, asking: &Asking<'_>) -> Result<Source> {
    match argument {
        Expr::Column(column) => relation.source(column),
        Expr::Literal(ScalarValue::Null, _) | Expr::Literal(..) => Err(literal(argument, asking)),
        other => Err(computed(other, asking)),
    }
}

fn literal(argument: &Expr, asking: &Asking<'_>) -> Error {
    let text = argument.human_display().to_string();
    mark(
        refuse(&RULE, format!("a constant, {text}, is aggregated")),
        asking.sql,
        &predicate::needle(argument),
    )
    .allowed("COUNT(*) counts rows")
}

/// Minutes of a view that has none.
#[must_use]
pub fn no_amount(view: View, sql: &str) -> Error {
    let error = refuse(&RULE, format!("{view:?} has no amounts to sum"));
    mark(error, sql, "minutes")
}
