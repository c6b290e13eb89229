//! Discrete Gaussian sampler.
//!
//! Takes an exact variance σ² = a/b; returns an integer with P[Z = z] ∝ exp(−z²/2σ²), exactly:
//! integers only, no rounding anywhere. Proof: gaussian.md.
//! (1) Draw a discrete Laplace Y of scale t = ⌊σ⌋ + 1. (2) Accept it with probability
//! exp(−(|Y| − σ²/t)² / 2σ²), else begin again.
//! Source: Canonne, Kamath & Steinke 2020, Algorithms 2 (Laplace) and 3 (Gaussian).

use num_bigint::BigUint;
use num_integer::Roots;

use super::bernoulli::{exp_minus, exp_minus_one, exp_minus_wide, uniform};
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
        let sigma = (variance.numerator() / variance.denominator()).sqrt();
        // Any scale is exact; this one is the fastest. It is below 2^48 + 1, as σ² is below 2^96.
        Self { variance, scale: u64::try_from(sigma).unwrap_or(u64::MAX >> 1) + 1 }
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

    /// The variance of every draw.
    #[must_use]
    pub const fn variance(&self) -> Variance {
        self.variance
    }

    /// True with probability exp(−(m − σ²/t)² / 2σ²), m = `magnitude`, t = scale.
    ///
    /// With σ² = a/b the exponent is (m·t·b − a)² / (2·a·b·t²).
    fn accepts(&self, magnitude: u64, entropy: &mut dyn Entropy) -> Result<bool, EntropyFailed> {
        let (a, b) = (self.variance.numerator(), self.variance.denominator());
        let scale = u128::from(self.scale);
        let scaled = u128::from(magnitude) * scale;
        let exponent = scaled.checked_mul(b).and_then(|scaled| {
            let distance = scaled.abs_diff(a);
            let top = distance.checked_mul(distance)?;
            let bottom = (2 * a).checked_mul(b)?.checked_mul(scale * scale)?;
            Some((top, bottom))
        });
        if let Some((top, bottom)) = exponent {
            return exp_minus(top, bottom, entropy);
        }
        let (a, b) = (BigUint::from(a), BigUint::from(b));
        let scaled = BigUint::from(scaled) * &b;
        let distance = if scaled > a { scaled - &a } else { &a - scaled };
        exp_minus_wide(&(&distance * &distance), &(a * b * 2_u8 * (scale * scale)), entropy)
    }
}

/// A discrete Laplace draw with P[Y = y] ∝ exp(−|y|/`scale`) (Algorithm 2 with s = 1).
fn laplace(scale: u64, entropy: &mut dyn Entropy) -> Result<i64, EntropyFailed> {
    let scale = u128::from(scale);
    loop {
        let remainder = uniform(scale, entropy)?;
        if !exp_minus(remainder, scale, entropy)? {
            continue;
        }
        let mut quotient = 0_u128;
        while exp_minus_one(entropy)? {
            quotient += 1;
        }
        // Past 2^63 only with probability below exp(−2^14): see the proof.
        let magnitude = i64::try_from(remainder + scale * quotient).unwrap_or(i64::MAX);
        let negative = entropy.next_u64()? & 1 == 1;
        // Zero has one sign only: a negative zero is drawn again.
        if !(negative && magnitude == 0) {
            return Ok(if negative { -magnitude } else { magnitude });
        }
    }
}
