//! The variance of a draw, kept as an exact fraction.
//!
//! σ² = C²·L / 2ρ: one person moves L cells by at most C each, a distance of C·√L, which noise of
//! this variance prices at ρ. Proof: ../mechanism/quorum.md. Source: privacy model §3.

use num_bigint::BigUint;
use num_integer::Integer;

use crate::clip::CellWeight;
use crate::unit::{CellLimit, OutOfRange, Rho};

/// The parameter σ² of a discrete Gaussian: an exact fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variance {
    numerator: u128,
    denominator: u128,
}

/// Both parts stay below 2^96, so that σ stays below 2^48 and a draw fits in 64 bits.
const PART_MAX: u128 = 1 << 96;

impl Variance {
    /// σ² = `numerator` / `denominator`.
    ///
    /// # Errors
    /// [`OutOfRange`] when either is zero or, in lowest terms, 2^96 or more.
    pub fn new(numerator: u128, denominator: u128) -> Result<Self, OutOfRange> {
        let common = numerator.gcd(&denominator).max(1);
        let (top, bottom) = (numerator / common, denominator / common);
        if top == 0 || bottom == 0 || top >= PART_MAX || bottom >= PART_MAX {
            return Err(OutOfRange {
                unit: "variance",
                found: format!("{numerator}/{denominator}"),
                allowed: "a positive fraction whose parts are below 2^96",
            });
        }
        Ok(Self { numerator: top, denominator: bottom })
    }

    /// The variance of a count of people: L / 2ρ (privacy model §3).
    ///
    /// # Errors
    /// [`OutOfRange`] when ρ is zero.
    pub fn of_people(limit: CellLimit, rho: Rho) -> Result<Self, OutOfRange> {
        Self::of_sum(1, limit, rho)
    }

    /// The variance of a sum of values in 0..=`cap`: C²·L / 2ρ (privacy model §3).
    ///
    /// # Errors
    /// [`OutOfRange`] when the cap or ρ is zero, or the cap too large for the fraction.
    pub fn of_sum(cap: u64, limit: CellLimit, rho: Rho) -> Result<Self, OutOfRange> {
        let cap_squared = u128::from(cap) * u128::from(cap);
        let scaled = cap_squared
            .checked_mul(u128::from(limit.cells()))
            .and_then(|distance_squared| distance_squared.checked_mul(u128::from(Rho::NANO)))
            .ok_or_else(|| OutOfRange {
                unit: "cap",
                found: cap.to_string(),
                allowed: "a cap whose square times L is below 2^98",
            })?;
        Self::new(scaled, 2 * u128::from(rho.nano()))
    }

    /// The variance, on a lattice of 2^−`bits` units, of a sum of values in 0..=`cap` whose people
    /// are clipped and whose cell has the weight a = α/2^12: C²·4^bits / 2ρa² (privacy model §2).
    ///
    /// # Errors
    /// [`OutOfRange`] when the cap or ρ is zero, or the cap too large for the fraction.
    pub(crate) fn of_clipped(
        cap: u64,
        weight: CellWeight,
        rho: Rho,
        bits: u32,
    ) -> Result<Self, OutOfRange> {
        let unit = (u128::from(Rho::NANO) << (2 * bits)) << 24;
        let shared = 2 * u128::from(rho.nano()) * u128::from(weight.square());
        let common = unit.gcd(&shared).max(1);
        let scaled = (u128::from(cap) * u128::from(cap)).checked_mul(unit / common);
        let scaled = scaled.ok_or_else(|| OutOfRange {
            unit: "cap",
            found: cap.to_string(),
            allowed: "a smaller cap: its square at this weight and rho passes 2^128",
        })?;
        Self::new(scaled, shared / common)
    }

    /// The fraction's upper part.
    #[must_use]
    pub const fn numerator(self) -> u128 {
        self.numerator
    }

    /// The fraction's lower part.
    #[must_use]
    pub const fn denominator(self) -> u128 {
        self.denominator
    }

    /// σ² as the nearest floating-point number: for display and intervals, never for a draw.
    #[must_use]
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "display only")]
    pub fn to_f64(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }
}

/// ⌈√`square`⌉.
pub(crate) fn sqrt_up(square: &BigUint) -> BigUint {
    let root = square.sqrt();
    if &root * &root < *square { root + 1_u8 } else { root }
}
