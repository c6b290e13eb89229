//! What may be said about a cell: people by the quorum mechanism, sums beside an opened gate.

mod clamped_sum;
mod quorum;

pub use clamped_sum::ClampedSum;
pub use quorum::{MechanismError, Quorum, Shown};
