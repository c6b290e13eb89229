//! Contribution bounding: what one person can change at most.
//!
//! (1) Deduplicate a person's cells. (2) Keep the L with the smallest keyed rank, ties by cell.
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
    #[must_use]
    pub fn rank(&self, token: u32, cell: u64) -> u64 {
        // Little-endian on every machine: a retry elsewhere must keep the same cells.
        let mut message = [0; 12];
        message[..4].copy_from_slice(&token.to_le_bytes());
        message[4..].copy_from_slice(&cell.to_le_bytes());
        SipHasher13::new_with_key(&self.0).hash(&message)
    }
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
    let mut on_stack = [(0, 0); ON_STACK];
    let mut on_heap = Vec::new();
    let ranked = if distinct <= ON_STACK {
        &mut on_stack[..distinct]
    } else {
        on_heap.resize(distinct, (0, 0));
        &mut on_heap[..]
    };
    for (slot, &cell) in ranked.iter_mut().zip(cells.iter()) {
        *slot = (key.rank(token, cell), cell);
    }
    // The `most` smallest pairs move to the front, in any order.
    ranked.select_nth_unstable(most);
    cells.truncate(most);
    for (cell, (_, kept)) in cells.iter_mut().zip(ranked) {
        *cell = *kept;
    }
    cells.sort_unstable();
    distinct
}
