//! A release as one table: a row for every cell of the public code lists, hidden ones included.
//!
//! A hidden cell says `[c]` in every measure; how many of them held anybody is never said.

use std::collections::BTreeMap;

use privacy::Percent;
use privacy::consistency::Standing;

use super::shares::{self, Shares};
use super::word::{Word, Words};
use crate::dimension::{self, Dimension};
use crate::error::{Error, Result};
use crate::plan::{Family, Measure, PrivatePlan, Remainder, View};
use crate::release::{Released, Table};
use crate::report::{Estimate, Ratio};

/// What stands for a dimension that a table does not have.
pub const ALL: &str = "all";
/// What stands for the values of a dimension that a remainder takes together.
pub const OTHER: &str = "other";
/// What stands in every measure of a hidden cell.
pub const HIDDEN: &str = "[c]";

/// The 0.975 quantile of the normal distribution.
const Z95: f64 = 1.959_964;

/// A release, flat.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    /// The dimensions that any of its tables has, in file order.
    pub keys: Vec<Dimension>,
    /// What is summed beside people, in column order.
    pub measures: Vec<Measure>,
    /// Whose quantiles stand behind the sums, at each share of [`Percent::GRID`].
    pub quantiles: Option<Measure>,
    /// Whether rows carry shares.
    pub shares: bool,
    /// One row a cell, by table, then by code list.
    pub rows: Vec<Row>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The table.
    pub level: Word,
    /// One label for each of the sheet's keys.
    pub labels: Box<[Word]>,
    /// Its people; `None` when hidden.
    pub people: Option<Estimate>,
    /// Its sums, one for each of the sheet's measures; `None` when hidden or not measured.
    pub sums: Box<[Option<Estimate>]>,
    /// Its quantiles, one for each share of [`Percent::GRID`]; none when hidden or not measured.
    pub quantiles: Box<[Estimate]>,
    /// Its shares.
    pub shares: Shares,
}

impl Sheet {
    /// Lays out what was released.
    #[must_use]
    pub fn of(released: &Released) -> Self {
        let plan = &released.plan;
        let used = |wanted: &Dimension| {
            plan.marginals()
                .any(|(family, it)| PrivatePlan::dimensions(family, it).contains(wanted))
        };
        let keys: Vec<Dimension> = dimension::ALL.into_iter().filter(used).collect();
        let summed = |wanted: &Measure| {
            plan.marginals().any(|(_, it)| it.sums.iter().any(|it| it.measure == *wanted))
        };
        let measures: Vec<Measure> = Measure::ALL.into_iter().filter(summed).collect();
        let ranked = plan.marginals().find_map(|(_, it)| it.quantiles.as_ref());
        let ranked = ranked.map(|it| it.measure);
        let mut rows = Vec::new();
        let mut words = Words::default();
        let question = plan.is_question();
        for ((family, marginal), table) in plan.marginals().zip(&released.tables) {
            // Of people who are told of whole, the clipped count is the other side of shares alone.
            if marginal.weights.is_some() && !family.is_on_rows(marginal) {
                continue;
            }
            let level = words.of(&marginal.name);
            let dimensions = PrivatePlan::dimensions(family, marginal);
            let labels = Labels::new(plan, &keys, &dimensions, &mut words);
            let shares = shares::of(released, family, marginal);
            let mut shown = table.cells.iter().map(|it| it.0).peekable();
            for (cell, labels) in (0..plan.cells(family, marginal)).zip(labels) {
                let shown = shown.next_if_eq(&cell);
                rows.push(Row {
                    level: level.clone(),
                    labels,
                    people: shown.and_then(|it| estimate(table, it)),
                    sums: measures.iter().map(|it| sum(table, *it, cell)).collect(),
                    quantiles: ranked.and_then(|it| quantiles(table, it, cell)).unwrap_or_default(),
                    // Who asks a question divides for himself.
                    shares: shown.filter(|_| !question).map(&shares).unwrap_or_default(),
                });
            }
        }
        for ((family, other), table) in plan.remainders().zip(&released.others) {
            let others = rest(plan, family, other, table, &keys, &mut words);
            rows.extend(others.map(|it| Row { sums: vec![None; measures.len()].into(), ..it }));
        }
        let shares = plan.view == View::Visit && !question;
        Self { keys, measures, quantiles: ranked, shares, rows }
    }

