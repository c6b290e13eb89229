//! Weighted least squares over a forest, in two passes.
//!
//! (1) From parts to wholes, each whole becomes the mean of its own number and of the sum of its parts,
//! each by the inverse of its variance. (2) From wholes to parts, what a whole and the sum of its parts
//! differ by is shared among the parts in proportion to their variances.
//! Guarantee: the sums hold, Σ (x − y)²/σ² is the least that they allow, and the variances are those of
//! the solution. Proof: ../consistency.md. Source: Hay et al. 2010, Theorem 3, for unequal variances.

use super::forest::Forest;
use super::{Measured, people};

/// A number of people with its variance; of no meaning for a hidden cell.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) variance: f64,
}

impl Estimate {
    pub(super) fn of(measured: &Measured) -> Self {
        Self { value: people(measured.noisy), variance: measured.gate.variance.to_f64() }
    }

    /// The same of `factor` times the people.
    pub(super) fn times(self, factor: f64) -> Self {
        Self { value: factor * self.value, variance: factor * factor * self.variance }
    }

    fn plus(self, other: Self) -> Self {
        Self { value: self.value + other.value, variance: self.variance + other.variance }
    }

    /// The mean of two independent numbers of the same thing.
    fn mean(self, other: Self) -> Self {
        let share = self.variance / (self.variance + other.variance);
        Self {
            value: self.value + share * (other.value - self.value),
            variance: self.variance.min(share * other.variance),
        }
    }
}

/// What the two passes found, by cell; of no meaning for hidden cells.
pub(super) struct Solution {
    /// After the first pass: from the cell and what is below it.
    pub(super) upward: Vec<Estimate>,
    /// The sums of the parts after the first pass; zero for cells without.
    pub(super) sums: Vec<Estimate>,
    /// From all numbers.
    pub(super) estimates: Vec<Estimate>,
}

/// The solution where each whole is the sum of the parts that `parts` gives it, if any.
pub(super) fn two_pass<'a>(
    forest: &Forest,
    measured: &[Estimate],
    parts: impl Fn(usize) -> &'a [usize],
) -> Solution {
    let mut upward = measured.to_vec();
    let mut sums = vec![Estimate::default(); upward.len()];
    for &whole in forest.order.iter().rev() {
        let below = parts(whole).iter().map(|&it| upward[it]);
        sums[whole] = below.fold(Estimate::default(), Estimate::plus);
        if !parts(whole).is_empty() {
            upward[whole] = upward[whole].mean(sums[whole]);
        }
    }
    let mut estimates = upward.clone();
    for &whole in &forest.order {
        let (found, sum) = (estimates[whole], sums[whole]);
        for &part in parts(whole) {
            let Estimate { value, variance } = upward[part];
            let share = variance / sum.variance;
            estimates[part] = Estimate {
                value: value + share * (found.value - sum.value),
                variance: variance.min(variance * (1.0 - share) + share * share * found.variance),
            };
        }
    }
    Solution { upward, sums, estimates }
}
