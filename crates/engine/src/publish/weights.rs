//! Weights to the census: how many people of the population a published cell stands for.
//!
//! Takes printed cells of a release, printed cells of a residents release of the same period, and a census;
//! gives `weighted.csv`, a row for each row of `data.csv`. (1) A class (home, gender and age band, as far as
//! the cell, the residents and the census tell them) has one factor: adults of the census over printed
//! residents, from 1/W to W. (2) A cell counts its factor times its people or, where all its parts by finer
//! classes are published, the sum of theirs. (3) A total under the floor is hidden, as a hidden cell is.
//! Guarantee: post-processing of released numbers and public facts: it costs nothing and promises what they
//! promise. Source: privacy model §11 (the variant at no cost), products (weights).

mod factors;
mod project;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::factors::{Classes, Factor};
use self::project::Projection;
use super::folder::Publication;
use super::manifest::WeightsRecord;
use super::sheet::{ALL, HIDDEN, OTHER, Row, Sheet};
use crate::dimension::Dimension;
use crate::door::population::Census;
use crate::error::{Error, Result};
use crate::plan::{Family, Marginal, PrivatePlan};
use crate::report::Estimate;

/// The W of privacy model §11: who serves less than 1 % of a class does not speak for it, and who serves more
/// than a hundred times its residents has a wrong list.
const W_MAX: u32 = 100;

/// What stands where people are published and no class of theirs has a factor.
const MISSING: &str = "[x]";

/// What weights stand on.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'release> {
    /// A published residents release of the same period.
    pub residents: &'release Publication,
    /// Adults by place, gender and age band.
    pub census: &'release Census,
}

/// A published cell with the factor of its class.
#[derive(Clone, Copy)]
struct Weighed<'release> {
    people: Estimate,
    by: &'release [Dimension],
    factor: &'release Factor,
}

impl Weighed<'_> {
    /// Whether its class tells all that the other's does, and more.
    fn tells_more_than(&self, other: &Self) -> bool {
        let tells = |it: &Dimension| self.by.iter().any(|own| own.is_within(*it));
        self.by != other.by && other.by.iter().all(tells)
    }
}

/// The rows of a table, each weighed where that is possible.
type Level<'release> = Vec<(&'release Row, Option<Weighed<'release>>)>;

/// People of the population in a cell, with the ends of a 95 % interval.
#[derive(Clone, Debug)]
struct Total {
    people: f64,
    lo: f64,
    hi: f64,
    by: String,
}

/// The bytes of `weighted.csv` and what they stand on; `None` when no published cell has a factor.
///
/// # Errors
/// A fault when a row cannot be written.
pub(crate) fn weighted(
    plan: &PrivatePlan,
    sheet: &Sheet,
    ground: Ground<'_>,
) -> Result<Option<(Vec<u8>, WeightsRecord)>> {
    let mut rows = BTreeMap::<&str, Vec<&Row>>::new();
    for row in &sheet.rows {
        rows.entry(&row.level).or_default().push(row);
    }
    let firsts = rows.values().filter_map(|it| it.first());
    let kinds = firsts.flat_map(|it| factors::kinds(&told(sheet, it)));
    let Ground { residents, census } = ground;
    let classes = factors::of(&plan.codes, &residents.sheet, census, kinds);
    let levels = rows.into_iter().map(|(name, it)| (name, weigh(plan, sheet, it, &classes)));
    let levels: BTreeMap<&str, Level<'_>> = levels.collect();
    if levels.values().flatten().all(|it| it.1.is_none()) {
        return Ok(None);
    }
    let mut totals: BTreeMap<&str, _> =
        levels.keys().map(|it| (*it, totals(plan, sheet, &levels, it).into_iter())).collect();
    let fault = |cause: csv::Error| Error::fault("F03", cause.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    let keys = sheet.keys.iter().map(|it| it.name());
    let measures = ["people_weighted", "people_weighted_lo", "people_weighted_hi"];
    let header = ["level"].into_iter().chain(keys).chain(measures).chain(["weighted_by", "status"]);
    out.write_record(header).map_err(fault)?;
    let floor = f64::from(plan.floor.people());
    for row in &sheet.rows {
        let total = totals.get_mut(row.level.as_str()).and_then(Iterator::next).flatten();
        let labels = row.labels.iter().map(ToString::to_string);
        let fields = std::iter::once(row.level.to_string()).chain(labels);
        out.write_record(fields.chain(measured(row, total, floor))).map_err(fault)?;
    }
    let bytes = out.into_inner().map_err(|cause| Error::fault("F03", cause.to_string()))?;
    let record = WeightsRecord {
        residents_release: residents.manifest.id.clone(),
        population_hash: census.hash.clone(),
        w_max: W_MAX,
    };
    Ok(Some((bytes, record)))
}

/// A total with its interval, what it is weighted by, and its status.
fn measured(row: &Row, total: Option<Total>, floor: f64) -> [String; 5] {
    match (row.people, total) {
        (None, _) => [HIDDEN; 5].map(str::to_owned),
        (Some(_), None) => [MISSING; 5].map(str::to_owned),
        (Some(_), Some(it)) if it.people.round() < floor => [HIDDEN; 5].map(str::to_owned),
        (Some(_), Some(it)) => {
            // At least the floor's people were counted, and they are some of the population.
            let [people, lo, hi] =
                [it.people, it.lo.max(floor), it.hi].map(|it| format!("{:.0}", it.round()));
            [people, lo, hi, it.by, row.status().to_owned()]
        }
    }
}

/// What the table of a row is by; not by what a remainder takes together.
fn told(sheet: &Sheet, row: &Row) -> Vec<Dimension> {
    let labels = sheet.keys.iter().zip(&row.labels);
    labels.filter(|it| ![ALL, OTHER].contains(&it.1.as_str())).map(|it| *it.0).collect()
}

/// Finds for each row of a table the factor of the most telling class that has one.
fn weigh<'release>(
    plan: &'release PrivatePlan,
    sheet: &Sheet,
    rows: Vec<&'release Row>,
    classes: &'release Classes<'release>,
) -> Level<'release> {
    let by = rows.first().map(|it| told(sheet, it)).unwrap_or_default();
    let kinds: Vec<_> = factors::kinds(&by)
        .iter()
        .filter_map(|kind| {
            let (by_class, factors) = classes.get_key_value(kind)?;
            Some((by_class, Projection::new(&plan.codes, &sheet.keys, &by, kind)?, factors))
        })
        .collect();
    let weighed = |row: &'release Row| {
        let people = row.people?;
        kinds.iter().find_map(|(by, to_class, factors)| {
            let factor = factors.get(&to_class.apply(&row.labels)?)?;
            Some(Weighed { people, by, factor })
        })
    };
    rows.into_iter().map(|row| (row, weighed(row))).collect()
}

