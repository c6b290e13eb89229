//! Exact coins: true with probability exp(−γ) for a fraction γ, from integers alone.
//!
//! Runs of successes at γ/1, γ/2, γ/3, … end at an odd place with probability exp(−γ); a γ above
//! one is split into whole ones and a rest. Proof: gaussian.md.
//! Source: Canonne, Kamath & Steinke 2020, Algorithm 1; Lemire 2019 (uniform integers).

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::ToPrimitive;

use super::entropy::{Entropy, EntropyFailed};

/// A uniform integer in 0..`bound`, by rejection; `bound` is at least one.
pub(super) fn uniform(bound: u128, entropy: &mut dyn Entropy) -> Result<u128, EntropyFailed> {
    if bound == 1 {
        return Ok(0);
    }
    if let Ok(small) = u64::try_from(bound) {
        // The upper word of a product; the first 2^64 mod `bound` lower words would favour some
        // upper ones, and are drawn again (Lemire 2019, Algorithm 5).
        loop {
            let product = u128::from(entropy.next_u64()?) * bound;
            let lower = product & u128::from(u64::MAX);
            if lower >= bound || lower >= u128::from(small.wrapping_neg() % small) {
                return Ok(product >> 64);
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

/// True with probability exp(−`top`/`bottom`).
pub(super) fn exp_minus(
    top: u128,
    bottom: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    let mut rest = top;
    if rest >= bottom {
        for _ in 0..top / bottom {
            if !exp_minus_fraction(1, 1, entropy)? {
                return Ok(false);
            }
        }
        rest %= bottom;
    }
    exp_minus_fraction(rest, bottom, entropy)
}

/// [`exp_minus`] for exponents in 0..=1.
fn exp_minus_fraction(
    top: u128,
    bottom: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    let mut place = 1_u128;
    // A success at top/(bottom·place) is one at top/bottom and one at 1/place.
    while uniform(bottom, entropy)? < top && (place == 1 || uniform(place, entropy)? == 0) {
        place += 1;
    }
    Ok(place % 2 == 1)
}

/// [`exp_minus`] for fractions beyond 128 bits.
pub(super) fn exp_minus_wide(
    top: &BigUint,
    bottom: &BigUint,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    let (whole, rest) = top.div_rem(bottom);
    // 2^64 successes in a row are not seen: the count may saturate.
    for _ in 0..whole.to_u64().unwrap_or(u64::MAX) {
        if !exp_minus_fraction(1, 1, entropy)? {
            return Ok(false);
        }
    }
    let mut place = 1_u64;
    while below(&rest, &(bottom * place), entropy)? {
        place += 1;
    }
    Ok(place % 2 == 1)
}

/// True with probability `top` / `bottom` ≤ 1: compares the fraction with a uniform one, 64 binary
/// digits at a time.
fn below(
    top: &BigUint,
    bottom: &BigUint,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    let mut rest = top.clone();
    loop {
        let (digit, left) = (rest << 64_u32).div_rem(bottom);
        let drawn = BigUint::from(entropy.next_u64()?);
        if drawn != digit {
            return Ok(drawn < digit);
        }
        rest = left;
    }
}
