//! What may be said about a cell: people by the quorum mechanism, sums and quantiles beside an opened
//! gate, and how much clipping took.

mod binned_quantile;
mod clamped_sum;
mod dilution;
#[cfg(test)]
mod hockey_stick;
mod quorum;
mod soft_quorum;

pub use binned_quantile::{BinnedQuantile, Histogram, Percent, QuantileBins};
pub use clamped_sum::ClampedSum;
pub use dilution::{Dilution, DilutionSums, Estimate, Factor, ShareLost};
pub use quorum::{MechanismError, Quorum, Shown};
pub use soft_quorum::{ShownClipped, SoftGate, SoftQuorum, SoftSum, SoftSumError};
