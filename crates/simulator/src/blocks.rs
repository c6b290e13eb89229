//! Parts of the world that are made one at a time: whole homes, so that no account is in two.
//!
//! A block is as large as a row group wants to be, whatever the size of the world: what is in memory at
//! one time does not grow with it. How the world is cut follows from the world alone.

use std::ops::Range;

use crate::land::{Land, whole};
use crate::world::World;

/// Rows of one table and day in a block, about: a row group that readers and writers like.
pub(crate) const BLOCK_ROWS: u32 = 65_536;

/// So many customers are never passed for the sake of rows: they are in memory together.
const CUSTOMERS_MAX: f64 = 16_384.0;

/// Fewer are not worth a block.
const CUSTOMERS_MIN: f64 = 256.0;

/// A part of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Its place in the order of files.
    pub number: u32,
    pub who: Who,
}

/// Whose rows are in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Customers of whole homes; the first of them has this index.
    Homes { homes: Range<u32>, first: u32 },
    /// Visitors from abroad.
    Visitors(Range<u32>),
}

/// Cuts the world so that a block has about `rows` rows of one table and day.
pub(crate) fn blocks(world: &World, land: &Land, rows: u32) -> Vec<Block> {
    let rates = &world.rates;
    let company = 1.0 + rates.third_party + rates.unlisted_site + rates.hidden_host;
    let busiest = world.events_per_day.max(world.web_per_day * company).max(1e-9);
    let size = whole((f64::from(rows) / busiest).clamp(CUSTOMERS_MIN, CUSTOMERS_MAX));
    let mut parts = Vec::new();
    let (mut home, mut first, mut next, mut index) = (0, 0, 0, 0);
    for &(_, people) in &land.homes {
        next += 1;
        index += people;
        if index - first >= size {
            parts.push(Who::Homes { homes: home..next, first });
            (home, first) = (next, index);
        }
    }
    if index > first {
        parts.push(Who::Homes { homes: home..next, first });
    }
    let visitors = whole(f64::from(world.subscribers) * rates.visitor);
    let starts = (0..visitors).step_by(usize::try_from(size).unwrap_or(1));
    parts.extend(starts.map(|from| Who::Visitors(from..visitors.min(from + size))));
    (0..).zip(parts).map(|(number, who)| Block { number, who }).collect()
}
