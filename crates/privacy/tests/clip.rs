//! Soft bounding: the norm of a person, thresholds on the lattice, and the gate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::num::NonZeroU64;

use privacy::noise::{NormalQuantile, Variance, tail_probability};
use privacy::{
    CellLimit, CellWeight, ClippedCount, Delta, Floor, Scale, SeededEntropy, SoftQuorum,
};
use proptest::prelude::*;

const LIMIT: u32 = 4;

fn limit(cells: u32) -> CellLimit {
    CellLimit::new(cells).unwrap()
}

fn norm(kept: &[CellWeight]) -> u128 {
    kept.iter().map(|it| u128::from(it.square())).sum()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_persons_norm_is_at_most_one_and_as_near_as_integers_come(
        alphas in prop::collection::vec(1_u16..=2_048, 0..300),
    ) {
        let kept: Vec<_> =
            alphas.iter().map(|&it| CellWeight::new(it, limit(LIMIT)).unwrap()).collect();
        let scale = u128::from(Scale::of(kept.iter().copied()).units());
        prop_assert!(scale * scale * norm(&kept) <= 1 << 64);
        let next = scale + 1;
        prop_assert!(scale == 1 << 20 || next * next * norm(&kept) > 1 << 64);
    }
}

#[test]
fn rounding_the_scale_to_the_nearest_would_pass_the_norm() {
    // The control of the property above: three full weights of L = 1.
    let kept = [CellWeight::full(CellLimit::ONE); 3];
    let down = u128::from(Scale::of(kept).units());
    assert!(down * down * norm(&kept) <= 1 << 64);
    assert!((down + 1) * (down + 1) * norm(&kept) > 1 << 64);
}

#[test]
fn one_cell_a_person_is_a_whole_person() {
    assert_eq!(Scale::of([CellWeight::full(CellLimit::ONE)]), Scale::WHOLE);
    assert_eq!(Scale::of([]), Scale::WHOLE);
    // L full weights fill the norm exactly where √L is whole.
    assert_eq!(Scale::of([CellWeight::full(limit(16)); 16]), Scale::WHOLE);
}

#[test]
fn a_weight_falls_with_the_public_number_of_people_and_never_rises() {
    let ordinary = NonZeroU64::new(100).unwrap();
    let weight = |people| CellWeight::of_prior(limit(16), people, ordinary).alpha();
    assert_eq!([0, 100].map(weight), [1_024; 2]);
    // 1024 · 100^(−0.35) = 204.3
    assert_eq!(weight(10_000), 204);
    assert!(weight(u64::MAX) >= 1);
    assert!(CellWeight::new(0, limit(16)).is_err() && CellWeight::new(1_025, limit(16)).is_err());
}

#[test]
fn the_lattices_threshold_is_valid_against_exact_sums() {
    for (sigma, cells, delta) in
        [(1, 1, "1e-6"), (6, 2, "1e-6"), (20, 128, "1e-12"), (100, 8, "1e-9")]
    {
        let variance = Variance::new(sigma * sigma, 1).unwrap();
        let delta: Delta = delta.parse().unwrap();
        let quantile = NormalQuantile::new(limit(cells), delta).unwrap();
        let excess = i64::try_from(quantile.excess(variance)).unwrap();
        let reached = tail_probability(variance, excess).unwrap().high;
        #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "a test's figure")]
        let all = delta.atto() as f64 / 1e18;
        assert!(reached <= all / f64::from(cells), "sigma {sigma}: {reached:e}");
        // Two and a half σ less would be too low: the bound is not an idle one.
        let lower = excess - i64::try_from(sigma * 5 / 2).unwrap() - 2;
        assert!(tail_probability(variance, lower).unwrap().low > all / f64::from(cells));
    }
}

#[test]
fn thresholds_of_the_privacy_model() {
    // K = 128, δ = 1e-12: T 204 at σ 20, 358 at σ 40.
    for (cells, rho, people) in [(16_u32, "0.02", 204), (64, "0.02", 358)] {
        let quorum = SoftQuorum::new(
            Floor::QUORUM,
            limit(128),
            rho.parse().unwrap(),
            "1e-12".parse().unwrap(),
        );
        let gate = quorum.unwrap().gate(CellWeight::full(limit(cells))).unwrap();
        assert_eq!(gate.threshold().div_ceil(1 << 20), people, "L {cells}");
    }
}

#[test]
fn forty_nine_clipped_people_are_silent_whatever_their_weight_and_shown_cells_hold_the_floor() {
    let quorum =
        SoftQuorum::new(Floor::QUORUM, limit(2), "0.5".parse().unwrap(), "0.5".parse().unwrap());
    let gate = quorum.unwrap().gate(CellWeight::full(CellLimit::ONE)).unwrap();
    let count = |people: u32| {
        let mut count = ClippedCount::default();
        (0..people).for_each(|_| count.add(Scale::WHOLE));
        count
    };
    let mut entropy = SeededEntropy::new(7);
    let mut shown = 0;
    for _ in 0..2_000 {
        assert_eq!(gate.release(count(49), &mut entropy).unwrap(), None);
        if let Some(cell) = gate.release(count(51), &mut entropy).unwrap() {
            assert!(cell.units() >= gate.threshold() && cell.people() >= 50);
            shown += 1;
        }
    }
    assert!(shown > 0, "fifty-one are shown now and then at this delta");
}

#[test]
fn people_are_counted_for_the_floor_and_not_how_much_of_them() {
    // Two hundred people of 0.22 each: the floor is passed, the sum is below it.
    let quorum = SoftQuorum::new(
        Floor::QUORUM,
        CellLimit::ONE,
        "0.0005".parse().unwrap(),
        "0.5".parse().unwrap(),
    );
    let gate = quorum.unwrap().gate(CellWeight::full(CellLimit::ONE)).unwrap();
    let light = Scale::of([CellWeight::full(CellLimit::ONE); 20]);
    let mut count = ClippedCount::default();
    (0..200).for_each(|_| count.add(light));
    assert!(count.people() == 200 && count.units() < 50 << 20);
    let mut entropy = SeededEntropy::new(7);
    let shown = (0..200).filter(|_| gate.release(count, &mut entropy).unwrap().is_some()).count();
    assert!((50..150).contains(&shown), "{shown}: about two in five draws reach T");
}
