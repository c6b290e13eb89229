//! The exact upper tail of the discrete Gaussian, rounded outwards.
//!
//! Integers of 256 fractional bits bracket exp(−z²/2σ²) from both sides; the least excess t with
//! (1 − P[Z ≥ t])^L ≥ 1 − δ is accepted only when the upper bound of the tail says so.
//! Proof: tail.md. Source: privacy model §3 (threshold by exact discrete tail).

use num_bigint::BigUint;
use num_integer::{Integer, Roots};
use num_traits::{One, ToPrimitive, Zero};

use super::variance::Variance;
use crate::unit::{CellLimit, Delta};

/// A tail that cannot be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TailError {
    /// No failure allowed means an infinite threshold.
    #[error("delta must be above 0, or no threshold is high enough")]
    NoDelta,
    /// The noise is too wide for an exact tail to be worth its time.
    #[error("a standard deviation of {0} is above 100000: spend more rho or bound fewer cells")]
    TooWide(u128),
}

/// Fractional bits of all fixed-point numbers here.
const BITS: u32 = 256;

/// A number in `low..=high`, in units of 2^−256.
#[derive(Clone)]
struct Bracket {
    low: BigUint,
    high: BigUint,
}

impl Bracket {
    fn one() -> Self {
        Self { low: BigUint::one() << BITS, high: BigUint::one() << BITS }
    }

    fn times(&self, other: &Self) -> Self {
        let high = &self.high * &other.high;
        Self { low: (&self.low * &other.low) >> BITS, high: (high >> BITS) + 1_u8 }
    }

    fn plus(&self, other: &Self) -> Self {
        Self { low: &self.low + &other.low, high: &self.high + &other.high }
    }

    /// exp(−top/bottom) for top ≤ bottom: the alternating series, whose error is below its first
    /// omitted term.
    fn exp_minus(top: &BigUint, bottom: &BigUint) -> Self {
        let one = BigUint::one() << BITS;
        let (mut positive, mut negative) = (one.clone(), BigUint::zero());
        let mut term = one;
        let mut k = 1_u32;
        loop {
            term = (term * top) / (bottom * k);
            if k % 2 == 1 {
                negative += &term;
            } else {
                positive += &term;
            }
            if term.is_zero() {
                break;
            }
            k += 1;
        }
        // Each of the k terms was cut by less than one unit; the omitted rest is below one.
        let middle = positive - negative;
        let slack = BigUint::from(k + 1);
        Self {
            low: if middle > slack { &middle - &slack } else { BigUint::zero() },
            high: middle + slack,
        }
    }
}

/// exp(−z²/2σ²) for z = 0, 1, 2, … until it is below 2^−250.
fn weights(variance: Variance) -> Vec<Bracket> {
    // g(z + 1) = g(z) · r^(2z + 1), r = exp(−b/2a); r^(2z + 1) grows by r² each step.
    let (top, bottom) =
        (BigUint::from(variance.denominator()), BigUint::from(2 * variance.numerator()));
    let whole = (&top / &bottom).to_u32().unwrap_or(u32::MAX);
    let mut ratio = Bracket::exp_minus(&(&top % &bottom), &bottom);
    if whole > 0 {
        let unit = Bracket::exp_minus(&BigUint::one(), &BigUint::one());
        for _ in 0..whole.min(1_000) {
            ratio = ratio.times(&unit);
        }
    }
    let square = ratio.times(&ratio);
    let (mut weight, mut step) = (Bracket::one(), ratio);
    let floor = BigUint::one() << 6_u32;
    let mut all = Vec::new();
    while weight.high > floor {
        let next = weight.times(&step);
        step = step.times(&square);
        all.push(std::mem::replace(&mut weight, next));
    }
    all.push(weight);
    all
}

/// Suffix sums S(t) = Σ_{z ≥ t} exp(−z²/2σ²), with an upper bound for what lies beyond the list.
fn suffix_sums(weights: &[Bracket]) -> Vec<Bracket> {
    let mut sums = vec![Bracket { low: BigUint::zero(), high: BigUint::zero() }; weights.len()];
    // Beyond the last weight w the terms fall at least as fast as a geometric series in its ratio
    // to the one before: the rest is at most w · w / (previous − w).
    let last = weights.last().map_or_else(BigUint::zero, |it| it.high.clone());
    let previous = weights.iter().rev().nth(1).map_or_else(BigUint::one, |it| it.low.clone());
    let gap = if previous > last { &previous - &last } else { BigUint::one() };
    let mut sum = Bracket { low: BigUint::zero(), high: (&last * &last).div_ceil(&gap) };
    for (slot, weight) in sums.iter_mut().zip(weights).rev() {
        sum = sum.plus(weight);
        *slot = sum.clone();
    }
    sums
}

/// The bracket of P[Z ≥ t] for every t ≥ 0 in the list.
fn tails(variance: Variance) -> Vec<Bracket> {
    let weights = weights(variance);
    let sums = suffix_sums(&weights);
    let Some(from_zero) = sums.first() else { return Vec::new() };
    // Σ over all integers is 2·S(0) − 1.
    let one = BigUint::one() << BITS;
    let (total_low, total_high) = (&from_zero.low * 2_u8 - &one, &from_zero.high * 2_u8 - &one);
    sums.iter()
        .map(|sum| Bracket {
            low: (&sum.low << BITS) / &total_high,
            high: (&sum.high << BITS).div_ceil(&total_low),
        })
        .collect()
}

fn checked(variance: Variance) -> Result<(), TailError> {
    let sigma = (variance.numerator() / variance.denominator()).sqrt();
    if sigma > 100_000 { Err(TailError::TooWide(sigma)) } else { Ok(()) }
}

/// The least t such that L independent draws all stay below t with probability at least 1 − δ.
///
/// Guarantee: P[Z ≥ t] ≤ δ₁ = 1 − (1 − δ)^(1/L), proven by outward rounding; t − 1 would not be
/// accepted.
///
/// # Errors
/// [`TailError`] when δ is zero or σ is above 100,000.
pub fn least_excess(variance: Variance, limit: CellLimit, delta: Delta) -> Result<u64, TailError> {
    checked(variance)?;
    if delta == Delta::ZERO {
        return Err(TailError::NoDelta);
    }
    let one = BigUint::one() << BITS;
    let wanted = (BigUint::from(Delta::ONE.atto() - delta.atto()) << BITS)
        .div_ceil(&BigUint::from(Delta::ONE.atto()));
    let tails = tails(variance);
    let accepted = |tail: &Bracket| {
        let below = if tail.high < one { &one - &tail.high } else { BigUint::zero() };
        let mut all = one.clone();
        for _ in 0..limit.cells() {
            all = (all * &below) >> BITS;
        }
        all >= wanted
    };
    let at = tails.partition_point(|tail| !accepted(tail));
    Ok(u64::try_from(at).unwrap_or(u64::MAX))
}

/// Bounds of the probability that a group of `excess` people below the threshold's excess shows:
/// P[Z ≥ `excess`], for plan figures.
///
/// # Errors
/// [`TailError`] when σ is above 100,000.
pub fn shown_probability(variance: Variance, excess: u64) -> Result<(f64, f64), TailError> {
    checked(variance)?;
    let tails = tails(variance);
    let at = usize::try_from(excess).unwrap_or(usize::MAX);
    let share = |value: &BigUint| {
        let digits = (value >> (BITS - 200)).to_f64().unwrap_or(0.0);
        digits / 2_f64.powi(200)
    };
    Ok(tails.get(at).map_or((0.0, 0.0), |tail| (share(&tail.low), share(&tail.high))))
}
