//! Randomness as an argument.
//!
//! The shipped generator is ChaCha20 seeded by the operating system. The seeded one exists only in
//! tests: a release build has no path to it (ARCHITECTURE.md, invariant 7).

use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng, TryRngCore};

/// The system gave no randomness.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness: {0}")]
pub struct EntropyFailed(String);

/// A source of uniform random words.
pub trait Entropy {
    /// The next 64 uniform, independent bits.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness to be had; nothing may be said then.
    fn next_u64(&mut self) -> Result<u64, EntropyFailed>;
}

/// ChaCha20, seeded once by the operating system.
pub struct SystemEntropy(ChaCha20Rng);

impl SystemEntropy {
    /// A generator with a fresh 256-bit seed.
    ///
    /// # Errors
    /// [`EntropyFailed`] when the operating system gives no seed.
    pub fn new() -> Result<Self, EntropyFailed> {
        let mut seed = [0; 32];
        let filled = rand_core::OsRng.try_fill_bytes(&mut seed);
        filled.map_err(|cause| EntropyFailed(cause.to_string()))?;
        Ok(Self(ChaCha20Rng::from_seed(seed)))
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&mut self) -> Result<u64, EntropyFailed> {
        Ok(self.0.next_u64())
    }
}

/// A repeatable generator for tests.
#[cfg(any(test, feature = "seeded-entropy"))]
pub struct SeededEntropy(ChaCha20Rng);

#[cfg(any(test, feature = "seeded-entropy"))]
impl SeededEntropy {
    /// The same stream for the same `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }
}

#[cfg(any(test, feature = "seeded-entropy"))]
impl Entropy for SeededEntropy {
    fn next_u64(&mut self) -> Result<u64, EntropyFailed> {
        Ok(self.0.next_u64())
    }
}
