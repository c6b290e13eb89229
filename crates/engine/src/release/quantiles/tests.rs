//! Quantiles of small worlds.

use privacy::{Percent, SeededEntropy};
use tempfile::TempDir;

use super::super::tests::{SITES, counts, plan, receipt};
use crate::count::{Counts, Sealed};
use crate::dimension::Dimension;
use crate::plan::{Measure, PrivatePlan, QUESTION, Quantiles, Weights};
use crate::publish::{Manifest, Sheet};
use crate::release::{Released, release};

const EDGES: &[u64] = &[1, 10, 60, 600];

/// The plan of sites and genders, each table with quantiles of minutes.
fn ranked() -> PrivatePlan {
    let mut plan = plan();
    let rho = "0.01".parse().unwrap();
    let quantiles = Quantiles { measure: Measure::Minutes, edges: EDGES, rho };
    plan.families[0].marginals.iter_mut().for_each(|it| it.quantiles = Some(quantiles.clone()));
    plan
}

/// Releases people of whom all are in one bin of their cell, by table and cell.
fn released(
    plan: PrivatePlan,
    people: Vec<Vec<u32>>,
    bin: impl Fn(usize, usize) -> usize,
    seed: u64,
) -> Released {
    let table = |(at, people): (usize, Vec<u32>)| {
        let mut bins = vec![vec![0; people.len()]; EDGES.len()];
        for (cell, people) in people.iter().enumerate() {
            bins[bin(at, cell)][cell] = *people;
        }
        Counts::with_sums(people, Vec::new()).and_bins(bins)
    };
    let tables = people.into_iter().enumerate().map(table).collect();
    let root = TempDir::new().unwrap();
    let receipt = receipt(&root, &plan, plan.hash().unwrap());
    release(plan, Sealed::of_tables(tables), receipt, &mut SeededEntropy::new(seed)).unwrap()
}

#[test]
fn a_cell_under_the_quorum_has_no_quantile_and_every_shown_cell_has_all() {
    let sites = [(25, 24), (4_000, 3_000), (2_000, 3_000)];
    for seed in 0..20 {
        let people = counts(&ranked(), &sites);
        let released = released(ranked(), people, |_, cell| if cell == 1 { 2 } else { 1 }, seed);
        for table in &released.tables {
            assert_eq!(table.quantiles.as_ref().unwrap().values.len(), table.cells.len());
        }
        let site = &released.tables[2];
        assert_eq!(site.cells.iter().map(|it| it.0).collect::<Vec<_>>(), [1, 2]);
        let [one, other] = site.quantiles.as_ref().unwrap().values[..] else { unreachable!() };
        for (at, _) in Percent::GRID.iter().enumerate().take(16).skip(3) {
            assert_eq!((one[at].value, other[at].value), (2, 1), "seed {seed}");
        }
    }
}

#[test]
fn the_bins_of_a_withdrawn_cell_are_never_drawn() {
    for seed in 0..10 {
        // The women of the first site are all of it: they passed their gate and were withdrawn.
        let large = |at: usize, cell: usize| if (at, cell) == (3, 0) { 3 } else { 1 };
        let people = || counts(&ranked(), &SITES);
        let one = released(ranked(), people(), |_, _| 1, seed);
        let other = released(ranked(), people(), large, seed);
        assert!(one.withdrawn > 0 && one.tables[3].people(0).is_none());
        for (one, other) in one.tables.iter().zip(&other.tables) {
            assert_eq!(one.cells, other.cells);
            let [one, other] = [one, other].map(|it| &it.quantiles.as_ref().unwrap().values);
            assert_eq!(one, other, "seed {seed}");
        }
    }
}

