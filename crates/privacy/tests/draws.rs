//! The sampler against its exact mass function.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use privacy::noise::Variance;
use privacy::{DiscreteGaussian, SeededEntropy};

const DRAWS: u32 = 200_000;

/// How likely a right sampler is to be called wrong, by each statistic.
const FALSE_ALARM: f64 = 1e-9;

fn variance((numerator, denominator): (u128, u128)) -> Variance {
    Variance::new(numerator, denominator).unwrap()
}

/// How often each integer came up in `DRAWS` draws.
fn histogram(drawn_with: Variance) -> HashMap<i64, u32> {
    let sampler = DiscreteGaussian::new(drawn_with);
    let mut entropy = SeededEntropy::new(8412);
    let mut seen = HashMap::new();
    for _ in 0..DRAWS {
        *seen.entry(sampler.sample(&mut entropy).unwrap()).or_default() += 1;
    }
    seen
}

/// exp(−z²/2σ²) over its sum, for z in −2000..=2000.
fn mass(parameter: Variance) -> Vec<(i64, f64)> {
    let weight = |z: i32| (-f64::from(z * z) / (2.0 * parameter.to_f64())).exp();
    let total: f64 = (-2000..=2000).map(weight).sum();
    (-2000..=2000).map(|z| (i64::from(z), weight(z) / total)).collect()
}

/// Chi-square over the integers that expect five draws or more, and what it may be at most.
fn chi_square(seen: &HashMap<i64, u32>, expected: &[(i64, f64)]) -> (f64, f64) {
    let (mut statistic, mut freedom) = (0.0, -1.0);
    for &(z, share) in expected {
        let wanted = share * f64::from(DRAWS);
        if wanted >= 5.0 {
            let found = f64::from(seen.get(&z).copied().unwrap_or(0));
            statistic += (found - wanted).powi(2) / wanted;
            freedom += 1.0;
        }
    }
    // Passed with probability at most 10⁻⁹ (Laurent & Massart 2000, Lemma 1); the seed is fixed.
    let nats = FALSE_ALARM.recip().ln();
    (statistic, freedom + 2.0 * (freedom * nats).sqrt() + 2.0 * nats)
}

#[test]
fn draws_follow_the_mass_function() {
    // The last two have products beyond 64 bits, and beyond 128, where big integers decide.
    let long = ((100 << 30) + 1, 1 << 30);
    let wide = ((100 << 80) + 1, 1 << 80);
    let plain = [(1, 30), (1, 3), (1, 1), (2, 1), (100, 1), (625, 9), (1_000_000_007, 500_000)];
    for parts in plain.into_iter().chain([long, wide]) {
        let (statistic, limit) = chi_square(&histogram(variance(parts)), &mass(variance(parts)));
        assert!(statistic < limit, "variance {parts:?}: {statistic} of {limit}");
    }
}

/// The largest distance of the empirical distribution function from the exact one, and what it may be
/// at most: the inequality of Dvoretzky, Kiefer and Wolfowitz with Massart's constant, discrete or not.
fn kolmogorov_smirnov(seen: &HashMap<i64, u32>, expected: &[(i64, f64)]) -> (f64, f64) {
    let (mut found, mut exact, mut worst) = (0_u32, 0.0, 0.0_f64);
    for &(z, share) in expected {
        found += seen.get(&z).copied().unwrap_or(0);
        exact += share;
        worst = worst.max((f64::from(found) / f64::from(DRAWS) - exact).abs());
    }
    (worst, ((2.0 / FALSE_ALARM).ln() / (2.0 * f64::from(DRAWS))).sqrt())
}

#[test]
fn the_distribution_function_is_the_exact_one() {
    for parts in [(1, 3), (1, 1), (100, 1), (625, 9), (20_000, 1)] {
        let (statistic, limit) =
            kolmogorov_smirnov(&histogram(variance(parts)), &mass(variance(parts)));
        assert!(statistic < limit, "variance {parts:?}: {statistic} of {limit}");
    }
    // The controls: half the noise, and draws that are one too high.
    let right = histogram(variance((100, 1)));
    let (statistic, limit) = kolmogorov_smirnov(&right, &mass(variance((25, 1))));
    assert!(statistic > limit, "half the noise must be caught: {statistic}");
    let shifted = right.iter().map(|(z, times)| (z + 1, *times)).collect();
    let (statistic, limit) = kolmogorov_smirnov(&shifted, &mass(variance((100, 1))));
    assert!(statistic > limit, "a shift by one must be caught: {statistic}");
}

#[test]
fn half_the_noise_is_caught() {
    let (statistic, limit) = chi_square(&histogram(variance((25, 1))), &mass(variance((100, 1))));
    assert!(statistic > limit, "the negative control must fail: {statistic} of {limit}");
}

#[test]
fn the_mean_is_zero_and_the_variance_is_the_exact_one() {
    for parts in [(1, 3), (4, 1), (240, 1), (50_000, 3)] {
        let drawn = histogram(variance(parts));
        let moment = |power: i32| -> f64 {
            let part = |(z, times): (&i64, &u32)| {
                f64::from(i32::try_from(*z).unwrap()).powi(power) * f64::from(*times)
            };
            drawn.iter().map(part).sum::<f64>() / f64::from(DRAWS)
        };
        let exact: f64 = mass(variance(parts))
            .iter()
            .map(|&(z, share)| f64::from(i32::try_from(z).unwrap()).powi(2) * share)
            .sum();
        let draws = f64::from(DRAWS);
        assert!(moment(1).abs() < 6.0 * (exact / draws).sqrt(), "mean of {parts:?}");
        let spread = 6.0 * exact * (3.0 / draws).sqrt();
        assert!((moment(2) - exact).abs() < spread, "variance of {parts:?}: {}", moment(2));
    }
}

#[test]
fn the_same_seed_draws_the_same_noise() {
    assert_eq!(histogram(variance((7, 2))), histogram(variance((14, 4))));
}
