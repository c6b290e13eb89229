//! Values that other libraries computed: thresholds, conversions, tails.
//!
//! A few are written here as facts; the whole table is read from the oracle folder when there.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test panics, or says why not")]

use std::collections::HashMap;
use std::path::PathBuf;

use privacy::noise::{Variance, least_excess, tail_probability};
use privacy::{Budget, CellLimit, Delta, Floor, Quorum, Rho, conversion, derived};

fn rho(text: &str) -> Rho {
    text.parse().unwrap()
}

fn delta(text: &str) -> Delta {
    text.parse().unwrap()
}

#[test]
fn thresholds_of_the_privacy_model() {
    let check = |cost: &str, cells: u32, threshold: u64| {
        let limit = CellLimit::new(cells).unwrap();
        let quorum = Quorum::new(Floor::QUORUM, limit, rho(cost), delta("1e-12")).unwrap();
        assert_eq!(quorum.threshold(), threshold, "rho {cost}, L {cells}");
    };
    check("0.005", 1, 121);
    check("0.02", 16, 199);
    check("0.01", 32, 351);
    check("0.005", 8, 258);
    check("0.0005", 1, 273);
    // The continuous formula gives 166 here, which is too low.
    check("0.05", 24, 167);
}

#[test]
fn margins_of_the_derived_count_guard() {
    for (sigma, margin) in [(10_u128, 92), (20, 183), (40, 365)] {
        let variance = Variance::new(sigma * sigma, 1).unwrap();
        assert_eq!(derived::margin(variance, variance), margin);
    }
    let margin = 92;
    assert!(derived::share_allowed(500, 358, Floor::QUORUM, margin));
    assert!(!derived::share_allowed(500, 359, Floor::QUORUM, margin), "141 are left, 142 needed");
    assert!(!derived::share_allowed(500, 501, Floor::QUORUM, margin));
}

#[test]
fn epsilons_of_the_privacy_model() {
    let spent = |cost: &str, failure: &str| Budget { rho: rho(cost), delta: delta(failure) };
    // The model prints these rounded up in the second digit.
    let close = |found: f64, said: f64| {
        assert!(found <= said && said - found < 0.01, "{found} for {said}");
    };
    close(conversion::epsilon(spent("0.05", "1e-10"), 1.1e-9).unwrap(), 1.89);
    close(conversion::epsilon(spent("0.6", "1.2e-9"), 2.2e-9).unwrap(), 7.16);
    close(conversion::epsilon(spent("1.2", "2.4e-9"), 3.4e-9).unwrap(), 10.56);
}

#[test]
fn epsilons_of_other_libraries() {
    // Of CKS20's own search and of OpenDP 0.16, to all printed digits.
    let check = |cost: &str, target: f64, said: f64| {
        let spent = Budget { rho: rho(cost), delta: Delta::ZERO };
        let found = conversion::epsilon(spent, target).unwrap();
        assert!((found - said).abs() < 1e-8, "{found} for {said}");
        assert!(conversion::delta_total(spent, found) <= target, "rounded up");
    };
    check("0.001", 1e-9, 0.245_119_25);
    check("0.005", 1e-9, 0.564_893_28);
    check("0.05", 1e-10, 2.000_276_05);
    check("1.2", 1e-9, 10.555_289_70);
    check("2.4", 1e-10, 16.525_497_52);
    check("0.02", 1e-10, 1.239_175_81);
}

#[test]
fn no_epsilon_is_promised_at_a_delta_that_is_spent() {
    let spent = Budget { rho: rho("0.05"), delta: delta("1e-10") };
    // The last one is above what is spent by less than its own rounding.
    for target in [0.0, 1e-11, 1e-10, 1e-10 * (1.0 + 1.5e-12), f64::NAN, -1.0] {
        assert!(conversion::epsilon(spent, target).is_err(), "{target:e}");
    }
    assert!(conversion::epsilon(Budget::ZERO, 1e-30).unwrap() <= 0.0);
    assert!(conversion::epsilon(spent, 1.0).unwrap() < 1e-9);
}

#[test]
fn the_curve_holds_at_its_ends() {
    let most = Rho::MAX;
    for cost in [Rho::ZERO, Rho::from_nano(1).unwrap(), rho("0.05"), most] {
        let at = |epsilon| conversion::delta_of(cost, epsilon);
        assert!(at(-1.0) >= 1.0 && at(f64::NAN) >= 1.0, "no promise below zero");
        assert!(at(f64::INFINITY) <= at(1e9) && at(1e9) <= at(1.0) && at(1.0) <= at(0.0));
        assert!(at(0.0) <= 1.0 && (cost == Rho::ZERO || at(1e9) > 0.0), "never said to be none");
    }
    assert!(conversion::delta_of(most, 1.0) > 1.0 - 1e-9);
    assert!(conversion::epsilon(Budget { rho: most, delta: Delta::ZERO }, 1e-18).is_ok());
}

