//! The sampler against its exact mass function, and the gate on both sides of the quorum.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashMap;

use privacy::noise::{Variance, shown_probability};
use privacy::{
    BoundingKey, Budget, CellLimit, ClampedSum, DiscreteGaussian, Floor, Meter, Quorum,
    SeededEntropy, keep,
};
use proptest::prelude::*;

const DRAWS: u32 = 100_000;

/// Chi-square of `DRAWS` draws against exp(−z²/2σ²), over cells that expect five draws or more.
fn chi_square(variance: (u128, u128), half: bool) -> (f64, f64) {
    let parameter = Variance::new(variance.0, variance.1).unwrap();
    let drawn_with =
        if half { Variance::new(variance.0, variance.1 * 4).unwrap() } else { parameter };
    let sampler = DiscreteGaussian::new(drawn_with);
    let mut entropy = SeededEntropy::new(8412);
    let mut seen: HashMap<i64, u32> = HashMap::new();
    for _ in 0..DRAWS {
        *seen.entry(sampler.sample(&mut entropy).unwrap()).or_default() += 1;
    }
    let weight = |z: i32| (-f64::from(z * z) / (2.0 * parameter.to_f64())).exp();
    let total: f64 = (-2000..=2000).map(weight).sum();
    let (mut statistic, mut cells) = (0.0, 0.0);
    for z in -2000..=2000 {
        let expected = weight(z) / total * f64::from(DRAWS);
        if expected >= 5.0 {
            let found = f64::from(seen.get(&i64::from(z)).copied().unwrap_or(0));
            statistic += (found - expected).powi(2) / expected;
            cells += 1.0;
        }
    }
    (statistic, cells - 1.0)
}

#[test]
fn draws_follow_the_mass_function() {
    for variance in [(1, 3), (1, 1), (2, 1), (100, 1), (625, 9), (1_000_000_007, 500_000)] {
        let (statistic, freedom) = chi_square(variance, false);
        // Six standard deviations: a false alarm in about a billion, and the seed is fixed.
        let limit = freedom + 6.0 * (2.0 * freedom).sqrt() + 12.0;
        assert!(statistic < limit, "variance {variance:?}: {statistic} of {limit}");
    }
}

#[test]
fn half_the_noise_is_caught() {
    let (statistic, freedom) = chi_square((100, 1), true);
    assert!(statistic > freedom + 6.0 * (2.0 * freedom).sqrt() + 12.0);
}

#[test]
fn forty_nine_people_are_always_silent_and_fifty_as_often_as_delta_says() {
    let delta = "1e-2".parse().unwrap();
    let quorum =
        Quorum::new(Floor::QUORUM, CellLimit::ONE, "0.005".parse().unwrap(), delta).unwrap();
    let mut entropy = SeededEntropy::new(7);
    let mut shown = 0_u32;
    for _ in 0..DRAWS {
        assert_eq!(quorum.release(49, &mut entropy).unwrap(), None);
        if let Some(cell) = quorum.release(50, &mut entropy).unwrap() {
            assert!(cell.people() >= quorum.threshold());
            shown += 1;
        }
    }
    let (low, high) = shown_probability(quorum.variance(), quorum.threshold() - 50).unwrap();
    assert!(high <= 0.01 && low > 0.005, "the threshold is the least one: {low}..{high}");
    let (expected, spread) = (high * f64::from(DRAWS), (high * f64::from(DRAWS)).sqrt());
    assert!((f64::from(shown) - expected).abs() < 4.0 * spread, "{shown} for {expected}");
}

/// Exact check of a whole one-cell release against (ρ, δ): hockey-stick divergence at many ε.
fn hockey_stick(sigma: u128, excess: i64, epsilon: f64) -> f64 {
    let variance = f64::from(u32::try_from(sigma * sigma).unwrap());
    let weight = |z: i64| (-f64::from(i32::try_from(z * z).unwrap()) / (2.0 * variance)).exp();
    let total: f64 = (-4000..=4000).map(weight).sum();
    let mut worst = 0.0_f64;
    for (n, m) in [(49_i64, 50_i64), (50, 49), (50, 51), (51, 50), (60, 61)] {
        // Outcomes: silence, or y ≥ 50 + excess.
        let mass = |people: i64, y: i64| if people < 50 { 0.0 } else { weight(y - people) / total };
        let mut spoken = (0.0, 0.0);
        let mut divergence = 0.0;
        for y in 50 + excess..2000 {
            let (p, q) = (mass(n, y), mass(m, y));
            spoken = (spoken.0 + p, spoken.1 + q);
            divergence += (p - epsilon.exp() * q).max(0.0);
        }
        divergence += ((1.0 - spoken.0) - epsilon.exp() * (1.0 - spoken.1)).max(0.0);
        worst = worst.max(divergence);
    }
    worst
}

