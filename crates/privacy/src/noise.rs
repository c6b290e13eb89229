//! Exact noise: where randomness enters, the discrete Gaussian, and its tail.

mod entropy;
mod gaussian;
mod tail;
mod variance;

#[cfg(any(test, feature = "seeded-entropy"))]
pub use entropy::SeededEntropy;
pub use entropy::{Entropy, EntropyFailed, SystemEntropy};
pub use gaussian::DiscreteGaussian;
pub use tail::{TailError, least_excess, shown_probability};
pub use variance::Variance;
