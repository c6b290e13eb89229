//! The quorum mechanism for clipped people, on a lattice of 2^−20 people.
//!
//! Takes n, the distinct kept people of a cell, and Φ, how much of them (clip.rs). If n is under the
//! floor: nothing. Else draws Z from N_Z(0, 4^20/2ρa²), a the cell's public weight, and says
//! (Φ + Z)/2^20 only if it reaches T = floor + τ/2^20. A draw below T is destroyed.
//! Guarantee: δ-approximate ρ-zCDP over the whole marginal, and every shown cell holds at least
//! `floor` people with certainty. What is said estimates Σf ≤ n, not n. Proof: soft_quorum.md.
//! Source: privacy model §2 (soft bounding).

use super::quorum::MechanismError;
use crate::clip::{CellWeight, ClippedCount, LATTICE_BITS};
use crate::noise::{DiscreteGaussian, Entropy, EntropyFailed, NormalQuantile, Variance};
use crate::unit::{Budget, CellLimit, Delta, Floor, OutOfRange, Rho};

/// The mechanism of one marginal whose people are clipped.
#[derive(Clone, Copy, Debug)]
pub struct SoftQuorum {
    floor: Floor,
    cost: Budget,
    quantile: NormalQuantile,
    bits: u32,
}

/// The gate of all cells of one weight.
#[derive(Clone, Copy, Debug)]
pub struct SoftGate {
    floor: Floor,
    noise: DiscreteGaussian,
    in_people: Variance,
    threshold: u64,
}

/// A clipped cell that passed its gate: the right to say something about it.
#[derive(Debug, PartialEq, Eq)]
pub struct ShownClipped {
    units: u64,
}

impl ShownClipped {
    /// The noisy clipped people in units of 2^−20, at least the threshold.
    #[must_use]
    pub const fn units(&self) -> u64 {
        self.units
    }

    /// The noisy clipped people, rounded down to whole ones: at least the floor.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.units >> LATTICE_BITS
    }
}

impl SoftQuorum {
    /// The mechanism that costs (`rho`, `delta`) for a marginal that keeps K = `kept` cells a
    /// person, clipped to norm one.
    ///
    /// # Errors
    /// [`MechanismError`] when ρ or δ is zero.
    pub fn new(
        floor: Floor,
        kept: CellLimit,
        rho: Rho,
        delta: Delta,
    ) -> Result<Self, MechanismError> {
        Self::on_lattice(LATTICE_BITS, floor, kept, Budget { rho, delta })
    }

    /// The same on a lattice of 2^−`bits` people; coarse ones can be enumerated.
    pub(super) fn on_lattice(
        bits: u32,
        floor: Floor,
        kept: CellLimit,
        cost: Budget,
    ) -> Result<Self, MechanismError> {
        Variance::of_people(CellLimit::ONE, cost.rho)?;
        let quantile = NormalQuantile::new(kept, cost.delta)?;
        Ok(Self { floor, cost, quantile, bits })
    }

    /// The gate of the cells of `weight`.
    ///
    /// # Errors
    /// [`OutOfRange`] when the noise is too wide for an exact variance.
    pub fn gate(&self, weight: CellWeight) -> Result<SoftGate, OutOfRange> {
        let variance = Variance::of_clipped(1, weight, self.cost.rho, self.bits)?;
        let floor = u64::from(self.floor.people()) << self.bits;
        Ok(SoftGate {
            floor: self.floor,
            noise: DiscreteGaussian::new(variance),
            in_people: Variance::of_clipped(1, weight, self.cost.rho, 0)?,
            threshold: floor + self.quantile.excess(variance),
        })
    }

    /// What the whole marginal costs every person.
    #[must_use]
    pub const fn cost(&self) -> Budget {
        self.cost
    }
}

impl SoftGate {
    /// Says the noisy clipped people of a cell, or nothing.
    ///
    /// Call once a cell and charge; the whole marginal costs [`SoftQuorum::cost`] together.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness; nothing was said then.
    pub fn release(
        &self,
        count: ClippedCount,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<ShownClipped>, EntropyFailed> {
        if count.people() < u64::from(self.floor.people()) {
            return Ok(None);
        }
        let noise = self.noise.sample(entropy)?;
        let noisy = count.units().checked_add_signed(noise);
        Ok(noisy.filter(|&it| it >= self.threshold).map(|units| ShownClipped { units }))
    }

    /// T: the smallest number that is ever said, in units of 2^−20 people.
    #[must_use]
    pub const fn threshold(&self) -> u64 {
        self.threshold
    }

    /// σ² in squared units of 2^−20 people, exactly.
    #[must_use]
    pub const fn variance(&self) -> Variance {
        self.noise.variance()
    }

    /// σ² in people squared, exactly.
    #[must_use]
    pub const fn variance_in_people(&self) -> Variance {
        self.in_people
    }

    /// The smallest group that can be shown.
    #[must_use]
    pub const fn floor(&self) -> Floor {
        self.floor
    }

    /// σ in people, for display and intervals.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.in_people.to_f64().sqrt()
    }
}

/// The sums of a clamped measure over clipped people, beside gates that have opened.
///
/// A person adds φ·m to each kept cell, m in 0..=C: one person moves the weighted sums by at most C,
/// not by C√L (privacy model §2).
#[derive(Clone, Copy, Debug)]
pub struct SoftSum {
    cap: u64,
    rho: Rho,
}

impl SoftSum {
    /// Sums of values up to `cap` units that cost `rho`.
    #[must_use]
    pub const fn new(cap: u64, rho: Rho) -> Self {
        Self { cap, rho }
    }

    /// Says the noisy sum Σφ·m, in units of 2^−20, of a cell of `weight` whose gate has opened.
    ///
    /// # Errors
    /// [`SoftSumError`] when ρ or the cap is zero or too large, or when there is no randomness;
    /// nothing was said then.
    pub fn release(
        &self,
        _gate: &ShownClipped,
        weight: CellWeight,
        sum: i128,
        entropy: &mut dyn Entropy,
    ) -> Result<i128, SoftSumError> {
        let variance = Variance::of_clipped(self.cap, weight, self.rho, LATTICE_BITS)?;
        let noise = DiscreteGaussian::new(variance).sample(entropy)?;
        Ok(sum.saturating_add(i128::from(noise)))
    }

    /// What the sums of the whole marginal cost every person, beside the gate.
    #[must_use]
    pub const fn rho(&self) -> Rho {
        self.rho
    }
}

/// Why no sum was said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoftSumError {
    /// ρ or the cap is out of range.
    #[error("no noise can be scaled: {0}")]
    Noise(#[from] OutOfRange),
    /// There is no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyFailed),
}
