//! Our sampler beside OpenDP's: two samples of one distribution.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use peers::opendp_gaussian;
use privacy::noise::Variance;
use privacy::{DiscreteGaussian, SeededEntropy};

const DRAWS: u32 = 40_000;

/// How often each integer came up.
type Histogram = BTreeMap<i64, u32>;

fn histogram(mut draw: impl FnMut() -> i64) -> Histogram {
    let mut seen = Histogram::new();
    for _ in 0..DRAWS {
        *seen.entry(draw()).or_default() += 1;
    }
    seen
}

fn ours(numerator: u128, denominator: u128) -> Histogram {
    let sampler = DiscreteGaussian::new(Variance::new(numerator, denominator).unwrap());
    let mut entropy = SeededEntropy::new(8412);
    histogram(|| sampler.sample(&mut entropy).unwrap())
}

/// The largest distance of the two empirical distribution functions.
fn distance(one: &Histogram, other: &Histogram) -> f64 {
    let places = one.keys().chain(other.keys()).copied().collect::<std::collections::BTreeSet<_>>();
    let (mut first, mut second, mut worst) = (0, 0, 0_u32);
    for place in places {
        first += one.get(&place).copied().unwrap_or(0);
        second += other.get(&place).copied().unwrap_or(0);
        worst = worst.max(u32::abs_diff(first, second));
    }
    f64::from(worst) / f64::from(DRAWS)
}

/// Each sample is farther than this from its distribution with probability at most 10⁻⁹ / 2, by the
/// inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant, discrete or not; OpenDP's
/// generator cannot be seeded, so a false alarm once in 10⁹ runs is what is left.
fn allowed() -> f64 {
    2.0 * ((4.0 / 1e-9_f64).ln() / (2.0 * f64::from(DRAWS))).sqrt()
}

#[test]
fn our_draws_and_opendps_are_of_one_distribution() {
    for (numerator, denominator) in [(3_u64, 5_u64), (1, 1), (10, 1), (25, 3)] {
        let theirs = histogram(|| opendp_gaussian(numerator, denominator).unwrap());
        let square = |it: u64| u128::from(it) * u128::from(it);
        let found = distance(&ours(square(numerator), square(denominator)), &theirs);
        assert!(found < allowed(), "σ = {numerator}/{denominator}: {found} of {}", allowed());
    }
}

#[test]
fn half_the_noise_is_told_apart() {
    let theirs = histogram(|| opendp_gaussian(10, 1).unwrap());
    let found = distance(&ours(25, 1), &theirs);
    assert!(found > allowed(), "the control must be caught: {found} of {}", allowed());
}
