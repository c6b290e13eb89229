//! The attacker: knows the true people of all published cells and every relation, and bounds every
//! other cell by linear programming.

use std::collections::BTreeMap;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};
use privacy::residual::{Other, Settled};

use crate::world::World;

/// A cell that the attacker bounded too well: the cell, its least and its most people.
#[derive(Debug)]
pub struct Broken {
    pub cell: usize,
    pub least: f64,
    pub most: f64,
}

/// What stays published: cells, and the OTHERs by their hidden parts.
pub struct Published {
    pub cells: Vec<bool>,
    pub others: Vec<Vec<usize>>,
}

impl Published {
    pub fn of(world: &World, shown: &[Option<u64>], others: &[Other], settled: &Settled) -> Self {
        let mut cells: Vec<bool> = shown.iter().map(Option::is_some).collect();
        for cell in &settled.withdrawn {
            cells[cell.0] = false;
        }
        let stays = |it: &&Other| {
            it.noisy.is_some() && !settled.others_withdrawn.contains(&it.remainder.relation)
        };
        let parts = |it: &Other| it.remainder.hidden.iter().map(|it| it.0).collect();
        assert_eq!(cells.len(), world.cells);
        Self { cells, others: others.iter().filter(stays).map(parts).collect() }
    }

    /// The published cells and what follows from them legitimately: wholes of known parts, and the
    /// only part of a known whole.
    fn known(&self, world: &World, was_shown: &[Option<u64>]) -> Vec<bool> {
        let mut known = self.cells.clone();
        let hidden = |cell: usize| was_shown[cell].is_none();
        loop {
            let before = known.iter().filter(|&&it| it).count();
            for parts in self.others.iter().filter(|it| it.len() == 1) {
                known[parts[0]] |= hidden(parts[0]);
            }
            for relation in &world.relations {
                let (parent, children) = (relation.parent.0, &relation.children);
                known[parent] |= hidden(parent) && children.iter().all(|it| known[it.0]);
                if let [only] = children[..] {
                    known[only.0] |= hidden(only.0) && known[parent];
                }
            }
            if known.iter().filter(|&&it| it).count() == before {
                return known;
            }
        }
    }

    /// Every cell that is not published nor follows, and breaks the interval rule.
    pub fn attack(&self, world: &World, was_shown: &[Option<u64>]) -> Vec<Broken> {
        let known = self.known(world, was_shown);
        for cell in (0..world.cells).filter(|&it| known[it]) {
            assert!(world.truth[cell] >= 50, "cell {cell} follows and holds fewer than 50");
        }
        let mut equations: Vec<(Vec<(usize, f64)>, f64)> = Vec::new();
        for relation in &world.relations {
            let children = relation.children.iter().map(|it| (it.0, 1.0));
            let (open, sum) = split(children.chain([(relation.parent.0, -1.0)]), &known, world);
            equations.push((open, -sum));
        }
        for parts in &self.others {
            let total: f64 = parts.iter().map(|&it| world.truth[it] as f64).sum();
            let (open, sum) = split(parts.iter().map(|&it| (it, 1.0)), &known, world);
            equations.push((open, total - sum));
        }
        equations.retain(|it| !it.0.is_empty());
        let open = (0..world.cells).filter(|&it| !known[it]);
        let bounds = open.map(|cell| {
            let least = bound(&equations, cell, OptimizationDirection::Minimize);
            let most = bound(&equations, cell, OptimizationDirection::Maximize);
            let people = world.truth[cell] as f64;
            assert!(least <= people + 1e-6 && people <= most + 1e-6, "the attacker is wrong");
            Broken { cell, least, most }
        });
        let width = |it: &Broken| it.most - it.least;
        bounds.filter(|it| it.most < 50.0 - 1e-6 || width(it) < 50.0 - 1e-6).collect()
    }
}

fn split(
    terms: impl Iterator<Item = (usize, f64)>,
    known: &[bool],
    world: &World,
) -> (Vec<(usize, f64)>, f64) {
    let (fixed, open): (Vec<_>, Vec<_>) = terms.partition(|it| known[it.0]);
    (open, fixed.iter().map(|it| it.1 * world.truth[it.0] as f64).sum())
}

/// The least or the most people that `cell` can hold; more than a million is a million.
fn bound(equations: &[(Vec<(usize, f64)>, f64)], cell: usize, way: OptimizationDirection) -> f64 {
    // Only the cell's component says anything about it.
    let mut problem = Problem::new(way);
    let mut variables = BTreeMap::from([(cell, problem.add_var(1.0, (0.0, 1e6)))]);
    let mut used = vec![false; equations.len()];
    loop {
        let next = (0..equations.len()).find(|&it| {
            !used[it] && equations[it].0.iter().any(|it| variables.contains_key(&it.0))
        });
        let Some(next) = next else { break };
        used[next] = true;
        for &(cell, _) in &equations[next].0 {
            variables.entry(cell).or_insert_with(|| problem.add_var(0.0, (0.0, 1e6)));
        }
        let terms: Vec<_> = equations[next].0.iter().map(|it| (variables[&it.0], it.1)).collect();
        problem.add_constraint(&terms[..], ComparisonOp::Eq, equations[next].1);
    }
    let outcome = problem.solve().expect("the truth is a solution");
    let SolveOutcome::Solution(solution) = outcome else { panic!("no limit was set") };
    solution.objective()
}