#[test]
fn the_conversion_is_monotone_and_never_below_a_sampled_bound() {
    for nano in [1_000_u64, 500_000, 50_000_000, 1_200_000_000] {
        let cost = Rho::from_nano(nano).unwrap();
        let mut previous = 1.0;
        for step in 1..60_u32 {
            let epsilon = f64::from(step) * 0.25;
            let bound = conversion::delta_of(cost, epsilon);
            assert!(bound <= previous, "delta falls as epsilon grows");
            previous = bound;
            let plain = |alpha: f64| {
                let rho = f64::from(u32::try_from(nano).unwrap()) / 1e9;
                let exponent = (alpha - 1.0) * (alpha * rho - epsilon);
                exponent.exp() * (1.0 - 1.0 / alpha).powf(alpha) / (alpha - 1.0)
            };
            let best = (1..4000).map(|it| plain(1.0 + f64::from(it) * 0.05)).fold(1.0, f64::min);
            assert!(
                bound <= best * (1.0 + 1e-6) + f64::MIN_POSITIVE,
                "the search missed the optimum"
            );
        }
    }
}

/// A kind, its named parameters, and the value as written.
type Row = (String, HashMap<String, f64>, String);

/// The oracle's rows, or `None` with a visible line when the folder is not there.
fn oracle() -> Option<Vec<Row>> {
    let shared = std::env::var_os("QUORATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let path = shared.join("oracles/privacy_golden.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no oracle table at {}", path.display());
        return None;
    };
    let rows = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        let pairs = fields[1].split(';').filter_map(|pair| pair.split_once('='));
        let values = pairs.filter_map(|(name, it)| Some((name.to_owned(), it.parse().ok()?)));
        (fields[0].to_owned(), values.collect(), fields[2].to_owned())
    });
    Some(rows.collect())
}

#[test]
fn the_oracle_table_agrees() {
    let Some(rows) = oracle() else { return };
    let near = |found: f64, said: f64, tolerance: f64, what: &str| {
        assert!((found / said - 1.0).abs() <= tolerance, "{what}: {found} for {said}");
    };
    let mut checked = HashMap::<&str, u32>::new();
    for (kind, values, said) in &rows {
        let get = |name: &str| values.get(name).copied();
        let said = said.as_str();
        match kind.as_str() {
            "cks20_eps" | "opendp_cdp_eps" => {
                let cost = get("rho").unwrap_or_else(|| 0.5 / get("sigma").unwrap().powi(2));
                let rho = format!("{cost:.9}").parse().unwrap();
                let spent = Budget { rho, delta: Delta::ZERO };
                let found = conversion::epsilon(spent, get("delta").unwrap()).unwrap();
                near(found, said.parse().unwrap(), 1e-6, kind);
            }
            "floor_threshold" => {
                let text = |name: &str| get(name).unwrap();
                let limit = CellLimit::new(format!("{}", text("l0")).parse().unwrap()).unwrap();
                let rho = rho(&format!("{}", text("rho")));
                let delta = delta(&format!("{:e}", text("delta")));
                let quorum = Quorum::new(Floor::QUORUM, limit, rho, delta).unwrap();
                let found = format!("sigma={:.6};T={}", quorum.sigma(), quorum.threshold());
                assert_eq!(found, said);
            }
            "opendp_threshold" => {
                // No floor, a continuous tail, a union bound: all three say less than is true.
                let scale = get("scale").unwrap();
                let hundredths = format!("{:.0}", scale * 100.0).parse::<u128>().unwrap();
                let variance = Variance::new(hundredths * hundredths, 10_000).unwrap();
                let excess = format!("{}", get("T").unwrap()).parse::<i64>().unwrap() - 1;
                let claimed: f64 = said.split_once("delta=").unwrap().1.parse().unwrap();
                let exact = get("l0").unwrap() * tail_probability(variance, excess).unwrap().low;
                assert!(exact > claimed * 1.1, "{exact:e} against {claimed:e}");
            }
            _ => continue,
        }
        *checked.entry(kind.as_str()).or_default() += 1;
    }
    assert_eq!(checked.get("cks20_eps"), Some(&20));
    assert_eq!(checked.get("opendp_cdp_eps"), Some(&6));
    assert_eq!(checked.get("floor_threshold"), Some(&9));
    assert_eq!(checked.get("opendp_threshold"), Some(&3));
}

#[test]
fn the_continuous_tail_is_too_low() {
    // The tail at 166 for sigma 15.49, L 24 exceeds what the threshold may allow; at 167 it does not.
    let variance = Variance::new(24 * 10, 1).unwrap();
    let limit = CellLimit::new(24).unwrap();
    let excess = least_excess(variance, limit, delta("1e-12")).unwrap();
    assert_eq!(excess, 117);
    let allowed = 1e-12 / 24.0;
    assert!(tail_probability(variance, 116).unwrap().low > allowed);
    assert!(tail_probability(variance, 117).unwrap().high <= allowed * (1.0 + 1e-9));
    // A known difference: 64 above at sigma 10 is 1.06e-10, where a continuous tail says 7.77e-11.
    let exact = tail_probability(Variance::new(100, 1).unwrap(), 64).unwrap();
    assert!(exact.low > 1.05e-10 && exact.high < 1.07e-10, "{exact:?}");
}
