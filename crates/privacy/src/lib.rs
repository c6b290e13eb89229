//! The privacy kernel: integers in, integers out; no files, clock or network.
//!
//! Read in this order: `unit` (what things cost), `noise` (exact draws and their tails),
//! `bounding` (what one person can change), `mechanism` (what may be said), `meter` and
//! `conversion` (what it added up to), `residual` (what subtraction gives), `consistency` (how released
//! numbers are made to add up, and how sure they are). Each claim has its proof in the `.md` beside the
//! code.

pub mod bounding;
pub mod clip;
pub mod consistency;
pub mod conversion;
pub mod derived;
pub mod mechanism;
pub mod meter;
pub mod noise;
pub mod residual;
pub mod unit;

pub use bounding::{BoundingKey, keep};
pub use clip::{CellWeight, ClipFamily, Clipped, ClippedCount, Scale};
pub use mechanism::{
    BinnedQuantile, ClampedSum, Dilution, DilutionSums, Estimate, Factor, Histogram,
    MechanismError, Percent, QuantileBins, Quorum, ShareLost, Shown, ShownClipped, SoftGate,
    SoftQuorum, SoftSum, SoftSumError,
};
pub use meter::{Meter, Overspent};
#[cfg(any(test, feature = "seeded-entropy"))]
pub use noise::SeededEntropy;
pub use noise::{DiscreteGaussian, Entropy, EntropyFailed, SystemEntropy, Variance};
pub use unit::{Budget, CellLimit, Delta, Floor, OutOfRange, QUORUM, Rho};
