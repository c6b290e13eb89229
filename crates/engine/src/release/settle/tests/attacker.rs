//! The attacker: knows the true people of everything published and how tables add up, and bounds the rest.
//!
//! Linear programs over the finest groups that the tables are by, whether or not a table has them: every
//! published cell and OTHER is one equation, no count is below zero, and the people of each hidden cell are
//! made as few and as many as these allow.

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};

use crate::dimension::Dimension;
use crate::plan::{Family, Marginal, PrivatePlan};
use crate::release::grid::Grid;

/// The tables of one family that count the same people, over their finest groups.
pub(super) struct Attacker<'all> {
    /// The places of these tables among all tables of the plan.
    tables: Vec<usize>,
    counts: &'all [Vec<u32>],
    /// Whether something is claimed of each table's hidden cells: not of those across the lattice.
    claimed: Vec<bool>,
    /// For each table: the finest groups in each cell.
    groups: Vec<Vec<Vec<usize>>>,
}

impl<'all> Attacker<'all> {
    /// Who attacks the tables on row cells of a family, or those of people.
    pub(super) fn new(
        plan: &PrivatePlan,
        family: usize,
        rows: bool,
        counts: &'all [Vec<u32>],
    ) -> Self {
        let before: usize = plan.families[..family].iter().map(|it| it.marginals.len()).sum();
        let own = &plan.families[family];
        let alike = |it: &Marginal| own.is_on_rows(it) == rows;
        let tables: Vec<usize> =
            (0..own.marginals.len()).filter(|&it| alike(&own.marginals[it])).collect();
        let claimed = tables.iter().map(|&it| !own.is_across(&own.marginals[it])).collect();
        let mut by: Vec<Dimension> =
            tables.iter().flat_map(|&it| own.marginals[it].by.iter().copied()).collect();
        by.sort_unstable();
        by.dedup();
        let finest: Vec<_> = by
            .iter()
            .copied()
            .filter(|it| !by.iter().any(|of| of != it && of.is_within(*it)))
            .collect();
        let finest = Marginal { rows, by: finest, ..own.marginals[0].clone() };
        let marginals =
            own.marginals.iter().cloned().chain([finest.clone()]).collect::<Vec<Marginal>>();
        let plan =
            PrivatePlan { families: vec![Family { marginals, ..own.clone() }], ..plan.clone() };
        let grid = Grid::new(&plan);
        let last = plan.families[0].marginals.len() - 1;
        let groups = tables.iter().map(|&table| {
            let cells = plan.cells(&plan.families[0], &plan.families[0].marginals[table]);
            let mut groups = vec![Vec::new(); usize::try_from(cells).unwrap()];
            for (group, cell) in grid.lies_in(table, last).into_iter().enumerate() {
                groups[usize::try_from(cell).unwrap()].push(group);
            }
            groups
        });
        let groups = groups.collect();
        Self { tables: tables.into_iter().map(|it| it + before).collect(), counts, claimed, groups }
    }

    /// Every hidden cell, as (table, cell), that is bounded too well; `shown` are the published cells of all
    /// tables, `others` the (table, parts) of published OTHERs.
    pub(super) fn break_into(
        &self,
        shown: &[BTreeSet<usize>],
        others: &[(usize, Vec<usize>)],
    ) -> Vec<(usize, usize, f64, f64)> {
        let at = |table: usize| self.tables.iter().position(|it| *it == table);
        let mut equations: Vec<(Vec<usize>, f64)> = Vec::new();
        for (own, &table) in self.tables.iter().enumerate() {
            for &cell in &shown[table] {
                let people = f64::from(self.counts[table][cell]);
                equations.push((self.groups[own][cell].clone(), people));
            }
        }
        for (table, parts) in others {
            let Some(own) = at(*table) else { continue };
            let groups = parts.iter().flat_map(|it| self.groups[own][*it].clone()).collect();
            let people = parts.iter().map(|it| f64::from(self.counts[*table][*it])).sum();
            equations.push((groups, people));
        }
        let known: BTreeSet<BTreeSet<usize>> =
            equations.iter().map(|it| it.0.iter().copied().collect()).collect();
        let mut broken = Vec::new();
        for (own, &table) in self.tables.iter().enumerate() {
            for (cell, groups) in self.groups[own].iter().enumerate() {
                let people = f64::from(self.counts[table][cell]);
                if shown[table].contains(&cell) || !self.claimed[own] && people >= 50.0 {
                    continue;
                }
                let least = bound(&equations, groups, OptimizationDirection::Minimize);
                let most = bound(&equations, groups, OptimizationDirection::Maximize);
                assert!(least < people + 1e-6 && people < most + 1e-6, "the attacker is wrong");
                // What is all of published cells may be known: it holds a quorum with them.
                let follows = Self::follows(groups, &known) && people >= 50.0;
                if !follows && (most < 50.0 - 1e-6 || most - least < 50.0 - 1e-6) {
                    broken.push((table, cell, least, most));
                }
            }
        }
        broken
    }

    /// Whether the groups are those of a published cell, or of published cells taken together.
    fn follows(groups: &[usize], known: &BTreeSet<BTreeSet<usize>>) -> bool {
        let all: BTreeSet<usize> = groups.iter().copied().collect();
        let covered: BTreeSet<usize> =
            known.iter().filter(|it| it.is_subset(&all)).flatten().copied().collect();
        covered == all
    }
}

/// The least or most people in `groups` together; more than a million is a million.
fn bound(equations: &[(Vec<usize>, f64)], groups: &[usize], way: OptimizationDirection) -> f64 {
    let mut problem = Problem::new(way);
    let mut variables = BTreeMap::new();
    for group in groups {
        variables.insert(*group, problem.add_var(1.0, (0.0, 1e6)));
    }
    // Only equations that share groups, directly or through others, say anything.
    let mut used = vec![false; equations.len()];
    while let Some(next) = (0..equations.len())
        .find(|&it| !used[it] && equations[it].0.iter().any(|it| variables.contains_key(it)))
    {
        used[next] = true;
        let terms: Vec<_> = equations[next]
            .0
            .iter()
            .map(|group| {
                let new = || problem.add_var(0.0, (0.0, 1e6));
                (*variables.entry(*group).or_insert_with(new), 1.0)
            })
            .collect();
        problem.add_constraint(&terms[..], ComparisonOp::Eq, equations[next].1);
    }
    let SolveOutcome::Solution(solution) = problem.solve().unwrap() else { unreachable!() };
    solution.objective()
}
