//! Q06: WHERE chooses bins.
//!
//! A condition is looked at alone, over the public list of its one column: the bins for which it is true, by
//! SQL's logic of three values, are what people and rows are confined to. However it is written, the same bins
//! are the same question.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, Operator};
use jiff::civil::Date;

use super::{Rule, computation, identity, period, subquery};
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::query::Asking;
use crate::query::bins::{Bins, Value};
use crate::query::refusal::{mark, refuse};
use crate::query::relation::{Relation, Source};
use crate::query::view::{Meaning, column};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q06",
    title: "WHERE is an AND of conditions, each a set of bins of one column.",
    why: "An OR over two columns, or a value that is no bin, cuts a group down to the person who makes the \
          difference.",
    refused: "SELECT COUNT(*) FROM visit WHERE site = 'bbc.co.uk' OR hour = 8",
    instead: "SELECT COUNT(*) FROM visit WHERE site IN ('bbc.co.uk') AND hour BETWEEN 8 AND 9",
};

/// What a condition confines.
#[derive(Debug, PartialEq, Eq)]
pub enum Chosen {
    /// These bins of a dimension, by label.
    Bins(Dimension, BTreeSet<String>),
    /// Everything, or nothing, whatever the row.
    All(bool),
}

/// A condition over the values of one column.
enum Test {
    Compare(Operator, Value),
    In(Vec<Value>, bool),
    IsNull,
    Constant(Option<bool>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
    Not(Box<Test>),
    /// `IS TRUE`, `IS FALSE`, `IS UNKNOWN`.
    Is(Box<Test>, Option<bool>),
}

/// The conditions that an AND takes together.
#[must_use]
pub fn conjuncts(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            let mut all = conjuncts(left);
            all.extend(conjuncts(right));
            all
        }
        Expr::Alias(alias) => conjuncts(&alias.expr),
        other => vec![other],
    }
}

/// The bins that a condition without AND chooses.
///
/// # Errors
/// `Q04` to `Q07` for what is no set of bins of one column.
pub fn choose(condition: &Expr, relation: &Relation, asking: &Asking<'_>) -> Result<Chosen> {
    let mut reader = Reader { relation, asking, column: None };
    let test = reader.test(condition)?;
    let Some(source) = reader.column else {
        return Ok(Chosen::All(test.of(&Value::Unknown) == Some(true)));
    };
    let bins = asking.bins(source);
    let chosen = bins.all.iter().filter(|it| test.of(&it.1) == Some(true));
    Ok(Chosen::Bins(bins.dimension, chosen.map(|it| it.0.clone()).collect()))
}

struct Reader<'ask> {
    relation: &'ask Relation,
    asking: &'ask Asking<'ask>,
    /// The one column that the condition is about.
    column: Option<Source>,
}

