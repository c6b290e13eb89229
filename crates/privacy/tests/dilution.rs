//! F: what one person moves, when it is one, and that a print stays below what was released.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use privacy::{
    CellLimit, CellWeight, ClippedCount, Dilution, DilutionSums, Factor, Floor, Quorum, Rho, Scale,
    SeededEntropy, Shown, ShownClipped, SoftQuorum,
};
use proptest::prelude::*;

const LIMIT: u32 = 16;
const CAP: u32 = 64;

fn limit(cells: u32) -> CellLimit {
    CellLimit::new(cells).unwrap()
}

fn dilution(rho: &str) -> Dilution {
    Dilution::new(limit(LIMIT), limit(CAP), rho.parse().unwrap()).unwrap()
}

fn scale(cells: usize) -> Scale {
    Scale::of(vec![CellWeight::full(limit(LIMIT)); cells])
}

/// The family's total of people, which is shown.
fn total(entropy: &mut SeededEntropy) -> Shown {
    let quorum = Quorum::new(
        Floor::QUORUM,
        CellLimit::ONE,
        "0.01".parse().unwrap(),
        "1e-12".parse().unwrap(),
    );
    quorum.unwrap().release(1_000_000, entropy).unwrap().unwrap()
}

/// A shown cell of `people` and a quarter, very nearly.
fn shown(people: u64) -> ShownClipped {
    let quorum = SoftQuorum::new(Floor::QUORUM, CellLimit::ONE, Rho::MAX, "1e-12".parse().unwrap());
    let gate = quorum.unwrap().gate(CellWeight::full(CellLimit::ONE)).unwrap();
    let mut count = ClippedCount::default();
    (0..people).for_each(|_| count.add(Scale::WHOLE));
    // A quarter of a person above: the noise of a fortieth never reaches the next integer.
    count.add(Scale::of([CellWeight::full(CellLimit::ONE); 16]));
    gate.release(count, &mut SeededEntropy::new(1)).unwrap().unwrap()
}

fn factor(rho: &str, people: u32, kept: u64, cells: u64, scale: Scale) -> Factor {
    let dilution = dilution(rho);
    let mut sums = DilutionSums::default();
    (0..people).for_each(|_| sums.add(limit(CAP), kept, cells, scale));
    let mut entropy = SeededEntropy::new(8412);
    let total = total(&mut entropy);
    dilution.release(Some(&total), sums, &mut entropy).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_pair_moves_by_at_most_the_cap(kept in 0_u64..5_000, more in 0_u64..5_000, alpha in 1_usize..300) {
        let mut sums = DilutionSums::default();
        sums.add(limit(CAP), kept, kept + more, scale(alpha));
        let [left, lost] = sums.parts();
        prop_assert!(left + lost <= u64::from(CAP) << 20);
        prop_assert_eq!(left + lost, (kept + more).min(u64::from(CAP)) << 20);
        prop_assert_eq!(left, (kept * u64::from(scale(alpha).units())).min(u64::from(CAP) << 20));
    }

    #[test]
    fn rows_are_cut_to_the_cap_in_proportion(kept in 0_u64..5_000, more in 0_u64..5_000) {
        let rows = kept + more;
        let mut sums = DilutionSums::default();
        sums.add_rows(limit(CAP), kept, rows);
        let [left, lost] = sums.parts();
        prop_assert_eq!(left + lost, rows.min(u64::from(CAP)) << 20);
        prop_assert!(left * rows <= kept * (left + lost));
        prop_assert!(rows == 0 || (left + 1) * rows > kept * (left + lost));
        prop_assert!(rows > u64::from(CAP) || left == kept << 20);
    }
}

#[test]
fn f_is_what_clipping_took_on_average() {
    // Sixty cells each at full weights of sixteen: φ = √(16/60) = 0.516, so F = 1.94.
    let found = factor("0.0003", 100_000, 60, 60, scale(60));
    assert!((found.to_f64() - 1.936).abs() < 0.02, "{}", found.to_f64());
    // σ = 64/√0.0006 cells, B = 100,000 people of 31 cells, G/B = 0.94.
    assert!((found.standard_error() - 0.001_155).abs() < 0.000_02, "{}", found.standard_error());
    let lost = found.share_lost().unwrap();
    assert!((lost.value - (1.0 - 1.0 / 1.936)).abs() < 0.01);
    assert!(lost.low < lost.value && lost.value < lost.high && lost.high - lost.low < 0.01);
}

