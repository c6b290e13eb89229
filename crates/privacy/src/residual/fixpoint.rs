//! The fixpoint: which released cells are withdrawn so that nothing hidden is solved for.
//!
//! (1) A whole that stays beside fixed and open parts needs two open parts, one of them certain, or
//! it is all in a pool: else a part is withdrawn, and so on until no relation is short by itself.
//! (2) Each open cell gets a certificate; where none is found a released cell near it is withdrawn.
//! (3) What was opened is looked at again. Withdrawing breaks no certificate, so each cell is
//! certified once, and each failure withdraws a cell: it ends. Proof: ../residual.md.

use super::certificate::{Effort, certify_by_move, certify_by_pools};
use super::choice::{in_the_way, nearest, short};
use super::hub::Hubs;
use super::pattern::Pattern;

/// Withdraws until every open cell has a certificate.
pub(super) fn settle(pattern: &mut Pattern, from_the_start: &[usize], effort: Effort) {
    let mut at_work = Work {
        safe: vec![false; pattern.shown.len()],
        queue: Vec::new(),
        hubs: Hubs::default(),
        effort,
    };
    for &cell in from_the_start {
        if !pattern.withdrawn[cell] {
            pattern.withdraw(cell);
        }
    }
    // Wholes first, so that what goes further down can be of the same columns.
    let mut relations: Vec<usize> = (0..pattern.lattice.relations()).rev().collect();
    relations.sort_by_key(|&it| pattern.lattice.height(pattern.lattice.parent(it)));
    at_work.even_out(pattern, relations);
    at_work.queue = (0..pattern.shown.len()).rev().filter(|&it| !pattern.is_fixed(it)).collect();
    at_work.queue.sort_by_key(|&it| pattern.lattice.height(it));
    while let Some(cell) = at_work.queue.pop() {
        at_work.make_safe(pattern, cell);
    }
}

struct Work {
    safe: Vec<bool>,
    queue: Vec<usize>,
    hubs: Hubs,
    effort: Effort,
}

impl Work {
    /// Until `cell` has a certificate, withdraws a released cell near whatever is in the way.
    fn make_safe(&mut self, pattern: &mut Pattern, cell: usize) {
        while !self.safe[cell] && !pattern.is_fixed(cell) && !pattern.is_other(cell) {
            let found = certify_by_move(pattern, cell, self.effort.states);
            if let Some(changes) = found {
                // One move certifies whatever it raises, and certain cells either way.
                for (moved, by) in changes {
                    self.safe[moved] |= by > 0 || pattern.is_certain(moved);
                }
                return;
            }
            let blocked = match self.hubs.certify(pattern, cell) {
                Ok(()) => break,
                Err(blocked) => blocked,
            };
            if certify_by_pools(pattern, cell, self.effort) {
                break;
            }
            let target = in_the_way(pattern, cell, &blocked);
            if target.is_none() && certify_by_move(pattern, cell, self.effort.last_states).is_some()
            {
                break;
            }
            // Nothing published is left in its component: nobody knows a number of it.
            let Some(target) = target.or_else(|| nearest(pattern, cell)) else { break };
            self.withdraw(pattern, target);
        }
        self.safe[cell] = true;
    }

    fn withdraw(&mut self, pattern: &mut Pattern, cell: usize) {
        let opened = pattern.withdraw(cell);
        let relations = opened.iter().flat_map(|&it| pattern.lattice.around(it)).collect();
        self.queue.extend(opened);
        self.even_out(pattern, relations);
    }

    /// Withdraws parts of relations that are short by themselves, last named first.
    fn even_out(&mut self, pattern: &mut Pattern, mut relations: Vec<usize>) {
        while let Some(relation) = relations.pop() {
            let Some(cell) = short(pattern, relation) else { continue };
            let opened = pattern.withdraw(cell);
            relations.push(relation);
            for &it in &opened {
                relations.extend(pattern.lattice.around(it).filter(|&it| it != relation));
            }
            self.queue.extend(opened);
        }
    }
}
