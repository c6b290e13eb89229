//! Thresholds against a peer that shares no step with them: each weight from its own series.

use num_bigint::BigUint;
use privacy::noise::{Variance, least_excess, tail_probability};
use privacy::{CellLimit, Delta};

/// Fractional bits of the peer.
const BITS: u32 = 420;

fn one() -> BigUint {
    BigUint::from(1_u8) << BITS
}

/// exp(−top/bottom) = 1 / exp(top/bottom), by Taylor's series of exp(x/2^16) squared 16 times.
fn exp_minus(top: u128, bottom: u128) -> BigUint {
    let small = (BigUint::from(top) << BITS) / (BigUint::from(bottom) << 16_u32);
    let (mut sum, mut term) = (one(), one());
    for k in 1_u32..60 {
        term = ((term * &small) >> BITS) / k;
        sum += &term;
    }
    for _ in 0..16 {
        sum = (&sum * &sum) >> BITS;
    }
    (one() << BITS) / sum
}

/// P[Z ≥ t] for t = 0, 1, 2, … up to 20σ.
fn peer((a, b): (u128, u128)) -> Vec<BigUint> {
    let last = 20 * ((a / b).isqrt() + 1);
    let weights: Vec<BigUint> = (0..=last).map(|z| exp_minus(z * z * b, 2 * a)).collect();
    let total: BigUint = weights.iter().sum::<BigUint>() * 2_u8 - one();
    let mut tail = BigUint::default();
    let mut tails: Vec<BigUint> = weights
        .iter()
        .rev()
        .map(|weight| {
            tail += weight;
            (&tail << BITS) / &total
        })
        .collect();
    tails.reverse();
    tails
}

#[test]
fn the_excess_is_minimal_and_valid() {
    let check = |parts: (u128, u128), cells: u32, delta: &str| {
        let delta: Delta = delta.parse().unwrap();
        let wanted = (one() * (Delta::ONE.atto() - delta.atto())) / Delta::ONE.atto();
        let tails = peer(parts);
        let silent = |excess: u64| {
            let once = one() - &tails[usize::try_from(excess).unwrap()];
            (0..cells).fold(one(), |all, _| (all * &once) >> BITS)
        };
        let variance = Variance::new(parts.0, parts.1).unwrap();
        let excess = least_excess(variance, CellLimit::new(cells).unwrap(), delta).unwrap();
        assert!(silent(excess) >= wanted, "{parts:?}, L {cells}: {excess} is too low");
        assert!(excess == 0 || silent(excess - 1) < wanted, "{parts:?}, L {cells}: not minimal");
    };
    for parts in [(1, 1_000), (1, 3), (9, 1), (100, 1), (240, 1), (10_007, 31), (2_500, 1)] {
        for cells in [1, 2, 24, 512] {
            for delta in ["1e-18", "1e-12", "2e-11", "1e-6", "0.3"] {
                check(parts, cells, delta);
            }
        }
    }
}

#[test]
fn probabilities_hold_the_true_value_between_them() {
    for parts in [(1, 3), (100, 1), (240, 1)] {
        let variance = Variance::new(parts.0, parts.1).unwrap();
        let tails = peer(parts);
        for (excess, exact) in (0_i64..).zip(&tails).take(60) {
            let exact =
                num_traits::ToPrimitive::to_f64(&(exact >> 120_u32)).unwrap() / 2_f64.powi(300);
            let found = tail_probability(variance, excess).unwrap();
            assert!(found.low <= exact && exact <= found.high, "{excess}: {exact:e} in {found:?}");
            assert!(found.high - found.low <= exact * 1e-14 + 1e-50, "{excess}: {found:?} is wide");
            let other = tail_probability(variance, 1 - excess).unwrap();
            assert!((other.low + exact - 1.0).abs() < 1e-14, "both sides make one");
        }
    }
}

#[test]
fn the_far_tail_is_bounded_and_never_negative() {
    let variance = Variance::new(100, 1).unwrap();
    for excess in [200, 1_000, i64::MAX] {
        let found = tail_probability(variance, excess).unwrap();
        assert!(found.low >= 0.0 && found.high < 1e-50 && found.high > 0.0, "{found:?}");
    }
    assert!(tail_probability(variance, i64::MIN).unwrap().low > 1.0 - 1e-15);
}

#[test]
fn wide_noise_is_answered_up_to_the_limit_and_refused_beyond() {
    let excess = |sigma: u128| {
        let variance = Variance::new(sigma * sigma, 1).unwrap();
        least_excess(variance, CellLimit::ONE, "1e-12".parse().unwrap())
    };
    // 7.03448 is the continuous quantile; at this width the discrete one is next to it.
    let found = f64::from(u32::try_from(excess(3_000).unwrap()).unwrap());
    assert!((found / 3_000.0 - 7.03448).abs() < 1e-3, "{found}");
    assert!(excess(100_001).is_err());
}
