//! Soft bounding: a person's cells are kept almost all, and count a little less instead.
//!
//! (1) Keep the K cells with the smallest rank ([`keep`](crate::bounding::keep)). (2) Add up the
//! squares of their public weights, N = Σα². (3) The person adds the same φ = min(2^20,
//! ⌊√⌊2^64/N⌋⌋), in units of 2^−20 people, to each of them.
//! Guarantee: Σ(a·f)² ≤ 1 with a = α/2^12 and f = φ/2^20, identically: no check can fail on data.
//! Integers only. Proof: clip.md. Source: privacy model §2 (soft bounding, L2 clip).

mod family;

use std::num::{NonZeroU16, NonZeroU64};

use num_bigint::BigUint;
use num_integer::Roots;

use crate::unit::{CellLimit, OutOfRange};

pub use family::{ClipFamily, Clipped, Member};

/// Fractional bits of a clipped person: counts are in units of 2^−20 people.
pub const LATTICE_BITS: u32 = 20;

/// Fractional bits of a weight.
const WEIGHT_BITS: u32 = 12;

/// How much of a person's unit norm one cell takes: a = α/2^12. A public constant of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellWeight(NonZeroU16);

impl CellWeight {
    /// The whole of a norm that `limit` cells share: α = ⌊2^12/√L⌋, the largest weight there is.
    #[must_use]
    pub fn full(limit: CellLimit) -> Self {
        let alpha = ((1_u64 << (2 * WEIGHT_BITS)) / u64::from(limit.cells())).sqrt();
        Self(u16::try_from(alpha).ok().and_then(NonZeroU16::new).unwrap_or(NonZeroU16::MIN))
    }

    /// The weight α.
    ///
    /// # Errors
    /// [`OutOfRange`] for zero, or above what `limit` cells leave for one.
    pub fn new(alpha: u16, limit: CellLimit) -> Result<Self, OutOfRange> {
        let most = Self::full(limit);
        match NonZeroU16::new(alpha) {
            Some(alpha) if alpha <= most.0 => Ok(Self(alpha)),
            _ => Err(OutOfRange {
                unit: "cell weight",
                found: alpha.to_string(),
                allowed: "1 to 4096/√L",
            }),
        }
    }

    /// A lighter weight for a cell of many people, since it can bear more noise:
    /// α ≈ α_full · (max(people, ordinary)/ordinary)^(−7/20), rounded down exactly.
    ///
    /// `people` is a released or public number, never one of this period's data; a cell of
    /// `ordinary` people or fewer, or an unlisted one, has the full weight.
    #[must_use]
    pub fn of_prior(limit: CellLimit, people: u64, ordinary: NonZeroU64) -> Self {
        let full = Self::full(limit);
        let ordinary = ordinary.get();
        let larger = BigUint::from(people.max(ordinary)).pow(7);
        let most = BigUint::from(full.0.get()).pow(20) * BigUint::from(ordinary).pow(7);
        // The largest α with α^20 · people^7 ≤ α_full^20 · ordinary^7, found bit by bit.
        let mut alpha = 0_u16;
        for bit in (0..=WEIGHT_BITS).rev() {
            let candidate = alpha | (1 << bit);
            if BigUint::from(candidate).pow(20) * &larger <= most {
                alpha = candidate;
            }
        }
        Self(NonZeroU16::new(alpha).unwrap_or(NonZeroU16::MIN))
    }

    /// α.
    #[must_use]
    pub const fn alpha(self) -> u16 {
        self.0.get()
    }

    /// α².
    #[must_use]
    pub fn square(self) -> u64 {
        u64::from(self.alpha()) * u64::from(self.alpha())
    }
}

/// What one person adds to each kept cell: φ, in units of 2^−20 people, at most one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scale(u32);

impl Scale {
    /// A whole person: somebody who is not clipped.
    pub const WHOLE: Self = Self(1 << LATTICE_BITS);

    /// φ of a person whose kept cells have the weights `kept`.
    ///
    /// Guarantee: φ² · Σα² ≤ 2^64, whatever the weights.
    #[must_use]
    pub fn of(kept: impl IntoIterator<Item = CellWeight>) -> Self {
        Self::of_norm(kept.into_iter().map(CellWeight::square).sum(), LATTICE_BITS)
    }

    /// φ on a lattice of 2^−`bits` people, for N = `norm`: at most 4096 weights of at most 2^24.
    pub(crate) fn of_norm(norm: u64, bits: u32) -> Self {
        let whole = 1_u32 << bits;
        let unit = 1_u128 << (2 * (WEIGHT_BITS + bits));
        let root = unit.checked_div(u128::from(norm)).map_or(u128::MAX, |it| it.sqrt());
        Self(u32::try_from(root).unwrap_or(u32::MAX).min(whole))
    }

    /// The smaller of two: one person has one φ in all marginals of a clip family.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// φ in units of 2^−20 people.
    #[must_use]
    pub const fn units(self) -> u32 {
        self.0
    }
}

/// A cell's people twice: how many, and how much of them; both of exactly the same people.
#[derive(Clone, Copy, Default)]
pub struct ClippedCount {
    people: u64,
    units: u64,
}

impl ClippedCount {
    /// Counts one more kept person.
    pub fn add(&mut self, scale: Scale) {
        self.people = self.people.saturating_add(1);
        self.units = self.units.saturating_add(u64::from(scale.units()));
    }

    /// The counts of `people` whole people: each counts as one.
    #[must_use]
    pub const fn whole(people: u64) -> Self {
        Self { people, units: people << LATTICE_BITS }
    }

    /// Two counters that only ever grew together, by one and by the φ of the same person.
    #[must_use]
    pub const fn of_counters(people: u64, units: u64) -> Self {
        Self { people, units }
    }

    /// The counts of two sets of different people together.
    pub fn merge(&mut self, other: Self) {
        self.people = self.people.saturating_add(other.people);
        self.units = self.units.saturating_add(other.units);
    }

    /// n: distinct kept people, unweighted; what the floor tests.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }

    /// Φ = Σφ, in units of 2^−20 people.
    #[must_use]
    pub const fn units(&self) -> u64 {
        self.units
    }
}