    /// The header of `data.csv`.
    #[must_use]
    pub fn header(&self) -> Vec<String> {
        let keys = self.keys.iter().map(|it| it.name().to_owned());
        let measures = std::iter::once("people").chain(self.measures.iter().map(|it| it.name()));
        let measures = measures
            .flat_map(|name| ["", "_lo", "_hi"].map(|of_interval| format!("{name}{of_interval}")));
        let shares = if self.shares { &shares::COLUMNS[..] } else { &[] };
        std::iter::once("level".to_owned())
            .chain(keys)
            .chain(measures)
            .chain(self.quantiles.into_iter().flat_map(quantile_columns))
            .chain(shares.iter().chain(&["status"]).map(|&it| it.to_owned()))
            .collect()
    }

    /// The sheet as `data.csv`.
    ///
    /// # Errors
    /// A fault when a row cannot be written.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        let wrong = |cause: csv::Error| Error::fault("F03", cause.to_string());
        let mut out = csv::Writer::from_writer(Vec::new());
        out.write_record(self.header()).map_err(wrong)?;
        let shares = if self.shares { shares::COLUMNS.len() } else { 0 };
        let ranked = if self.quantiles.is_some() { QUANTILE_COLUMNS } else { 0 };
        let hidden = vec![HIDDEN; 3 + 3 * self.measures.len() + ranked + shares];
        for row in &self.rows {
            let labels = std::iter::once(&row.level).chain(&row.labels);
            labels.map(Word::as_str).try_for_each(|it| out.write_field(it)).map_err(wrong)?;
            match row.people {
                None => hidden.iter().try_for_each(|it| out.write_field(it)).map_err(wrong)?,
                Some(it) => {
                    let mut fields = fields_of(Some(it)).to_vec();
                    fields.extend(row.sums.iter().flat_map(|it| fields_of(*it)));
                    if self.quantiles.is_some() {
                        fields.extend(quantile_fields(&row.quantiles));
                    }
                    if self.shares {
                        fields.extend(row.shares.fields());
                    }
                    fields.iter().try_for_each(|it| out.write_field(it)).map_err(wrong)?;
                }
            }
            out.write_field(row.status()).map_err(wrong)?;
            out.write_record(None::<&[u8]>).map_err(wrong)?;
        }
        out.into_inner().map_err(|cause| Error::fault("F03", cause.to_string()))
    }

    /// Reads a `data.csv` that [`Self::to_csv`] wrote.
    ///
    /// # Errors
    /// A fault naming the line that is not one of ours.
    pub fn from_csv(bytes: &[u8]) -> Result<Self> {
        let wrong = |line: u64| {
            Error::fault("F08", "the release's data.csv is not as it was written")
                .at(format!("data.csv:{line}"))
                .remedy("compare it with the digest in manifest.json; restore it from a copy")
        };
        let mut reader = csv::Reader::from_reader(bytes);
        let header = reader.headers().map_err(|_| wrong(1))?.clone();
        let named = |name: &str| dimension::ALL.into_iter().find(|it| it.name() == name);
        let keys: Vec<Dimension> = header.iter().filter_map(named).collect();
        let with_shares = header.iter().any(|it| it == shares::COLUMNS[0]);
        let summed = |it: &Measure| header.iter().any(|of| of == it.name());
        let measures: Vec<Measure> = Measure::ALL.into_iter().filter(summed).collect();
        let in_header = |it: &Measure| {
            quantile_columns(*it).next().is_some_and(|name| header.iter().any(|of| of == name))
        };
        let ranked = Measure::ALL.into_iter().find(in_header);
        let first = 1 + keys.len();
        let behind = first + 3 + 3 * measures.len();
        let (mut rows, mut words) = (Vec::new(), Words::default());
        for (line, record) in (2..).zip(reader.records()) {
            let record = record.map_err(|_| wrong(line))?;
            let field = |at: usize| record.get(at).ok_or_else(|| wrong(line));
            let number = |at: usize| match field(at)? {
                HIDDEN => Ok(None),
                text => text.parse::<i64>().map(Some).map_err(|_| wrong(line)),
            };
            let near = record.get(record.len() - 1) == Some(NEAR_THRESHOLD);
            let estimate = |at: usize, near_threshold: bool| {
                let found = number(at)?.zip(number(at + 1)?).zip(number(at + 2)?);
                let found =
                    found.map(|((value, lo), hi)| Estimate { value, lo, hi, near_threshold });
                Ok(found)
            };
            let sums = (1..=measures.len()).map(|it| estimate(first + 3 * it, false));
            rows.push(Row {
                level: words.of(field(0)?),
                labels: (1..first).map(|at| Ok(words.of(field(at)?))).collect::<Result<_>>()?,
                people: estimate(first, near)?,
                sums: sums.collect::<Result<_>>()?,
                quantiles: match ranked {
                    Some(_) => parse_quantiles(&record, behind).ok_or_else(|| wrong(line))?,
                    None => Box::default(),
                },
                shares: if with_shares {
                    let first = behind + if ranked.is_some() { QUANTILE_COLUMNS } else { 0 };
                    Shares::parse(&record, first).ok_or_else(|| wrong(line))?
                } else {
                    Shares::default()
                },
            });
        }
        Ok(Self { keys, measures, quantiles: ranked, shares: with_shares, rows })
    }

    /// The rows of one table with the labels of `keys`.
    pub fn level<'sheet>(
        &'sheet self,
        level: &'sheet str,
        keys: &[Dimension],
    ) -> impl Iterator<Item = (Vec<&'sheet str>, &'sheet Row)> {
        let at: Vec<Option<usize>> =
            keys.iter().map(|key| self.keys.iter().position(|it| it == key)).collect();
        self.rows.iter().filter(move |row| row.level == *level).map(move |row| {
            let label =
                |at: &Option<usize>| at.and_then(|at| row.labels.get(at)).map_or(ALL, Word::as_str);
            (at.iter().map(label).collect(), row)
        })
    }
}