/// The total of each row of a table.
fn totals(
    plan: &PrivatePlan,
    sheet: &Sheet,
    levels: &BTreeMap<&str, Level<'_>>,
    name: &str,
) -> Vec<Option<Total>> {
    let Some(own) = levels.get(name) else { return Vec::new() };
    let by = own.first().map(|it| told(sheet, it.0)).unwrap_or_default();
    let table = plan.marginals().find(|it| it.1.name == name);
    let finer = table.map_or_else(Vec::new, |(family, it)| finer(plan, family, it));
    let finer = finer.into_iter().filter_map(|it| levels.get(it));
    let finer: Vec<_> = finer.map(|it| gathered(plan, sheet, it, &by)).collect();
    let to_own = Projection::new(&plan.codes, &sheet.keys, &by, &by);
    let total = |row: &Row, whole: &Weighed<'_>| {
        let labels = to_own.as_ref().and_then(|it| it.apply(&row.labels)).unwrap_or_default();
        let mut parts = finer.iter().filter_map(|it| it.get(&labels)?.as_deref());
        let parts = parts.find(|it| it.iter().all(|it| it.tells_more_than(whole)));
        sum(parts.unwrap_or(&[*whole]))
    };
    own.iter().map(|(row, whole)| Some(total(row, whole.as_ref()?))).collect()
}

/// Tables of the family whose cells add up to this one's, those with the most cells first.
fn finer<'plan>(plan: &PrivatePlan, family: &'plan Family, whole: &Marginal) -> Vec<&'plan str> {
    let is_sum = |it: &&Marginal| {
        it.name != whole.name
            && family.is_on_rows(it) == family.is_on_rows(whole)
            && family.contains(whole, it)
    };
    let mut parts: Vec<&Marginal> = family.marginals.iter().filter(is_sum).collect();
    parts.sort_by_key(|it| std::cmp::Reverse(plan.cells(family, it)));
    parts.into_iter().map(|it| it.name.as_str()).collect()
}

/// The parts of each cell of a table by `to`; `None` where one is hidden or has no factor.
fn gathered<'release>(
    plan: &'release PrivatePlan,
    sheet: &Sheet,
    parts: &Level<'release>,
    to: &[Dimension],
) -> BTreeMap<Vec<&'release str>, Option<Vec<Weighed<'release>>>> {
    let mut wholes = BTreeMap::new();
    let by = parts.first().map(|it| told(sheet, it.0)).unwrap_or_default();
    let Some(to_whole) = Projection::new(&plan.codes, &sheet.keys, &by, to) else { return wholes };
    for (row, part) in parts {
        let Some(labels) = to_whole.apply(&row.labels) else { continue };
        let whole = wholes.entry(labels).or_insert_with(|| Some(Vec::new()));
        *whole = whole.take().zip(*part).map(|(mut whole, part)| {
            whole.push(part);
            whole
        });
    }
    wholes
}

/// Adds parts up. First-order propagation: errors of cells are independent, those of one factor go together.
fn sum(parts: &[Weighed<'_>]) -> Total {
    let (mut people, mut down, mut up) = (0.0, 0.0, 0.0);
    let mut of_class = BTreeMap::<usize, (f64, f64)>::new();
    for Weighed { people: cell, factor, .. } in parts {
        let [value, lo, hi] = [cell.value, cell.lo, cell.hi].map(number);
        people += factor.weight * value;
        down += (factor.weight * (value - lo)).powi(2);
        up += (factor.weight * (hi - value)).powi(2);
        let class = of_class.entry(factor.class).or_insert((0.0, factor.relative));
        class.0 += factor.weight * value;
    }
    let factors: f64 =
        of_class.values().map(|(people, relative)| (people * relative).powi(2)).sum();
    let names = |by: &[Dimension]| by.iter().map(|it| it.name()).collect::<Vec<_>>().join(" ");
    let by = |it: &Weighed<'_>| if it.by.is_empty() { ALL.to_owned() } else { names(it.by) };
    let by: BTreeSet<String> = parts.iter().map(by).collect();
    let by = by.into_iter().collect::<Vec<_>>().join("; ");
    Total { people, lo: people - (down + factors).sqrt(), hi: people + (up + factors).sqrt(), by }
}

/// People, far below 2^32.
fn number(people: i64) -> f64 {
    u32::try_from(people).map_or(f64::from(u32::MAX), f64::from)
}
