//! Chance from a seed: streams by name, the same on every machine.
//!
//! ChaCha8 (Bernstein 2008) seeded by BLAKE3 of seed and purpose. This draws synthetic people and
//! protects nothing: the numbers that they are drawn from are published already.

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::number::{real, whole};

/// One stream of chance.
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of `purpose`.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("quorate twin 2026-11 chance");
        hasher.update(&seed.to_le_bytes()).update(purpose.as_bytes());
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from 0 up to 1, in steps of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        real(self.bits() >> 11) / real(1 << 53)
    }

    /// A number below `bound`, each as likely (Lemire 2019); 0 when `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let reject_below = bound.wrapping_neg().checked_rem(bound).unwrap_or_default();
        loop {
            let product = u64::from(self.0.next_u32()) * u64::from(bound);
            let [a, b, c, d, high @ ..] = product.to_le_bytes();
            if u32::from_le_bytes([a, b, c, d]) >= reject_below {
                return u32::from_le_bytes(high);
            }
        }
    }

    /// Moves `count` items, drawn without putting back, to the front; all of them if there are fewer.
    pub fn choose<'list>(&mut self, list: &'list mut [u32], count: usize) -> &'list mut [u32] {
        let count = count.min(list.len());
        for at in 0..count {
            let rest = crate::number::position(list.len() - at);
            list.swap(at, at + crate::number::index(self.below(rest)));
        }
        &mut list[..count]
    }
}

/// Shares out `count` in proportion to `weights` by systematic sampling (Madow & Madow 1944): each
/// run of neighbours gets its expectation, up to less than one.
///
/// `at` is where the sampling starts, from 0 up to 1; for a random start each expectation is met.
pub(crate) fn share_out(weights: &[f64], count: u64, at: f64) -> Vec<u64> {
    let total: f64 = weights.iter().sum();
    if total <= 0.0 {
        return vec![0; weights.len()];
    }
    let (mut sum, mut given) = (0.0, 0);
    let share = |weight: &f64| {
        sum += weight;
        let up_to = whole(sum / total * real(count) + at).min(count);
        let own = up_to - given;
        given = up_to;
        own
    };
    weights.iter().map(share).collect()
}

/// Rounds `expected` to whole numbers in the same way: their sum is rounded too.
pub(crate) fn round_all(expected: &[f64], at: f64) -> Vec<u64> {
    let (mut sum, mut given) = (at, 0);
    let round = |it: &f64| {
        sum += it;
        let own = whole(sum) - given;
        given = whole(sum);
        own
    };
    expected.iter().map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_pinned_and_differ_by_seed_and_purpose() {
        let first = |seed, purpose| Chance::new(seed, purpose).bits();
        assert_ne!(first(0, "people"), first(1, "people"));
        assert_ne!(first(0, "people"), first(0, "visits"));
        assert_eq!(first(0, "people"), Chance::new(0, "people").bits());
    }

    #[test]
    fn each_number_below_the_bound_comes_up_alike() {
        let (mut chance, mut seen) = (Chance::new(7, "test"), [0_u32; 6]);
        for _ in 0..60_000 {
            seen[crate::number::index(chance.below(6))] += 1;
        }
        assert!(seen.iter().all(|it| (9_600..10_400).contains(it)), "{seen:?}");
        assert_eq!((chance.below(1), chance.below(0)), (0, 0));
    }

    #[test]
    fn choosing_takes_different_items_and_no_more_than_there_are() {
        let (mut chance, mut list) = (Chance::new(7, "test"), [0, 1, 2, 3, 4]);
        let mut chosen = chance.choose(&mut list, 3).to_vec();
        chosen.sort_unstable();
        chosen.dedup();
        assert_eq!(chosen.len(), 3);
        assert_eq!(chance.choose(&mut list, 9).len(), 5);
    }

    #[test]
    fn runs_of_neighbours_get_their_expectation() {
        let check = |weights: &[f64], count, at, expected: &[u64]| {
            assert_eq!(share_out(weights, count, at), expected, "{weights:?}");
        };
        check(&[1.0, 1.0, 2.0], 4, 0.5, &[1, 1, 2]);
        check(&[1.0, 1.0, 1.0], 2, 0.0, &[0, 1, 1]);
        check(&[1.0, 1.0, 1.0], 2, 0.9, &[1, 1, 0]);
        check(&[0.0, 3.0], 5, 0.999, &[0, 5]);
        check(&[0.0, 0.0], 5, 0.5, &[0, 0]);
        assert_eq!(round_all(&[0.4, 0.4, 0.4], 0.3), [0, 1, 0]);
    }
}
