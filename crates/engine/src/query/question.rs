//! A question: an aggregate over people, as bins, grouping sets and measures, whatever its words were.
//!
//! Takes the aggregate node of an unoptimised plan; gives what is asked, and how each column of the node's
//! output follows from a released cell. The order of columns, sets and conditions is no part of a question.
//! Source: privacy model §8 (canonical), §9.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::{Aggregate, Expr};

use super::Asking;
use super::relation::{Attribute, Relation, Source, computed, read};
use super::rule::aggregate::{self, Answered};
use super::rule::{grouping, identity, keys_alone, period};
use super::view::{self, Meaning};
use crate::dimension::{self, Dimension};
use crate::error::Result;
use crate::plan::{Measure, View};
use crate::time::Period;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The view whose rows are bounded and counted.
    pub view: View,
    /// The month.
    pub period: Period,
    /// The grouping sets, each in list order; one empty set when nothing is grouped by.
    pub sets: BTreeSet<Vec<Dimension>>,
    /// The bins that people and rows are confined to.
    pub filters: BTreeMap<Dimension, BTreeSet<String>>,
    /// What is summed beside the people.
    pub sums: BTreeSet<Measure>,
    /// Whose quantiles are asked for beside the people, at whichever shares.
    pub quantiles: Option<Measure>,
    /// Whether a condition holds for nobody, whatever the data.
    pub nothing: bool,
}

/// A column of the aggregate's output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The bin of a dimension; NULL in rows that are not grouped by it.
    Key(Dimension),
    /// A fact that follows from the bin of its key.
    Fact(Attribute),
    /// The planner's own number of a grouping set: a bit for each column that is not grouped by.
    SetNumber(Vec<Dimension>),
    /// A number.
    Answer(Answered),
}

/// A question and the columns that it answers.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What is asked.
    pub question: Question,
    /// The columns of the aggregate, in order.
    pub outputs: Vec<Output>,
}

/// Reads an aggregate over rows of people.
///
/// # Errors
/// `Q03` to `Q13` for what is not on the allow-list.
pub fn of(aggregate: &Aggregate, asking: &Asking<'_>) -> Result<Asked> {
    let relation = read(&aggregate.input, asking)?;
    let (keys, sets) = groups(aggregate, &relation, asking)?;
    let mut outputs = keys.clone();
    if aggregate.group_expr.iter().any(|it| matches!(it, Expr::GroupingSet(_))) {
        outputs.push(Output::SetNumber(keys.iter().map(Output::dimension).collect()));
    }
    for expression in &aggregate.aggr_expr {
        let call = match expression {
            Expr::Alias(alias) => alias.expr.as_ref(),
            other => other,
        };
        let Expr::AggregateFunction(call) = call else { return Err(computed(call, asking)) };
        outputs.push(Output::Answer(aggregate::read(call, &relation, asking)?));
    }
    let answers = || {
        outputs.iter().filter_map(|it| match it {
            Output::Answer(answered) if !matches!(answered, Answered::Grouping(_)) => {
                Some(answered)
            }
            _ => None,
        })
    };
    if answers().next().is_none() {
        return Err(keys_alone::alone(asking.sql, "group by"));
    }
    let sums = answers().filter_map(|it| match it {
        Answered::Sum(measure) | Answered::Average(measure) => Some(*measure),
        _ => None,
    });
    let sums = sums.collect();
    let quantiles = answers().find_map(|it| match it {
        Answered::Quantile(measure, _) => Some(*measure),
        _ => None,
    });
    let (period, filters) = month(&relation, asking)?;
    let (view, nothing) = (relation.view, relation.nothing);
    // Without rows there is nothing to sum but people.
    let question = Question { view, period, sets, filters, sums, quantiles, nothing };
    Ok(Asked { question, outputs })
}

impl Output {
    /// The dimension of a key, or that a fact follows from.
    fn dimension(&self) -> Dimension {
        match self {
            Self::Key(dimension) => *dimension,
            Self::Fact(attribute) => attribute.key(),
            // Only keys and facts stand in GROUP BY.
            Self::SetNumber(_) | Self::Answer(_) => Dimension::Day,
        }
    }
}

