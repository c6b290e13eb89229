//! Tables by places that cut the others, as authorities cut districts: published where they say nothing new.
//!
//! (1) A cell of such a table is a sum of sectors. (2) What a published whole of the lattice leaves beside its
//! published sectors and wholes is its rest; each unpublished sector is in the rest of the finest published whole
//! around it. (3) The cell stays if it holds all or none of every rest: then its people follow from what the
//! lattice publishes. (4) It goes if it is nearly one of its parts, or nearly what it is a part of.
//! Decided from numbers that passed their gates, alone. Proof: ../release.md.

use std::collections::{BTreeMap, BTreeSet};

use privacy::residual::{CellId, parts_to_withdraw};

use super::Table;
use super::grid::Grid;
use crate::dimension::Dimension;
use crate::plan::{Family, Marginal, PrivatePlan};

/// Takes from the tables across the lattice what must not leave; all other tables are settled.
///
/// Returns how many cells were taken.
pub(super) fn withdraw(plan: &PrivatePlan, tables: &mut [Table]) -> usize {
    let grid = Grid::new(plan);
    let across: Vec<usize> = (0..)
        .zip(plan.marginals())
        .filter_map(|(at, (family, it))| family.is_across(it).then_some(at))
        .collect();
    let cells = |tables: &[Table]| tables.iter().map(|it| it.cells.len()).sum::<usize>();
    let before = cells(tables);
    let new: Vec<_> = across.iter().map(|&at| says_more(plan, &grid, tables, at)).collect();
    for (at, new) in across.iter().zip(new) {
        tables[*at].cells.retain(|it| !new.contains(&it.0));
    }
    let failing = nearly_another(plan, &grid, tables, &across);
    for &at in &across {
        tables[at].cells.retain(|it| !failing.contains(&grid.cell(at, it.0)));
    }
    before - cells(tables)
}

/// The cells across that are but for fewer than a quorum one of their parts, or what they are part of.
fn nearly_another(
    plan: &PrivatePlan,
    grid: &Grid<'_>,
    tables: &[Table],
    across: &[usize],
) -> BTreeSet<CellId> {
    let is_across = |cell: CellId| across.contains(&grid.table(cell));
    let pairs = grid.pairs(tables).into_iter();
    pairs
        .filter(|(whole, part)| is_across(whole.cell) || is_across(part.cell))
        .filter(|pair| !parts_to_withdraw([*pair], plan.floor).is_empty())
        .map(|(whole, part)| if is_across(part.cell) { part.cell } else { whole.cell })
        .collect()
}

/// The cells of the table at `at` that do not follow from published cells of the lattice.
fn says_more(plan: &PrivatePlan, grid: &Grid<'_>, tables: &[Table], at: usize) -> BTreeSet<u64> {
    let all: Vec<(&Family, &Marginal)> = plan.marginals().collect();
    let (family, own) = all[at];
    let alike = |(of, it): &(&Family, &Marginal)| {
        std::ptr::eq(*of, family)
            && family.is_on_rows(it) == family.is_on_rows(own)
            && !family.is_across(it)
            && groups(it) == groups(own)
    };
    let mut places: Vec<(usize, Dimension)> = (0..)
        .zip(&all)
        .filter(|it| alike(it.1))
        .filter_map(|(at, (_, it))| Some((at, it.by.iter().copied().find(|it| it.is_home())?)))
        .collect();
    // The finest first: nothing else lies inside it.
    let all_places: Vec<Dimension> = places.iter().map(|it| it.1).collect();
    places.sort_by_key(|it| all_places.iter().filter(|of| of.is_within(it.1)).count());
    let [(sectors, Dimension::Sector), wholes @ ..] = places.as_slice() else {
        return (0..plan.cells(family, own)).collect();
    };
    let around: Vec<(usize, Vec<u64>)> =
        wholes.iter().map(|it| (it.0, grid.lies_in(it.0, *sectors))).collect();
    let published = |table: usize, cell: u64| tables[table].people(cell).is_some();
    let (mut rests, mut new) = (BTreeMap::<_, BTreeSet<u64>>::new(), BTreeSet::new());
    for ((sector, at), &cell) in (0_u64..).zip(0_usize..).zip(&grid.lies_in(at, *sectors)) {
        if published(*sectors, sector) {
            continue;
        }
        let mut wholes = around.iter().filter_map(|(table, of)| Some((*table, *of.get(at)?)));
        match wholes.find(|it| published(it.0, it.1)) {
            Some(whole) => rests.entry(whole).or_default().insert(cell),
            None => new.insert(cell),
        };
    }
    new.extend(rests.into_values().filter(|it| it.len() > 1).flatten());
    new
}

/// What a table is by beside the place of the home.
fn groups(table: &Marginal) -> BTreeSet<Dimension> {
    table.by.iter().copied().filter(|it| !it.is_home()).collect()
}
