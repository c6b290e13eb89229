//! The sum of a clamped measure, beside a gate that has opened.
//!
//! Takes S, the sum over a cell's kept people of values clamped to 0..=C fixed-point units; says
//! S + N_Z(0, C²L/2ρ). There is no sum without a [`Shown`] cell: the type asks for one.
//! Guarantee: ρ-zCDP, no further δ. Proof: clamped_sum.md. Source: privacy model §3.

use super::quorum::Shown;
use crate::derived::sum_is_of_many;
use crate::noise::{DiscreteGaussian, Entropy, EntropyFailed, Variance};
use crate::unit::{CellLimit, OutOfRange, Rho};

/// The mechanism of one measure of a marginal.
#[derive(Clone, Copy, Debug)]
pub struct ClampedSum {
    cap: u64,
    rho: Rho,
    noise: DiscreteGaussian,
}

impl ClampedSum {
    /// A sum of values up to `cap` units that costs `rho`, at `limit` cells a person.
    ///
    /// # Errors
    /// [`OutOfRange`] when the cap or ρ is zero, or the cap is too large for an exact variance.
    pub fn new(cap: u64, limit: CellLimit, rho: Rho) -> Result<Self, OutOfRange> {
        let noise = DiscreteGaussian::new(Variance::of_sum(cap, limit, rho)?);
        Ok(Self { cap, rho, noise })
    }

    /// What one person contributes to one cell: `value` units cut to 0..=C.
    ///
    /// A person whose clamped value is zero must not be counted by the gate of this measure.
    #[must_use]
    pub fn clamp(&self, value: i64) -> u64 {
        value.max(0).unsigned_abs().min(self.cap)
    }

    /// Says the noisy sum of a cell whose gate has opened; `sum` is that of the people the gate saw.
    ///
    /// At most 2^64 people of at most 2^63 units: far inside the integers used.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness; nothing was said then.
    pub fn release(
        &self,
        _gate: &Shown,
        sum: i128,
        entropy: &mut dyn Entropy,
    ) -> Result<i128, EntropyFailed> {
        let noise = self.noise.sample(entropy)?;
        Ok(sum.saturating_add(i128::from(noise)))
    }

    /// Whether a noisy sum is shared by so many that nobody holds more than the fiftieth part, except with
    /// probability β (privacy model §4, dominance).
    #[must_use]
    pub fn is_of_many(&self, sum: u64) -> bool {
        sum_is_of_many(&sum.into(), self.cap.into(), self.variance())
    }

    /// What the sums of the whole marginal cost every person, beside the gate.
    #[must_use]
    pub const fn rho(&self) -> Rho {
        self.rho
    }

    /// σ², exactly, in squares of the measure's units.
    #[must_use]
    pub const fn variance(&self) -> Variance {
        self.noise.variance()
    }

    /// σ in units of the measure, for display and intervals.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.variance().to_f64().sqrt()
    }
}
