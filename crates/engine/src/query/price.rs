//! Prices a question: the private plan that answers it, known before any row is read.
//!
//! (1) A condition on one bin of an attribute of people is asked as a table by that attribute: it costs the
//! same, has the same noise, and answers every other bin too. (2) Limits are the policy's, cut at the bins that
//! are asked for. (3) Each grouping set is a marginal of one family; sets that cannot be settled together are
//! refused. Source: privacy model §8 (canonical), §9 (sets).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use privacy::CellLimit;

use super::Asking;
use super::question::Question;
use super::rule::{cells, grouping};
use super::view;
use crate::dimension::{self, Codes, Dimension};
use crate::error::{Error, Result};
use crate::plan::{
    Family, Filter, Marginal, Measure, PrivatePlan, QUESTION, QUESTION_CELLS_MAX, Quantiles, Sum,
    View, untied,
};
use crate::policy::Policy;

/// A question with its plan.
#[derive(Clone, Debug)]
pub struct Priced {
    /// What is charged, drawn and stored.
    pub plan: PrivatePlan,
    /// The table of each grouping set, and the rows of it that are the answer.
    pub readings: BTreeMap<Vec<Dimension>, Reading>,
}

/// Where the answer of a grouping set stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The marginal.
    pub table: String,
    /// The bins of its dimensions that were asked for; all where a dimension is not named.
    pub only: BTreeMap<Dimension, BTreeSet<String>>,
}

/// No person's limit is above it, whatever the dimensions.
const CELLS_PER_PERSON_MAX: u32 = 64;

/// The plan of a question over a snapshot.
///
/// # Errors
/// `Q12` for sets that cannot be settled together, `Q14` for too many cells, `P05` for a policy whose price
/// allows no mechanism.
pub fn price(
    question: &Question,
    snapshot: &str,
    policy: &Policy,
    asking: &Asking<'_>,
) -> Result<Priced> {
    let codes = asking.lists.codes.clone().with_days(question.period);
    let asked = Lifted::of(question, &codes);
    // What a condition leaves out is empty for all to see, and no cell of a table.
    let grouped = |it: &Dimension| asked.sets.iter().any(|set| set.contains(it));
    let confined = asked.filters.iter().filter(|it| grouped(it.0));
    let codes = confined.fold(codes, |codes, (dimension, bins)| codes.confined(*dimension, bins));
    let rows = rows(&asked.sets, asking)?;
    let limit = limit(&rows, &asked.filters, policy)?;
    let sums: Vec<Sum> = question.sums.iter().map(|it| sum(*it, question.view, policy)).collect();
    let quantiles = question.quantiles.map(|measure| Quantiles {
        measure,
        edges: view::of(question.view).edges(measure),
        rho: policy.questions.rho,
    });
    let marginals = asked.sets.iter().map(|set| Marginal {
        name: name(set),
        rows: set.iter().any(|it| rows.contains(it)),
        by: set.iter().copied().filter(|it| it.partitions_people()).collect(),
        rho: policy.questions.rho,
        delta: policy.questions.delta,
        weights: None,
        sums: sums.clone(),
        quantiles: quantiles.clone(),
    });
    let marginals = marginals.collect();
    let family = Family { rows, limit, quality: None, marginals, remainders: Vec::new() };
    let families = vec![family];
    if let Some(wrong) = untied(&families) {
        return Err(grouping::not_registered(wrong.what, wrong.allowed, asking.sql));
    }
    let filters = asked.filters.into_iter();
    let plan = PrivatePlan {
        product: QUESTION.to_owned(),
        edition: NonZeroU32::MIN,
        period: question.period,
        snapshot: snapshot.to_owned(),
        floor: policy.floor,
        view: question.view,
        filters: filters
            .map(|(dimension, bins)| Filter { dimension, bins: bins.into_iter().collect() })
            .collect(),
        families,
        policy_hash: policy.hash.clone(),
        codes,
    };
    let all =
        plan.marginals().map(|(family, it)| plan.cells(family, it)).fold(0, u64::saturating_add);
    if all > QUESTION_CELLS_MAX {
        return Err(cells::too_many(all));
    }
    plan.check()?;
    let readings = asked.readings.into_iter();
    let readings = readings.map(|(set, (of, only))| (set, Reading { table: name(&of), only }));
    Ok(Priced { readings: readings.collect(), plan })
}

