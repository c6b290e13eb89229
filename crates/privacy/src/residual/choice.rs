//! Which released cell is withdrawn when a cell has no certificate.
//!
//! Only numbers that were released and the pattern decide. None of these choices matters for safety:
//! the fixpoint goes on until every open cell has a certificate. Proof: ../residual.md.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::hub::Blocked;
use super::lattice::Lattice;
use super::pattern::Pattern;

/// A released cell to withdraw because these pools do not certify `cell`: where nothing gives way, a
/// part that will; a cell inside a would-be pool; a part of the first column; a whole between.
pub(super) fn in_the_way(pattern: &Pattern, cell: usize, blocked: &[Blocked]) -> Option<usize> {
    let (mut ends, mut pairs, mut inside) = (vec![cell], Vec::new(), None);
    for it in blocked {
        match *it {
            Blocked::Between(from, to) => {
                ends.extend([to, from]);
                pairs.push((from, to));
            }
            Blocked::By(published) => inside = inside.or(Some(published)),
        }
    }
    let bare = |need| ends.iter().find_map(|&it| bare(pattern, it, need));
    bare(Need::Any)
        .or(inside)
        .or_else(|| bare(Need::FirstColumn))
        .or_else(|| pairs.iter().find_map(|&(from, to)| between(pattern, from, to)))
}

/// The cell to withdraw from a relation that would let its open cells be solved for, if any.
pub(super) fn short(pattern: &Pattern, relation: usize) -> Option<usize> {
    let (lattice, open) = (&pattern.lattice, pattern.open(relation));
    let (parent, children) = (lattice.parent(relation), lattice.children(relation));
    let parts_open = if pattern.is_fixed(parent) { open } else { open - 1 };
    let enough = if pattern.is_fixed(parent) {
        let open = || children.iter().copied().filter(|&it| !pattern.is_fixed(it));
        // Knowing an OTHER by subtraction does no harm.
        let harmless = open().all(|it| pattern.is_other(it));
        let certain = open().any(|it| pattern.is_certain(it));
        harmless || parts_open >= 2 && (parts_open == children.len() || certain)
    } else {
        // Parts that are all fixed solve for a whole, which must then be free to be known.
        parts_open > 0
    };
    if enough {
        return None;
    }
    let below = || {
        let fixed = children.iter().filter(|&&it| pattern.is_fixed(it));
        let relations = fixed.flat_map(|&it| lattice.as_parent(it));
        relations.copied().find_map(|it| cheapest(pattern, it, true))
    };
    cheapest(pattern, relation, true)
        .or_else(below)
        .or_else(|| pattern.is_published(parent).then_some(parent))
}

/// The published part of a relation to withdraw: OTHER, then what also helps other relations or is
/// beside what was withdrawn there, then by column, then the smallest.
fn cheapest(pattern: &Pattern, relation: usize, others: bool) -> Option<usize> {
    let over = pattern.lattice.over(relation);
    let parts = pattern.lattice.children(relation).iter().copied();
    let may_go = |&it: &usize| pattern.is_published(it) && (others || !pattern.is_other(it));
    parts.filter(may_go).min_by_key(|&it| {
        let around = || pattern.lattice.as_child(it).iter().filter(|&&it| it != relation);
        let helped = around().filter(|&&it| lacks(pattern, it)).count();
        let (giving, open) = (|it| pattern.giving(it), |it| pattern.open(it));
        let paired = around().filter(|&&it| giving(it) > 0 && giving(it) == open(it)).count();
        let rank = pattern.columns.rank(over, it);
        let last = !pattern.is_other(it);
        (last, Reverse(helped), Reverse(paired), rank, pattern.shown[it], it)
    })
}

/// Whether a bound relation still lacks a certain part, or a second part, to be safe by itself.
fn lacks(pattern: &Pattern, relation: usize) -> bool {
    let (lattice, open) = (&pattern.lattice, pattern.open(relation));
    let some = open > 0 && open < lattice.children(relation).len();
    some && pattern.is_fixed(lattice.parent(relation))
        && (open == 1 || pattern.giving(relation) == 0)
}

