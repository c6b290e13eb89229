//! The logarithm of the normal tail, for every argument.
//!
//! Proof: ../consistency.md. Source: Abramowitz & Stegun 26.2.12 (the asymptotic series).

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

/// From here on what the series leaves out is below 945/30^10 < 2·10⁻¹²; `erfc` is not yet subnormal.
const SERIES_FROM: f64 = 30.0;

/// ln P[N(0, 1) ≥ `at`].
///
/// By `libm`, which is the same on every platform, as `f64::ln` is not.
pub(super) fn ln_tail(at: f64) -> f64 {
    if at < 0.0 {
        return libm::log1p(-0.5 * libm::erfc(-at * FRAC_1_SQRT_2));
    }
    if at < SERIES_FROM {
        return libm::log(0.5 * libm::erfc(at * FRAC_1_SQRT_2));
    }
    let inverse = 1.0 / (at * at);
    let series = inverse * (1.0 - 3.0 * inverse * (1.0 - 5.0 * inverse * (1.0 - 7.0 * inverse)));
    libm::log1p(-series) - at * at / 2.0 - libm::log(at) - libm::log(TAU) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_that_of_the_tables() {
        // Abramowitz & Stegun, tables 26.1 and 26.2.
        let check = |at: f64, expected: f64| {
            assert!((ln_tail(at) - expected).abs() < 1e-9 * expected.abs().max(1.0), "{at}");
        };
        check(0.0, 0.5_f64.ln());
        check(1.959_963_984_540_054, 0.025_f64.ln());
        check(-1.959_963_984_540_054, 0.975_f64.ln());
        check(5.0, 2.866_515_718_791_939e-7_f64.ln());
        // −log10 Q(50) = 544.966 34 (table 26.2).
        assert!((ln_tail(50.0) / std::f64::consts::LN_10 + 544.966_34).abs() < 5e-6);
    }

    #[test]
    fn the_pieces_meet_and_the_whole_falls() {
        let series = ln_tail(SERIES_FROM);
        let slope = (ln_tail(SERIES_FROM - 2e-6) - ln_tail(SERIES_FROM - 1e-6)) / 1e-6;
        assert!((ln_tail(SERIES_FROM - 1e-6) - slope * 1e-6 - series).abs() < 1e-8);
        let points: Vec<f64> = (-400..8_000).map(|it| ln_tail(f64::from(it) / 50.0)).collect();
        assert!(points.windows(2).all(|pair| pair[1] < pair[0] || pair[0] > -1e-14));
        assert!(ln_tail(1e12).is_finite() && ln_tail(-1e12).abs() < 1e-300);
    }
}
