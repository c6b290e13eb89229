//! Columns: the cells that differ in everything but one dimension.
//!
//! Where several relations over a dimension each need a part that gives way, parts of one column can
//! make up for each other. Columns are ranked once by the gates' results: fewest hidden cells, then
//! fewest people. Steers the choice and decides nothing about safety. Proof: ../residual.md.

use std::collections::BTreeMap;

use super::lattice::Lattice;

/// The rank of each cell's column, by dimension.
pub(super) struct Columns {
    ranks: BTreeMap<usize, Vec<usize>>,
}

impl Columns {
    pub(super) fn new(lattice: &Lattice, shown: &[Option<u64>]) -> Self {
        let mut ranks = BTreeMap::new();
        for relation in 0..lattice.relations() {
            let over = lattice.over(relation);
            ranks.entry(over).or_insert_with(|| column_ranks(lattice, shown, over));
        }
        Self { ranks }
    }

    /// The rank of a cell among the parts of a relation over this dimension; lower goes first.
    pub(super) fn rank(&self, over: usize, cell: usize) -> usize {
        self.ranks.get(&over).map_or(0, |it| it[cell])
    }
}

fn column_ranks(lattice: &Lattice, shown: &[Option<u64>], over: usize) -> Vec<usize> {
    let mut root: Vec<usize> = (0..lattice.cells()).collect();
    for relation in (0..lattice.relations()).filter(|&it| lattice.over(it) != over) {
        let parent = find(&mut root, lattice.parent(relation));
        for &child in lattice.children(relation) {
            let child = find(&mut root, child);
            root[child] = parent;
        }
    }
    let roots: Vec<usize> = (0..lattice.cells()).map(|it| find(&mut root, it)).collect();
    let mut weights = BTreeMap::new();
    for (&root, noisy) in roots.iter().zip(shown) {
        let weight: &mut (u64, u64) = weights.entry(root).or_default();
        weight.0 += u64::from(noisy.is_none());
        weight.1 = weight.1.saturating_add(noisy.unwrap_or(0));
    }
    let mut order: Vec<_> = weights.into_iter().map(|(root, weight)| (weight, root)).collect();
    order.sort_unstable();
    let rank: BTreeMap<usize, usize> =
        order.into_iter().enumerate().map(|(rank, (_, root))| (root, rank)).collect();
    roots.iter().map(|root| rank[root]).collect()
}

fn find(root: &mut [usize], mut cell: usize) -> usize {
    while root[cell] != cell {
        root[cell] = root[root[cell]];
        cell = root[cell];
    }
    cell
}
