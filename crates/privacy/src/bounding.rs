//! Contribution bounding: what one person can change at most.
//!
//! (1) Deduplicate a person's cells. (2) Keep the L with the smallest keyed rank; there are no ties.
//! The kept set depends on that person's token and cells and on the key alone, so adding or
//! removing a person leaves everybody else's kept cells as they were. Proof: bounding.md.
//! Source: privacy model §2.

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

/// People with up to this many distinct cells are ranked without touching the heap.
const ON_STACK: usize = 128;

/// Reduces `cells` to at most L distinct ones, ascending; returns how many distinct ones there were.
///
/// Guarantee: the result has at most `limit` cells, all of them among `cells`, and is a function
/// of the set of cells, the token and the key. Allocates nothing up to 128
/// distinct cells.
pub fn keep(cells: &mut Vec<u64>, limit: CellLimit, key: &BoundingKey, token: u32) -> usize {
    cells.sort_unstable();
    cells.dedup();
    let distinct = cells.len();
    let most = usize::try_from(limit.cells()).unwrap_or(usize::MAX);
    if distinct <= most {
        return distinct;
    }
    let mut on_stack = [0; ON_STACK];
    let mut on_heap = Vec::new();
    let ranks = if distinct <= ON_STACK {
        &mut on_stack[..distinct]
    } else {
        on_heap.resize(distinct, 0);
        &mut on_heap[..]
    };
    let seed = key.seed(token);
    for (rank, &cell) in ranks.iter_mut().zip(cells.iter()) {
        *rank = step(seed, cell);
    }
    let (_, &mut first_out, _) = ranks.select_nth_unstable(most);
    // Ranks are told apart by their cells, so exactly `most` are smaller.
    cells.retain(|&cell| step(seed, cell) < first_out);
    distinct
}