#[test]
fn a_plan_whose_bins_cannot_be_drawn_is_refused_before_it_is_charged() {
    let check = |change: &dyn Fn(&mut Quantiles), part: &str| {
        let mut plan = ranked();
        change(plan.families[0].marginals[2].quantiles.as_mut().unwrap());
        let refused = plan.check().err().unwrap();
        assert_eq!(refused.code(), "P05");
        assert!(refused.to_string().contains(part), "{refused}");
    };
    assert_eq!(ranked().check(), Ok(()));
    check(&|it| it.rho = privacy::Rho::ZERO, "site");
    check(&|it| it.edges = &[600], "2 to 255 bins");
    check(&|it| it.edges = &[], "do not ascend");
    check(&|it| it.edges = &[0, 600], "do not ascend");
    check(&|it| it.edges = &[1, 10, 10], "do not ascend");
    let mut clipped = ranked();
    let family = &mut clipped.families[0];
    let weights = Weights { kept: family.limit, limit: family.limit, cells: Vec::new().into() };
    family.marginals[2].weights = Some(weights);
    assert!(clipped.check().err().unwrap().to_string().contains("clipped"));
}

#[test]
fn a_plan_names_its_bins_and_pays_for_them_once_whatever_the_shares() {
    let (plain, mut plan) = (plan(), ranked());
    assert_eq!(plain.cost().unwrap().rho.to_string(), "0.02");
    assert_eq!(plan.cost().unwrap().rho.to_string(), "0.06");
    assert_eq!(plan.cost().unwrap().delta, plain.cost().unwrap().delta);
    assert!(!plain.canonical().unwrap().contains("quantiles"));
    let first = plan.hash().unwrap();
    plan.families[0].marginals[3].quantiles.as_mut().unwrap().edges = &[1, 10, 60, 601];
    assert_ne!(plan.hash().unwrap(), first);
}

/// A question about minutes by day, of which two days have people.
fn answered() -> Released {
    let mut plan = ranked();
    plan.product = QUESTION.to_owned();
    plan.codes = plan.codes.for_questions(plan.period);
    let family = &mut plan.families[0];
    family.rows = vec![Dimension::Day];
    family.marginals = vec![family.marginals[2].clone()];
    let mut people = vec![0; 31];
    (people[0], people[5]) = (6_000, 9_000);
    released(plan, vec![people], |_, cell| if cell == 0 { 2 } else { 0 }, 3)
}

#[test]
fn an_answer_has_quantiles_and_no_bin_and_reads_back_as_it_was_written() {
    let released = answered();
    let sheet = Sheet::of(&released);
    let bytes = sheet.to_csv().unwrap();
    assert_eq!(Sheet::from_csv(&bytes).unwrap(), sheet);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|it| it.split(',').collect()).collect();
    let header = &lines[0];
    assert_eq!(
        header[..7],
        ["level", "day", "people", "people_lo", "people_hi", "minutes_p05", "minutes_p10"]
    );
    assert_eq!(header[23..], ["minutes_p95", "minutes_p_intervals", "status"]);
    let line = |day: &str| lines.iter().find(|it| it[1] == day).unwrap();
    assert_eq!(line("2026-10-31")[2..], ["[c]"; 24]);
    let (sixty, one) = (line("2026-10-01"), line("2026-10-06"));
    assert_eq!((sixty[14], sixty[24].split(' ').nth(9)), ("60", Some("11-60")), "{sixty:?}");
    assert_eq!((one[14], one[24].split(' ').nth(9)), ("1", Some("1-1")), "{one:?}");
    // Every number but people is an edge of a public bin.
    let edges = ["1", "10", "60", "600"];
    assert!(sixty[5..24].iter().chain(&one[5..24]).all(|it| edges.contains(it)));
    let cut = text.replacen("11-60", "11", 1);
    assert_eq!(Sheet::from_csv(cut.as_bytes()).err().map(|it| it.code()), Some("F08"));
}

#[test]
fn the_manifest_of_an_answer_says_in_which_bins() {
    let manifest = Manifest::of(&answered(), "id", "code", "now").unwrap();
    let own = manifest.marginals[0].quantiles.clone().unwrap();
    assert_eq!((own.measure, &own.edges[..], own.rho.as_str()), (Measure::Minutes, EDGES, "0.01"));
    assert!((own.sigma - 7.0711).abs() < 1e-9);
    let text = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    let product = super::super::tests::released(&plan(), &SITES, 1);
    let product = Manifest::of(&product, "id", "code", "now").unwrap();
    assert!(!serde_json::to_string(&product).unwrap().contains("quantiles"));
}
