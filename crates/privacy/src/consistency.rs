//! Consistency: released numbers of one family that add up to the person, with their intervals.
//!
//! (1) [`reconcile`] takes what passed its gate, the figures of each gate, and the public relations.
//! (2) It picks a forest of relations, and solves weighted least squares over those whose parts are all
//! known. (3) It keeps every whole at or above its published parts and every cell at its floor, and
//! rounds from wholes to parts, so that relations of the forest hold in whole people. (4) It gives each
//! cell the variance before step 3, a 95 % interval, and a flag near its threshold.
//! A function of released numbers and public figures: costs nothing, and cannot see anything else. The
//! guard of derived counts reads the numbers as released, not these. Proof: consistency.md.
//! Source: privacy model §6 (consistency); Hay, Rastogi, Miklau & Suciu 2010, section 4.

mod apportion;
mod bounds;
mod forest;
mod interval;
mod lean;
mod least_squares;
mod ln_tail;

pub use interval::Interval;

use std::cmp::Ordering;

use crate::clip::LATTICE_BITS;
use crate::mechanism::{Quorum, SoftGate};
use crate::noise::Variance;
use crate::residual::{CellId, Lattice};
use crate::unit::Floor;

use apportion::apportion;
use bounds::{Bounds, least_people};
use forest::Forest;
use interval::Seen;
use lean::leans;
use least_squares::{Estimate, two_pass};

/// The public figures of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gate {
    /// σ² of its noise, in people squared.
    pub variance: Variance,
    /// T: the smallest number that it shows.
    pub threshold: u64,
    /// The smallest group that it shows.
    pub floor: Floor,
}

impl From<&Quorum> for Gate {
    fn from(quorum: &Quorum) -> Self {
        Self { variance: quorum.variance(), threshold: quorum.threshold(), floor: quorum.floor() }
    }
}

impl From<&SoftGate> for Gate {
    /// In whole people, to which what is shown is cut down.
    fn from(gate: &SoftGate) -> Self {
        let threshold = gate.threshold() >> LATTICE_BITS;
        Self { variance: gate.variance_in_people(), threshold, floor: gate.floor() }
    }
}

/// A number that passed its gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The noisy people, at least the gate's threshold.
    pub noisy: u64,
    /// The gate that it passed.
    pub gate: Gate,
}

impl Measured {
    /// Whether being shown at all says that the noise was high: under T + 2σ (privacy model §6).
    fn standing(&self) -> Standing {
        let distance = people(self.noisy - self.gate.threshold);
        let far = distance * distance >= 4.0 * self.gate.variance.to_f64();
        if far { Standing::Reliable } else { Standing::NearThreshold }
    }
}

/// By how much more people a number stands for than it says, on average: the mean dilution F of its family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// F, 1 or more.
    pub factor: f64,
    /// Its standard error, which all cells of the family share.
    pub error: f64,
}

impl Stretch {
    /// Each person counts as one.
    pub const NONE: Self = Self { factor: 1.0, error: 0.0 };

    /// An interval of what was measured as one of people.
    ///
    /// Its ends lie √((F·d)² + (1.96·x·se)²) from F·x, d from the estimate x before.
    fn interval(self, estimate: f64, it: Interval) -> Interval {
        if self == Self::NONE {
            return it;
        }
        let middle = self.factor * estimate;
        let common = 1.959_964 * estimate * self.error;
        let end = |of: u64| (self.factor * (people(of) - estimate)).hypot(common);
        let (low, high) = (middle - end(it.low), middle + end(it.high));
        Interval { low: whole_people(low.floor()), high: whole_people(high.ceil()) }
    }
}

/// Whether a number may be read as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Measured at T + 2σ or above.
    Reliable,
    /// Measured below T + 2σ: on average too high, and to be read with its interval.
    NearThreshold,
}

/// What is printed of a released cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// Whole people, at least the floor.
    pub people: u64,
    /// The least-squares estimate of what was measured, before stretch, bounds and rounding, in people.
    pub estimate: f64,
    /// The variance of `estimate`, in people squared: never above the gate's.
    pub variance: f64,
    /// Holds the cell's people in 95 % of all releases that show it (consistency.md says how nearly),
    /// and always holds `people`.
    pub interval: Interval,
    /// Whether it was measured near its threshold.
    pub standing: Standing,
}

/// How the printed people of a relation fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The whole, or every part, is hidden.
    Nothing,
    /// Every part is known and they make the whole, to the person.
    AddsUp,
    /// Some parts are hidden, and the others are at most the whole.
    Within,
    /// Outside the forest, and the numbers disagree by their noise.
    Apart,
}

/// A family's numbers after reconciling.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconciled {
    /// One a cell: nothing for hidden ones.
    pub cells: Vec<Option<Figure>>,
    /// One a relation, in the lattice's order.
    pub fits: Vec<Fit>,
}

