//! Moves: changes of open cells that keep every relation.
//!
//! (1) Change the cells that were asked for. (2) Take the relation out of balance that has the
//! fewest open cells. (3) For each of its open cells, change that by one so that the relation is
//! nearer to balance; lower only what may be lowered, and that by one at most. (4) Go on with the
//! most promising of all states. A move is a state without imbalance, so a wrong turn costs time and
//! never soundness. Proof: ../residual.md.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::pattern::Pattern;

/// A change of one cell by +1 or −1.
pub(super) type Change = (usize, i32);

/// What a search may do.
pub(super) struct Search<'all> {
    pub(super) pattern: &'all Pattern,
    /// Cells that may be lowered beside the certain ones.
    pub(super) carriers: &'all [usize],
    /// The most states that are looked at.
    pub(super) states: usize,
}

/// How a search ended.
pub(super) enum Outcome {
    /// All changes of a move.
    Found(Vec<Change>),
    /// Nothing found; the uncertain cells that it would have lowered, first met first.
    Missing(Vec<usize>),
}

/// More imbalances than this are not worth following.
const IMBALANCES_MAX: usize = 16;

/// Changes of one move at most: 48 leave a path of two dozen relations on either side.
const CHANGES_MAX: u32 = 48;

struct State {
    before: Option<usize>,
    change: Change,
    depth: u32,
    /// Relations out of balance, by how much the whole exceeds its parts; ascending.
    imbalance: Vec<(usize, i32)>,
}

impl Search<'_> {
    /// A move that contains the `wanted` changes.
    pub(super) fn find(&self, wanted: &[Change]) -> Outcome {
        let mut states: Vec<State> = Vec::new();
        let mut missing = Vec::new();
        for &(cell, by) in wanted {
            if by < 0 && !self.may_lower(cell) {
                return Outcome::Missing(vec![cell]);
            }
            let before = states.len().checked_sub(1);
            let imbalance = before.map_or(&[][..], |it| &states[it].imbalance);
            let imbalance = self.after(imbalance, (cell, by));
            states.push(State { before, change: (cell, by), depth: 0, imbalance });
        }
        let Some(start) = states.len().checked_sub(1) else { return Outcome::Missing(missing) };
        let mut seen = BTreeSet::from([states[start].imbalance.clone()]);
        let mut queue = BinaryHeap::from([Reverse((0, start))]);
        while let Some(Reverse((_, at))) = queue.pop() {
            let Some(&(relation, by)) =
                states[at].imbalance.iter().min_by_key(|it| (self.pattern.open(it.0), it.0))
            else {
                return Outcome::Found(changes(&states, at));
            };
            if states.len() > self.states || states[at].depth >= CHANGES_MAX {
                continue;
            }
            for change in self.options(relation, by) {
                if change.1 < 0 && !self.may_lower(change.0) {
                    if !missing.contains(&change.0) {
                        missing.push(change.0);
                    }
                    continue;
                }
                if touched(&states, at, change.0) {
                    continue;
                }
                let imbalance = self.after(&states[at].imbalance, change);
                if imbalance.len() <= IMBALANCES_MAX && seen.insert(imbalance.clone()) {
                    let depth = states[at].depth + 1;
                    let cost = 3 * imbalance.len() + usize::try_from(depth).unwrap_or(usize::MAX);
                    queue.push(Reverse((cost, states.len())));
                    states.push(State { before: Some(at), change, depth, imbalance });
                }
            }
        }
        Outcome::Missing(missing)
    }

    fn may_lower(&self, cell: usize) -> bool {
        self.pattern.is_certain(cell) || self.carriers.contains(&cell)
    }

    /// The open cells of a relation whose whole is `by` too high, each with its useful change.
    fn options(&self, relation: usize, by: i32) -> impl Iterator<Item = Change> + '_ {
        let lattice = &self.pattern.lattice;
        let parent = lattice.parent(relation);
        lattice
            .members(relation)
            .filter(|&it| !self.pattern.is_fixed(it))
            .map(move |it| (it, if it == parent { -by.signum() } else { by.signum() }))
    }

    fn after(&self, imbalance: &[(usize, i32)], (cell, by): Change) -> Vec<(usize, i32)> {
        let mut after = imbalance.to_vec();
        let mut add =
            |relation: usize, by: i32| match after.binary_search_by_key(&relation, |it| it.0) {
                Ok(at) if after[at].1 + by == 0 => {
                    after.remove(at);
                }
                Ok(at) => after[at].1 += by,
                Err(at) => after.insert(at, (relation, by)),
            };
        for &relation in self.pattern.lattice.as_child(cell) {
            add(relation, -by);
        }
        for &relation in self.pattern.lattice.as_parent(cell) {
            add(relation, by);
        }
        after
    }
}

/// Whether the states up to `at` changed `cell`: each cell moves once, so by one at most.
fn touched(states: &[State], at: usize, cell: usize) -> bool {
    let mut next = Some(at);
    while let Some(at) = next {
        if states[at].change.0 == cell {
            return true;
        }
        next = states[at].before;
    }
    false
}

fn changes(states: &[State], at: usize) -> Vec<Change> {
    let mut all = Vec::new();
    let mut next = Some(at);
    while let Some(at) = next {
        all.push(states[at].change);
        next = states[at].before;
    }
    all
}
