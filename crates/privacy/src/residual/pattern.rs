//! What is known of each cell from the pattern alone: fixed, certain, or open.
//!
//! *Fixed*: published, or a hidden cell that follows from fixed ones and holds a quorum for certain
//! (all its parts are fixed, or it is the only part of a fixed whole). *Open*: everything else.
//! *Certain*: holds a quorum for certain: shown once, or with a certain part, or the only part of a
//! certain whole. Withdrawing opens cells and never closes one. Proof: ../residual.md.

use super::columns::Columns;
use super::lattice::Lattice;

/// The state of all cells.
pub(super) struct Pattern {
    pub(super) lattice: Lattice,
    /// The noisy people of cells that passed their gate, withdrawn or not.
    pub(super) shown: Vec<Option<u64>>,
    pub(super) withdrawn: Vec<bool>,
    pub(super) columns: Columns,
    /// Cells below this are the caller's, those from here on are OTHERs.
    cells: usize,
    fixed: Vec<bool>,
    certain: Vec<bool>,
    /// The open cells of each relation.
    open: Vec<usize>,
    /// Those of them that are certain, OTHERs apart: what can give way.
    giving: Vec<usize>,
}

impl Pattern {
    /// The pattern of these gate results, with nothing withdrawn.
    pub(super) fn new(lattice: Lattice, shown: Vec<Option<u64>>, cells: usize) -> Self {
        let fixed: Vec<bool> = shown.iter().map(Option::is_some).collect();
        let open = (0..lattice.relations())
            .map(|relation| lattice.members(relation).filter(|&it| !fixed[it]).count())
            .collect();
        let columns = Columns::new(&lattice, &shown);
        let (certain, withdrawn) = (fixed.clone(), vec![false; shown.len()]);
        let mut it = Self {
            lattice,
            shown,
            withdrawn,
            columns,
            cells,
            fixed,
            certain,
            open,
            giving: Vec::new(),
        };
        it.spread_certainty();
        let gives = |&cell: &usize| !it.fixed[cell] && it.certain[cell] && !it.is_other(cell);
        it.giving = (0..it.lattice.relations())
            .map(|relation| it.lattice.members(relation).filter(gives).count())
            .collect();
        let hidden: Vec<usize> = (0..it.shown.len()).filter(|&cell| !it.fixed[cell]).collect();
        it.fix_what_follows(hidden);
        it
    }

    pub(super) fn is_fixed(&self, cell: usize) -> bool {
        self.fixed[cell]
    }

    pub(super) fn is_certain(&self, cell: usize) -> bool {
        self.certain[cell]
    }

    /// Whether the cell is an OTHER, which passed its gate: knowing it does no harm.
    pub(super) fn is_other(&self, cell: usize) -> bool {
        cell >= self.cells
    }

    /// How many cells of the relation are open.
    pub(super) fn open(&self, relation: usize) -> usize {
        self.open[relation]
    }

    pub(super) fn is_published(&self, cell: usize) -> bool {
        self.shown[cell].is_some() && !self.withdrawn[cell]
    }

    /// How many cells of the relation are open, certain and no OTHER.
    pub(super) fn giving(&self, relation: usize) -> usize {
        self.giving[relation]
    }

    /// Withdraws a published cell; returns all cells that became open, itself first, or the open parts
    /// of an OTHER.
    pub(super) fn withdraw(&mut self, cell: usize) -> Vec<usize> {
        self.withdrawn[cell] = true;
        if self.is_other(cell) {
            return self.take_out(cell);
        }
        let mut opened = vec![cell];
        self.set_fixed(cell, false);
        // Whatever may have followed from it is opened, and then fixed again if it still follows.
        let mut at = 0;
        while let Some(&open) = opened.get(at) {
            at += 1;
            for next in neighbours(&self.lattice, open) {
                if self.fixed[next] && !self.is_published(next) {
                    self.set_fixed(next, false);
                    opened.push(next);
                }
            }
        }
        if opened.len() > 1 {
            let derived = opened[1..].to_vec();
            self.fix_what_follows(derived);
        }
        opened.retain(|&it| !self.fixed[it]);
        opened
    }

    /// An OTHER that is not said binds nothing: its parts are its whole's parts again.
    fn take_out(&mut self, cell: usize) -> Vec<usize> {
        let Some((relation, mut parts)) = self.lattice.take_out(cell) else { return Vec::new() };
        let open = |it: &usize| !self.fixed[*it];
        self.open[relation] = self.lattice.members(relation).filter(open).count();
        self.giving[relation] =
            self.lattice.members(relation).filter(|it| open(it) && self.certain[*it]).count();
        parts.retain(open);
        parts
    }

    fn set_fixed(&mut self, cell: usize, fixed: bool) {
        if self.fixed[cell] != fixed {
            self.fixed[cell] = fixed;
            let gives = self.certain[cell] && !self.is_other(cell);
            let step = |count: &mut usize| {
                *count = if fixed { count.saturating_sub(1) } else { *count + 1 };
            };
            for relation in self.lattice.around(cell) {
                step(&mut self.open[relation]);
                if gives {
                    step(&mut self.giving[relation]);
                }
            }
        }
    }

    fn fix_what_follows(&mut self, mut maybe: Vec<usize>) {
        while let Some(cell) = maybe.pop() {
            if !self.fixed[cell] && !self.withdrawn[cell] && self.follows(cell) {
                self.set_fixed(cell, true);
                let next = neighbours(&self.lattice, cell);
                maybe.extend(next.into_iter().filter(|&it| !self.fixed[it]));
            }
        }
    }

    fn follows(&self, cell: usize) -> bool {
        let summed = |&relation: &usize| {
            self.lattice.children(relation).iter().all(|&child| self.fixed[child])
        };
        let whole = |&relation: &usize| {
            self.lattice.children(relation).len() == 1 && self.fixed[self.lattice.parent(relation)]
        };
        self.lattice.as_parent(cell).iter().any(summed)
            || self.lattice.as_child(cell).iter().any(whole)
    }

    fn spread_certainty(&mut self) {
        let mut reached: Vec<usize> =
            (0..self.certain.len()).filter(|&it| self.certain[it]).collect();
        while let Some(cell) = reached.pop() {
            let above = self.lattice.as_child(cell).iter().map(|&it| self.lattice.parent(it));
            let only = self.lattice.as_parent(cell).iter().filter_map(|&relation| {
                let children = self.lattice.children(relation);
                (children.len() == 1).then(|| children[0])
            });
            for next in above.chain(only) {
                if !self.certain[next] {
                    self.certain[next] = true;
                    reached.push(next);
                }
            }
        }
    }
}

/// The cells that may follow from `cell`: its wholes, and its only parts.
fn neighbours(lattice: &Lattice, cell: usize) -> Vec<usize> {
    let above = lattice.as_child(cell).iter().map(|&it| lattice.parent(it));
    let only = lattice.as_parent(cell).iter().filter_map(|&relation| {
        let children = lattice.children(relation);
        (children.len() == 1).then(|| children[0])
    });
    above.chain(only).collect()
}
