//! Swaps: the commonest moves, written down instead of searched for.
//!
//! One person's worth goes from one cell to another; beside both, in relations over one dimension,
//! parts of one column go the other way; every whole follows. A swap counts only if it keeps all
//! relations and changes open cells alone, lowering what may be lowered by one. Proof: ../residual.md.

use std::collections::{BTreeMap, BTreeSet};

use super::moves::Change;
use super::pattern::Pattern;
use super::pool::bottom;

/// A swap that lowers `from` and raises `to`; `carriers` may be lowered beside certain cells.
pub(super) fn swap(
    pattern: &Pattern,
    from: usize,
    to: usize,
    carriers: &[usize],
) -> Option<Vec<Change>> {
    let lattice = &pattern.lattice;
    for &left in lattice.as_child(from) {
        let right = lattice.as_child(to).iter().copied();
        for right in right.filter(|&it| it != left && lattice.over(it) == lattice.over(left)) {
            let found = lattice.children(left).iter().find_map(|&rises| {
                if rises == from || pattern.is_fixed(rises) {
                    return None;
                }
                let falls = beside(pattern, right, rises)?;
                whole(pattern, &[(from, -1), (to, 1), (rises, 1), (falls, -1)], carriers)
            });
            if found.is_some() {
                return found;
            }
        }
    }
    // Where nothing beside them is bound.
    whole(pattern, &[(from, -1), (to, 1)], carriers)
}

/// A simple move that certifies `cell`: somebody more in it and all its wholes, or a swap with a
/// certain cell beside it.
pub(super) fn simple(pattern: &Pattern, cell: usize) -> Option<Vec<Change>> {
    let lattice = &pattern.lattice;
    let inside = bottom(pattern, cell)?;
    let good = |it: &Vec<Change>| {
        it.contains(&(cell, 1)) || pattern.is_certain(cell) && it.contains(&(cell, -1))
    };
    if let Some(changes) = whole(pattern, &[(inside, 1)], &[]).filter(good) {
        return Some(changes);
    }
    let beside = lattice.as_child(inside).iter().flat_map(|&it| lattice.children(it));
    let mut beside = beside
        .copied()
        .filter(|&it| it != inside && !pattern.is_fixed(it) && lattice.as_parent(it).is_empty());
    let certain = |it: usize| pattern.is_certain(it);
    beside.find_map(|it| {
        let given = certain(it).then(|| swap(pattern, it, inside, &[])).flatten().filter(good);
        given.or_else(|| {
            certain(inside).then(|| swap(pattern, inside, it, &[])).flatten().filter(good)
        })
    })
}

/// The open and certain part of a relation that is of the same column as a part of another.
fn beside(pattern: &Pattern, relation: usize, part: usize) -> Option<usize> {
    let over = pattern.lattice.over(relation);
    let rank = pattern.columns.rank(over, part);
    pattern.lattice.children(relation).iter().copied().find(|&it| {
        pattern.columns.rank(over, it) == rank && pattern.is_certain(it) && !pattern.is_fixed(it)
    })
}

/// These changes and what follows for the cells above them, if that is a move.
fn whole(pattern: &Pattern, changes: &[Change], carriers: &[usize]) -> Option<Vec<Change>> {
    let lattice = &pattern.lattice;
    let mut all: BTreeMap<usize, i32> = BTreeMap::new();
    for &(cell, by) in changes {
        *all.entry(cell).or_default() += by;
    }
    // By height, so that a cell is settled before the wholes above it.
    let mut next: BTreeSet<(usize, usize)> =
        changes.iter().map(|it| (lattice.height(it.0), it.0)).collect();
    while let Some((_, cell)) = next.pop_first() {
        let by = all[&cell];
        if by == 0 {
            continue;
        }
        let may = by == 1 || pattern.is_certain(cell) || carriers.contains(&cell);
        if by.abs() != 1 || !may || pattern.is_fixed(cell) {
            return None;
        }
        for &relation in lattice.as_child(cell) {
            let parent = lattice.parent(relation);
            if lattice.as_parent(parent).first() == Some(&relation) {
                *all.entry(parent).or_default() += by;
                next.insert((lattice.height(parent), parent));
            }
        }
    }
    all.retain(|_, by| *by != 0);
    let touched: BTreeSet<usize> = all.keys().flat_map(|&it| lattice.around(it)).collect();
    let kept = touched.into_iter().all(|relation| {
        let by = |cell: &usize| all.get(cell).copied().unwrap_or(0);
        by(&lattice.parent(relation)) == lattice.children(relation).iter().map(by).sum::<i32>()
    });
    kept.then(|| all.into_iter().collect())
}
