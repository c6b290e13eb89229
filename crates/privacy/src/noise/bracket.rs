//! Fixed-point numbers that bracket a true value from both sides.
//!
//! Integers in units of 2^−256; every operation rounds the lower end down and the upper end up,
//! so that a true value inside the operands stays inside the result. Proof: tail.md.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::{One, Zero};

/// Fractional bits.
pub(super) const BITS: u32 = 256;

/// One, in units of 2^−256.
pub(super) fn one() -> BigUint {
    BigUint::one() << BITS
}

/// A number in `low..=high`, in units of 2^−256.
#[derive(Clone)]
pub(super) struct Bracket {
    pub(super) low: BigUint,
    pub(super) high: BigUint,
}

impl Bracket {
    pub(super) fn one() -> Self {
        Self { low: one(), high: one() }
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let high = &self.high * &other.high;
        Self { low: (&self.low * &other.low) >> BITS, high: (high >> BITS) + 1_u8 }
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.low += &other.low;
        self.high += &other.high;
    }

    /// This number to the power of `exponent`, by repeated squaring.
    pub(super) fn power(mut self, mut exponent: u64) -> Self {
        let mut result = Self::one();
        while exponent > 0 {
            if exponent % 2 == 1 {
                result = result.times(&self);
            }
            self = self.times(&self);
            exponent /= 2;
        }
        result
    }

    /// exp(−`top`/`bottom`).
    pub(super) fn exp_minus(top: &BigUint, bottom: &BigUint) -> Self {
        let (whole, rest) = top.div_rem(bottom);
        // Beyond 2^64 the exponential is far below one unit, with or without the excess.
        let whole = u64::try_from(whole).unwrap_or(u64::MAX);
        let unit = Self::exp_minus_fraction(&BigUint::one(), &BigUint::one());
        unit.power(whole).times(&Self::exp_minus_fraction(&rest, bottom))
    }

    /// [`Self::exp_minus`] for exponents in 0..=1, by the alternating series.
    fn exp_minus_fraction(top: &BigUint, bottom: &BigUint) -> Self {
        let (mut positive, mut negative) = (one(), BigUint::zero());
        let (mut term, mut terms) = (one(), 0_u32);
        while !term.is_zero() {
            terms += 1;
            term = (term * top) / (bottom * terms);
            *(if terms % 2 == 1 { &mut negative } else { &mut positive }) += &term;
        }
        // Each term is cut by less than two units, and the omitted rest is below two.
        let slack = BigUint::from(2 * terms + 2);
        let middle = positive - negative;
        Self { low: &middle - &slack, high: middle + slack }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_below_one_unit_keeps_its_upper_end_above_zero() {
        let unit = Bracket { low: BigUint::one(), high: BigUint::one() };
        let product = unit.times(&unit);
        assert_eq!((product.low, product.high), (BigUint::zero(), BigUint::one()));
    }

    /// exp(−top/bottom) rounded down to units of 2^−256, from exact partial sums.
    fn exact(top: u32, bottom: u32) -> BigUint {
        // Σ (−x)^k / k! up to k = 80, over the common denominator bottom^80 · 80!.
        let (mut positive, mut negative) = (BigUint::zero(), BigUint::zero());
        let mut denominator = BigUint::one();
        for k in (0..=80_u32).rev() {
            let part = &denominator * BigUint::from(top).pow(k) * BigUint::from(bottom).pow(80 - k);
            *(if k % 2 == 0 { &mut positive } else { &mut negative }) += part;
            denominator *= k.max(1);
        }
        ((positive - negative) << BITS) / (denominator * BigUint::from(bottom).pow(80))
    }

    #[test]
    fn an_exponential_lies_between_its_ends() {
        for (top, bottom) in [(0, 1), (1, 1), (1, 3), (7, 8), (1, 200), (199, 200), (2, 3)] {
            let found = Bracket::exp_minus(&BigUint::from(top), &BigUint::from(bottom));
            let exact = exact(top, bottom);
            assert!(found.low <= exact && exact < found.high, "{top}/{bottom}");
            assert!(&found.high - &found.low < BigUint::from(500_u32), "{top}/{bottom} is wide");
        }
    }
}
