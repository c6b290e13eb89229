//! What may be said about a cell: people by the quorum mechanism, sums beside an opened gate.

mod clamped_sum;
#[cfg(test)]
mod hockey_stick;
mod quorum;
mod soft_quorum;

pub use clamped_sum::ClampedSum;
pub use quorum::{MechanismError, Quorum, Shown};
pub use soft_quorum::{ShownClipped, SoftGate, SoftQuorum, SoftSum, SoftSumError};
