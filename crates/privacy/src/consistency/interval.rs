//! The interval of a number that is seen only from its threshold on.
//!
//! Of a cell of n people a number X ~ N(n, σ²) is seen if X ≥ t. n is in the interval unless, among
//! numbers that are seen, one as high as this has probability 2.5 % or less, or one as low as this.
//! Far above t that is X ± 1.96σ, with half a person on both sides, since people are whole.
//! Guarantee: covers n in 95 % of all numbers that are seen, for every n. Proof: ../consistency.md.
//! Source: privacy model §6 (truncated likelihood); Lee, Sun, Sun & Taylor 2016, Theorem 5.2.

use super::lean::Lean;
use super::least_squares::Estimate;
use super::ln_tail::ln_tail;
use super::{Measured, people, whole_people};

/// People, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The fewest.
    pub low: u64,
    /// The most.
    pub high: u64,
}

impl Interval {
    /// Whether `people` is in it.
    #[must_use]
    pub const fn contains(self, people: u64) -> bool {
        self.low <= people && people <= self.high
    }

    /// This interval, made to hold `people`.
    pub(super) fn with(self, people: u64) -> Self {
        Self { low: self.low.min(people), high: self.high.max(people) }
    }
}

/// What either test leaves out.
const LEFT_OUT: f64 = 0.025;

/// An estimate as it was seen.
pub(super) struct Seen {
    value: f64,
    sigma: f64,
    /// t: nothing below would have been seen.
    threshold: f64,
    lean: Lean,
}

impl Seen {
    /// The estimate of a cell.
    ///
    /// By how much least squares moves a number says nothing about the estimate (the two are
    /// independent): given that, the number reached T iff the estimate reached T moved as much.
    pub(super) fn new(measured: &Measured, estimate: Estimate, lean: Lean) -> Self {
        let moved = estimate.value - people(measured.noisy);
        Self {
            value: estimate.value,
            sigma: estimate.variance.sqrt(),
            threshold: people(measured.gate.threshold) + moved,
            lean,
        }
    }

    /// The interval, of `least` people or more.
    pub(super) fn interval(&self, least: u64) -> Interval {
        // Beyond four σ both tests have failed.
        let end = self.value + self.lean.down + 4.0 * self.sigma + 2.0;
        let end = whole_people(end).max(least);
        let high_enough = |truth: u64| {
            let reached = self.ln_reached(self.value - 0.5, people(truth) + self.lean.up);
            reached > libm::log(LEFT_OUT)
        };
        let too_low = |truth: u64| {
            let passed = self.ln_reached(self.value + 0.5, people(truth) - self.lean.down);
            passed >= libm::log1p(-LEFT_OUT)
        };
        let low = first(least, end, high_enough);
        Interval { low, high: first(low + 1, end.max(low + 1), too_low) - 1 }
    }

    /// ln P[X ≥ `at` | X ≥ t] for X around `mean`, with half a person below t.
    fn ln_reached(&self, at: f64, mean: f64) -> f64 {
        let tail = |point: f64| ln_tail((point - mean) / self.sigma);
        tail(at) - tail(self.threshold - 0.5)
    }
}

/// The first of `from`..`end` from which on `holds`, or `end`.
fn first(from: u64, end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (from, end);
    while low < high {
        let middle = u64::midpoint(low, high);
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::super::Gate;
    use super::*;
    use crate::noise::Variance;
    use crate::unit::Floor;

    fn seen(noisy: u64, value: f64, variance: f64, lean: Lean) -> Interval {
        let gate_variance = Variance::new(100, 1).unwrap();
        let gate = Gate { variance: gate_variance, threshold: 121, floor: Floor::QUORUM };
        Seen::new(&Measured { noisy, gate }, Estimate { value, variance }, lean).interval(0)
    }

    #[test]
    fn an_estimate_that_was_moved_takes_its_threshold_along() {
        let stays = seen(131, 131.0, 100.0, Lean::default());
        let moved = seen(131, 101.0, 100.0, Lean::default());
        assert_eq!((moved.low + 30, moved.high + 30), (stays.low, stays.high));
        // Far above T that is ±1.96 of the estimate's own σ, and half a person.
        let far = seen(9_000, 9_010.0, 25.0, Lean::default());
        assert_eq!((far.low, far.high), (9_000, 9_020));
    }

    #[test]
    fn what_leans_up_lowers_the_lower_end_and_what_leans_down_raises_the_upper() {
        let lean = Lean { up: 3.0, down: 5.0 };
        let far = seen(9_000, 9_010.0, 25.0, lean);
        assert_eq!((far.low, far.high), (8_997, 9_025));
    }

    #[test]
    fn the_ends_are_in_order_and_above_the_least_whatever_is_seen() {
        for variance in [1e-30, 1e-3, 1.0, 1e4, 1e28] {
            for (noisy, value) in [(121, 121.0), (121, 60.0), (1 << 40, 50.0), (500, 1e13)] {
                let gate_variance = Variance::new(100, 1).unwrap();
                let gate = Gate { variance: gate_variance, threshold: 121, floor: Floor::QUORUM };
                let estimate = Estimate { value, variance };
                let seen = Seen::new(&Measured { noisy, gate }, estimate, Lean::default());
                let Interval { low, high } = seen.interval(50);
                assert!(50 <= low && low <= high, "{variance} {noisy} {value}: {low} {high}");
            }
        }
    }
}
