//! Quantiles of what people in an opened cell come to, by public bins.
//!
//! Takes the exact people of a cell in each of B bins; draws N_Z(0, L/2ρ) for every bin, whatever is asked.
//! What leaves is never a bin's number: for a share p the first bin whose cumulative number reaches p of all, and
//! the bins in which the true one lies. There is nothing without a [`Shown`] cell.
//! Guarantee: ρ-zCDP over the whole marginal, no further δ. Proof: binned_quantile.md.
//! Source: privacy model §3 (quantiles).

use super::quorum::Shown;
use crate::noise::{DiscreteGaussian, Entropy, EntropyFailed, Variance};
use crate::unit::{CellLimit, OutOfRange, Rho};

/// A share of people as a whole percentage, from 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// Half.
    pub const HALF: Self = Self(50);
    /// 5: the step of [`Self::GRID`]. Finer steps cost nothing, and say nothing beside the noise of a small cell.
    pub const STEP: u8 = 5;
    /// 5, 10 and so on to 95: the shares at which quantiles are released.
    pub const GRID: [Self; 19] = Self::grid();

    const fn grid() -> [Self; 19] {
        let mut all = [Self(Self::STEP); 19];
        let mut at = 1;
        while at < all.len() {
            all[at] = Self(all[at - 1].0 + Self::STEP);
            at += 1;
        }
        all
    }

    /// A share of `percent` of a hundred.
    ///
    /// # Errors
    /// [`OutOfRange`] for none and for all.
    pub fn new(percent: u8) -> Result<Self, OutOfRange> {
        if (1..=99).contains(&percent) {
            return Ok(Self(percent));
        }
        Err(OutOfRange { unit: "percent", found: percent.to_string(), allowed: "1 to 99" })
    }

    /// The share in hundredths.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

const _: () = assert!(Percent::GRID[18].0 == 95 && Percent::GRID[9].0 == Percent::HALF.0);

/// The mechanism of one measure of a marginal.
#[derive(Clone, Copy, Debug)]
pub struct BinnedQuantile {
    bins: usize,
    rho: Rho,
    noise: DiscreteGaussian,
}

/// The noisy people of a cell in each bin: no `Debug` and no way to a number of it.
pub struct Histogram {
    /// How many are in each bin or one before it: not ascending, because of the noise.
    cumulative: Vec<i64>,
    /// Half of the interval of a cumulative number, in people.
    half: i64,
}

/// The bin of a quantile, by position, and those in which the true one lies with 95 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantileBins {
    /// The quantile.
    pub value: usize,
    /// The lowest that it may be.
    pub low: usize,
    /// The highest that it may be.
    pub high: usize,
}

impl BinnedQuantile {
    /// Bins are one byte where they are kept.
    pub const BINS_MAX: usize = 255;

    /// Quantiles over `bins` bins that cost `rho`, at `limit` cells a person.
    ///
    /// # Errors
    /// [`OutOfRange`] when ρ is zero, or for fewer than two bins or more than [`Self::BINS_MAX`].
    pub fn new(bins: usize, limit: CellLimit, rho: Rho) -> Result<Self, OutOfRange> {
        if !(2..=Self::BINS_MAX).contains(&bins) {
            return Err(OutOfRange {
                unit: "bins",
                found: bins.to_string(),
                allowed: "2 to 255 bins",
            });
        }
        let noise = DiscreteGaussian::new(Variance::of_people(limit, rho)?);
        Ok(Self { bins, rho, noise })
    }

    /// Draws every bin of a cell whose gate has opened; `people` are those of each bin whom the gate saw.
    ///
    /// A bin that `people` does not have holds nobody, and is drawn like the others.
    ///
    /// # Errors
    /// [`EntropyFailed`] when there is no randomness; nothing was said then.
    pub fn draw(
        &self,
        _gate: &Shown,
        people: &[u32],
        entropy: &mut dyn Entropy,
    ) -> Result<Histogram, EntropyFailed> {
        let mut cumulative = Vec::with_capacity(self.bins);
        let mut all = 0_i64;
        for bin in 0..self.bins {
            let exact = people.get(bin).copied().map_or(0, i64::from);
            let noisy = exact.saturating_add(self.noise.sample(entropy)?);
            all = all.saturating_add(noisy);
            cumulative.push(all);
        }
        Ok(Histogram { cumulative, half: self.half_width() })
    }

