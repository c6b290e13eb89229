//! Discrete Gaussian sampler.
//!
//! Takes an exact variance σ² = a/b; returns an integer with P[Z = z] ∝ exp(−z²/2σ²), exactly:
//! integers only, no rounding anywhere. Proof: gaussian.md.
//! (1) Draw a discrete Laplace Y of scale t = ⌊σ⌋ + 1. (2) Accept it with probability
//! exp(−(|Y| − σ²/t)² / 2σ²), else begin again.
//! Source: Canonne, Kamath & Steinke 2020, Algorithms 1 (Bernoulli), 2 (Laplace), 3 (Gaussian).

use num_integer::Roots;

use super::entropy::{Entropy, EntropyFailed};
use super::variance::Variance;

/// An exact sampler of N_Z(0, σ²).
#[derive(Clone, Copy, Debug)]
pub struct DiscreteGaussian {
    variance: Variance,
    scale: u64,
}

impl DiscreteGaussian {
    /// The sampler for `variance`.
    #[must_use]
    pub fn new(variance: Variance) -> Self {
        let floor_sigma = (variance.numerator() / variance.denominator()).sqrt();
        // Below 2^30, because a variance is below 2^60.
        Self { variance, scale: u64::try_from(floor_sigma).unwrap_or(u64::MAX >> 1) + 1 }
    }

    /// One draw.
    ///
    /// # Errors
    /// [`EntropyFailed`] when the source runs dry; nothing was drawn then.
    pub fn sample(&self, entropy: &mut dyn Entropy) -> Result<i64, EntropyFailed> {
        loop {
            let candidate = laplace(self.scale, entropy)?;
            if self.accepts(candidate.unsigned_abs(), entropy)? {
                return Ok(candidate);
            }
        }
    }

    /// True with probability exp(−(m − σ²/t)² / 2σ²), m = `magnitude`, t = scale.
    ///
    /// With σ² = a/b the exponent is (m·t·b − a)² / (2·a·b·t²).
    fn accepts(&self, magnitude: u64, entropy: &mut dyn Entropy) -> Result<bool, EntropyFailed> {
        let (a, b) = (self.variance.numerator(), self.variance.denominator());
        let scale = u128::from(self.scale);
        let distance = (u128::from(magnitude) * scale).checked_mul(b).map(|it| it.abs_diff(a));
        let exponent = distance.and_then(|distance| {
            let top = distance.checked_mul(distance)?;
            let bottom = (2 * a).checked_mul(b)?.checked_mul(scale * scale)?;
            Some((top, bottom))
        });
        match exponent {
            Some((top, bottom)) => bernoulli_exp(top, bottom, entropy),
            None => bernoulli_exp_wide(u128::from(magnitude) * scale, a, b, scale, entropy),
        }
    }
}

/// [`DiscreteGaussian::accepts`] for fractions whose squares pass 128 bits.
fn bernoulli_exp_wide(
    scaled: u128,
    a: u128,
    b: u128,
    scale: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    use num_bigint::BigUint;
    use num_traits::ToPrimitive;
    let (scaled, a, b) = (BigUint::from(scaled) * b, BigUint::from(a), BigUint::from(b));
    let distance = if scaled > a { &scaled - &a } else { &a - &scaled };
    let top = &distance * &distance;
    let bottom = BigUint::from(2_u8) * a * b * (scale * scale);
    let whole = &top / &bottom;
    let rest = &top - &whole * &bottom;
    for _ in 0..whole.to_u64().unwrap_or(u64::MAX) {
        if !bernoulli_exp(1, 1, entropy)? {
            return Ok(false);
        }
    }
    // exp(−rest/bottom): K is even iff the run of successes at rest/(bottom·k) ends at an odd k.
    let mut k = 1_u64;
    while below_wide(&rest, &(&bottom * k), entropy)? {
        k += 1;
    }
    Ok(k % 2 == 1)
}

/// True with probability `top` / `bottom` ≤ 1, comparing a uniform binary fraction bit block by
/// bit block.
fn below_wide(
    top: &num_bigint::BigUint,
    bottom: &num_bigint::BigUint,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    let mut rest = top.clone();
    loop {
        let shifted = rest << 64_u32;
        let digit = &shifted / bottom;
        let drawn = num_bigint::BigUint::from(entropy.next_u64()?);
        if drawn != digit {
            return Ok(drawn < digit);
        }
        rest = shifted - digit * bottom;
    }
}

/// A uniform integer in 0..`bound`, by rejection.
fn uniform(bound: u128, entropy: &mut dyn Entropy) -> Result<u128, EntropyFailed> {
    if let Ok(small) = u64::try_from(bound) {
        let zone = u64::MAX - (u64::MAX % small + 1) % small;
        loop {
            let drawn = entropy.next_u64()?;
            if drawn <= zone {
                return Ok(u128::from(drawn % small));
            }
        }
    }
    let mask = u128::MAX >> (bound - 1).leading_zeros();
    loop {
        let high = u128::from(entropy.next_u64()?) << 64;
        let drawn = (high | u128::from(entropy.next_u64()?)) & mask;
        if drawn < bound {
            return Ok(drawn);
        }
    }
}

/// True with probability exp(−`top`/`bottom`) (Algorithm 1).
fn bernoulli_exp(
    top: u128,
    bottom: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    for _ in 0..top / bottom {
        if !bernoulli_exp_fraction(1, 1, entropy)? {
            return Ok(false);
        }
    }
    bernoulli_exp_fraction(top % bottom, bottom, entropy)
}

/// [`bernoulli_exp`] for exponents in 0..=1.
fn bernoulli_exp_fraction(
    top: u128,
    bottom: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    // P[K > k] = (top/bottom)^k / k!, so that P[K odd] = exp(−top/bottom).
    let mut k = 1_u128;
    loop {
        // A success at top/(bottom·k) is one at top/bottom and one at 1/k.
        let success = uniform(bottom, entropy)? < top && (k == 1 || uniform(k, entropy)? == 0);
        if !success {
            return Ok(k % 2 == 1);
        }
        k += 1;
    }
}

/// A discrete Laplace draw with P[Y = y] ∝ exp(−|y|/`scale`) (Algorithm 2 with s = 1).
fn laplace(scale: u64, entropy: &mut dyn Entropy) -> Result<i64, EntropyFailed> {
    let wide = u128::from(scale);
    loop {
        let remainder = uniform(wide, entropy)?;
        if !bernoulli_exp(remainder, wide, entropy)? {
            continue;
        }
        let mut quotient = 0_u128;
        while bernoulli_exp(1, 1, entropy)? {
            quotient += 1;
        }
        let magnitude = i64::try_from(remainder + wide * quotient).unwrap_or(i64::MAX);
        let negative = entropy.next_u64()? & 1 == 1;
        // Zero has one sign only: a negative zero is drawn again.
        if !(negative && magnitude == 0) {
            return Ok(if negative { -magnitude } else { magnitude });
        }
    }
}
