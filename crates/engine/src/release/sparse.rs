//! Tables that are mostly hidden where sums of two kinds cross: none of their cells is published.
//!
//! Nothing certifies hidden cells that two kinds of published sums meet in, so the sums would be withdrawn.
//! Instead the finer table goes, whole, as if the policy did not have it. Decided from released numbers alone.
//! Proof: ../release.md.

use std::collections::BTreeSet;

use super::Table;
use super::grid::Grid;
use crate::plan::{PrivatePlan, untied};

/// The tables of the lattice of `plan` that stay, in plan order; those across it are not among them.
pub(super) fn kept(plan: &PrivatePlan, tables: &[Table]) -> Vec<bool> {
    let mut kept: Vec<bool> = plan.marginals().map(|(family, it)| !family.is_across(it)).collect();
    while let Some(goes) = sparsest(plan, tables, &kept) {
        kept[goes] = false;
    }
    kept
}

/// The first crossed table that shows fewer than half of its cells where their sums are shown, if the
/// others can be settled without it.
fn sparsest(plan: &PrivatePlan, tables: &[Table], kept: &[bool]) -> Option<usize> {
    let own = plan.only(kept);
    let places: Vec<usize> = (0..kept.len()).filter(|&it| kept[it]).collect();
    let shown: Vec<Table> = places.iter().map(|&it| tables[it].clone()).collect();
    let grid = Grid::new(&own);
    let (sums, answers) = (grid.sums(), grid.answers(&shown));
    (0..places.len()).find_map(|at| {
        let (mut wholes, mut all, mut some) = (BTreeSet::new(), 0, 0);
        let parts = sums.iter().map(|it| &it.relation);
        let parts = parts.filter(|it| it.children.first().map(|it| grid.table(*it)) == Some(at));
        for relation in parts {
            wholes.insert(grid.table(relation.parent));
            if answers[relation.parent.0].is_some() {
                all += relation.children.len();
                some += relation.children.iter().filter(|it| answers[it.0].is_some()).count();
            }
        }
        let mut without = kept.to_vec();
        without[places[at]] = false;
        let sparse = wholes.len() > 1 && 2 * some < all;
        (sparse && untied(&plan.only(&without).families).is_none()).then_some(places[at])
    })
}
