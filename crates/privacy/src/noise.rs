//! Exact noise: where randomness enters, the discrete Gaussian, and its tail.

mod bernoulli;
mod bracket;
mod entropy;
mod gaussian;
mod normal;
mod tail;
mod variance;

#[cfg(any(test, feature = "seeded-entropy"))]
pub use entropy::SeededEntropy;
pub use entropy::{Entropy, EntropyFailed, SystemEntropy};
pub use gaussian::DiscreteGaussian;
pub use normal::NormalQuantile;
pub use tail::{Probability, TailError, least_excess, tail_probability};
pub use variance::Variance;
pub(crate) use variance::sqrt_up;
