//! The quorum mechanism for distinct people.
//!
//! Takes n, the distinct kept people of a cell of a marginal with L cells a person. If n is under
//! the floor: nothing. Else draws Z from N_Z(0, L/2ρ) and says n + Z only if it reaches
//! T = floor + t. A draw below T is destroyed.
//! Guarantee: δ-approximate ρ-zCDP over the whole marginal, and every shown cell holds at least
//! `floor` people with certainty. Proof: quorum.md. Source: privacy model §3.

use crate::noise::{
    DiscreteGaussian, Entropy, EntropyFailed, Probability, TailError, Variance, least_excess,
    tail_probability,
};
use crate::unit::{Budget, CellLimit, Delta, Floor, OutOfRange, Rho};

/// Numbers that allow no mechanism.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MechanismError {
    /// ρ is zero, or out of range with L.
    #[error("no noise can be scaled: {0}")]
    Noise(#[from] OutOfRange),
    /// δ is zero, or the noise too wide.
    #[error("no threshold can be set: {0}")]
    Threshold(#[from] TailError),
}

/// The mechanism of one marginal.
#[derive(Clone, Copy, Debug)]
pub struct Quorum {
    floor: Floor,
    limit: CellLimit,
    cost: Budget,
    noise: DiscreteGaussian,
    excess: u64,
}

/// A cell that passed its gate: the right to say something about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    people: u64,
}

impl Shown {
    /// The noisy people of the cell, at least the threshold.
    #[must_use]
    pub const fn people(&self) -> u64 {
        self.people
    }
}

impl Quorum {
    /// The mechanism that costs (`rho`, `delta`) for a marginal of `limit` cells a person.
    ///
    /// # Errors
    /// [`MechanismError`] when ρ or δ is zero, or σ is above 100,000.
    pub fn new(
        floor: Floor,
        limit: CellLimit,
        rho: Rho,
        delta: Delta,
    ) -> Result<Self, MechanismError> {
        let variance = Variance::of_people(limit, rho)?;
        let excess = least_excess(variance, limit, delta)?;
        let noise = DiscreteGaussian::new(variance);
        Ok(Self { floor, limit, cost: Budget { rho, delta }, noise, excess })
    }

    /// Says the noisy people of a cell of `people`, or nothing.
    ///
    /// Call once a cell and charge; the whole marginal costs [`Self::cost`] together.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness; nothing was said then.
    pub fn release(
        &self,
        people: u64,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<Shown>, EntropyFailed> {
        if people < u64::from(self.floor.people()) {
            return Ok(None);
        }
        let noisy = self.noise.sample(entropy)?;
        let people = people.checked_add_signed(noisy).filter(|&it| it >= self.threshold());
        Ok(people.map(|people| Shown { people }))
    }

    /// T: the smallest number that is ever said.
    #[must_use]
    pub fn threshold(&self) -> u64 {
        u64::from(self.floor.people()) + self.excess
    }

    /// The smallest group that can be shown.
    #[must_use]
    pub const fn floor(&self) -> Floor {
        self.floor
    }

    /// L: the most cells of this marginal that one person changes.
    #[must_use]
    pub const fn limit(&self) -> CellLimit {
        self.limit
    }

    /// What the whole marginal costs every person.
    #[must_use]
    pub const fn cost(&self) -> Budget {
        self.cost
    }

    /// σ², exactly.
    #[must_use]
    pub const fn variance(&self) -> Variance {
        self.noise.variance()
    }

    /// σ in people, for display and intervals.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.variance().to_f64().sqrt()
    }
    /// The half width, in people, of the interval that holds the kept people of 95 % of all cells.
    ///
    /// Said of cells well above T; near T a shown number is biased upwards (privacy model §6).
    #[must_use]
    pub fn half_width_95(&self) -> f64 {
        1.96 * self.sigma()
    }

    /// How likely a cell of `people` is to be shown: for plan figures, never after a draw.
    ///
    /// # Errors
    /// [`TailError`] is not expected, since the threshold came from the same tail.
    pub fn shown_probability(&self, people: u64) -> Result<Probability, TailError> {
        if people < u64::from(self.floor.people()) {
            return Ok(Probability::ZERO);
        }
        let missing = i128::from(self.threshold()) - i128::from(people);
        tail_probability(self.variance(), i64::try_from(missing).unwrap_or(i64::MIN))
    }
}
