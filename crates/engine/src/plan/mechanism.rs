//! How one table is drawn: by the quorum mechanism, of whole people or of clipped ones.
//!
//! Where people are clipped each cell has the gate of its public weight. Numbers leave as whole people, cut
//! down: at least the floor. What holds is proven in the kernel. Source: privacy model §2, §3.

use std::collections::BTreeMap;
use std::sync::Arc;

use privacy::consistency::Gate;
use privacy::{
    Budget, CellLimit, CellWeight, ClippedCount, Entropy, EntropyFailed, Floor, MechanismError,
    Quorum, Shown, ShownClipped, SoftGate, SoftQuorum,
};

use super::Weights;

/// The mechanism of one table.
#[derive(Clone, Debug)]
pub enum Mechanism {
    /// Each kept person counts as one.
    Whole(Quorum),
    /// Each counts as much as clipping left.
    Clipped(Clipped),
}

/// The gates of a table whose people are clipped.
#[derive(Clone, Debug)]
pub struct Clipped {
    kept: CellLimit,
    weights: Arc<[CellWeight]>,
    gates: Arc<BTreeMap<CellWeight, SoftGate>>,
    /// The gate of a full weight, which has the least noise.
    ordinary: SoftGate,
}

/// A cell whose gate has opened.
#[derive(Debug)]
pub enum Opened {
    /// Of whole people: sums of theirs may be said.
    Whole(Shown),
    /// Of clipped people.
    Clipped(ShownClipped),
}

impl Opened {
    /// The noisy people of the cell, cut down to whole ones.
    #[must_use]
    pub fn people(&self) -> u64 {
        match self {
            Self::Whole(shown) => shown.people(),
            Self::Clipped(shown) => shown.people(),
        }
    }
}

impl Mechanism {
    /// The mechanism of a table that costs `cost` and of which one person changes `limit` cells at most.
    ///
    /// # Errors
    /// [`MechanismError`] when ρ or δ is zero, or the noise too wide.
    pub fn new(
        floor: Floor,
        limit: CellLimit,
        cost: Budget,
        weights: Option<&Weights>,
    ) -> Result<Self, MechanismError> {
        let Some(weights) = weights else {
            return Quorum::new(floor, limit, cost.rho, cost.delta).map(Self::Whole);
        };
        let quorum = SoftQuorum::new(floor, limit, cost.rho, cost.delta)?;
        let mut gates = BTreeMap::new();
        for &weight in weights.cells.iter() {
            if let std::collections::btree_map::Entry::Vacant(free) = gates.entry(weight) {
                free.insert(quorum.gate(weight)?);
            }
        }
        let ordinary = gates.values().next_back().copied();
        let ordinary = ordinary.map_or_else(|| quorum.gate(CellWeight::full(limit)), Ok)?;
        Ok(Self::Clipped(Clipped {
            kept: limit,
            weights: Arc::clone(&weights.cells),
            gates: Arc::new(gates),
            ordinary,
        }))
    }

    /// The figures of a cell's gate, in people.
    #[must_use]
    pub fn gate(&self, cell: u64) -> Gate {
        match self {
            Self::Whole(quorum) => quorum.into(),
            Self::Clipped(clipped) => clipped.gate(cell).into(),
        }
    }

    /// The figures of the gate of a cell of ordinary size: no other is narrower.
    #[must_use]
    pub fn ordinary(&self) -> Gate {
        match self {
            Self::Whole(quorum) => quorum.into(),
            Self::Clipped(clipped) => (&clipped.ordinary).into(),
        }
    }

    /// The most cells that one person changes.
    #[must_use]
    pub const fn limit(&self) -> CellLimit {
        match self {
            Self::Whole(quorum) => quorum.limit(),
            Self::Clipped(clipped) => clipped.kept,
        }
    }

    /// The smallest group that can be shown.
    #[must_use]
    pub const fn floor(&self) -> Floor {
        match self {
            Self::Whole(quorum) => quorum.floor(),
            Self::Clipped(clipped) => clipped.ordinary.floor(),
        }
    }

    /// Draws one cell; nothing when its gate does not open.
    ///
    /// Call once a cell and charge.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness; nothing was said then.
    pub fn release(
        &self,
        cell: u64,
        count: ClippedCount,
        entropy: &mut dyn Entropy,
    ) -> Result<Option<Opened>, EntropyFailed> {
        match self {
            Self::Whole(quorum) => Ok(quorum.release(count.people(), entropy)?.map(Opened::Whole)),
            Self::Clipped(clipped) => {
                Ok(clipped.gate(cell).release(count, entropy)?.map(Opened::Clipped))
            }
        }
    }

    /// By how many people a number may have been cut down: what is left without it may be as many fewer.
    #[must_use]
    pub const fn cut(&self) -> u64 {
        match self {
            Self::Whole(_) => 0,
            Self::Clipped(_) => 1,
        }
    }
}

impl Clipped {
    fn gate(&self, cell: u64) -> &SoftGate {
        let weight = usize::try_from(cell).ok().and_then(|it| self.weights.get(it));
        // A cell of no list would have the most noise there is.
        let widest = || self.gates.values().next();
        weight.and_then(|it| self.gates.get(it)).or_else(widest).unwrap_or(&self.ordinary)
    }
}
