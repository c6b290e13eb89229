//! F, the mean dilution: by how much clipping and keeping made people count less, on average.
//!
//! (1) Each person adds b = min(|B|·φ, K_c·2^20) to what is left of everybody, and
//! g = min(|K|, K_c)·2^20 − b to what was lost, where B are the kept of the cells K. (2) Each sum gets
//! N_Z(0, K_c²·4^20/2ρ), beside a gate of everybody. (3) F = 1 + max(0, G)/B, cut to [1, √(K_c/L)];
//! one when it is not two standard errors above one. (4) A printed number is ⌊F·y⌋, cut at every
//! released upper bound.
//! Guarantee: ρ-zCDP, no further δ. F touches prints alone: gates, guards and shares take what was
//! shown, never an [`Estimate`]. Integers only. Proof: dilution.md. Source: privacy model §2 (F).

use num_bigint::{BigInt, BigUint, Sign};

use super::quorum::Shown;
use super::soft_quorum::ShownClipped;
use crate::clip::{CellWeight, LATTICE_BITS, Scale};
use crate::noise::{DiscreteGaussian, Entropy, EntropyFailed, Variance};
use crate::unit::{CellLimit, OutOfRange, Rho};

/// The measurement of one family's F.
#[derive(Clone, Copy, Debug)]
pub struct Dilution {
    limit: CellLimit,
    cap: CellLimit,
    rho: Rho,
    noise: DiscreteGaussian,
}

/// The two exact sums over everybody, in units of 2^−20 cells. No `Debug` or serialisation.
#[derive(Clone, Copy, Default)]
pub struct DilutionSums {
    left: i128,
    lost: i128,
}

/// F as it was measured: public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// B + G and B, noisy, where F is above one; one otherwise.
    measured: Option<Measured>,
    /// K_c and L: F is at most √(K_c/L).
    most: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Measured {
    left: BigUint,
    lost: BigUint,
    variance: Variance,
}

/// A printed number of people: ⌊F·y⌋. An estimate for a cell that is clipped like the average.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Estimate {
    people: u64,
}

impl Estimate {
    /// The people to print.
    #[must_use]
    pub const fn people(self) -> u64 {
        self.people
    }
}

impl Dilution {
    /// F of a family whose weights were made for L = `limit` cells, counting at most
    /// K_c = `cap` cells a person, for `rho`.
    ///
    /// # Errors
    /// [`OutOfRange`] when ρ is zero, or the cap is below the limit.
    pub fn new(limit: CellLimit, cap: CellLimit, rho: Rho) -> Result<Self, OutOfRange> {
        if cap < limit {
            return Err(OutOfRange {
                unit: "dilution cap",
                found: cap.cells().to_string(),
                allowed: "L to K cells a person",
            });
        }
        // Weight one: the pair of sums of one person is at most K_c·2^20 long.
        let whole = CellWeight::full(CellLimit::ONE);
        let variance = Variance::of_clipped(u64::from(cap.cells()), whole, rho, LATTICE_BITS)?;
        Ok(Self { limit, cap, rho, noise: DiscreteGaussian::new(variance) })
    }

    /// What one person adds to (B, G): `kept` of `cells` distinct cells, with `scale`.
    ///
    /// Guarantee: neither is negative, and together they are at most K_c·2^20.
    #[must_use]
    pub fn contribution(&self, kept: u64, cells: u64, scale: Scale) -> (u64, u64) {
        let cap = u64::from(self.cap.cells());
        let all = cells.min(cap) << LATTICE_BITS;
        let left = kept.min(cells).saturating_mul(u64::from(scale.units())).min(all);
        (left, all - left)
    }

    /// Adds one person's contribution.
    pub fn add(&self, sums: &mut DilutionSums, kept: u64, cells: u64, scale: Scale) {
        let (left, lost) = self.contribution(kept, cells, scale);
        sums.left = sums.left.saturating_add(i128::from(left));
        sums.lost = sums.lost.saturating_add(i128::from(lost));
    }

    /// Says F, beside the family's total of people; `None`, a silent total, makes it one.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness; nothing was said then.
    pub fn release(
        &self,
        total: Option<&Shown>,
        sums: DilutionSums,
        entropy: &mut dyn Entropy,
    ) -> Result<Factor, EntropyFailed> {
        let most = (self.cap.cells(), self.limit.cells());
        if total.is_none() {
            return Ok(Factor { measured: None, most });
        }
        let mut noisy = |sum: i128| -> Result<BigInt, EntropyFailed> {
            Ok(BigInt::from(sum) + self.noise.sample(entropy)?)
        };
        let (left, lost) = (noisy(sums.left)?, noisy(sums.lost)?);
        Ok(Factor { measured: Measured::of(left, lost, self.noise.variance()), most })
    }

    /// What F costs every person.
    #[must_use]
    pub const fn rho(&self) -> Rho {
        self.rho
    }
}

impl Measured {
    /// The figures of an F that is two standard errors above one.
    ///
    /// F − 1 = G/B has the standard error σ√(B² + G²)/B², to first order.
    fn of(left: BigInt, lost: BigInt, variance: Variance) -> Option<Self> {
        let positive = |sum: BigInt| match sum.into_parts() {
            (Sign::Plus, magnitude) => Some(magnitude),
            _ => None,
        };
        let (left, lost) = (positive(left)?, positive(lost)?);
        let (b, g) = (left.pow(2), lost.pow(2));
        let clear = &b * &g * variance.denominator() >= (&b + &g) * variance.numerator() * 4_u8;
        clear.then_some(Self { left, lost, variance })
    }
}

impl Factor {
    /// Prints the people of a shown cell, at most each of the `bounds`: what was released of a
    /// group that holds the cell (base, parent).
    #[must_use]
    pub fn print(&self, shown: &ShownClipped, bounds: &[u64]) -> Estimate {
        let units = BigUint::from(shown.units());
        let scaled = match &self.measured {
            None => units >> LATTICE_BITS,
            Some(it) => {
                let (cap, limit) = self.most;
                let whole = &it.left + &it.lost;
                if whole.pow(2) * limit <= it.left.pow(2) * cap {
                    (units * whole / &it.left) >> LATTICE_BITS
                } else {
                    // ⌊√(y²·K_c/L)⌋ in whole people.
                    (units.pow(2) * cap / (BigUint::from(limit) << (2 * LATTICE_BITS))).sqrt()
                }
            }
        };
        let people = u64::try_from(scaled).unwrap_or(u64::MAX);
        Estimate { people: bounds.iter().fold(people, |least, &bound| least.min(bound)) }
    }

    /// F, for display.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        let most = (f64::from(self.most.0) / f64::from(self.most.1)).sqrt();
        self.measured.as_ref().map_or(1.0, |it| (1.0 + it.ratio()).min(most))
    }

    /// The standard error of F, for display; zero where F is one by rule.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.measured.as_ref().map_or(0.0, |it| {
            it.variance.to_f64().sqrt() / display(&it.left) * it.ratio().hypot(1.0)
        })
    }

    /// The share of all cells of people that clipping lost, 0 to 1: G/(B + G).
    #[must_use]
    pub fn share_lost(&self) -> f64 {
        self.measured.as_ref().map_or(0.0, |it| it.ratio() / (1.0 + it.ratio()))
    }
}

impl Measured {
    fn ratio(&self) -> f64 {
        display(&self.lost) / display(&self.left)
    }
}

/// The nearest floating-point number: for display only.
fn display(units: &BigUint) -> f64 {
    num_traits::ToPrimitive::to_f64(units).unwrap_or(f64::INFINITY)
}
