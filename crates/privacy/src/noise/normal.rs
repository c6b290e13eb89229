//! A threshold for noise on a fine lattice, where an exact discrete tail would take too long.
//!
//! P[N_Z(0, σ²) ≥ m] ≤ P[N(0, σ²) ≥ m − 1] for m ≥ 1, so τ = 1 + ⌈σz⌉ is valid whenever
//! P[N(0, 1) ≥ z] ≤ δ₁ = 1 − (1 − δ)^(1/K). z is found once in integers, rounded up.
//! Proof: normal.md. Source: privacy model §2; Canonne, Kamath & Steinke 2020 (tail of N_Z).

use num_bigint::BigUint;
use num_integer::Integer;

use super::bracket::Bracket;
use super::tail::{TailError, per_draw};
use super::variance::{Variance, sqrt_up};
use crate::unit::{CellLimit, Delta};

/// Fractional bits of z.
const BITS: u32 = 24;

/// Above 1/√(2π) = 0.398 942 280 401 432 677 9…, in units of 10^−18.
const DENSITY_AT_ZERO: u64 = 398_942_280_401_432_678;

/// A z that a standard normal variable reaches with probability at most δ₁.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormalQuantile {
    /// z in units of 2^−24.
    units: u64,
}

impl NormalQuantile {
    /// The z for one of `limit` independent draws that may fail together with probability `delta`.
    ///
    /// # Errors
    /// [`TailError::NoDelta`] when δ is zero.
    pub fn new(limit: CellLimit, delta: Delta) -> Result<Self, TailError> {
        if delta == Delta::ZERO {
            return Err(TailError::NoDelta);
        }
        let allowed = per_draw(limit, delta) * 10_u64.pow(18);
        let (mut low, mut high) = (0, 16 << BITS);
        while high - low > 1 {
            let middle = u64::midpoint(low, high);
            if valid(middle, &allowed) { high = middle } else { low = middle }
        }
        Ok(Self { units: high })
    }

    /// τ = 1 + ⌈σz⌉: a draw of `variance` reaches it with probability at most δ₁.
    #[must_use]
    pub fn excess(self, variance: Variance) -> u64 {
        let square = BigUint::from(self.units).pow(2) * variance.numerator();
        let bottom = BigUint::from(variance.denominator()) << (2 * BITS);
        let scaled = sqrt_up(&square.div_ceil(&bottom));
        // Below 2^53: σ is below 2^48 and z at most 16.
        u64::try_from(scaled).unwrap_or(u64::MAX >> 1) + 1
    }
}

/// Whether an upper bound of P[N(0, 1) ≥ z] is at most `allowed`, in units of 2^−256 · 10^−18.
///
/// Q(z) < exp(−z²/2)/√(2π) · (z² + 2)/(z³ + 3z), the third convergent of its continued fraction.
fn valid(units: u64, allowed: &BigUint) -> bool {
    let z = BigUint::from(units);
    let square = z.pow(2);
    let two = BigUint::from(2_u8) << (2 * BITS);
    let density = Bracket::exp_minus(&square, &two).high * DENSITY_AT_ZERO;
    let top = density * ((&square + &two) << BITS);
    let three = BigUint::from(3_u8) << (2 * BITS);
    top <= allowed * (z * (square + three))
}
