//! A series: the releases of one product and edition in one calendar year, whose code lists are the same.
//!
//! Takes a plan and the releases that stand; refuses a plan whose sites, places or bands are others than
//! theirs, before anything is charged. A re-cut list would let cells of two months be compared that are not
//! the same cells, and people be told by the difference. It depends on public lists and policy alone.
//! Source: privacy model §7.

use std::collections::{BTreeMap, BTreeSet};

use super::standing::Standing;
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::plan::PrivatePlan;
use crate::publish::{ALL, Manifest, OTHER, Publication, Word};

/// Refuses a plan whose code lists are not those of its series.
///
/// # Errors
/// [`Error`] `P09` naming the lists, how many values of each went and came, and since which release; a fault
/// when an earlier release is not what was published.
pub(super) fn check(plan: &PrivatePlan, standing: &Standing<'_>) -> Result<()> {
    let now = plan.codes_hash();
    for (path, digest) in standing.of_year(plan).rev() {
        let manifest = Manifest::read_recorded(standing.disk, &path, &digest)?;
        if manifest.edition == plan.edition && !changed(&now, &manifest).is_empty() {
            let before = Publication::read_recorded(standing.disk, &path, &digest)?;
            return Err(refusal(plan, &changed(&now, &manifest), &before));
        }
    }
    Ok(())
}

/// Lists of both whose digests differ; a release from before there were digests has none.
fn changed(now: &BTreeMap<String, String>, earlier: &Manifest) -> Vec<Dimension> {
    let differs = |it: &Dimension| {
        let before = earlier.codes_hash.get(it.name());
        now.get(it.name()).zip(before).is_some_and(|(now, before)| now != before)
    };
    crate::dimension::ALL.into_iter().filter(differs).collect()
}

fn refusal(plan: &PrivatePlan, changed: &[Dimension], before: &Publication) -> Error {
    let lists: Vec<String> = changed.iter().map(|it| in_words(plan, *it, before)).collect();
    let (product, id) = (&plan.product, &before.manifest.id);
    let next = plan.edition.saturating_add(1);
    let what = format!(
        "the code lists of {product} changed since {id}, within a year: {}",
        lists.join("; ")
    );
    Error::policy("P09", what)
        .at(before.path.display())
        .allowed("one product, edition and calendar year: the same sites, places and bands throughout")
        .remedy(format!(
            "bring the list back, or set edition = {next} in the product's policy file: a new series, not to be \
             compared cell by cell with the old one; nothing was charged"
        ))
}

/// What became of one list.
fn in_words(plan: &PrivatePlan, list: Dimension, before: &Publication) -> String {
    let sheet = &before.sheet;
    let at = sheet.keys.iter().position(|it| *it == list);
    let labels = sheet.rows.iter().filter_map(|row| row.labels.get(at?)).map(Word::as_str);
    let before: BTreeSet<&str> = labels.filter(|it| ![ALL, OTHER].contains(it)).collect();
    let now: BTreeSet<&str> = plan.codes.list(list).labels().iter().map(String::as_str).collect();
    let (went, came) = (before.difference(&now).count(), now.difference(&before).count());
    match (went, came) {
        (0, 0) => format!("{list}: the same values, of other parts"),
        _ => format!("{list}: {went} values went, {came} came"),
    }
}
