//! Random trees with hidden cells, and least squares by the normal equations of all their people.

use privacy::consistency::{Gate, Measured};
use privacy::residual::{CellId, Lattice, Relation};
use privacy::{Floor, Variance};

/// A tree, what was shown of it, and which finest cells each cell holds.
pub struct Tree {
    pub relations: Vec<Relation>,
    pub cells: Vec<Option<Measured>>,
    leaves: Vec<Vec<usize>>,
}

impl Tree {
    /// Up to four levels of up to five parts; each cell is hidden with probability `hidden`.
    pub fn random(hidden: f64, rng: &mut fastrand::Rng) -> Self {
        let mut tree = Self { relations: Vec::new(), cells: vec![None], leaves: vec![Vec::new()] };
        tree.grow(0, 3, rng);
        for cell in 0..tree.cells.len() {
            let noisy = 300 * u64::try_from(tree.leaves[cell].len()).unwrap() + rng.u64(0..90);
            let shown = rng.f64() >= hidden;
            tree.cells[cell] = shown.then(|| Measured { noisy, gate: gate(rng.u128(1..3_000)) });
        }
        tree
    }

    fn grow(&mut self, cell: usize, levels: usize, rng: &mut fastrand::Rng) {
        if levels == 0 || (levels < 3 && rng.f64() < 0.3) {
            self.leaves[cell] = vec![cell];
            return;
        }
        let mut children = Vec::new();
        for _ in 0..rng.usize(1..6) {
            let child = self.cells.len();
            self.cells.push(None);
            self.leaves.push(Vec::new());
            self.grow(child, levels - 1, rng);
            let below = self.leaves[child].clone();
            self.leaves[cell].extend(below);
            children.push(CellId(child));
        }
        self.relations.push(Relation { parent: CellId(cell), children, over: 0 });
    }

    pub fn lattice(&self) -> Lattice {
        Lattice::new(self.cells.len(), &self.relations).unwrap()
    }

    /// Value and variance of each shown cell by the normal equations, every finest cell an unknown.
    pub fn dense(&self) -> Vec<Option<(f64, f64)>> {
        let size = self.cells.len();
        let mut matrix = vec![vec![0.0; size]; size];
        let mut right = vec![0.0; size];
        for (cell, measured) in self.cells.iter().enumerate() {
            let Some(it) = measured else { continue };
            let weight = 1.0 / it.gate.variance.to_f64();
            for &row in &self.leaves[cell] {
                right[row] += weight * it.noisy as f64;
                for &column in &self.leaves[cell] {
                    matrix[row][column] += weight;
                }
            }
        }
        let values = solve(&matrix, &right);
        let sum = |cell: usize, of: &[f64]| self.leaves[cell].iter().map(|&it| of[it]).sum();
        let answer = |cell: usize| {
            self.cells[cell]?;
            let mut unit = vec![0.0; size];
            self.leaves[cell].iter().for_each(|&it| unit[it] = 1.0);
            Some((sum(cell, &values), sum(cell, &solve(&matrix, &unit))))
        };
        (0..size).map(answer).collect()
    }

    /// The same tree, its cells renamed, its relations and their parts in another order; `names` says
    /// which cell became which.
    pub fn shuffled(&self, rng: &mut fastrand::Rng) -> (Self, Vec<usize>) {
        let mut names: Vec<usize> = (0..self.cells.len()).collect();
        rng.shuffle(&mut names);
        let mut relations: Vec<Relation> = self.relations.clone();
        for relation in &mut relations {
            relation.parent = CellId(names[relation.parent.0]);
            relation.children.iter_mut().for_each(|it| *it = CellId(names[it.0]));
            rng.shuffle(&mut relation.children);
        }
        rng.shuffle(&mut relations);
        let mut cells = self.cells.clone();
        let mut leaves = self.leaves.clone();
        for (cell, &name) in names.iter().enumerate() {
            cells[name] = self.cells[cell];
            leaves[name] = self.leaves[cell].iter().map(|&it| names[it]).collect();
        }
        (Self { relations, cells, leaves }, names)
    }
}

/// A gate of this variance whose threshold is its floor.
pub fn gate(variance: u128) -> Gate {
    let variance = Variance::new(variance, 7).unwrap();
    Gate { variance, threshold: 50, floor: Floor::QUORUM }
}

/// A solution of a system that has one, if not only one: unknowns that nothing determines are zero.
fn solve(matrix: &[Vec<f64>], right: &[f64]) -> Vec<f64> {
    let size = right.len();
    let mut rows: Vec<Vec<f64>> = matrix.to_vec();
    rows.iter_mut().zip(right).for_each(|(row, &it)| row.push(it));
    let scale = matrix.iter().flatten().fold(0.0_f64, |most, it| most.max(it.abs()));
    let mut pivots = Vec::new();
    for column in 0..size {
        let start = pivots.len();
        let best =
            (start..size).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        let Some(best) = best.filter(|&it| rows[it][column].abs() > 1e-12 * scale) else {
            continue;
        };
        rows.swap(start, best);
        pivots.push(column);
        let pivot = rows[start].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row[column] / pivot[column];
            if at != start && factor.abs() > 0.0 {
                row.iter_mut().zip(&pivot).for_each(|(it, by)| *it -= factor * by);
            }
        }
    }
    let mut found = vec![0.0; size];
    for (row, &column) in pivots.iter().enumerate() {
        found[column] = rows[row][size] / rows[row][column];
    }
    found
}
