//! Intervals hold the people of a cell as often as they say, among the cells that are shown.

use privacy::consistency::{Figure, Gate, Measured, reconcile};
use privacy::{Floor, Variance};

use super::coverage::{Kind, SCENARIOS, Scenario, tally};
use super::{lattice, shown};

#[test]
fn an_interval_is_plain_far_from_the_threshold_and_wide_towards_it() {
    let interval = |people: u64| {
        let Figure { interval, .. } =
            reconcile(&lattice(1, &[]), &[shown(people)]).unwrap().cells[0].unwrap();
        (interval.low, interval.high)
    };
    assert_eq!(interval(1_000), (980, 1_020));
    assert_eq!(interval(200), (180, 220));
    // At T itself the noise can only have been high: most such cells hold fewer people.
    assert_eq!([121, 131, 141, 161].map(interval), [(50, 131), (92, 150), (117, 161), (141, 181)]);
}

/// For each n from 50 to T + 6σ, how likely an interval holds it once a number is shown: summed over
/// the discrete Gaussian itself.
fn exact_coverage(variance: Variance) -> Vec<(f64, f64)> {
    let sigma = variance.to_f64().sqrt();
    let spread = (1_u32..1_000).find(|&it| f64::from(it) >= sigma).unwrap();
    let threshold = 51 + u64::from(7 * spread);
    let gate = Gate { variance, threshold, floor: Floor::QUORUM };
    let cells: Vec<_> = (threshold..=threshold + u64::from(15 * spread))
        .map(|noisy| Some(Measured { noisy, gate }))
        .collect();
    let found = reconcile(&lattice(cells.len(), &[]), &cells).unwrap();
    let truths = 50..=threshold + u64::from(6 * spread);
    let coverage = |truth: u64| {
        let (mut all, mut covered) = (0.0, 0.0);
        for (measured, figure) in cells.iter().zip(&found.cells) {
            let off = measured.unwrap().noisy as f64 - truth as f64;
            let weight = (-off * off / (2.0 * variance.to_f64())).exp();
            all += weight;
            covered += if figure.unwrap().interval.contains(truth) { weight } else { 0.0 };
        }
        ((truth as f64 - threshold as f64) / sigma, covered / all)
    };
    truths.map(coverage).collect()
}

#[test]
fn a_cell_by_itself_is_covered_whatever_it_holds() {
    for (top, bottom) in [(1, 4), (1, 1), (9, 1), (100, 1), (1_600, 1), (12_345, 1)] {
        let found = exact_coverage(Variance::new(top, bottom).unwrap());
        for (above, share) in &found {
            assert!(*share >= 0.9495, "{top}/{bottom}, T {above:+.2} σ: {share}");
        }
        let far = found.iter().filter(|it| it.0 >= 2.0 && top >= 100);
        far.for_each(|(above, share)| {
            assert!(*share <= 0.97, "{top}/{bottom}, T {above:+.2} σ: {share}");
        });
    }
}

#[test]
fn families_are_covered_from_two_sigma_above_their_thresholds() {
    for scenario in &SCENARIOS {
        let kinds = tally(scenario, 0..2_000);
        let far = kinds.iter().filter(|it| it.above.is_none_or(|it| it >= 2.0));
        let (covered, shown) =
            far.fold((0, 0), |(a, b), it| (a + it.seen.covered, b + it.seen.shown));
        let share = f64::from(covered) / f64::from(shown);
        assert!((0.93..=0.97).contains(&share), "{}: {share}", scenario.name);
    }
}

fn scenario(name: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|it| it.name == name).unwrap()
}

#[test]
fn cells_near_their_threshold_are_covered_and_plain_intervals_do_not_cover() {
    // Of those that are shown. More than 95 %, since an interval also holds what is printed.
    let kinds = tally(scenario("cells alone"), 0..4_000);
    let at = |above: f64| {
        let same = |it: &&Kind| it.above.is_some_and(|it| (it - above).abs() < 1e-9);
        &kinds.iter().find(same).unwrap().seen
    };
    for above in [-1.0, 0.0, 1.0] {
        let seen = at(above);
        assert!(seen.shown >= 500 && (0.95..=0.99).contains(&seen.share()), "{above}: {seen:?}");
    }
    // What is said of T people is .8σ too high on average, and of T + 3σ people right.
    let bias = |above: f64| at(above).bias();
    assert!((bias(0.0)[0] - 0.8).abs() < 0.05 && bias(3.0)[0].abs() < 0.05);
    // The controls. Of T people half are shown, 5 % of those with more than 1.96σ: y ± 1.96σ still
    // covers 95 %, though it misses on one side only. Of T − σ it is 16 %, and of T − 2σ all.
    assert!((0.93..0.97).contains(&at(0.0).plain_share()), "{:?}", at(0.0));
    assert!(at(-1.0).plain_share() < 0.90, "{:?}", at(-1.0));
    assert_eq!(at(-2.0).plainly, 0, "{:?}", at(-2.0));
}

#[test]
fn least_squares_makes_far_intervals_narrower() {
    for kind in tally(scenario("far"), 0..50) {
        let at_most = if kind.level == 2 { 0.95 } else { 0.80 };
        assert!(kind.seen.width() < at_most, "{kind:?}");
    }
}

#[test]
fn a_whole_knows_that_its_parts_are_shown_high() {
    let whole = |name: &str| {
        let kinds = tally(scenario(name), 0..16_000);
        let seen = kinds.into_iter().find(|it| it.level == 0 && it.solved).unwrap().seen;
        assert!(seen.shown >= 500, "{name}: {seen:?}");
        [seen.share(), seen.naive_share()]
    };
    // When all three parts were shown: the interval, and least squares by itself as the control.
    let [covered, _] = whole("0.5 σ, whole wide");
    assert!((0.95..=0.98).contains(&covered), "{covered}");
    // One release in thirty, where each part is a σ too high: the limit of what the lean makes good.
    let [covered, control] = whole("-0.5 σ, whole wide");
    assert!(covered > 0.87 && control < 0.75, "{covered}, control {control}");
}