impl Reader<'_> {
    fn test(&mut self, expression: &Expr) -> Result<Test> {
        let is = |test: Test, wanted| Test::Is(Box::new(test), wanted);
        let not = |test: Test| Test::Not(Box::new(test));
        Ok(match expression {
            Expr::Alias(alias) => self.test(&alias.expr)?,
            Expr::Not(inner) => not(self.test(inner)?),
            Expr::IsTrue(inner) => is(self.test(inner)?, Some(true)),
            Expr::IsFalse(inner) => is(self.test(inner)?, Some(false)),
            Expr::IsUnknown(inner) => is(self.test(inner)?, None),
            Expr::IsNotTrue(inner) => not(is(self.test(inner)?, Some(true))),
            Expr::IsNotFalse(inner) => not(is(self.test(inner)?, Some(false))),
            Expr::IsNotUnknown(inner) => not(is(self.test(inner)?, None)),
            Expr::IsNull(inner) => self.is_null(inner)?,
            Expr::IsNotNull(inner) => not(self.is_null(inner)?),
            Expr::BinaryExpr(binary) => self.binary(binary)?,
            Expr::Between(between) => {
                let low = self.compare(&between.expr, Operator::GtEq, &between.low)?;
                let high = self.compare(&between.expr, Operator::LtEq, &between.high)?;
                let both = Test::And(Box::new(low), Box::new(high));
                if between.negated { not(both) } else { both }
            }
            Expr::InList(list) => {
                let bins = self.bins_of(&list.expr)?;
                let values =
                    list.list.iter().map(|it| self.bin(&bins, it)).collect::<Result<_>>()?;
                Test::In(values, list.negated)
            }
            Expr::Literal(ScalarValue::Boolean(value), _) => Test::Constant(*value),
            other => return Err(self.wrong(other)),
        })
    }

    fn binary(&mut self, binary: &BinaryExpr) -> Result<Test> {
        let BinaryExpr { left, op, right } = binary;
        match op {
            Operator::And | Operator::Or => {
                let tests = (Box::new(self.test(left)?), Box::new(self.test(right)?));
                Ok(if *op == Operator::And {
                    Test::And(tests.0, tests.1)
                } else {
                    Test::Or(tests.0, tests.1)
                })
            }
            Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq => match (bare(left), bare(right)) {
                (Expr::Literal(one, _), Expr::Literal(other, _)) => {
                    self.constants(binary, one, other)
                }
                (Expr::Literal(..), _) => self.compare(right, op.swap().unwrap_or(*op), left),
                _ => self.compare(left, *op, right),
            },
            _ => Err(self.wrong(&Expr::BinaryExpr(binary.clone()))),
        }
    }

    /// A comparison of two constants, such as `1 = 1`.
    fn constants(
        &self,
        binary: &BinaryExpr,
        one: &ScalarValue,
        other: &ScalarValue,
    ) -> Result<Test> {
        if one.is_null() || other.is_null() {
            return Ok(Test::Constant(None));
        }
        let order = one.partial_cmp(other);
        let order = order.ok_or_else(|| self.wrong(&Expr::BinaryExpr(binary.clone())))?;
        Ok(Test::Constant(Some(holds(binary.op, order))))
    }

    fn compare(&mut self, left: &Expr, operator: Operator, literal: &Expr) -> Result<Test> {
        let bins = self.bins_of(left)?;
        if is_null(literal) {
            return Ok(Test::Constant(None));
        }
        if matches!(operator, Operator::Eq | Operator::NotEq) {
            return Ok(Test::Compare(operator, self.bin(&bins, literal)?));
        }
        match bins.dimension {
            Dimension::Day => Ok(Test::Compare(operator, self.edge(literal)?)),
            // The end of the last hour is an edge, and no hour.
            Dimension::Hour => match self.literal(literal, Dimension::Hour)? {
                Value::Number(24) => Ok(Test::Compare(operator, Value::Number(24))),
                _ => Ok(Test::Compare(operator, self.bin(&bins, literal)?)),
            },
            other => {
                let error = refuse(&RULE, format!("`{}` has bins without an order", column(other)));
                Err(self.at(error.allowed("=, <>, IN and NOT IN; ranges of day and hour"), left))
            }
        }
    }

    fn is_null(&mut self, column: &Expr) -> Result<Test> {
        self.bins_of(column)?;
        Ok(Test::IsNull)
    }

    /// The bins of a column, which must be the one that the condition is about already.
    fn bins_of(&mut self, expression: &Expr) -> Result<Bins> {
        let Expr::Column(column) = bare(expression) else { return Err(self.wrong(expression)) };
        let source = self.relation.source(column)?;
        match source {
            Source::Column(Meaning::Unit) => {
                return Err(identity::used("a condition", self.asking.sql, &column.name));
            }
            Source::Column(Meaning::Amount(_)) => {
                let error =
                    refuse(&RULE, format!("`{}` is an amount and has no bins", column.name));
                return Err(self.at(
                    error.allowed("SUM and AVG of it; conditions on columns of bins"),
                    expression,
                ));
            }
            _ => {}
        }
        if *self.column.get_or_insert(source) != source {
            let error = refuse(&RULE, "one condition is about two columns, joined by OR or NOT");
            return Err(self
                .at(error.allowed("one column in each condition; AND between them"), expression));
        }
        Ok(self.asking.bins(source))
    }

    /// A literal that is a bin.
    fn bin(&self, bins: &Bins, literal: &Expr) -> Result<Value> {
        if is_null(literal) {
            return Ok(Value::Unknown);
        }
        let value = self.literal(literal, bins.dimension)?;
        if bins.all.iter().any(|it| it.1 == value) {
            return Ok(value);
        }
        let error = refuse(&RULE, format!("{value} is no bin of `{}`", column(bins.dimension)));
        Err(match &value {
            Value::Text(text) => self.at(error.allowed(nearest(text, bins)), literal),
            Value::Day(_) => {
                self.at(period::outside(&value.to_string(), &self.asking.lists.held), literal)
            }
            _ => self.at(error.allowed(expected(bins.dimension)), literal),
        })
    }

    /// The edge of a window of days: a day of a month that is held, or the one after.
    fn edge(&self, literal: &Expr) -> Result<Value> {
        let value = self.literal(literal, Dimension::Day)?;
        let held = &self.asking.lists.held;
        let first = held.first().map(|it| it.first_day());
        let last = held.last().and_then(|it| it.days().last()).and_then(|it| it.tomorrow().ok());
        match (&value, first, last) {
            (Value::Day(day), Some(first), Some(last)) if (first..=last).contains(day) => Ok(value),
            _ => Err(self.at(period::outside(&value.to_string(), held), literal)),
        }
    }

    fn literal(&self, literal: &Expr, dimension: Dimension) -> Result<Value> {
        let scalar = match bare(literal) {
            Expr::Literal(scalar, _) => scalar,
            // DATE '…' is a cast of text before it is planned further.
            Expr::Cast(cast) => match bare(&cast.expr) {
                Expr::Literal(scalar, _) if casts_to_bins(cast, dimension) => scalar,
                Expr::Literal(..) => {
                    return Err(self.no_bin(&literal.to_string(), literal, dimension));
                }
                _ => return Err(self.wrong(literal)),
            },
            Expr::Placeholder(parameter) => {
                let error =
                    refuse(&RULE, format!("`{}` is a parameter without a value", parameter.id));
                return Err(self.at(error.allowed(expected(dimension)), literal));
            }
            Expr::Column(_) => {
                let error = refuse(&RULE, "a column is compared with another column");
                return Err(self.at(error.allowed(expected(dimension)), literal));
            }
            _ => return Err(self.wrong(literal)),
        };
        let value = match (scalar, dimension) {
            (ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), Dimension::Day) => {
                whole_day(text).map(Value::Day)
            }
            (
                ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
                Dimension::Hour,
            ) => text.parse().ok().map(Value::Number),
            (ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => {
                Some(Value::Text(text.clone()))
            }
            (ScalarValue::Int64(Some(number)), Dimension::Hour) => Some(Value::Number(*number)),
            (ScalarValue::Date32(Some(days)), Dimension::Day) => {
                let epoch = Date::constant(1970, 1, 1);
                let days = jiff::Span::new().try_days(*days).ok();
                days.and_then(|it| epoch.checked_add(it).ok()).map(Value::Day)
            }
            _ => None,
        };
        value.ok_or_else(|| self.no_bin(&literal.human_display().to_string(), literal, dimension))
    }

    /// What is refused of a literal that cannot be a bin, whatever the list.
    fn no_bin(&self, text: &str, literal: &Expr, dimension: Dimension) -> Error {
        let error = refuse(&RULE, format!("`{text}` is no bin of `{}`", column(dimension)));
        self.at(error.allowed(expected(dimension)), literal)
    }

    /// What is refused of an expression that is no condition on bins.
    fn wrong(&self, expression: &Expr) -> Error {
        let sql = self.asking.sql;
        match expression {
            Expr::Exists(_) => subquery::below("EXISTS", sql, "exists"),
            Expr::InSubquery(_) => subquery::below("IN (SELECT …)", sql, "in"),
            Expr::ScalarSubquery(_) | Expr::SetComparison(_) => {
                subquery::below("a subquery", sql, "(select")
            }
            Expr::OuterReferenceColumn(_, column) => {
                subquery::below("a correlated subquery", sql, &column.name)
            }
            other => computation::on_rows(&other.human_display().to_string(), sql, &needle(other)),
        }
    }

    fn at(&self, error: Error, expression: &Expr) -> Error {
        mark(error, self.asking.sql, &needle(expression))
    }
}

