//! The guard of derived counts: shares, complements and net reach of released cells.
//!
//! Takes released numbers only. A share of a within g is printed only if what is left of g passes
//! the floor by a margin, so that a derived cell with fewer than `floor` kept people is printed
//! with probability at most β = 10⁻⁹. Costs nothing. Proof: derived.md.
//! Source: privacy model §4 (derived-count guard); both tables must be of one clip family.

use num_bigint::BigUint;
use num_integer::Integer;

use crate::clip::LATTICE_BITS;
use crate::mechanism::ShownClipped;
use crate::noise::{Variance, sqrt_up};
use crate::unit::{Floor, QUORUM};

/// 10⁹·ln(1/β) for β = 10⁻⁹, rounded up: ln 10⁹ = 20.723 265 836 946…
const NANO_LN_INVERSE_BETA: u64 = 20_723_265_837;

/// The margin ⌈√(2(σ_g² + σ_a²)·ln(1/β))⌉ in the variances' own unit: integers, rounded up at each step.
#[must_use]
pub fn margin(group: Variance, part: Variance) -> u64 {
    let wide = |part: u128| BigUint::from(part);
    let top =
        wide(group.numerator()) * part.denominator() + wide(part.numerator()) * group.denominator();
    let bottom = wide(group.denominator()) * part.denominator();
    // The least m with m² ≥ 2·(top/bottom)·ln(1/β), and m² is whole.
    let square = (top * 2_u8 * NANO_LN_INVERSE_BETA).div_ceil(&(bottom * 1_000_000_000_u64));
    // Below 2^53: either variance is below 2^96.
    u64::try_from(sqrt_up(&square)).unwrap_or(u64::MAX)
}

/// Whether the share of a part with `part` noisy people in a group with `group` may be printed.
///
/// Both shown by the quorum mechanism, of one clip family; `margin` is [`margin`] of their two
/// variances.
#[must_use]
pub fn share_allowed(group: u64, part: u64, floor: Floor, margin: u64) -> bool {
    leaves(group, part, u64::from(floor.people()), margin)
}

/// The same for clipped people, where the variances, and so `margin`, are on the lattice.
///
/// ```
/// # use privacy::{Floor, ShownClipped, derived};
/// fn share(group: &ShownClipped, part: &ShownClipped) -> Option<f64> {
///     derived::clipped_share_allowed(group, part, Floor::QUORUM, 0)
///         .then(|| derived::clipped_share(group, part))
/// }
/// ```
///
/// An estimate, which the mean dilution has multiplied, is no such number:
///
/// ```compile_fail,E0308
/// # use privacy::{Estimate, Floor, ShownClipped, derived};
/// fn share(group: &Estimate, part: &ShownClipped) -> bool {
///     derived::clipped_share_allowed(group, part, Floor::QUORUM, 0)
/// }
/// ```
#[must_use]
pub fn clipped_share_allowed(
    group: &ShownClipped,
    part: &ShownClipped,
    floor: Floor,
    margin: u64,
) -> bool {
    leaves(group.units(), part.units(), u64::from(floor.people()) << LATTICE_BITS, margin)
}

/// The share of `part` in `group`, 0 to 1, for display; people weigh by how much of them counts.
#[must_use]
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "display only")]
pub fn clipped_share(group: &ShownClipped, part: &ShownClipped) -> f64 {
    (part.units() as f64 / group.units() as f64).min(1.0)
}

/// Whether a noisy sum of values of at most `cap` is shared by so many that nobody holds more than the
/// fiftieth part, except with probability β: y ≥ 50·C + σ√(2·ln(1/β)) (privacy model §4, dominance).
///
/// `sum`, `cap` and σ in the same units; never a raw maximum.
#[must_use]
pub fn sum_is_of_many(sum: &BigUint, cap: BigUint, variance: Variance) -> bool {
    let square = BigUint::from(variance.numerator()) * 2_u8 * NANO_LN_INVERSE_BETA;
    let square = square.div_ceil(&(BigUint::from(variance.denominator()) * 1_000_000_000_u64));
    *sum >= cap * QUORUM + sqrt_up(&square)
}

fn leaves(group: u64, part: u64, floor: u64, margin: u64) -> bool {
    group.checked_sub(part).is_some_and(|rest| rest >= floor.saturating_add(margin))
}
