//! Contribution bounding: what one person can change at most.
//!
//! (1) Deduplicate a person's cells. (2) Keep the L with the smallest keyed rank, ties by cell.
//! The kept set depends on that person's token and cells and on the key alone, so adding or
//! removing a person leaves everybody else's kept cells as they were. Proof: bounding.md.
//! Source: privacy model §2.

use std::hash::Hasher;

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
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write_u32(token);
        hasher.write_u64(cell);
        hasher.finish()
    }
}

/// Reduces `cells` to at most L distinct ones, ascending.
///
/// Guarantee: the result has at most `limit` cells, all of them among `cells`, and is a function
/// of the set of cells, the token and the key.
pub fn keep(cells: &mut Vec<u64>, limit: CellLimit, key: &BoundingKey, token: u32) {
    cells.sort_unstable();
    cells.dedup();
    let most = usize::try_from(limit.cells()).unwrap_or(usize::MAX);
    if cells.len() <= most {
        return;
    }
    cells.sort_by_cached_key(|&cell| (key.rank(token, cell), cell));
    cells.truncate(most);
    cells.sort_unstable();
}
