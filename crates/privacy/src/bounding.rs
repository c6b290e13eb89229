//! Contribution bounding: what one person can change at most.
//!
//! (1) Deduplicate a person's cells. (2) Keep the L with the smallest keyed rank; there are no ties.
//! The kept set depends on that person's token and cells and on the key alone, so adding or
//! removing a person leaves everybody else's kept cells as they were. Proof: bounding.md.
//! Source: privacy model §2.

use std::cmp::Ordering;

use siphasher::sip::SipHasher13;

use crate::unit::CellLimit;

/// The secret key of the ranks: fixed before data is read, the same on every retry.
///
/// No `Debug`, `Display` or serialisation.
#[derive(Clone, Copy)]
pub struct BoundingKey([u8; 16]);

impl BoundingKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The rank of `cell` for the person with this token: pseudo-random, smallest is kept first.
    ///
    /// Guarantee: different cells of one person have different ranks.
    #[must_use]
    pub fn rank(&self, token: u32, cell: u64) -> u64 {
        step(self.seed(token), cell)
    }

    /// What the ranks of one person start from.
    fn seed(&self, token: u32) -> u64 {
        // Little-endian on every machine: a retry elsewhere must keep the same cells.
        SipHasher13::new_with_key(&self.0).hash(&token.to_le_bytes())
    }
}

/// What the generator that starts from `seed` gives at step `cell`: one to one.
///
/// Source: Steele, Lea & Flood 2014, SplitMix64.
const fn step(seed: u64, cell: u64) -> u64 {
    let mut z = seed.wrapping_add(cell.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// 16: to find 32 of 40, half of all people need three guesses, nine in ten six, and one in ten thousand more than 16.
const GUESSES: u32 = 16;

/// People with up to this many distinct cells are ranked without touching the heap.
const ON_STACK: usize = 128;

/// Reduces `cells` to at most L distinct ones, ascending; returns how many distinct ones there were.
///
/// Guarantee: the result has at most `limit` cells, all of them among `cells`, and is a function
/// of the set of cells, the token and the key. Allocates nothing up to 128
/// distinct cells.
pub fn keep(cells: &mut Vec<u64>, limit: CellLimit, key: &BoundingKey, token: u32) -> usize {
    if !cells.is_sorted_by(|left, right| left < right) {
        cells.sort_unstable();
        cells.dedup();
    }
    let distinct = cells.len();
    let most = usize::try_from(limit.cells()).unwrap_or(usize::MAX);
    if distinct <= most {
        return distinct;
    }
    let seed = key.seed(token);
    keep_smallest(cells, most, |cell| step(seed, cell));
    distinct
}

/// Reduces distinct cells to the `most` of smallest rank, fewer than they are, in their order.
///
/// A place above exactly `most` ranks tells who stays, and ranks are spread so evenly that few guesses find one: no
/// rank is moved, and no branch depends on one.
fn keep_smallest(cells: &mut Vec<u64>, most: usize, rank: impl Fn(u64) -> u64) {
    let mut on_stack = [0; ON_STACK];
    let mut on_heap = Vec::new();
    let heads = if cells.len() <= ON_STACK {
        &mut on_stack[..cells.len()]
    } else {
        on_heap.resize(cells.len(), 0);
        &mut on_heap[..]
    };
    for (head, &cell) in heads.iter_mut().zip(cells.iter()) {
        *head = head_of(rank(cell));
    }
    let Some(bound) = above(heads, most) else {
        // Two ranks that differ in their tails alone, or no luck: sorted as anybody would.
        cells.sort_unstable_by_key(|&cell| rank(cell));
        cells.truncate(most);
        return cells.sort_unstable();
    };
    let mut kept = 0;
    for (at, head) in heads.iter().enumerate() {
        cells[kept] = cells[at];
        kept += usize::from(*head < bound);
    }
    cells.truncate(kept);
}

/// The upper half of a rank.
#[expect(clippy::as_conversions, reason = "the upper half")]
const fn head_of(rank: u64) -> u32 {
    (rank >> 32) as u32
}

/// A number that exactly `most` of `heads` are below; `None` when [`GUESSES`] find none.
fn above(heads: &[u32], most: usize) -> Option<u32> {
    let wide = |it: usize| u64::try_from(it).unwrap_or(u64::MAX);
    // Too few are below `low`, too many below `high`.
    let (mut low, mut few) = (0, 0);
    let (mut high, mut many) = (1_u64 << 32, heads.len());
    for _ in 0..GUESSES {
        // Of m numbers spread evenly, the middle between the k-th and the next lies (2k + 1) / (2m + 2) of the way.
        let share = (2 * wide(most - few) + 1, 2 * wide(many - few) + 2);
        let guess = u32::try_from(low + (high - low) * share.0 / share.1).ok()?;
        let below = heads.iter().map(|&it| u32::from(it < guess)).sum::<u32>();
        let below = usize::try_from(below).ok()?;
        match below.cmp(&most) {
            Ordering::Equal => return Some(guess),
            Ordering::Less => (low, few) = (u64::from(guess), below),
            Ordering::Greater => (high, many) = (u64::from(guess), below),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the `most` smallest of these ranks, and compares with what sorting keeps.
    fn check(count: u64, most: usize, rank: impl Fn(u64) -> u64) {
        let mut cells: Vec<u64> = (0..count).collect();
        let mut sorted = cells.clone();
        sorted.sort_by_key(|&cell| rank(cell));
        sorted.truncate(most);
        sorted.sort_unstable();
        keep_smallest(&mut cells, most, rank);
        assert_eq!(cells, sorted, "{most} of {count}");
    }

    #[test]
    fn the_smallest_are_kept_however_ranks_are_spread() {
        for count in [2, 3, 33, 40, 127, 128, 129, 1_000] {
            for most in [0, 1, 2, 31, 32, 100, 999] {
                if u64::try_from(most).unwrap() < count {
                    check(count, most, |cell| step(8412, cell));
                    // In the tails alone, at both ends, and so unevenly that guessing takes long.
                    check(count, most, |cell| cell);
                    check(count, most, |cell| u64::MAX - cell);
                    check(count, most, |cell| cell << 32);
                    check(count, most, |cell| (cell * cell) << 40);
                }
            }
        }
    }

    #[test]
    fn few_guesses_are_enough() {
        let lucky = (0..10_000).filter(|&seed| {
            let heads: Vec<u32> = (0..40).map(|cell| head_of(step(seed, cell))).collect();
            above(&heads, 32).is_some()
        });
        assert!(lucky.count() > 9_990);
    }
}
