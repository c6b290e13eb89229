//! The quorum mechanism on both sides of its floor: silence, probabilities, and sums.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use privacy::{Budget, CellLimit, ClampedSum, Floor, Quorum, SeededEntropy};

fn quorum(cells: u32, rho: &str, delta: &str) -> Quorum {
    let limit = CellLimit::new(cells).unwrap();
    Quorum::new(Floor::QUORUM, limit, rho.parse().unwrap(), delta.parse().unwrap()).unwrap()
}

#[test]
fn forty_nine_people_are_always_silent_and_fifty_as_often_as_delta_says() {
    let draws = 200_000_u32;
    let quorum = quorum(1, "0.005", "1e-2");
    let mut entropy = SeededEntropy::new(7);
    let mut shown = 0_u32;
    for _ in 0..draws {
        assert_eq!(quorum.release(0, &mut entropy).unwrap(), None);
        assert_eq!(quorum.release(49, &mut entropy).unwrap(), None);
        if let Some(cell) = quorum.release(50, &mut entropy).unwrap() {
            assert!(cell.people() >= quorum.threshold());
            shown += 1;
        }
    }
    let chance = quorum.shown_probability(50).unwrap();
    assert!(chance.high <= 0.01 && chance.low > 0.005, "the threshold is the least: {chance:?}");
    let (expected, spread) =
        (chance.high * f64::from(draws), (chance.high * f64::from(draws)).sqrt());
    assert!((f64::from(shown) - expected).abs() < 4.0 * spread, "{shown} for {expected}");
}

#[test]
fn the_chance_to_be_shown_rises_from_nothing_to_nearly_one() {
    let quorum = quorum(1, "0.005", "1e-12");
    let chance = |people| quorum.shown_probability(people).unwrap();
    assert!(chance(49).high <= 0.0, "silence is certain");
    // σ/T = 10/121: the exact tail of the privacy model, attained at 49 people against 50.
    assert!(chance(50).low > 8.755e-13 && chance(50).high < 8.765e-13);
    // At T itself the noise must not be negative; half of it plus the weight of zero.
    assert!(chance(121).low > 0.51 && chance(121).high < 0.53);
    assert!(chance(10_000).low > 1.0 - 1e-12 && chance(10_000).high <= 1.0);
    for people in 50..300 {
        let (here, next) = (chance(people), chance(people + 1));
        assert!(here.low <= here.high && here.high <= next.low + 1e-15, "{here:?} {next:?}");
    }
}

#[test]
fn a_floor_above_the_quorum_moves_the_silence_and_the_threshold() {
    let floor = Floor::new(100).unwrap();
    let (rho, delta) = ("0.005".parse().unwrap(), "1e-12".parse().unwrap());
    let quorum = Quorum::new(floor, CellLimit::ONE, rho, delta).unwrap();
    assert_eq!(quorum.threshold(), 171);
    assert_eq!(quorum.cost(), Budget { rho, delta });
    assert!((quorum.half_width_95() - 19.6).abs() < 1e-9);
    assert_eq!(quorum.release(99, &mut SeededEntropy::new(1)).unwrap(), None);
}

#[test]
fn no_mechanism_without_both_currencies() {
    let (some, none) = ("0.005".parse().unwrap(), privacy::Rho::ZERO);
    let limit = CellLimit::ONE;
    let delta = "1e-12".parse().unwrap();
    assert!(Quorum::new(Floor::QUORUM, limit, none, delta).is_err());
    assert!(Quorum::new(Floor::QUORUM, limit, some, privacy::Delta::ZERO).is_err());
    let wide = CellLimit::new(4096).unwrap();
    let refused = Quorum::new(Floor::QUORUM, wide, "0.000000001".parse().unwrap(), delta);
    assert!(refused.unwrap_err().to_string().contains("spend more rho or bound fewer cells"));
    assert!(ClampedSum::new(0, limit, some).is_err() && ClampedSum::new(1, limit, none).is_err());
    assert!(ClampedSum::new(u64::MAX, limit, some).is_err());
}

#[test]
fn a_sum_is_clamped_and_needs_an_open_gate() {
    let rho = "0.5".parse().unwrap();
    let sum = ClampedSum::new(60, CellLimit::ONE, rho).unwrap();
    assert_eq!([i64::MIN, -5, 59, 1_000, i64::MAX].map(|it| sum.clamp(it)), [0, 0, 59, 60, 60]);
    assert!((sum.sigma() - 60.0).abs() < 1e-9);
    assert_eq!(sum.rho(), rho);
    let gate = quorum(1, "0.5", "1e-9");
    let mut entropy = SeededEntropy::new(3);
    let shown = gate.release(10_000, &mut entropy).unwrap().expect("ten thousand are shown");
    let noisy = sum.release(&shown, 600_000, &mut entropy).unwrap();
    assert!((noisy - 600_000).abs() < 600);
}

#[test]
fn a_sum_carries_the_noise_of_its_cap() {
    // σ² = 60²·4 / (2·0.5): a hundred and twenty units.
    let limit = CellLimit::new(4).unwrap();
    let sum = ClampedSum::new(60, limit, "0.5".parse().unwrap()).unwrap();
    let mut entropy = SeededEntropy::new(11);
    let shown = quorum(1, "0.5", "1e-9").release(10_000, &mut entropy).unwrap().unwrap();
    let draws = 20_000_u32;
    let squares: f64 = (0..draws)
        .map(|_| sum.release(&shown, 0, &mut entropy).unwrap())
        .map(|noise| f64::from(i32::try_from(noise).unwrap()).powi(2))
        .sum();
    let sigma = (squares / f64::from(draws)).sqrt();
    assert!((sigma - 120.0).abs() < 120.0 * 5.0 / (2.0 * f64::from(draws)).sqrt(), "{sigma}");
}