/// The labels of a table's cells one after the other, in the sheet's columns.
struct Labels {
    /// The words of each column, and by how many cells they change.
    columns: Vec<(Vec<Word>, usize)>,
    cell: usize,
}

impl Labels {
    fn new(
        plan: &PrivatePlan,
        keys: &[Dimension],
        dimensions: &[Dimension],
        words: &mut Words,
    ) -> Self {
        let length = |it: &Dimension| plan.codes.list(*it).labels().len();
        let column = |key: &Dimension| match dimensions.iter().position(|it| it == key) {
            None => (vec![words.of(ALL)], 1),
            Some(at) => {
                let own = plan.codes.list(*key).labels().iter().map(|it| words.of(it)).collect();
                (own, dimensions[at + 1..].iter().map(length).product())
            }
        };
        Self { columns: keys.iter().map(column).collect(), cell: 0 }
    }
}

impl Iterator for Labels {
    type Item = Box<[Word]>;

    /// Never ends: the table knows how many cells it has.
    fn next(&mut self) -> Option<Self::Item> {
        let at = self.cell;
        self.cell += 1;
        let label = |(words, every): &(Vec<Word>, usize)| {
            words.get(at / every.max(&1) % words.len().max(1)).cloned()
        };
        self.columns.iter().map(label).collect()
    }
}

/// The rows of a remainder: a cell of the coarser table each, whose parts are taken together.
fn rest<'plan>(
    plan: &'plan PrivatePlan,
    family: &'plan Family,
    other: &'plan Remainder,
    table: &'plan Table,
    keys: &'plan [Dimension],
    words: &'plan mut Words,
) -> impl Iterator<Item = Row> + 'plan {
    let dimensions = |at: usize| {
        let marginal = family.marginals.get(at);
        marginal.map_or_else(Vec::new, |it| PrivatePlan::dimensions(family, it))
    };
    let (whole, parts) = (dimensions(other.refinement.whole), dimensions(other.refinement.parts));
    let cells = family.marginals.get(other.refinement.whole);
    let cells = cells.map_or(0, |it| plan.cells(family, it));
    let level = words.of(&other.name);
    (0..cells).map(move |cell| {
        let own: BTreeMap<Dimension, &str> =
            whole.iter().copied().zip(plan.labels(&whole, cell)).collect();
        let label = |key: &Dimension| {
            let together = if parts.contains(key) { OTHER } else { ALL };
            words.of(own.get(key).unwrap_or(&together))
        };
        Row {
            level: level.clone(),
            labels: keys.iter().map(label).collect(),
            people: estimate(table, cell),
            sums: Box::default(),
            quantiles: Box::default(),
            shares: Shares::default(),
        }
    })
}

/// A measure with its interval, as `data.csv` has it.
fn fields_of(estimate: Option<Estimate>) -> [String; 3] {
    match estimate {
        Some(it) => [it.value, it.lo, it.hi].map(|it| it.to_string()),
        None => [HIDDEN; 3].map(str::to_owned),
    }
}

/// A column for each share, and one for the intervals of all of them.
const QUANTILE_COLUMNS: usize = Percent::GRID.len() + 1;

/// The names of these columns: `minutes_p05` to `minutes_p95` and `minutes_p_intervals`.
fn quantile_columns(measure: Measure) -> impl Iterator<Item = String> {
    let name = measure.name();
    let shares = Percent::GRID.into_iter().map(move |it| format!("{name}_p{:02}", it.get()));
    shares.chain([format!("{name}_p_intervals")])
}

