//! Q10: the aggregates that have a bounded answer.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::AggregateFunction;

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
    title: "People are counted, and rows and minutes of them are counted or summed with a cap.",
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
        let allowed = "COUNT(DISTINCT subscriber_id), COUNT(*), SUM(minutes), AVG(minutes)";
        mark(refuse(&RULE, found).allowed(allowed), asking.sql, name)
    };
    if params.filter.is_some() || !params.order_by.is_empty() || params.null_treatment.is_some() {
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
