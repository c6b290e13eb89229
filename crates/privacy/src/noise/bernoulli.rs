//! Exact coins: true with probability exp(−γ) for a fraction γ, from integers alone.
//!
//! Runs of successes at γ/1, γ/2, γ/3, … end at an odd place with probability exp(−γ); a γ above
//! one is split into whole ones and a rest. Proof: gaussian.md.
//! Source: Canonne, Kamath & Steinke 2020, Algorithm 1.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::ToPrimitive;

use super::entropy::{Entropy, EntropyFailed};

/// 20! = 2.4 · 10^18, the largest factorial of 64 bits.
const FACTORIAL: u64 = 2_432_902_008_176_640_000;

/// A uniform integer in 0..`bound`; `bound` is at least one.
pub(super) fn uniform(bound: u128, entropy: &mut dyn Entropy) -> Result<u128, EntropyFailed> {
    if let Ok(small) = u64::try_from(bound) {
        return Ok(u128::from(uniform_word(small, entropy)?));
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

/// [`uniform`] below 2^64: the upper half of word · bound, without a division but for few words
/// (Lemire 2019, Algorithm 5).
fn uniform_word(bound: u64, entropy: &mut dyn Entropy) -> Result<u64, EntropyFailed> {
    loop {
        let (low, high) = entropy.next_u64()?.carrying_mul(bound, 0);
        // Below 2^64 mod `bound` are the words that would favour some results: drawn again.
        if low >= bound || low >= bound.wrapping_neg() % bound {
            return Ok(high);
        }
    }
}

/// True with probability exp(−`top`/`bottom`).
pub(super) fn exp_minus(
    top: u128,
    bottom: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    if top < bottom {
        return exp_minus_fraction(top, bottom, entropy);
    }
    for _ in 0..top / bottom {
        if !exp_minus_one(entropy)? {
            return Ok(false);
        }
    }
    exp_minus_fraction(top % bottom, bottom, entropy)
}

/// True with probability exp(−1).
///
/// A run of successes at 1/1, 1/2, 1/3, … reaches beyond place j with probability 1/j!: when one
/// number below 20! is below 20!/j!.
pub(super) fn exp_minus_one(entropy: &mut dyn Entropy) -> Result<bool, EntropyFailed> {
    let drawn = uniform_word(FACTORIAL, entropy)?;
    let (mut place, mut reach) = (2, FACTORIAL / 2);
    while drawn < reach && place < 20 {
        place += 1;
        reach /= place;
    }
    if drawn < reach {
        place = 21;
        while uniform_word(place, entropy)? == 0 {
            place += 1;
        }
    }
    Ok(place % 2 == 1)
}

/// [`exp_minus`] for exponents in 0..=1.
fn exp_minus_fraction(
    top: u128,
    bottom: u128,
    entropy: &mut dyn Entropy,
) -> Result<bool, EntropyFailed> {
    let mut place = 1;
    // A success at top/(bottom·place) is one at top/bottom and one at 1/place.
    while uniform(bottom, entropy)? < top && (place == 1 || uniform_word(place, entropy)? == 0) {
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
        if !exp_minus_one(entropy)? {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Says the given words, then fails the test.
    struct Script(Vec<u64>);

    impl Entropy for Script {
        fn next_u64(&mut self) -> Result<u64, EntropyFailed> {
            Ok(self.0.remove(0))
        }
    }

    /// A word that makes `drawn` of 0..`bound`, away from the words that are drawn again.
    fn word(drawn: u64, bound: u64) -> u64 {
        let first = (u128::from(drawn) << 64).div_ceil(u128::from(bound));
        u64::try_from(first).unwrap() + 1
    }

    #[test]
    fn a_word_that_would_favour_a_result_is_drawn_again() {
        let check = |bound: u64, words: &[u64], drawn: u64| {
            let mut script = Script(words.to_vec());
            assert_eq!(uniform_word(bound, &mut script).unwrap(), drawn);
            assert!(script.0.is_empty(), "{bound}: words are left");
        };
        // 2^64 is 3 · 6148914691236517205 + 1: one word too many, and it is zero.
        check(3, &[0, u64::MAX], 2);
        check(3, &[1], 0);
        check(3, &[6_148_914_691_236_517_206], 1);
        check(1, &[0], 0);
        check(1 << 63, &[u64::MAX], (1 << 63) - 1);
        check(u64::MAX, &[0, 1], 0);
    }

    #[test]
    fn the_coin_of_minus_one_ends_its_run_where_one_number_says() {
        let check = |words: &[u64], place: u64| {
            let mut script = Script(words.to_vec());
            assert_eq!(exp_minus_one(&mut script).unwrap(), place % 2 == 1, "at {place}");
            assert!(script.0.is_empty(), "at {place}: words are left");
        };
        let mut reach = FACTORIAL;
        for place in 2..=20 {
            reach /= place;
            check(&[word(reach, FACTORIAL)], place);
            if place < 20 {
                check(&[word(reach - 1, FACTORIAL)], place + 1);
            }
        }
        assert_eq!(reach, 1);
        check(&[word(FACTORIAL - 1, FACTORIAL)], 2);
        // Beyond the twentieth place words decide one by one.
        check(&[word(0, FACTORIAL), word(1, 21)], 21);
        check(&[word(0, FACTORIAL), word(0, 21), word(21, 22)], 22);
    }
}
