//! The rows of a published answer as a question asked for them.
//!
//! Only published cells are rows; a cell without a quorum, and one that holds nobody, are the same absence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use jiff::civil::Date;
use privacy::{Floor, Percent};

use super::Asking;
use super::bins::{Value, value};
use super::cube::Readings;
use super::price::Reading;
use super::question::{Asked, Output};
use super::relation::Attribute;
use super::rule::aggregate::Answered;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::plan::Measure;
use crate::publish::{ALL, Row, Sheet, Word};
use crate::report::Estimate;

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Null,
    Text(String),
    Whole(i64),
    Real(f64),
    Bits(u64),
    Day(Date),
}

/// The answer of `asked` in `published`, as rows of `schema`; `None` stands for an answer without any row.
///
/// # Errors
/// A fault when the answer is not one of the plan.
pub fn rows(
    asked: &Asked,
    published: Option<(&Sheet, &Readings)>,
    schema: &SchemaRef,
    asking: &Asking<'_>,
) -> Result<RecordBatch> {
    let mut columns: Vec<Vec<Field>> = vec![Vec::new(); schema.fields().len()];
    let tables = published.into_iter().flat_map(|(sheet, readings)| {
        readings.iter().map(move |(set, reading)| (sheet, set, reading))
    });
    for (sheet, set, reading) in tables {
        for group in groups(sheet, set, reading) {
            let Some(cell) = Cell::of(&group, sheet, set, asking) else { continue };
            let fields = asked.outputs.iter().map(|it| cell.fields(it)).collect();
            for (column, field) in columns.iter_mut().zip(edges_last(asked, fields)) {
                column.push(field);
            }
        }
    }
    let wrong = |cause: arrow::error::ArrowError| Error::fault("F03", cause.to_string());
    let arrays = columns.iter().zip(schema.fields());
    let arrays = arrays.map(|(column, field)| array(column, field.data_type()).map_err(wrong));
    RecordBatch::try_new(Arc::clone(schema), arrays.collect::<Result<_>>()?).map_err(wrong)
}

/// The rows of a table that are read, one group for each combination of bins of `set`, in list order.
pub fn groups<'sheet>(
    sheet: &'sheet Sheet,
    set: &[Dimension],
    reading: &Reading,
) -> Vec<Vec<&'sheet Row>> {
    let place = |dimension: &Dimension| sheet.keys.iter().position(|it| it == dimension);
    let only: Vec<(Option<usize>, &BTreeSet<String>)> =
        reading.only.iter().map(|(dimension, bins)| (place(dimension), bins)).collect();
    let keys: Vec<Option<usize>> = set.iter().map(place).collect();
    let label = |row: &'sheet Row, at: Option<usize>| {
        at.and_then(|at| row.labels.get(at)).map_or(ALL, Word::as_str)
    };
    let mut places: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    let mut all: Vec<Vec<&Row>> = Vec::new();
    for row in sheet.rows.iter().filter(|it| it.level == *reading.table) {
        if !only.iter().all(|(at, bins)| bins.contains(label(row, *at))) {
            continue;
        }
        let key = keys.iter().map(|at| label(row, *at)).collect();
        let at = *places.entry(key).or_insert(all.len());
        match all.get_mut(at) {
            Some(group) => group.push(row),
            None => all.push(vec![row]),
        }
    }
    all
}

/// One number for several cells of different people; `None` when one of them is not published.
fn together(cells: impl Iterator<Item = Option<Estimate>>) -> Option<Estimate> {
    let mut cells = cells;
    let mut whole = cells.next()??;
    let (mut below, mut above) = (squared(whole.value - whole.lo), squared(whole.hi - whole.value));
    for cell in cells {
        let cell = cell?;
        whole.value += cell.value;
        below += squared(cell.value - cell.lo);
        above += squared(cell.hi - cell.value);
        whole.near_threshold |= cell.near_threshold;
    }
    whole.lo = whole.value - root(below);
    whole.hi = whole.value + root(above);
    Some(whole)
}

const fn squared(width: i64) -> i64 {
    width.saturating_mul(width)
}

/// The square root, rounded up.
const fn root(square: i64) -> i64 {
    let floor = square.isqrt();
    if floor * floor == square { floor } else { floor + 1 }
}

/// The columns that a slot has behind those of the aggregate: the edges of each number, by its place.
pub fn edges(asked: &Asked) -> impl Iterator<Item = usize> + '_ {
    let numbers = asked.outputs.iter().enumerate();
    numbers.filter(|it| matches!(it.1, Output::Answer(answered) if !matches!(answered, Answered::Grouping(_))))
        .map(|it| it.0)
}

/// Value, or value with its edges, of each output: values first, then edges.
fn edges_last(asked: &Asked, fields: Vec<(Field, Option<(Field, Field)>)>) -> Vec<Field> {
    debug_assert_eq!(asked.outputs.len(), fields.len());
    let (values, edges): (Vec<Field>, Vec<_>) = fields.into_iter().unzip();
    values
        .into_iter()
        .chain(edges.into_iter().flatten().flat_map(|(low, high)| [low, high]))
        .collect()
}

/// One published cell of a grouping set.
struct Cell<'cell> {
    set: &'cell [Dimension],
    sheet: &'cell Sheet,
    /// Any row of it: they differ in what is not asked for.
    row: &'cell Row,
    people: Estimate,
    /// One for each measure of the sheet.
    sums: Vec<Option<Estimate>>,
    /// One for each share at which the sheet has quantiles; none of several cells, which do not add up.
    quantiles: &'cell [Estimate],
    asking: &'cell Asking<'cell>,
}