/// What a relation should have among its open parts.
#[derive(Clone, Copy)]
enum Need {
    /// A certain part.
    Any,
    /// The part of the first column.
    FirstColumn,
}

/// A part to withdraw from a relation at or above `cell` that keeps no certain part to give way.
fn bare(pattern: &Pattern, cell: usize, need: Need) -> Option<usize> {
    let lattice = &pattern.lattice;
    let (mut above, mut seen) = (vec![cell], BTreeSet::new());
    while let Some(part) = above.pop() {
        for &relation in lattice.as_child(part) {
            let parent = lattice.parent(relation);
            if !seen.insert(relation) {
                continue;
            }
            let gives = || match need {
                Need::Any => pattern.giving(relation) > 0,
                Need::FirstColumn => {
                    let over = lattice.over(relation);
                    let real =
                        lattice.children(relation).iter().filter(|&&it| !pattern.is_other(it));
                    let first = real.min_by_key(|&&it| pattern.columns.rank(over, it));
                    first.is_none_or(|&it| !pattern.is_published(it))
                }
            };
            if !pattern.is_fixed(parent) || pattern.is_other(parent) {
                above.push(parent);
            } else if !gives()
                && let Some(cheapest) = cheapest(pattern, relation, false)
            {
                return Some(cheapest);
            } else if pattern.is_published(part) && part != cell {
                // An OTHER that is said apart cannot give way to what was withdrawn beside it.
                return Some(part);
            }
        }
    }
    None
}

/// The smallest published whole that contains one of two parts of a common whole and not the other.
fn between(pattern: &Pattern, one: usize, other: usize) -> Option<usize> {
    let lattice = &pattern.lattice;
    let mut dimensions: Vec<usize> =
        lattice.as_child(one).iter().map(|&it| lattice.over(it)).collect();
    dimensions.sort_unstable();
    dimensions.dedup();
    let apart = dimensions.into_iter().flat_map(|over| {
        let (one, other) = (wholes(lattice, one, over), wholes(lattice, other, over));
        let common = one.intersection(&other).next().is_some();
        let apart: Vec<usize> = one.symmetric_difference(&other).copied().collect();
        if common { apart } else { Vec::new() }
    });
    let published = apart.filter(|&it| pattern.is_published(it));
    published.min_by_key(|&it| (pattern.shown[it], it))
}

/// All wholes of a cell over one dimension.
fn wholes(lattice: &Lattice, cell: usize, over: usize) -> BTreeSet<usize> {
    let (mut found, mut above) = (BTreeSet::new(), vec![cell]);
    while let Some(part) = above.pop() {
        for &relation in lattice.as_child(part).iter().filter(|&&it| lattice.over(it) == over) {
            if found.insert(lattice.parent(relation)) {
                above.push(lattice.parent(relation));
            }
        }
    }
    found
}

/// The smallest published cell of the nearest relations that have any, wholes last.
pub(super) fn nearest(pattern: &Pattern, cell: usize) -> Option<usize> {
    let lattice = &pattern.lattice;
    let (mut seen, mut layer) = (BTreeSet::from([cell]), vec![cell]);
    while !layer.is_empty() {
        let (mut near, mut next) = (Vec::new(), Vec::new());
        for &cell in &layer {
            for relation in lattice.around(cell) {
                let parent = lattice.parent(relation);
                for member in lattice.members(relation) {
                    if pattern.is_published(member) {
                        let last = member == parent || pattern.is_other(member);
                        let rank = pattern.columns.rank(lattice.over(relation), member);
                        near.push((last, rank, pattern.shown[member], member));
                    } else if seen.insert(member) {
                        next.push(member);
                    }
                }
            }
        }
        if let Some(smallest) = near.iter().min() {
            return Some(smallest.3);
        }
        layer = next;
    }
    None
}
