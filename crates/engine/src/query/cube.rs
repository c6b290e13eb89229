//! An answer that stands and holds what is asked, as cells or as sums of few of them: used before the vault.
//!
//! It must be of the same snapshot, view and rows, confined by no more than the question is; what the question
//! confines further is a column of people of it, over which people add up. A sum is taken only of cells that
//! are all published, for every group that is asked for, and of four at most: it is then half as sure as a new
//! measurement, or surer. Quantiles do not add up, and are taken of one cell. Looks at published answers alone.
//! Source: privacy model §8 (order of answers).

use std::collections::{BTreeMap, BTreeSet};

use super::answer::groups;
use super::price::{Priced, Reading};
use crate::dimension::Dimension;
use crate::error::Result;
use crate::plan::{Filter, PrivatePlan, Quantiles, Sum};
use crate::publish::{ALL, Manifest, MarginalRecord, Publication, Sheet};

/// The most cells that are added up to one.
const SUMMANDS_MAX: usize = 4;

/// Where the answer of each grouping set stands.
pub type Readings = BTreeMap<Vec<Dimension>, Reading>;

/// What is needed of a cube beside the tables of the question itself.
struct Wanted<'ask> {
    set: &'ask [Dimension],
    /// The dimensions of the question's own table.
    own: BTreeSet<Dimension>,
    only: &'ask BTreeMap<Dimension, BTreeSet<String>>,
    priced: &'ask Priced,
}

/// The first of `answers` that holds what is asked, and where; `read` opens one.
///
/// # Errors
/// What `read` says.
pub fn find<T>(
    priced: &Priced,
    answers: &[(Manifest, T)],
    read: impl Fn(&T) -> Result<Publication>,
) -> Result<Option<(Publication, Readings)>> {
    let mut readings = priced.readings.iter();
    let (Some((set, reading)), None) = (readings.next(), readings.next()) else { return Ok(None) };
    let own = priced.plan.marginals().find(|it| it.1.name == reading.table);
    let own = own.map(|(family, it)| PrivatePlan::dimensions(family, it).into_iter().collect());
    let wanted = Wanted { set, own: own.unwrap_or_default(), only: &reading.only, priced };
    for (manifest, folder) in answers {
        let Some(further) = wanted.confined_further(manifest) else { continue };
        let publication = read(folder)?;
        let found = manifest.marginals.iter().find_map(|table| {
            let reading = wanted.reading(&publication.sheet, &table.name, &further)?;
            wanted.has_amounts(table).then_some(reading)
        });
        if let Some(reading) = found {
            return Ok(Some((publication, BTreeMap::from([(set.clone(), reading)]))));
        }
    }
    Ok(None)
}

impl Wanted<'_> {
    /// The conditions that a cube does not have, each on a column of people; `None` when it cannot do.
    fn confined_further(&self, manifest: &Manifest) -> Option<Vec<Filter>> {
        let cube = manifest.question.as_ref().filter(|_| !manifest.unanswered)?;
        let plan = &self.priced.plan;
        // Tables beside each other share what is kept of a person, and a cell of one may be withdrawn for the
        // other's sake: whoever asks for one alone is told more.
        let alone = manifest.marginals.len() == 1;
        if cube.view != plan.view || manifest.floor != plan.floor.people() || !alone {
            return None;
        }
        if !self.own.iter().all(|it| manifest.codes_hash.contains_key(it.name())) {
            return None;
        }
        let (same, further): (Vec<_>, Vec<_>) =
            plan.filters.iter().cloned().partition(|it| cube.filters.contains(it));
        let of_people = further.iter().all(|it| it.dimension.partitions_people());
        (same.len() == cube.filters.len() && of_people).then_some(further)
    }

    /// Whether every sum that is asked for is in a table, and the quantiles, each as it would be measured.
    fn has_amounts(&self, table: &MarginalRecord) -> bool {
        let has =
            |sum: &Sum| table.sums.iter().any(|it| it.measure == sum.measure && it.cap == sum.cap);
        let tells = |quantiles: &Quantiles| {
            let own = table.quantiles.as_ref();
            own.is_some_and(|it| it.measure == quantiles.measure && it.edges == quantiles.edges)
        };
        let mut own = self.priced.plan.marginals().map(|it| it.1);
        own.all(|it| it.sums.iter().all(has) && it.quantiles.iter().all(tells))
    }

    /// How the answer is read from a table, if the table has it whole.
    fn reading(&self, sheet: &Sheet, table: &str, further: &[Filter]) -> Option<Reading> {
        let dimensions = dimensions(sheet, table);
        let needed = self.own.iter().copied().chain(further.iter().map(|it| it.dimension));
        let needed: BTreeSet<Dimension> = needed.collect();
        let more = dimensions.difference(&needed).all(|it| it.partitions_people());
        if !dimensions.is_superset(&needed) || !more {
            return None;
        }
        let mut only = self.only.clone();
        only.extend(further.iter().map(|it| (it.dimension, it.bins.iter().cloned().collect())));
        let reading = Reading { table: table.to_owned(), only };
        let ranked = self.priced.plan.marginals().any(|it| it.1.quantiles.is_some());
        let most = if ranked { 1 } else { SUMMANDS_MAX };
        let whole = groups(sheet, self.set, &reading).iter().all(|group| {
            group.len() == 1 || group.len() <= most && group.iter().all(|it| it.people.is_some())
        });
        whole.then_some(reading)
    }
}

/// The dimensions of a table: those of which its rows name a value.
fn dimensions(sheet: &Sheet, table: &str) -> BTreeSet<Dimension> {
    let Some(row) = sheet.rows.iter().find(|it| it.level == *table) else { return BTreeSet::new() };
    let named = sheet.keys.iter().zip(&row.labels).filter(|it| it.1.as_str() != ALL);
    named.map(|it| *it.0).collect()
}