/// Answers that are no release of this family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyError {
    /// Not one answer a cell.
    #[error("{answers} answers for {cells} cells")]
    Answers {
        /// What was given.
        answers: usize,
        /// What the lattice has.
        cells: usize,
    },
    /// A number that no gate shows.
    #[error("cell {} has a number under its gate's threshold or floor: it cannot have been shown", .0.0)]
    UnderThreshold(CellId),
    /// A number that cannot be people.
    #[error("cell {} has a number above 2^40, more than there are people", .0.0)]
    TooMany(CellId),
}

/// More than there are people, and exact as a floating-point number, sums included.
const PEOPLE_MAX: u64 = 1 << 40;

/// Numbers that add up, out of one release of the lattice's cells (`None`: hidden or withdrawn).
///
/// All cells are of one clip family, unclipped, with independent noise; a measured OTHER is a cell, and
/// stands for the parts that it joins. A whole that is summed up in two ways keeps the first in the
/// lattice whose parts are all known, and of wholes that share a part the finer keeps it, or the one
/// whose relation comes first; what is left is marked [`Fit::Apart`]. Deterministic, and always finds
/// numbers: a whole whose parts need more people than it has is given more.
///
/// # Errors
/// [`ConsistencyError`] when an answer is missing or cannot have been shown.
pub fn reconcile(
    lattice: &Lattice,
    cells: &[Option<Measured>],
) -> Result<Reconciled, ConsistencyError> {
    reconcile_stretched(lattice, cells, |_| Stretch::NONE)
}

/// The same for clipped people: solved as it was measured, then stretched, bounded and rounded.
///
/// All cells of one relation have the same `stretch`.
///
/// # Errors
/// As [`reconcile`].
pub fn reconcile_stretched(
    lattice: &Lattice,
    cells: &[Option<Measured>],
    stretch: impl Fn(usize) -> Stretch,
) -> Result<Reconciled, ConsistencyError> {
    check(lattice, cells)?;
    let shown: Vec<bool> = cells.iter().map(Option::is_some).collect();
    let forest = Forest::new(lattice, &shown);
    let least = least_people(&forest, cells);
    let measured: Vec<Estimate> =
        cells.iter().map(|it| it.as_ref().map(Estimate::of).unwrap_or_default()).collect();
    let solution = two_pass(&forest, &measured, |whole| forest.complete(whole));
    let leans = leans(&forest, cells, &measured, &solution);
    let stretched: Vec<Estimate> =
        measured.iter().enumerate().map(|(cell, it)| it.times(stretch(cell).factor)).collect();
    let bounds = Bounds::new(&forest, &stretched);
    let people = apportion(&forest, &bounds, &least);
    let figure = |cell: usize| {
        let (measured, estimate) = (cells[cell]?, solution.estimates[cell]);
        let seen = Seen::new(&measured, estimate, leans[cell]);
        let own = stretch(cell);
        // A whole holds the least of its parts in people, not in what clipping left of them.
        let known = if own == Stretch::NONE { least[cell] } else { 0 };
        let interval = own.interval(estimate.value, seen.interval(known));
        let interval = Interval { low: interval.low.max(least[cell]), ..interval };
        Some(Figure {
            people: people[cell],
            estimate: estimate.value,
            variance: estimate.variance,
            interval: interval.with(people[cell]),
            standing: measured.standing(),
        })
    };
    let figures = (0..lattice.cells()).map(figure).collect();
    let fits = (0..lattice.relations()).map(|it| fit(lattice, &forest, &people, it)).collect();
    Ok(Reconciled { cells: figures, fits })
}

/// Refuses what is no release of the lattice's cells.
fn check(lattice: &Lattice, cells: &[Option<Measured>]) -> Result<(), ConsistencyError> {
    if cells.len() != lattice.cells() {
        let (answers, cells) = (cells.len(), lattice.cells());
        return Err(ConsistencyError::Answers { answers, cells });
    }
    for (cell, measured) in cells.iter().enumerate() {
        let Some(Measured { noisy, gate }) = measured else { continue };
        if *noisy < gate.threshold.max(gate.floor.people().into()) {
            return Err(ConsistencyError::UnderThreshold(CellId(cell)));
        }
        if *noisy > PEOPLE_MAX {
            return Err(ConsistencyError::TooMany(CellId(cell)));
        }
    }
    Ok(())
}

/// How the people of a relation fit together, whether or not it is in the forest.
fn fit(lattice: &Lattice, forest: &Forest, people: &[u64], relation: usize) -> Fit {
    let whole = lattice.parent(relation);
    let known = forest.known(lattice.children(relation));
    if !forest.shows(whole) || known.parts.is_empty() {
        return Fit::Nothing;
    }
    let sum: u64 = known.parts.iter().map(|&it| people[it]).fold(0, u64::saturating_add);
    match sum.cmp(&people[whole]) {
        Ordering::Equal if known.complete => Fit::AddsUp,
        Ordering::Less | Ordering::Equal if !known.complete => Fit::Within,
        _ => Fit::Apart,
    }
}

/// Whole people as a floating-point number: exact up to 2^53.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "at most 2^40 by `check`")]
const fn people(whole: u64) -> f64 {
    whole as f64
}

/// A floating-point number as whole people, cut down; 0 for what is below or no number.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, as it should"
)]
const fn whole_people(number: f64) -> u64 {
    number as u64
}