#[test]
fn a_whole_cell_keeps_its_promise_and_a_low_threshold_does_not() {
    // sigma 10 is rho 0.005; threshold 121 is an excess of 71.
    let rho = "0.005".parse().unwrap();
    for epsilon in [0.1, 0.5, 1.0, 2.0] {
        let promised = 1e-12 + privacy::conversion::delta_of(rho, epsilon);
        assert!(hockey_stick(10, 71, epsilon) <= promised, "epsilon {epsilon}");
    }
    let promised = 1e-12 + privacy::conversion::delta_of(rho, 2.0);
    assert!(hockey_stick(10, 40, 2.0) > promised, "the negative control must fail");
}

#[test]
fn a_sum_is_clamped_and_needs_an_open_gate() {
    let rho = "0.5".parse().unwrap();
    let sum = ClampedSum::new(60, CellLimit::ONE, rho).unwrap();
    assert_eq!([sum.clamp(-5), sum.clamp(59), sum.clamp(1_000)], [0, 59, 60]);
    assert!((sum.sigma() - 60.0).abs() < 1e-9);
    let gate = Quorum::new(Floor::QUORUM, CellLimit::ONE, rho, "1e-9".parse().unwrap()).unwrap();
    let mut entropy = SeededEntropy::new(3);
    let shown = gate.release(10_000, &mut entropy).unwrap().expect("ten thousand are shown");
    let noisy = sum.release(&shown, 600_000, &mut entropy).unwrap();
    assert!((noisy - 600_000).abs() < 600);
}

proptest! {
    #[test]
    fn a_person_is_kept_in_at_most_l_of_their_own_cells(
        cells in prop::collection::vec(0_u64..40, 0..60),
        limit in 1_u32..10, token: u32, key: [u8; 16],
    ) {
        let (key, limit) = (BoundingKey::from_bytes(key), CellLimit::new(limit).unwrap());
        let mut kept = cells.clone();
        keep(&mut kept, limit, &key, token);
        let mut distinct = cells.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(kept.len(), distinct.len().min(usize::try_from(limit.cells()).unwrap()));
        prop_assert!(kept.is_sorted() && kept.iter().all(|cell| distinct.contains(cell)));
        // A function of the set alone: order and repeats change nothing, nor does a retry.
        let mut again: Vec<u64> = cells.iter().rev().chain(&cells).copied().collect();
        keep(&mut again, limit, &key, token);
        prop_assert_eq!(&kept, &again);
        // A smaller set keeps what survives of the larger one: ranks do not move.
        let mut fewer: Vec<u64> = distinct.iter().copied().skip(1).collect();
        keep(&mut fewer, limit, &key, token);
        prop_assert!(kept.iter().skip(usize::from(kept.first() == distinct.first()))
            .all(|cell| fewer.contains(cell)));
    }

    #[test]
    fn a_meter_never_passes_a_cap(costs in prop::collection::vec((0_u64..40, 0_u64..40), 1..60)) {
        let budget = |(rho, delta): (u64, u64)| Budget {
            rho: privacy::Rho::from_nano(rho).unwrap(),
            delta: privacy::Delta::from_atto(delta).unwrap(),
        };
        let caps = budget((300, 200));
        let mut meter = Meter::new(caps, Budget::ZERO);
        for cost in costs {
            let before = meter.spent();
            let charged = meter.charge(budget(cost)).is_ok();
            let after = before.checked_add(if charged { budget(cost) } else { Budget::ZERO });
            prop_assert_eq!(Some(meter.spent()), after);
            prop_assert!(caps.checked_sub(meter.spent()).is_some());
        }
    }
}