/// The columns of GROUP BY, in output order, and the sets of dimensions that they make.
fn groups(
    aggregate: &Aggregate,
    relation: &Relation,
    asking: &Asking<'_>,
) -> Result<(Vec<Output>, BTreeSet<Vec<Dimension>>)> {
    let sets: Vec<Vec<&Expr>> = match &aggregate.group_expr[..] {
        [Expr::GroupingSet(sets)] => expand(sets),
        plain => vec![plain.iter().collect()],
    };
    let mut columns: Vec<&Expr> = Vec::new();
    for expression in sets.iter().flatten() {
        if !columns.contains(expression) {
            columns.push(expression);
        }
    }
    let key = |expression: &&Expr| key(expression, relation, asking);
    let keys: Vec<Output> = columns.iter().map(key).collect::<Result<_>>()?;
    let mut all = BTreeSet::new();
    for set in &sets {
        let own = set.iter().map(key).collect::<Result<Vec<_>>>()?;
        let dimensions: BTreeSet<Dimension> = own.iter().map(Output::dimension).collect();
        let lone = own.iter().find(|it| {
            matches!(it, Output::Fact(_)) && !own.contains(&Output::Key(it.dimension()))
        });
        if let Some(lone) = lone {
            let key = view::column(lone.dimension());
            let found = format!("a fact of `{key}` is grouped by, and not `{key}` itself");
            return Err(grouping::not_registered(
                found,
                "the key of the public list beside its facts",
                asking.sql,
            ));
        }
        let ordered = dimension::ALL.into_iter().filter(|it| dimensions.contains(it)).collect();
        if !all.insert(ordered) {
            let found = "two grouping sets are the same";
            return Err(grouping::not_registered(found, "each set once", asking.sql));
        }
    }
    Ok((keys, all))
}

fn key(expression: &Expr, relation: &Relation, asking: &Asking<'_>) -> Result<Output> {
    let column = match expression {
        Expr::Column(column) => column,
        Expr::Alias(alias) => match alias.expr.as_ref() {
            Expr::Column(column) => column,
            other => return Err(computed(other, asking)),
        },
        other => return Err(computed(other, asking)),
    };
    match relation.source(column)? {
        Source::Column(Meaning::Bin(dimension)) => Ok(Output::Key(dimension)),
        Source::Attribute(attribute) => Ok(Output::Fact(attribute)),
        Source::Column(Meaning::Unit) => Err(identity::used("GROUP BY", asking.sql, &column.name)),
        Source::Column(Meaning::Amount(_)) => {
            let found = format!("`{}` is an amount and has no bins", column.name);
            Err(grouping::not_registered(
                found,
                "columns of bins; SUM, AVG and MEDIAN of amounts",
                asking.sql,
            ))
        }
    }
}

fn expand(sets: &GroupingSet) -> Vec<Vec<&Expr>> {
    match sets {
        GroupingSet::GroupingSets(sets) => sets.iter().map(|it| it.iter().collect()).collect(),
        GroupingSet::Rollup(columns) => {
            (0..=columns.len()).rev().map(|it| columns.iter().take(it).collect()).collect()
        }
        GroupingSet::Cube(columns) => {
            let mut all: Vec<Vec<&Expr>> = vec![Vec::new()];
            for column in columns {
                let with: Vec<Vec<&Expr>> =
                    all.iter().map(|it| it.iter().copied().chain([column]).collect()).collect();
                all.extend(with);
            }
            all
        }
    }
}

/// The month of a question, and its conditions but for the days that are all of that month.
fn month(
    relation: &Relation,
    asking: &Asking<'_>,
) -> Result<(Period, BTreeMap<Dimension, BTreeSet<String>>)> {
    let held = &asking.lists.held;
    let newest = held.last().copied().ok_or_else(period::none_held)?;
    let asked = asking.period.unwrap_or(newest);
    let mut filters = relation.filters.clone();
    let days: Vec<_> = match filters.get(&Dimension::Day) {
        Some(days) => days.iter().filter_map(|it| it.parse().ok()).collect(),
        None => Vec::new(),
    };
    let month = match (days.first(), days.last()) {
        (Some(first), Some(last)) if Period::of(*first) != Period::of(*last) => {
            return Err(period::several(*first, *last, held));
        }
        (Some(first), _) => Period::of(*first),
        _ => asked,
    };
    if !held.contains(&month) {
        return Err(period::not_held(month, held));
    }
    if days.len() == month.days().count() {
        filters.remove(&Dimension::Day);
    }
    Ok((month, filters))
}
