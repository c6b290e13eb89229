//! The exact upper tail of the discrete Gaussian, rounded outwards.
//!
//! (1) Bracket S(0) = Σ_{z ≥ 0} exp(−z²/2σ²) up to 16σ, with a bound for the rest. (2) Walk up
//! S(t) = S(0) − Σ_{z < t} exp(−z²/2σ²) and accept the first t whose upper bound of P[Z ≥ t] is at
//! most a lower bound of δ₁ = 1 − (1 − δ)^(1/L). Proof: tail.md.
//! Source: privacy model §3 (threshold by exact discrete tail).

use num_bigint::BigUint;
use num_integer::{Integer, Roots};
use num_traits::{One, ToPrimitive, Zero};

use super::bracket::{BITS, Bracket, one};
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

/// The widest noise, in people, whose tail is computed: a second or two of integers.
const SIGMA_MAX: u128 = 100_000;

/// A probability between two bounds: for figures of a plan, never for a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability {
    /// Not above the true value.
    pub low: f64,
    /// Not below the true value.
    pub high: f64,
}

impl Probability {
    /// What never happens.
    pub const ZERO: Self = Self { low: 0.0, high: 0.0 };
}

/// exp(−z²/2σ²) for z = 0, 1, 2, …
///
/// g(z + 1) = g(z) · r^(2z + 1) with r = exp(−1/2σ²), and r^(2z + 1) grows by r² each step.
struct Weights {
    weight: Bracket,
    step: Bracket,
    square: Bracket,
}

impl Weights {
    fn new(variance: Variance) -> Self {
        let ratio = Bracket::exp_minus(
            &BigUint::from(variance.denominator()),
            &(BigUint::from(variance.numerator()) * 2_u8),
        );
        Self { weight: Bracket::one(), square: ratio.times(&ratio), step: ratio }
    }
}

impl Iterator for Weights {
    type Item = Bracket;

    fn next(&mut self) -> Option<Bracket> {
        let next = self.weight.times(&self.step);
        self.step = self.step.times(&self.square);
        Some(std::mem::replace(&mut self.weight, next))
    }
}

/// The tail of one discrete Gaussian.
struct Tail {
    variance: Variance,
    /// The last place whose weight is summed by itself.
    last: u64,
    /// S(0).
    half: Bracket,
    /// Σ over all integers = 2·S(0) − 1.
    total: Bracket,
}

impl Tail {
    fn new(variance: Variance) -> Result<Self, TailError> {
        let (a, b) = (variance.numerator(), variance.denominator());
        let sigma = (a / b).sqrt();
        if sigma > SIGMA_MAX {
            return Err(TailError::TooWide(sigma));
        }
        // At least 16σ, where the weight is below exp(−128).
        let last = (256 * a / b).sqrt() + 1;
        let last = u64::try_from(last).map_err(|_| TailError::TooWide(sigma))?;
        let mut half = Bracket { low: BigUint::zero(), high: BigUint::zero() };
        let mut rest = BigUint::zero();
        for (weight, _) in Weights::new(variance).zip(0..=last) {
            half.add(&weight);
            rest = weight.high;
        }
        // Σ_{z > m} g(z) ≤ g(m) · σ²/m.
        half.high += (rest * a).div_ceil(&(BigUint::from(b) * last));
        let total = Bracket { low: &half.low * 2_u8 - one(), high: &half.high * 2_u8 - one() };
        Ok(Self { variance, last, half, total })
    }

    /// S(t) for t = 0, 1, 2, …, to one place beyond the last.
    fn sums(&self) -> impl Iterator<Item = (u64, Bracket)> {
        let mut sum = self.half.clone();
        (0..=self.last + 1).zip(Weights::new(self.variance)).map(move |(at, weight)| {
            let low = if sum.low > weight.high { &sum.low - weight.high } else { BigUint::zero() };
            let next = Bracket { low, high: &sum.high - weight.low };
            (at, std::mem::replace(&mut sum, next))
        })
    }

    /// P[Z ≥ `excess`].
    fn probability(&self, excess: u64) -> Probability {
        let at = excess.min(self.last + 1);
        let found = self.sums().find(|(place, _)| *place == at);
        let Some((_, sum)) = found else { return Probability { low: 0.0, high: 1.0 } };
        let low = if excess > at { BigUint::zero() } else { sum.low };
        let low = ((low << BITS) / &self.total.high).to_f64().unwrap_or(0.0);
        let high = (sum.high << BITS).div_ceil(&self.total.low).to_f64().unwrap_or(1.0);
        // Dividing by a power of two is exact; the conversions above are within one place.
        let unit = 2_f64.powi(256);
        Probability {
            low: (low / unit).next_down().max(0.0),
            high: (high / unit).next_up().min(1.0),
        }
    }
}

/// δ₁ = 1 − (1 − δ)^(1/L) in units of 2^−256, rounded down.
pub(super) fn per_draw(limit: CellLimit, delta: Delta) -> BigUint {
    let wanted = (BigUint::from(Delta::ONE.atto() - delta.atto()) << BITS)
        .div_ceil(&BigUint::from(Delta::ONE.atto()));
    // The lower end is judged, so that what holds here holds in truth.
    let holds = |failure: &BigUint| {
        let once = one() - failure;
        let once = Bracket { low: once.clone(), high: once };
        once.power(u64::from(limit.cells())).low >= wanted
    };
    let mut found = BigUint::zero();
    for bit in (0..=BITS).rev() {
        let candidate = &found + (BigUint::one() << bit);
        if candidate <= one() && holds(&candidate) {
            found = candidate;
        }
    }
    found
}

/// The least t such that L independent draws all stay below t with probability at least 1 − δ.
///
/// Guarantee: P[Z ≥ t] ≤ δ₁ = 1 − (1 − δ)^(1/L), proven by outward rounding; t − 1 would not be
/// accepted.
///
/// # Errors
/// [`TailError`] when δ is zero or σ is above 100,000.
pub fn least_excess(variance: Variance, limit: CellLimit, delta: Delta) -> Result<u64, TailError> {
    if delta == Delta::ZERO {
        return Err(TailError::NoDelta);
    }
    let tail = Tail::new(variance)?;
    let allowed = (per_draw(limit, delta) * &tail.total.low) >> BITS;
    let mut sums = tail.sums();
    let found = sums.find(|(_, sum)| sum.high <= allowed);
    // The sum beyond 16σ is below any δ₁ that can be written down, so there always is one.
    found.map(|(at, _)| at).ok_or(TailError::TooWide(SIGMA_MAX))
}

/// Bounds of P[Z ≥ `excess`].
///
/// # Errors
/// [`TailError`] when σ is above 100,000.
pub fn tail_probability(variance: Variance, excess: i64) -> Result<Probability, TailError> {
    let tail = Tail::new(variance)?;
    if excess > 0 {
        return Ok(tail.probability(excess.unsigned_abs()));
    }
    // P[Z ≥ −m] = 1 − P[Z ≥ m + 1], by symmetry.
    let beyond = tail.probability(excess.unsigned_abs().saturating_add(1));
    Ok(Probability {
        low: (1.0 - beyond.high).next_down().max(0.0),
        high: (1.0 - beyond.low).next_up().min(1.0),
    })
}