impl<'cell> Cell<'cell> {
    fn of(
        group: &[&'cell Row],
        sheet: &'cell Sheet,
        set: &'cell [Dimension],
        asking: &'cell Asking<'cell>,
    ) -> Option<Self> {
        let row = *group.first()?;
        let mut people = together(group.iter().map(|it| it.people))?;
        people.lo = people.lo.max(i64::from(Floor::QUORUM.people()));
        let sum = |at: usize| together(group.iter().map(|it| it.sums.get(at).copied().flatten()));
        let sums = (0..sheet.measures.len()).map(sum).collect();
        let quantiles = if group.len() == 1 { &row.quantiles[..] } else { &[] };
        Some(Self { set, sheet, row, people, sums, quantiles, asking })
    }

    fn label(&self, dimension: Dimension) -> Option<&str> {
        let at = self.sheet.keys.iter().position(|it| *it == dimension)?;
        self.row.labels.get(at).map(Word::as_str)
    }

    fn fields(&self, output: &Output) -> (Field, Option<(Field, Field)>) {
        let whole = |it: Estimate| {
            (Field::Whole(it.value), Some((Field::Whole(it.lo), Field::Whole(it.hi))))
        };
        // A sum that one person may hold much of is not told.
        let nothing = || (Field::Null, Some((Field::Null, Field::Null)));
        match output {
            Output::Key(dimension) => (self.key(*dimension), None),
            Output::Fact(attribute) => (self.fact(*attribute), None),
            Output::SetNumber(dimensions) | Output::Answer(Answered::Grouping(dimensions)) => {
                (Field::Bits(self.bits(dimensions)), None)
            }
            Output::Answer(Answered::People) => whole(self.people),
            Output::Answer(Answered::Sum(measure)) => {
                self.sum(*measure).map_or_else(nothing, whole)
            }
            Output::Answer(Answered::Average(measure)) => {
                self.sum(*measure).map_or_else(nothing, |sum| {
                    let [value, low, high] = average(sum, self.people);
                    (Field::Real(value), Some((Field::Real(low), Field::Real(high))))
                })
            }
            Output::Answer(Answered::Quantile(measure, percent)) => {
                self.quantile(*measure, *percent).map_or_else(nothing, |own| {
                    let [value, low, high] =
                        [own.value, own.lo, own.hi].map(|it| Field::Real(float(it)));
                    (value, Some((low, high)))
                })
            }
        }
    }

    fn key(&self, dimension: Dimension) -> Field {
        let label = self.set.contains(&dimension).then(|| self.label(dimension)).flatten();
        match label.map(|it| value(dimension, it)) {
            None | Some(Value::Unknown) => Field::Null,
            Some(Value::Text(text)) => Field::Text(text),
            Some(Value::Number(number)) => Field::Whole(number),
            Some(Value::Day(day)) => Field::Day(day),
        }
    }

    fn fact(&self, attribute: Attribute) -> Field {
        let key = attribute.key();
        let label = self.set.contains(&key).then(|| self.label(key)).flatten();
        let labels = self.asking.lists.codes.list(key).labels();
        let at = label.and_then(|label| labels.iter().position(|it| it == label));
        let fact = at.and_then(|at| self.asking.lists.facts(attribute).get(at).cloned().flatten());
        fact.map_or(Field::Null, Field::Text)
    }

    /// A bit for each column, the last the lowest: set where the row is not grouped by it.
    fn bits(&self, dimensions: &[Dimension]) -> u64 {
        dimensions.iter().fold(0, |bits, it| bits << 1 | u64::from(!self.set.contains(it)))
    }

    fn sum(&self, measure: Measure) -> Option<Estimate> {
        let at = self.sheet.measures.iter().position(|it| *it == measure)?;
        self.sums.get(at).copied().flatten()
    }

    fn quantile(&self, measure: Measure, percent: Percent) -> Option<Estimate> {
        let at = Percent::GRID.iter().position(|it| *it == percent)?;
        self.quantiles.get(at).copied().filter(|_| self.sheet.quantiles == Some(measure))
    }
}

/// A sum over the people, with edges by first-order propagation.
fn average(sum: Estimate, people: Estimate) -> [f64; 3] {
    let ratio = |sum: i64, people: i64| float(sum) / float(people.max(1));
    [ratio(sum.value, people.value), ratio(sum.lo, people.hi), ratio(sum.hi, people.lo)]
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "counts are far below 2^53")]
const fn float(number: i64) -> f64 {
    number as f64
}

fn array(
    column: &[Field],
    data_type: &DataType,
) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let text = |it: &Field| match it {
        Field::Text(text) => Some(text.clone()),
        _ => None,
    };
    let whole = |it: &Field| match it {
        Field::Whole(number) => Some(*number),
        _ => None,
    };
    let days = |it: &Field| match it {
        Field::Day(day) => {
            let span = day.since(Date::constant(1970, 1, 1)).ok()?;
            Some(span.get_days())
        }
        _ => None,
    };
    let real = |it: &Field| match it {
        Field::Real(number) => Some(*number),
        _ => None,
    };
    let bits = |it: &Field| match it {
        Field::Bits(bits) => Some(*bits),
        _ => None,
    };
    let values: ArrayRef = match data_type {
        DataType::Utf8 => Arc::new(column.iter().map(text).collect::<StringArray>()),
        DataType::Date32 => Arc::new(column.iter().map(days).collect::<Date32Array>()),
        DataType::Float64 => Arc::new(column.iter().map(real).collect::<Float64Array>()),
        DataType::Int64 => Arc::new(column.iter().map(whole).collect::<Int64Array>()),
        _ => Arc::new(column.iter().map(bits).collect::<UInt64Array>()),
    };
    cast(&values, data_type)
}
