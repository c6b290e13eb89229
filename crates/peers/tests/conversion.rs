//! The conversion from (ρ, Σδ) to (ε, δ) against the same formula in 240 bits.

#![expect(
    clippy::unwrap_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; its points are below 2^53"
)]

use dashu::float::{DBig, FBig, round::mode::HalfEven};
use privacy::conversion::{delta_of, delta_total, epsilon};
use privacy::{Budget, Delta, Rho};

type Real = FBig<HalfEven, 2>;

/// Bits of precision: an error far below that of a double.
const BITS: usize = 240;

fn real(value: f64) -> Real {
    Real::try_from(value).unwrap().with_precision(BITS).value()
}

fn exact(rho: Rho) -> Real {
    real(rho.nano() as f64) / real(1e9)
}

/// ln of exp((α − 1)(αρ − ε)) · (1 − 1/α)^α / (α − 1) at this α, in 240 bits.
fn exponent(rho: Rho, epsilon: f64, alpha: f64) -> Real {
    let (rho, epsilon, alpha) = (exact(rho), real(epsilon), real(alpha));
    let less = &alpha - real(1.0);
    &less * (&alpha * rho - epsilon) + &alpha * (&less / &alpha).ln() - less.ln()
}

/// The α where the derivative (2α − 1)ρ − ε + ln(1 − 1/α) is zero, by bisection in doubles.
///
/// An error of 10⁻¹² in α moves the exponent, which is flat there, by about 10⁻²⁴.
fn best(rho: Rho, epsilon: f64) -> f64 {
    let rho = rho.nano() as f64 / 1e9;
    let slope = |alpha: f64| (2.0 * alpha - 1.0) * rho - epsilon + (-1.0 / alpha).ln_1p();
    let (mut low, mut high) = (1.0_f64, 1e18_f64);
    for _ in 0..400 {
        let middle = (low * high).sqrt();
        if middle > 1.0 && slope(middle) >= 0.0 { high = middle } else { low = middle }
    }
    high
}

fn true_exponent(rho: Rho, epsilon: f64) -> Real {
    exponent(rho, epsilon, best(rho, epsilon))
}

/// Evenly spread points of the unit square: multiples of two irrational numbers.
fn points(count: u32) -> impl Iterator<Item = (f64, f64)> {
    (1..=count)
        .map(f64::from)
        .map(|it| ((it * 0.754_877_666_246_693).fract(), (it * 0.569_840_290_998_053).fract()))
}

/// A ρ from 10⁻⁸ to 10, evenly on a logarithmic scale.
fn rho(place: f64) -> Rho {
    Rho::from_nano((10.0 * 1e9_f64.powf(place)).round() as u64).unwrap()
}

/// An ε at which δ is about exp(−`nats`).
fn near(rho: Rho, nats: f64) -> f64 {
    let rho = rho.nano() as f64 / 1e9;
    rho + 2.0 * (rho * nats).sqrt()
}

#[test]
fn delta_is_never_below_the_true_value_and_within_a_millionth_above() {
    for (first, second) in points(10_000) {
        let rho = rho(first);
        let epsilon = near(rho, 0.01 + 640.0 * second * second);
        let found = delta_of(rho, epsilon);
        let truth = true_exponent(rho, epsilon);
        let above = (real(found).ln() - &truth).to_f64().value();
        if found < 1.0 {
            assert!((0.0..1e-6).contains(&above), "rho {rho}, epsilon {epsilon}: {above:e}");
        } else {
            // Above one the bound is one, which any δ is.
            assert!(truth.to_f64().value() > -1e-6, "rho {rho}, epsilon {epsilon}");
        }
    }
}

#[test]
fn epsilon_is_never_below_the_true_value_and_within_a_millionth_above() {
    for (first, second) in points(10_000) {
        let spent =
            Budget { rho: rho(first), delta: Delta::from_atto(1 + (1e6 * second) as u64).unwrap() };
        let outright = spent.delta.atto() as f64 / 1e18;
        // Nearer to Σδ than a thousandth of it, rounding up costs more than a millionth of ε.
        let asked = outright + (-0.1 - 60.0 * second).exp().max(outright / 1_000.0);
        let found = epsilon(spent, asked).unwrap();
        let total = |epsilon: f64| {
            (real(outright) + true_exponent(spent.rho, epsilon).exp()).to_f64().value()
        };
        assert!(total(found) <= asked * (1.0 + 1e-15), "rho {}, delta {asked:e}", spent.rho);
        // An ε this small is zero to everybody; δ at zero may be below what was asked.
        if found < 1e-9 {
            continue;
        }
        let less = found * (1.0 - 1e-6);
        assert!(total(less) > asked * (1.0 - 1e-15), "rho {}, delta {asked:e}: {found}", spent.rho);
    }
}

#[test]
fn delta_falls_as_epsilon_grows_and_grows_with_rho() {
    for (first, second) in points(3_000) {
        let rho = rho(first);
        let epsilon = near(rho, 0.01 + 600.0 * second);
        let more = Rho::from_nano(rho.nano() + 1 + rho.nano() / 1_000).unwrap();
        let here = delta_of(rho, epsilon);
        assert!(delta_of(rho, epsilon * 1.001) <= here);
        assert!(delta_of(more, epsilon) >= here);
        let spent = Budget { rho, delta: Delta::from_atto(5).unwrap() };
        assert!(delta_total(spent, epsilon) >= here);
    }
}

#[test]
fn the_wide_arithmetic_is_right_itself() {
    // exp(1), 40 digits.
    let e: DBig = "2.718281828459045235360287471352662497757".parse().unwrap();
    let found = real(1.0).exp().to_decimal().value() - e;
    assert!(found.to_f64().value().abs() < 1e-38);
}