    /// Half of the 95 % interval of a cumulative number, in people: 1.96·σ·√B, rounded up.
    #[must_use]
    pub fn half_width(&self) -> i64 {
        let one = self.variance().numerator().div_ceil(self.variance().denominator());
        let all = one.saturating_mul(u128::try_from(self.bins).unwrap_or(u128::MAX));
        // 1.96² = 3.8416.
        let squared = all.saturating_mul(38_416).div_ceil(10_000);
        i64::try_from(squared.isqrt()).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// What the bins of the whole marginal cost every person, beside the gate.
    #[must_use]
    pub const fn rho(&self) -> Rho {
        self.rho
    }

    /// How many bins a cell has.
    #[must_use]
    pub const fn bins(&self) -> usize {
        self.bins
    }

    /// σ² of the people of one bin, exactly.
    #[must_use]
    pub const fn variance(&self) -> Variance {
        self.noise.variance()
    }

    /// σ in people, for display.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.variance().to_f64().sqrt()
    }
}

impl Histogram {
    /// The quantile of a share of the people.
    ///
    /// `value` and both ends never go down as the share goes up. Where noise left nobody at all, every bin may be it.
    #[must_use]
    pub fn quantile(&self, percent: Percent) -> QuantileBins {
        let last = self.cumulative.len().saturating_sub(1);
        let all = i128::from(self.cumulative.last().copied().unwrap_or_default().max(0));
        // In hundredths of a person.
        let wanted = i128::from(percent.get()) * all;
        // What errs is the number before a bin less p of all: (1 − p) of the bins before it, p of those behind.
        let half = i128::from(self.half) * i128::from(percent.get().max(100 - percent.get()));
        let reaches = |number: &i64, of: i128| i128::from((*number).max(0)) * 100 >= of;
        let first =
            |of: i128| self.cumulative.iter().position(|it| reaches(it, of)).unwrap_or(last);
        let below = |of: i128| self.cumulative.iter().rposition(|it| !reaches(it, of));
        // What lies beyond everybody, or before anybody, is cut to the range.
        let high = below(wanted + half).map_or(0, |it| (it + 1).min(last));
        let (value, low) = (first(wanted), first(wanted - half));
        QuantileBins { value, low, high }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mechanism::Quorum;
    use crate::noise::SeededEntropy;
    use crate::unit::Floor;

    fn shown() -> Shown {
        let quorum = Quorum::new(
            Floor::QUORUM,
            CellLimit::ONE,
            "1".parse().unwrap(),
            "1e-12".parse().unwrap(),
        );
        let mut entropy = SeededEntropy::new(1);
        quorum.unwrap().release(5_000, &mut entropy).unwrap().unwrap()
    }

    fn mechanism(bins: usize, rho: &str) -> BinnedQuantile {
        BinnedQuantile::new(bins, CellLimit::ONE, rho.parse().unwrap()).unwrap()
    }

    fn draw(people: &[u32], rho: &str, seed: u64) -> Histogram {
        let mechanism = mechanism(people.len(), rho);
        mechanism.draw(&shown(), people, &mut SeededEntropy::new(seed)).unwrap()
    }

    fn percent(percent: u8) -> Percent {
        Percent::new(percent).unwrap()
    }

    /// Counts what is drawn.
    struct Counted(SeededEntropy, usize);

    impl Entropy for Counted {
        fn next_u64(&mut self) -> Result<u64, EntropyFailed> {
            self.1 += 1;
            self.0.next_u64()
        }
    }

    #[test]
    fn without_noise_the_quantile_is_the_bin_of_the_person_at_the_share() {
        let people = [0, 300, 500, 0, 150, 50];
        let histogram = draw(&people, "1000", 3);
        let bins = |it: u8| histogram.quantile(percent(it)).value;
        assert_eq!([1, 29, 50, 79, 81, 94, 96, 99].map(bins), [1, 1, 2, 2, 4, 4, 5, 5]);
    }

    #[test]
    fn a_higher_share_is_never_in_a_lower_bin_and_lies_in_its_interval() {
        for seed in 0..200 {
            let histogram = draw(&[3, 0, 40, 7, 0, 0, 12, 30, 2], "0.002", seed);
            let all: Vec<QuantileBins> =
                (1..100).map(|it| histogram.quantile(percent(it))).collect();
            for it in &all {
                assert!(it.low <= it.value && it.value <= it.high && it.high < 9, "seed {seed}");
            }
            for pair in all.windows(2) {
                assert!(pair[0].value <= pair[1].value && pair[0].low <= pair[1].low);
                assert!(pair[0].high <= pair[1].high, "seed {seed}");
            }
        }
    }

    #[test]
    fn the_true_bin_lies_in_the_interval_of_nineteen_in_twenty() {
        let people = [200, 300, 250, 400, 150, 0, 100, 100];
        let truth = draw(&people, "1000", 1);
        let mut missed = [0; 19];
        for seed in 0..400 {
            let histogram = draw(&people, "0.001", seed);
            for (missed, at) in missed.iter_mut().zip(Percent::GRID) {
                let (found, truth) = (histogram.quantile(at), truth.quantile(at).value);
                *missed += u32::from(!(found.low..=found.high).contains(&truth));
            }
        }
        assert!(missed.iter().all(|it| *it <= 20), "{missed:?} of 400");
        let narrow = draw(&people, "1", 7).quantile(Percent::HALF);
        assert!(narrow.high - narrow.low <= 1, "{narrow:?}");
    }

    #[test]
    fn all_bins_are_drawn_whatever_is_in_them() {
        let words = |people: &[u32], bins: usize| {
            let mut entropy = Counted(SeededEntropy::new(9), 0);
            drop(mechanism(bins, "0.01").draw(&shown(), people, &mut entropy).unwrap());
            entropy.1
        };
        let whole = words(&[10; 16], 16);
        assert_eq!(words(&[0; 16], 16), whole);
        assert_eq!(words(&[5_000], 16), whole, "bins that are not there hold nobody");
        assert!(words(&[10; 16], 15) < whole);
    }

    #[test]
    fn one_person_moves_each_cumulative_number_by_one_at_most() {
        // The same draws over neighbours: what is told follows from numbers that differ by one from a bin on.
        for bin in 0..4 {
            let (fewer, mut more) = ([20, 30, 0, 50], [20, 30, 0, 50]);
            more[bin] += 1;
            let [fewer, more] = [fewer, more].map(|it| draw(&it, "0.01", 5).cumulative);
            let moved: Vec<i64> = more.iter().zip(&fewer).map(|it| it.0 - it.1).collect();
            let expected: Vec<i64> = (0..4).map(|at| i64::from(at >= bin)).collect();
            assert_eq!(moved, expected);
        }
    }

    #[test]
    fn a_cell_that_noise_emptied_may_be_anything() {
        let histogram = Histogram { cumulative: vec![-3, 2, -9], half: 4 };
        let found = histogram.quantile(Percent::HALF);
        assert_eq!((found.value, found.low, found.high), (0, 0, 2));
    }

    #[test]
    fn numbers_that_allow_no_mechanism_are_refused() {
        let new = |bins, rho: &str| BinnedQuantile::new(bins, CellLimit::ONE, rho.parse().unwrap());
        assert!(new(1, "0.1").is_err() && new(256, "0.1").is_err());
        assert!(BinnedQuantile::new(2, CellLimit::ONE, Rho::ZERO).is_err());
        assert!(Percent::new(0).is_err() && Percent::new(100).is_err());
        // σ² = 4 / (2·0.5): two people, as a person is in four cells.
        let four = CellLimit::new(4).unwrap();
        let sigma = BinnedQuantile::new(2, four, "0.5".parse().unwrap()).unwrap().sigma();
        assert!((sigma - 2.0).abs() < 1e-9);
        // 1.96² · 16 / 0.02 = 3073.3.
        assert_eq!(new(16, "0.01").unwrap().half_width(), 56);
    }
}