/// The bins that are asked for, of each dimension that is named.
type Only = BTreeMap<Dimension, BTreeSet<String>>;

/// What is asked for once conditions on people have become dimensions.
struct Lifted {
    sets: BTreeSet<Vec<Dimension>>,
    filters: Only,
    /// For each asked set, the set that holds it and the bins of that one.
    readings: BTreeMap<Vec<Dimension>, (Vec<Dimension>, Only)>,
}

impl Lifted {
    fn of(question: &Question, codes: &Codes) -> Self {
        let plain = || Self {
            sets: question.sets.clone(),
            filters: question.filters.clone(),
            readings: question
                .sets
                .iter()
                .map(|it| (it.clone(), (it.clone(), BTreeMap::new())))
                .collect(),
        };
        let (Some(set), 1) = (question.sets.first(), question.sets.len()) else { return plain() };
        let (lifted, filters): (BTreeMap<_, _>, BTreeMap<_, _>) =
            question.filters.clone().into_iter().partition(|(dimension, bins)| {
                dimension.partitions_people() && (bins.len() == 1 || set.contains(dimension))
            });
        let with: BTreeSet<Dimension> = set.iter().chain(lifted.keys()).copied().collect();
        let length =
            |it: &Dimension| u64::try_from(codes.list(*it).labels().len()).unwrap_or(u64::MAX);
        let places = with.iter().filter(|it| it.is_home()).count();
        // Two places of the home do not cross; a table that is too long is asked as it was written.
        if places > 1 || with.iter().map(length).fold(1, u64::saturating_mul) > QUESTION_CELLS_MAX {
            return plain();
        }
        let of: Vec<Dimension> =
            dimension::ALL.into_iter().filter(|it| with.contains(it)).collect();
        let readings = BTreeMap::from([(set.clone(), (of.clone(), lifted))]);
        Self { sets: BTreeSet::from([of]), filters, readings }
    }
}

/// The row dimensions of all sets: each set has all of them or none.
fn rows(sets: &BTreeSet<Vec<Dimension>>, asking: &Asking<'_>) -> Result<Vec<Dimension>> {
    let own = |set: &[Dimension]| -> Vec<Dimension> {
        set.iter().copied().filter(|it| !it.partitions_people()).collect()
    };
    let mut all = sets.iter().map(|it| own(it)).filter(|it| !it.is_empty());
    let rows = all.next().unwrap_or_default();
    if all.any(|it| it != rows) {
        let found = "grouping sets are by different columns of rows";
        let allowed = "in each set the same of site, category, area, day, hour, or none of them; \
                       any columns of people";
        return Err(grouping::not_registered(found, allowed, asking.sql));
    }
    Ok(rows)
}

/// L: the product of the policy's limits, each at most as many as there are bins to be in.
fn limit(
    rows: &[Dimension],
    filters: &BTreeMap<Dimension, BTreeSet<String>>,
    policy: &Policy,
) -> Result<CellLimit> {
    let own = |dimension: &Dimension| {
        let bins = filters.get(dimension).and_then(|it| u32::try_from(it.len()).ok());
        policy.questions.cells(*dimension).min(bins.unwrap_or(u32::MAX)).max(1)
    };
    let cells = rows.iter().map(own).fold(1, u32::saturating_mul).min(CELLS_PER_PERSON_MAX);
    CellLimit::new(cells).map_err(|cause| Error::policy("P05", cause.to_string()))
}

fn sum(measure: Measure, view: View, policy: &Policy) -> Sum {
    Sum { measure, cap: view::of(view).cap(measure).max(1), rho: policy.questions.rho }
}

fn name(set: &[Dimension]) -> String {
    let names: Vec<&str> = set.iter().map(|it| it.name()).collect();
    if names.is_empty() { "all".to_owned() } else { names.join("_") }
}
