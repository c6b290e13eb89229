//! The guard of derived counts: shares, complements and net reach of released cells.
//!
//! Takes released numbers only. A share of a within g is printed only if what is left of g passes
//! the floor by a margin, so that a derived cell with fewer than `floor` kept people is printed
//! with probability at most β = 10⁻⁹. Costs nothing. Proof: derived.md.
//! Source: privacy model §4 (derived-count guard); both tables must be of one clip family.

use crate::noise::Variance;
use crate::unit::Floor;

/// ln(1/β) for β = 10⁻⁹, rounded up in the ninth digit.
const LN_INVERSE_BETA: f64 = 20.723_265_837;

/// The margin ⌈√(2(σ_g² + σ_a²)·ln(1/β))⌉ in people, rounded up.
#[must_use]
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive, finite number below 2^53, rounded up"
)]
pub fn margin(group: Variance, part: Variance) -> u64 {
    let variance = (group.to_f64() + part.to_f64()) * (1.0 + 1e-12);
    (2.0 * variance * LN_INVERSE_BETA).sqrt().ceil() as u64
}

/// Whether the share of a part with `part` noisy people in a group with `group` may be printed.
#[must_use]
pub fn share_allowed(group: u64, part: u64, floor: Floor, margin: u64) -> bool {
    group.checked_sub(part).is_some_and(|rest| rest >= u64::from(floor.people()) + margin)
}