/// Quantiles as `data.csv` has them; the intervals one after the other, e.g. `1-5 1-10 3-10`.
fn quantile_fields(quantiles: &[Estimate]) -> Vec<String> {
    if quantiles.is_empty() {
        return vec![HIDDEN.to_owned(); QUANTILE_COLUMNS];
    }
    let intervals: Vec<String> =
        quantiles.iter().map(|it| format!("{}-{}", it.lo, it.hi)).collect();
    let values = quantiles.iter().map(|it| it.value.to_string());
    values.chain([intervals.join(" ")]).collect()
}

/// What [`quantile_fields`] wrote from column `first` on; `None` for anything else.
fn parse_quantiles(record: &csv::StringRecord, first: usize) -> Option<Box<[Estimate]>> {
    let fields = || (first..).map_while(|it| record.get(it)).take(QUANTILE_COLUMNS);
    if fields().all(|it| it == HIDDEN) {
        return Some(Box::default());
    }
    let intervals = fields().last()?.split(' ').map(|it| it.split_once('-'));
    let intervals: Vec<(&str, &str)> = intervals.collect::<Option<_>>()?;
    if intervals.len() != Percent::GRID.len() {
        return None;
    }
    let number = |text: &str| text.parse::<i64>().ok();
    let both = fields().zip(intervals).map(|(value, (lo, hi))| {
        let (value, lo, hi) = (number(value)?, number(lo)?, number(hi)?);
        Some(Estimate { value, lo, hi, near_threshold: false })
    });
    both.collect()
}

const NEAR_THRESHOLD: &str = "near_threshold";

impl Row {
    /// `A`, `near_threshold` or `[c]`.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match self.people {
            Some(Estimate { near_threshold: true, .. }) => NEAR_THRESHOLD,
            Some(_) => "A",
            None => HIDDEN,
        }
    }
}

/// A released cell with its 95 % interval.
fn estimate(table: &Table, cell: u64) -> Option<Estimate> {
    let figure = table.figure(cell)?;
    let whole = |people: u64| i64::try_from(people).ok();
    Some(Estimate {
        value: whole(figure.people)?,
        lo: whole(figure.interval.low)?,
        hi: whole(figure.interval.high)?,
        near_threshold: figure.standing == Standing::NearThreshold,
    })
}

/// A released sum of a cell with its 95 % interval, cut to zero and more; none that one person may hold a fiftieth
/// of (privacy model §4, dominance).
fn sum(table: &Table, measure: Measure, cell: u64) -> Option<Estimate> {
    let which = table.sums.iter().position(|it| it.measure == measure)?;
    let noisy = table.sum(which, cell)?;
    table.sums.get(which)?.mechanism.is_of_many(noisy).then_some(())?;
    let value = i64::try_from(noisy).ok()?;
    let half = i64::try_from(table.sums.get(which)?.half_width()).ok()?;
    let (lo, hi) = (value.saturating_sub(half).max(0), value.saturating_add(half));
    Some(Estimate { value, lo, hi, near_threshold: false })
}

/// The released quantiles of a cell, each the greatest amount of its bin, from the least amount that it may be.
fn quantiles(table: &Table, measure: Measure, cell: u64) -> Option<Box<[Estimate]>> {
    let drawn = table.quantiles.as_ref().filter(|it| it.quantiles.measure == measure)?;
    let at = table.cells.binary_search_by_key(&cell, |it| it.0).ok()?;
    let whole = |amount: u64| i64::try_from(amount).ok();
    let all = drawn.values.get(at)?.iter().map(|bins| {
        Some(Estimate {
            value: whole(drawn.quantiles.greatest(bins.value))?,
            lo: whole(drawn.quantiles.least(bins.low))?,
            hi: whole(drawn.quantiles.greatest(bins.high))?,
            near_threshold: false,
        })
    });
    all.collect()
}

/// A quotient of two released counts with its 95 % interval, cut to 0..=1.
///
/// First-order propagation, as if the errors were independent.
#[must_use]
pub(super) fn ratio(part: (f64, f64), whole: (f64, f64)) -> Ratio {
    let value = (part.0 / whole.0).clamp(0.0, 1.0);
    let sigma = (part.1.powi(2) + (value * whole.1).powi(2)).sqrt() / whole.0;
    let (lo, hi) = (value - Z95 * sigma, value + Z95 * sigma);
    Ratio { value, lo: lo.clamp(0.0, 1.0), hi: hi.clamp(0.0, 1.0) }
}
