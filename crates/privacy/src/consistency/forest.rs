//! Which relations are made to hold: a forest over the released cells.
//!
//! A hidden cell stands for its released parts, if it has a relation of its own; so every cell of the
//! forest is released. A relation is *complete* when all of its parts are known this way. Complete ones
//! are taken first, those of the finest wholes first, then the earliest in the lattice; then the
//! others. A whole has one relation, a part is in one. Proof: ../consistency.md.

use std::cmp::Reverse;

use crate::residual::Lattice;

/// The known parts of a cell.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Released cells, ascending.
    pub(super) parts: Vec<usize>,
    /// Whether they make up the whole.
    pub(super) complete: bool,
}

/// The relations that are made to hold.
pub(super) struct Forest {
    /// The released cells, wholes before parts.
    pub(super) order: Vec<usize>,
    /// By cell: its parts.
    groups: Vec<Option<Group>>,
    /// By cell: the released whole that it is a part of.
    wholes: Vec<Option<usize>>,
    shown: Vec<bool>,
}

impl Forest {
    pub(super) fn new(lattice: &Lattice, shown: &[bool]) -> Self {
        let cells = lattice.cells();
        let mut order: Vec<usize> = (0..cells).filter(|&it| shown[it]).collect();
        order.sort_by_key(|&it| (Reverse(lattice.height(it)), it));
        let mut relations: Vec<usize> = (0..lattice.relations()).collect();
        relations.sort_by_key(|&it| (lattice.height(lattice.parent(it)), it));
        let (groups, wholes) = (vec![None; cells], vec![None; cells]);
        let mut forest = Self { order, groups, wholes, shown: shown.to_vec() };
        for only_complete in [true, false] {
            for &relation in &relations {
                let group = forest.known(lattice.children(relation));
                if group.complete || !only_complete {
                    forest.take(lattice.parent(relation), group);
                }
            }
        }
        forest
    }

    /// What is known of these parts of a whole.
    pub(super) fn known(&self, children: &[usize]) -> Group {
        let mut known = Group { parts: Vec::new(), complete: true };
        for &child in children {
            match &self.groups[child] {
                _ if self.shown[child] => known.parts.push(child),
                Some(group) => {
                    known.parts.extend(&group.parts);
                    known.complete &= group.complete;
                }
                None => known.complete = false,
            }
        }
        known.parts.sort_unstable();
        known
    }

    /// Makes `group` the parts of `whole`, unless one of them is taken.
    fn take(&mut self, whole: usize, group: Group) {
        let repeats = group.parts.windows(2).any(|pair| pair[0] == pair[1]);
        if self.groups[whole].is_some() || group.parts.is_empty() || repeats {
            return;
        }
        if self.shown[whole] {
            if group.parts.iter().any(|&it| self.wholes[it].is_some()) {
                return;
            }
            for &part in &group.parts {
                self.wholes[part] = Some(whole);
            }
        }
        self.groups[whole] = Some(group);
    }

    /// The known parts of a cell; none if it has no relation in the forest.
    pub(super) fn parts(&self, whole: usize) -> &[usize] {
        self.groups[whole].as_ref().map_or(&[], |it| &it.parts)
    }

    /// The same if they make up the whole; else none.
    pub(super) fn complete(&self, whole: usize) -> &[usize] {
        self.groups[whole].as_ref().filter(|it| it.complete).map_or(&[], |it| &it.parts)
    }

    /// Whether the cell is nobody's part.
    pub(super) fn is_root(&self, cell: usize) -> bool {
        self.wholes[cell].is_none()
    }

    /// Whether the cell is released.
    pub(super) fn shows(&self, cell: usize) -> bool {
        self.shown[cell]
    }
}
