//! Certificates: why an attacker cannot tell an open cell apart, whatever the hidden counts are.
//!
//! (1) A move that raises the cell, or either way when the cell is certain, lowering only certain
//! cells, is one. (2) Else take a *pool*: open cells that hold a quorum together for certain. Some
//! quorum's worth of people sits in them, we do not know where: for each member in turn, suppose that
//! it carries them, so that it too may be lowered, and find a certificate under that supposition.
//! Pools of one certificate are coloured with two colours, same-coloured ones disjoint, which makes
//! the suppositions exhaustive. Proof: ../residual.md.

use super::moves::{Change, Outcome, Search};
use super::pattern::Pattern;
use super::pool::{Pooled, pool, with_wholes};
use super::swap::simple;

/// How hard a search tries; what is not found is withdrawn for, never let pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// States of one move without and with supposed carriers.
    pub(super) states: usize,
    pub(super) carried_states: usize,
    /// States of one move before a cell is withdrawn for no better reason than that it is near.
    pub(super) last_states: usize,
    /// Suppositions of one certificate in all, and on top of each other.
    pub(super) suppositions: usize,
    pub(super) depth: usize,
    /// Members of a pool, and pools tried at each point.
    pub(super) pool: usize,
    pub(super) pools: usize,
}

/// A move that certifies the open `cell` by itself.
pub(super) fn certify_by_move(
    pattern: &Pattern,
    cell: usize,
    states: usize,
) -> Option<Vec<Change>> {
    if let Some(changes) = simple(pattern, cell) {
        return Some(changes);
    }
    let search = Search { pattern, carriers: &[], states };
    let ways: &[i32] = if pattern.is_certain(cell) { &[1, -1] } else { &[1] };
    ways.iter().find_map(|&by| match search.find(&[(cell, by)]) {
        Outcome::Found(changes) => Some(changes),
        Outcome::Missing(_) => None,
    })
}

/// Whether suppositions certify the open `cell`, which no move does by itself.
pub(super) fn certify_by_pools(pattern: &Pattern, cell: usize, effort: Effort) -> bool {
    let search = Search { pattern, carriers: &[], states: effort.carried_states };
    let Outcome::Missing(missing) = search.find(&[(cell, 1)]) else { return true };
    let mut it =
        Certificate { pattern, cell, effort, left: effort.suppositions, pools: Vec::new() };
    it.split(&mut Vec::new(), &missing)
}

struct Pool {
    members: Vec<usize>,
    colour: bool,
}

struct Certificate<'all> {
    pattern: &'all Pattern,
    cell: usize,
    effort: Effort,
    left: usize,
    /// All pools of the certificate so far, in every branch.
    pools: Vec<Pool>,
}

impl Certificate<'_> {
    /// Whether some pool helps whichever member carries; `carriers` are supposed already.
    fn split(&mut self, carriers: &mut Vec<usize>, missing: &[usize]) -> bool {
        if carriers.len() >= self.effort.depth {
            return false;
        }
        for members in self.candidates(carriers, missing) {
            let before = self.pools.len();
            if self.admit(&members) && self.all_carry(carriers, &members) {
                return true;
            }
            self.pools.truncate(before);
            if self.left == 0 {
                return false;
            }
        }
        false
    }

    fn all_carry(&mut self, carriers: &mut Vec<usize>, members: &[usize]) -> bool {
        members.iter().all(|&member| {
            carriers.push(member);
            let holds = self.holds(carriers, member);
            carriers.pop();
            holds
        })
    }

    /// Whether the cell is safe when all `carriers` hold people, the newest of them `newest`.
    fn holds(&mut self, carriers: &mut Vec<usize>, newest: usize) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        let lowerable = with_wholes(self.pattern, carriers);
        let search = Search {
            pattern: self.pattern,
            carriers: &lowerable,
            states: self.effort.carried_states,
        };
        let either_way = self.pattern.is_certain(self.cell) || lowerable.contains(&self.cell);
        let mut missing = Vec::new();
        // Without the newest carrier it was tried already.
        let moves: &[&[Change]] = if newest == self.cell {
            &[&[(self.cell, -1)]]
        } else if either_way {
            &[&[(self.cell, 1), (newest, -1)], &[(self.cell, -1), (newest, -1)]]
        } else {
            &[&[(self.cell, 1), (newest, -1)]]
        };
        for wanted in moves {
            match search.find(wanted) {
                Outcome::Found(_) => return true,
                Outcome::Missing(more) => missing.extend(more),
            }
        }
        self.split(carriers, &missing)
    }

    /// Pools that contain a cell which one would like to lower and no supposed carrier; small first.
    fn candidates(&self, carriers: &[usize], missing: &[usize]) -> Vec<Vec<usize>> {
        let mut found: Vec<Vec<usize>> = Vec::new();
        let mut seen = Vec::new();
        for &cell in missing {
            let mut above = vec![cell];
            while let Some(cell) = above.pop() {
                for &relation in self.pattern.lattice.as_child(cell) {
                    if seen.contains(&relation) {
                        continue;
                    }
                    seen.push(relation);
                    let parent = self.pattern.lattice.parent(relation);
                    if self.pattern.is_certain(parent) {
                        let pool = pool(self.pattern, relation, self.effort.pool);
                        if let Pooled::Open(members) = pool
                            && !members.iter().any(|it| carriers.contains(it))
                        {
                            found.push(members);
                        }
                    } else {
                        above.push(parent);
                    }
                }
            }
        }
        found.sort_by_key(Vec::len);
        found.truncate(self.effort.pools);
        found
    }

    /// Gives the pool a colour; `false` when it meets pools of both colours.
    fn admit(&mut self, members: &[usize]) -> bool {
        if self.pools.iter().any(|it| it.members == members) {
            return true;
        }
        let meets = |colour: bool| {
            let mut same = self.pools.iter().filter(|it| it.colour == colour);
            same.any(|it| it.members.iter().any(|it| members.contains(it)))
        };
        let colour = match (meets(false), meets(true)) {
            (true, true) => return false,
            (meets_false, _) => meets_false,
        };
        self.pools.push(Pool { members: members.to_vec(), colour });
        true
    }
}