#[test]
fn the_share_lost_is_told_where_it_is_near_zero_and_not_where_few_make_it() {
    let none = factor("0.0003", 100_000, 10, 10, scale(10)).share_lost().unwrap();
    assert!(none.low < 1e-9 && none.value < 0.01 && none.high > 0.0, "{none:?}");
    // Fifty caps and the margin of the noise: with less, one person may hold more than a fiftieth.
    assert_eq!(factor("0.1", 40, 60, 60, Scale::WHOLE).share_lost(), None);
    assert!(factor("0.1", 100_000, 60, 60, Scale::WHOLE).share_lost().is_some());
    assert_eq!(
        dilution("0.1")
            .release(None, DilutionSums::default(), &mut SeededEntropy::new(1))
            .unwrap()
            .share_lost(),
        None
    );
}

#[test]
fn a_share_of_people_is_told_where_both_sides_are_of_many() {
    let share = |left: u32, lost: u32| {
        let people =
            Dilution::new(CellLimit::ONE, CellLimit::ONE, "0.01".parse().unwrap()).unwrap();
        let mut sums = DilutionSums::default();
        (0..left).for_each(|_| sums.count(true));
        (0..lost).for_each(|_| sums.count(false));
        let mut entropy = SeededEntropy::new(8412);
        let total = total(&mut entropy);
        people.release(Some(&total), sums, &mut entropy).unwrap().share_of_people()
    };
    let found = share(30_000, 10_000).unwrap();
    assert!((found.value - 0.25).abs() < 0.01 && found.low < 0.25 && 0.25 < found.high);
    assert_eq!((share(30_000, 10), share(30_000, 49), share(20, 30_000)), (None, None, None));
}

#[test]
fn f_is_one_where_it_is_not_clear_of_one() {
    let one = |it: &Factor| (it.to_f64() - 1.0).abs() < 1e-12;
    assert!(one(&factor("0.0003", 100_000, 10, 10, scale(10))), "nobody is clipped");
    assert!(one(&factor("0.0003", 0, 0, 0, Scale::WHOLE)), "nobody is there");
    assert!(one(&factor("0.000000001", 60, 60, 60, scale(60))), "too little to tell");
    let none = DilutionSums::default();
    let silent = dilution("0.1").release(None, none, &mut SeededEntropy::new(1)).unwrap();
    assert!(one(&silent) && silent.print(&shown(500), &[]).people() == 500);
}

#[test]
fn f_is_at_most_the_root_of_the_caps_over_the_limit() {
    // 4,096 cells each, sixteen of them kept: sixty-four count, F would be four, and is two.
    let found = factor("0.1", 100_000, 16, 4_096, Scale::WHOLE);
    assert!((found.to_f64() - 2.0).abs() < 1e-12);
    assert_eq!(found.print(&shown(500), &[]).people(), 1_000);
}

#[test]
fn a_print_stays_below_everything_released_about_a_larger_group() {
    // Three hundred light users in a family whose F is 1.94.
    let found = factor("0.0003", 100_000, 60, 60, scale(60));
    let print = |bounds: &[u64]| found.print(&shown(300), bounds).people();
    assert!((570..=590).contains(&print(&[])), "{}", print(&[]));
    assert_eq!(print(&[310]), 310);
    assert_eq!(print(&[10_000, 420]), 420);
}

#[test]
fn no_f_without_a_budget_or_with_a_cap_below_the_limit() {
    assert!(Dilution::new(limit(16), limit(64), Rho::ZERO).is_err());
    let refused = Dilution::new(limit(16), limit(15), "0.1".parse().unwrap()).unwrap_err();
    assert!(refused.to_string().contains("L to K cells a person"), "{refused}");
}
