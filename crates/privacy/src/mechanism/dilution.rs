//! F, the mean dilution: by how much clipping and keeping made people count less, on average.
//!
//! (1) Each person adds b = min(|B|·φ, K_c·2^20) to what is left of everybody, and
//! g = min(|K|, K_c)·2^20 − b to what was lost, where B are the kept of the cells K. (2) Each sum gets
//! N_Z(0, K_c²·4^20/2ρ), beside a gate of everybody. (3) F = 1 + max(0, G)/B, cut to [1, √(K_c/L)];
//! one when it is not two standard errors above one. (4) A printed number is ⌊F·y⌋, cut at every
//! released upper bound.
//! Guarantee: ρ-zCDP, no further δ. F touches prints alone: gates, guards and shares take what was
//! shown, never an [`Estimate`]. Integers only. Proof: dilution.md. Source: privacy model §2 (F).

use num_bigint::{BigInt, BigUint};

use super::quorum::Shown;
use super::soft_quorum::ShownClipped;
use crate::clip::{CellWeight, LATTICE_BITS, Scale};
use crate::derived;
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
    left: u64,
    lost: u64,
}

/// F as it was measured: public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// B and G, noisy; nothing where the total of people is silent.
    measured: Option<Measured>,
    /// K_c and L: F is at most √(K_c/L).
    most: (u32, u32),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Measured {
    left: BigUint,
    lost: BigUint,
    variance: Variance,
    /// Whether F is two standard errors above one; else it is one.
    clear: bool,
}

/// A share with its 95 % interval, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShareLost {
    /// G/(B + G).
    pub value: f64,
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
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

impl DilutionSums {
    /// Adds what one person adds to (B, G): `kept` of `cells` distinct cells, with `scale`, K_c = `cap`.
    ///
    /// Guarantee: neither is negative, and together they are at most K_c·2^20.
    pub fn add(&mut self, cap: CellLimit, kept: u64, cells: u64, scale: Scale) {
        let all = cells.min(cap.cells().into()) << LATTICE_BITS;
        let left = kept.min(cells).saturating_mul(u64::from(scale.units())).min(all);
        self.merge(Self { left, lost: all - left });
    }

    /// Adds what one person adds who has `left` of `rows` rows left: all rows, or the same share of
    /// K_c = `cap` of them.
    ///
    /// Guarantee: neither is negative, and together they are at most K_c·2^20.
    pub fn add_rows(&mut self, cap: CellLimit, left: u64, rows: u64) {
        let all = rows.min(cap.cells().into()) << LATTICE_BITS;
        let part = u128::from(all) * u128::from(left.min(rows)) / u128::from(rows.max(1));
        let left = u64::try_from(part).unwrap_or(all);
        self.merge(Self { left, lost: all - left });
    }

    /// Adds one person to what is left, or to what is lost.
    pub fn count(&mut self, is_left: bool) {
        self.add(CellLimit::ONE, u64::from(is_left), 1, Scale::WHOLE);
    }

    /// The sums of different people together.
    pub fn merge(&mut self, other: Self) {
        self.left = self.left.saturating_add(other.left);
        self.lost = self.lost.saturating_add(other.lost);
    }

    /// (B, G) as counters that are sent from one thread to another.
    #[must_use]
    pub const fn parts(self) -> [u64; 2] {
        [self.left, self.lost]
    }

    /// The sums that [`Self::parts`] were taken from.
    #[must_use]
    pub const fn of_parts([left, lost]: [u64; 2]) -> Self {
        Self { left, lost }
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
        let mut noisy = |sum: u64| -> Result<BigInt, EntropyFailed> {
            Ok(BigInt::from(sum) + self.noise.sample(entropy)?)
        };
        let (left, lost) = (noisy(sums.left)?, noisy(sums.lost)?);
        Ok(Factor { measured: Measured::of(&left, lost, self.noise.variance()), most })
    }

    /// What F costs every person.
    #[must_use]
    pub const fn rho(&self) -> Rho {
        self.rho
    }
}