impl Test {
    /// What the condition says of a value.
    fn of(&self, value: &Value) -> Option<bool> {
        match self {
            Self::Constant(constant) => *constant,
            Self::IsNull => Some(*value == Value::Unknown),
            Self::Not(inner) => inner.of(value).map(|it| !it),
            Self::Is(inner, wanted) => Some(inner.of(value) == *wanted),
            Self::And(one, other) => match (one.of(value), other.of(value)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(one, other) => match (one.of(value), other.of(value)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Compare(..) | Self::In(..) if *value == Value::Unknown => None,
            Self::Compare(operator, bin) => Some(holds(*operator, value.cmp(bin))),
            Self::In(values, negated) => {
                let found = values.contains(value);
                let unknown = !found && values.contains(&Value::Unknown);
                if unknown { None } else { Some(found != *negated) }
            }
        }
    }
}

fn holds(operator: Operator, order: std::cmp::Ordering) -> bool {
    match operator {
        Operator::Eq => order.is_eq(),
        Operator::NotEq => order.is_ne(),
        Operator::Lt => order.is_lt(),
        Operator::LtEq => order.is_le(),
        Operator::Gt => order.is_gt(),
        Operator::GtEq => order.is_ge(),
        _ => false,
    }
}

/// Without names that were given to it.
fn bare(expression: &Expr) -> &Expr {
    match expression {
        Expr::Alias(alias) => bare(&alias.expr),
        other => other,
    }
}

/// So many bins are told of in full.
const TOLD_MAX: usize = 12;

/// The bins of a list, or some of it, and the one that was probably meant.
fn nearest(text: &str, bins: &Bins) -> String {
    let names = bins.all.iter().filter_map(|it| match &it.1 {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    });
    let names: Vec<&str> = names.collect();
    let all = crate::door::choices(text, names.iter().copied());
    if names.len() <= TOLD_MAX {
        return all;
    }
    let some: Vec<&str> = names.iter().copied().take(3).collect();
    let meant = all.split_once("; ").map(|it| format!("; {}", it.1)).unwrap_or_default();
    format!("{}, … {} in all{meant}", some.join(", "), names.len())
}

/// A day that is written as one, and not as an instant of it.
fn whole_day(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|it| it.to_string() == text)
}

/// Whether a cast of a literal leaves it a bin: to the type that the column has.
fn casts_to_bins(cast: &Cast, dimension: Dimension) -> bool {
    let to = cast.field.data_type();
    match dimension {
        Dimension::Day => *to == DataType::Date32,
        Dimension::Hour => to.is_signed_integer(),
        _ => matches!(to, DataType::Utf8 | DataType::Utf8View),
    }
}

fn is_null(literal: &Expr) -> bool {
    matches!(bare(literal), Expr::Literal(scalar, _) if scalar.is_null())
}

const fn expected(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Day => "whole days, e.g. DATE '2026-10-05'",
        Dimension::Hour => "whole hours, 0 to 23",
        _ => "text of the public list, e.g. gender = 'F'",
    }
}

/// Words of the statement that an expression begins with, to mark its place.
#[must_use]
pub fn needle(expression: &Expr) -> String {
    match expression {
        Expr::Column(column) => column.name.clone(),
        Expr::Alias(alias) => needle(&alias.expr),
        Expr::ScalarFunction(call) => call.func.name().to_owned(),
        Expr::AggregateFunction(call) => call.func.name().to_owned(),
        Expr::Cast(cast) => needle(&cast.expr),
        Expr::TryCast(cast) => needle(&cast.expr),
        Expr::Case(_) => "case".to_owned(),
        Expr::Like(like) => if like.case_insensitive { "ilike" } else { "like" }.to_owned(),
        Expr::SimilarTo(_) => "similar".to_owned(),
        Expr::BinaryExpr(binary) => needle(&binary.left),
        Expr::Not(inner) | Expr::Negative(inner) | Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
            needle(inner)
        }
        Expr::Between(between) => needle(&between.expr),
        Expr::InList(list) => needle(&list.expr),
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => format!("'{text}'"),
        Expr::Literal(scalar, _) => scalar.to_string(),
        other => other.human_display().to_string(),
    }
}
