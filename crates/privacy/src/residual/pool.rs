//! Pools: open cells that hold a quorum together for certain, one does not know where.
//!
//! The people of a certain whole are in its parts, and in theirs: followed down through primary
//! relations to cells without parts, which share nobody. Proof: ../residual.md.

use super::pattern::Pattern;

/// What is at the bottom of a certain whole.
pub(super) enum Pooled {
    /// Open, uncertain cells without parts, ascending: a pool.
    Open(Vec<usize>),
    /// Among them cells that are certain by themselves: these, and the open ones beside.
    Certain(Vec<usize>, Vec<usize>),
    /// Among them a published cell, which may hold everybody.
    Published(usize),
    /// More than were asked for.
    TooMany,
}

/// The pool of a relation whose whole is certain.
pub(super) fn pool(pattern: &Pattern, relation: usize, most: usize) -> Pooled {
    let (mut members, mut parts) = (Vec::new(), pattern.lattice.children(relation).to_vec());
    let (mut certain, mut fixed) = (Vec::new(), None);
    while let Some(cell) = parts.pop() {
        if pattern.is_published(cell) {
            fixed = Some(cell);
        } else if let Some(&primary) = pattern.lattice.as_parent(cell).first() {
            parts.extend(pattern.lattice.children(primary));
        } else if pattern.is_certain(cell) {
            certain.push(cell);
        } else if pattern.is_fixed(cell) {
            // Follows as the only part of a fixed whole: nothing of a pool.
            return Pooled::TooMany;
        } else {
            members.push(cell);
        }
        if members.len() > most {
            return Pooled::TooMany;
        }
    }
    members.sort_unstable();
    match fixed {
        _ if !certain.is_empty() => Pooled::Certain(certain, members),
        Some(cell) => Pooled::Published(cell),
        None => Pooled::Open(members),
    }
}

/// The carriers and every cell that contains one through primary relations.
pub(super) fn with_wholes(pattern: &Pattern, carriers: &[usize]) -> Vec<usize> {
    let mut all = carriers.to_vec();
    let mut at = 0;
    while let Some(&cell) = all.get(at) {
        at += 1;
        for &relation in pattern.lattice.as_child(cell) {
            let parent = pattern.lattice.parent(relation);
            let primary = pattern.lattice.as_parent(parent).first() == Some(&relation);
            if primary && !all.contains(&parent) {
                all.push(parent);
            }
        }
    }
    all
}

/// An open cell without parts in an open cell, followed down through primary relations.
pub(super) fn bottom(pattern: &Pattern, mut cell: usize) -> Option<usize> {
    while let Some(&primary) = pattern.lattice.as_parent(cell).first() {
        let mut parts = pattern.lattice.children(primary).iter().copied();
        cell = parts.find(|&it| !pattern.is_fixed(it))?;
    }
    Some(cell)
}