impl Measured {
    /// F − 1 = G/B has the standard error σ√(B² + G²)/B², to first order; nothing if B is not positive.
    fn of(left: &BigInt, lost: BigInt, variance: Variance) -> Option<Self> {
        let left = left.to_biguint().filter(|it| *it > BigUint::ZERO)?;
        let lost = lost.max(BigInt::ZERO).magnitude().clone();
        let (b, g) = (left.pow(2), lost.pow(2));
        let clear = &b * &g * variance.denominator() >= (&b + &g) * variance.numerator() * 4_u8;
        Some(Self { left, lost, variance, clear: clear && g > BigUint::ZERO })
    }
}

impl Factor {
    /// Prints the people of a shown cell, at most each of the `bounds`: what was released of a
    /// group that holds the cell (base, parent).
    #[must_use]
    pub fn print(&self, shown: &ShownClipped, bounds: &[u64]) -> Estimate {
        self.scaled(BigUint::from(shown.units()), bounds)
    }

    /// The same for a number of people that was shown and cut down to whole ones.
    #[must_use]
    pub fn print_people(&self, people: u64, bounds: &[u64]) -> Estimate {
        self.scaled(BigUint::from(people) << LATTICE_BITS, bounds)
    }

    fn scaled(&self, units: BigUint, bounds: &[u64]) -> Estimate {
        let scaled = match &self.measured {
            Some(it) if it.clear => {
                let (cap, limit) = self.most;
                let whole = &it.left + &it.lost;
                if whole.pow(2) * limit <= it.left.pow(2) * cap {
                    (units * whole / &it.left) >> LATTICE_BITS
                } else {
                    // ⌊√(y²·K_c/L)⌋ in whole people.
                    (units.pow(2) * cap / (BigUint::from(limit) << (2 * LATTICE_BITS))).sqrt()
                }
            }
            _ => units >> LATTICE_BITS,
        };
        let people = u64::try_from(scaled).unwrap_or(u64::MAX);
        Estimate { people: bounds.iter().fold(people, |least, &bound| least.min(bound)) }
    }

    /// F, for display.
    #[must_use]
    pub fn to_f64(&self) -> f64 {
        let most = (f64::from(self.most.0) / f64::from(self.most.1)).sqrt();
        self.clear().map_or(1.0, |it| (1.0 + it.ratio()).min(most))
    }

    /// The standard error of F, for display; zero where F is one by rule.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        self.clear().map_or(0.0, Measured::standard_error)
    }

    /// The share of people, or of their rows, that is lost, where both sides are of fifty people or more,
    /// but for a chance of 10⁻⁹ each; `None` where nothing may be said.
    #[must_use]
    pub fn share_of_people(&self) -> Option<ShareLost> {
        let it = self.measured.as_ref()?;
        let many = |sum: &BigUint| {
            derived::sum_is_of_many(sum, BigUint::from(self.most.0) << LATTICE_BITS, it.variance)
        };
        self.share_lost().filter(|_| many(&it.lost))
    }

    /// The share of all cells of people that bounding lost, G/(B + G); `None` where nothing may be said.
    ///
    /// B must be shared by so many that nobody holds more than a fiftieth of it, as the rule of dominance
    /// asks (privacy model §4): else the share is that of a few.
    #[must_use]
    pub fn share_lost(&self) -> Option<ShareLost> {
        let it = self.measured.as_ref().filter(|it| it.is_of_many(self.most.0))?;
        let share = |ratio: f64| ratio / (1.0 + ratio);
        let half = 1.959_964 * it.standard_error();
        let ratio = it.ratio();
        Some(ShareLost {
            value: share(ratio),
            low: share((ratio - half).max(0.0)),
            high: share(ratio + half),
        })
    }

    fn clear(&self) -> Option<&Measured> {
        self.measured.as_ref().filter(|it| it.clear)
    }
}

impl Measured {
    /// Whether no one holds more than 1/50 of B, but for a chance of 10⁻⁹.
    fn is_of_many(&self, cap: u32) -> bool {
        derived::sum_is_of_many(&self.left, BigUint::from(cap) << LATTICE_BITS, self.variance)
    }

    fn standard_error(&self) -> f64 {
        self.variance.to_f64().sqrt() / display(&self.left) * self.ratio().hypot(1.0)
    }

    fn ratio(&self) -> f64 {
        display(&self.lost) / display(&self.left)
    }
}

/// The nearest floating-point number: for display only.
fn display(units: &BigUint) -> f64 {
    num_traits::ToPrimitive::to_f64(units).unwrap_or(f64::INFINITY)
}
