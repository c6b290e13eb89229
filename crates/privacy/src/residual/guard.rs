//! The guard of derived counts (privacy model §4) over a lattice: parts that are nearly their whole.
//!
//! What is left of a whole without one of its parts must pass the floor by a margin, else the part
//! is withdrawn before anything is settled. Released numbers only. Proof: ../residual.md.

use super::lattice::CellId;
use crate::derived::{margin, share_allowed};
use crate::noise::Variance;
use crate::unit::Floor;

/// A released cell: its noisy people, and how noisy.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The cell.
    pub cell: CellId,
    /// Its noisy people.
    pub noisy: u64,
    /// σ² of its noise.
    pub variance: Variance,
}

/// The parts to withdraw because too little is left of their whole without them, ascending.
///
/// Each pair is (whole, part), both released and of one clip family. A part that is the only part of
/// its whole is not derived from it and must not be given.
#[must_use]
pub fn parts_to_withdraw(
    pairs: impl IntoIterator<Item = (Part, Part)>,
    floor: Floor,
) -> Vec<CellId> {
    // Pairs of the same two tables have the same margin, and come one after the other.
    let mut known: Option<((Variance, Variance), u64)> = None;
    let fails = |&(whole, part): &(Part, Part)| {
        let of = (whole.variance, part.variance);
        let margin = match known {
            Some((same, margin)) if same == of => margin,
            _ => margin(of.0, of.1),
        };
        known = Some((of, margin));
        !share_allowed(whole.noisy, part.noisy, floor, margin)
    };
    let mut parts: Vec<CellId> =
        pairs.into_iter().filter(fails).map(|(_, part)| part.cell).collect();
    parts.sort_unstable();
    parts.dedup();
    parts
}
