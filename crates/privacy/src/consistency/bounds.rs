//! What is certain of people: cells hold their floor, and wholes hold their published parts.
//!
//! Where some parts are hidden, the whole is at least the sum of the others. A relation that the
//! estimates violate is held as a sum (nobody is hidden, as far as can be measured), and all are
//! estimated again, until none is violated: no more rounds than relations. Proof: ../consistency.md.
//! Source: privacy model §6 (bounds, interval constraints).

use super::Measured;
use super::forest::Forest;
use super::least_squares::{Estimate, two_pass};

/// Estimates in which no whole is below its known parts.
pub(super) struct Bounds {
    pub(super) estimates: Vec<Estimate>,
    /// By cell: whether it is held at the sum of its known parts.
    pub(super) held: Vec<bool>,
}

impl Bounds {
    pub(super) fn new(forest: &Forest, measured: &[Estimate]) -> Self {
        let complete = |it: usize| !forest.complete(it).is_empty();
        let mut held: Vec<bool> = (0..measured.len()).map(complete).collect();
        loop {
            let parts = |it: usize| if held[it] { forest.parts(it) } else { &[] };
            let estimates = two_pass(forest, measured, parts).estimates;
            let value = |it: usize| estimates[it].value;
            let sum = |whole: usize| forest.parts(whole).iter().map(|&it| value(it)).sum::<f64>();
            let over = |&it: &usize| !held[it] && sum(it) > value(it);
            let violated: Vec<usize> = forest.order.iter().copied().filter(over).collect();
            if violated.is_empty() {
                return Self { estimates, held };
            }
            for whole in violated {
                held[whole] = true;
            }
        }
    }
}

/// By cell: the fewest people that it can hold, given what was shown; 0 for hidden cells.
pub(super) fn least_people(forest: &Forest, cells: &[Option<Measured>]) -> Vec<u64> {
    let floor = |it: &Option<Measured>| it.map_or(0, |it| it.gate.floor.people().into());
    let mut least: Vec<u64> = cells.iter().map(floor).collect();
    for &whole in forest.order.iter().rev() {
        let parts = forest.parts(whole);
        let sum = parts.iter().map(|&it| least[it]).fold(0, u64::saturating_add);
        least[whole] = least[whole].max(sum);
    }
    least
}
