//! Sums of small worlds.

use privacy::SeededEntropy;
use tempfile::TempDir;

use super::super::tests::{SITES, counts, plan, receipt};
use crate::count::{Counts, Sealed};
use crate::dimension::{Dimension, UNKNOWN};
use crate::plan::{Filter, Measure, PrivatePlan, QUESTION, Sum, View, Weights};
use crate::publish::{Manifest, Sheet};
use crate::release::{Released, release};

const CAP: u64 = 20;

/// The plan of sites and genders, each table with its rows summed.
fn summed() -> PrivatePlan {
    let mut plan = plan();
    let sum = Sum { measure: Measure::Rows, cap: CAP, rho: "0.01".parse().unwrap() };
    plan.families[0].marginals.iter_mut().for_each(|it| it.sums = vec![sum.clone()]);
    plan
}

/// Releases people of whom each has `rows` in a cell, by table and cell.
fn released(sites: &[(u32, u32)], rows: impl Fn(usize, usize) -> u64, seed: u64) -> Released {
    let plan = summed();
    let table = |(at, people): (usize, Vec<u32>)| {
        let cells = people.iter().enumerate();
        let sums = cells.map(|(cell, people)| u64::from(*people) * rows(at, cell)).collect();
        Counts::with_sums(people, vec![sums])
    };
    let tables = counts(&plan, sites).into_iter().enumerate().map(table).collect();
    let root = TempDir::new().unwrap();
    let receipt = receipt(&root, &plan, plan.hash().unwrap());
    release(plan, Sealed::of_tables(tables), receipt, &mut SeededEntropy::new(seed)).unwrap()
}

#[test]
fn a_sum_of_a_cell_under_the_quorum_is_never_shown_however_large() {
    for seed in 0..20 {
        // Forty-nine people with most of everything at the first site.
        let sites = [(25, 24), (4_000, 3_000), (2_000, 3_000)];
        let released = released(&sites, |_, cell| if cell == 0 { CAP } else { 3 }, seed);
        for table in &released.tables {
            assert_eq!(table.sums.len(), 1);
            assert_eq!(table.sums[0].values.len(), table.cells.len());
        }
        let site = &released.tables[2];
        assert_eq!((site.people(0), site.sum(0, 0)), (None, None));
        let [own, half] = [site.sum(0, 1).unwrap(), site.sums[0].half_width()];
        assert!(own.abs_diff(21_000) < 3 * half, "{own} beside 21000, half width {half}");
        assert_eq!(site.sum(1, 1), None, "there is no second sum");
    }
}

#[test]
fn a_withdrawn_cells_sum_is_never_drawn() {
    for seed in 0..10 {
        // The women of the first site are all of it: they passed their gate and were withdrawn.
        let large = |at: usize, cell: usize| if (at, cell) == (3, 0) { CAP } else { 2 };
        let (one, other) = (released(&SITES, |_, _| 2, seed), released(&SITES, large, seed));
        assert!(one.withdrawn > 0 && one.tables[3].people(0).is_none());
        for (one, other) in one.tables.iter().zip(&other.tables) {
            assert_eq!(one.cells, other.cells);
            assert_eq!(one.sums[0].values, other.sums[0].values, "seed {seed}");
        }
    }
}

#[test]
fn the_interval_of_a_sum_is_the_noise_it_was_paid_for() {
    let released = released(&SITES, |_, _| 2, 1);
    // C²L / 2ρ = 400 / 0.02: σ = 141.4.
    let sum = &released.tables[2].sums[0];
    assert!((sum.mechanism.sigma() - 141.42).abs() < 0.01);
    assert_eq!(sum.half_width(), 278);
}

#[test]
fn a_plan_whose_sums_cannot_be_drawn_is_refused_before_it_is_charged() {
    let check = |change: &dyn Fn(&mut PrivatePlan), part: &str| {
        let mut plan = summed();
        change(&mut plan);
        let refused = plan.check().err().unwrap();
        assert_eq!(refused.code(), "P05");
        assert!(refused.to_string().contains(part), "{refused}");
    };
    assert_eq!(summed().check(), Ok(()));
    check(&|plan| plan.families[0].marginals[2].sums[0].cap = 0, "site");
    check(&|plan| plan.families[0].marginals[2].sums[0].cap = u64::MAX, "site");
    let twice = |plan: &mut PrivatePlan| {
        let sums = &mut plan.families[0].marginals[1].sums;
        sums.push(sums[0].clone());
    };
    check(&twice, "summed twice");
    let clipped = |plan: &mut PrivatePlan| {
        let family = &mut plan.families[0];
        let weights = Weights { kept: family.limit, limit: family.limit, cells: Vec::new().into() };
        family.marginals[2].weights = Some(weights);
    };
    check(&clipped, "clipped");
    let endless = |plan: &mut PrivatePlan| {
        plan.product = QUESTION.to_owned();
        let family = &mut plan.families[0];
        family.rows = vec![Dimension::Site, Dimension::Hour, Dimension::DayType];
        family.marginals[3].by = vec![Dimension::Sector, Dimension::AgeBand];
    };
    check(&endless, "cells together");
}

#[test]
fn a_plan_names_its_sums_and_pays_for_them() {
    let (plain, mut plan) = (plan(), summed());
    let first = plan.hash().unwrap();
    assert_ne!(plain.hash().unwrap(), first);
    plan.families[0].marginals[3].sums[0].cap += 1;
    assert_ne!(plan.hash().unwrap(), first);
    assert_eq!(plain.cost().unwrap().rho.to_string(), "0.02");
    assert_eq!(plan.cost().unwrap().rho.to_string(), "0.06");
}

/// A question about minutes by age and day, of which two cells have people.
fn answered() -> Released {
    let mut plan = plan();
    plan.product = QUESTION.to_owned();
    plan.codes = plan.codes.for_questions(plan.period);
    let filter = Filter { dimension: Dimension::Sector, bins: vec![UNKNOWN.to_owned()] };
    plan.filters = vec![filter];
    let family = &mut plan.families[0];
    family.rows = vec![Dimension::Day];
    family.marginals = vec![family.marginals[2].clone(), family.marginals[3].clone()];
    family.marginals[1].by = vec![Dimension::AgeBand];
    let sum = |measure| Sum { measure, cap: CAP, rho: "0.01".parse().unwrap() };
    family.marginals[0].sums = vec![sum(Measure::Minutes)];
    family.marginals[1].sums = vec![sum(Measure::Minutes), sum(Measure::Rows)];
    let counts = |cells: usize, some: &[(usize, u32)], sums: usize| {
        let mut people = vec![0; cells];
        for it in some {
            people[it.0] = it.1;
        }
        let tripled: Vec<u64> = people.iter().map(|it| u64::from(*it) * 3).collect();
        Counts::with_sums(people, vec![tripled; sums])
    };
    // Ages of a day are seven bands and unknown.
    let tables = vec![counts(31, &[(0, 6_000)], 1), counts(8 * 31, &[(0, 2_000), (7, 4_000)], 2)];
    let root = TempDir::new().unwrap();
    let receipt = receipt(&root, &plan, plan.hash().unwrap());
    release(plan, Sealed::of_tables(tables), receipt, &mut SeededEntropy::new(3)).unwrap()
}

#[test]
fn an_answer_carries_its_sums_and_reads_back_as_it_was_written() {
    let sheet = Sheet::of(&answered());
    let bytes = sheet.to_csv().unwrap();
    assert_eq!(Sheet::from_csv(&bytes).unwrap(), sheet);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|it| it.split(',').collect()).collect();
    assert_eq!(
        lines[0].join(","),
        "level,day,age_band,people,people_lo,people_hi,rows,rows_lo,rows_hi,minutes,minutes_lo,minutes_hi,status"
    );
    let line = |level: &str, age: &str, day: &str| {
        lines.iter().find(|it| it[..3] == [level, day, age]).unwrap()[3..].to_vec()
    };
    let number = |text: &str| text.parse::<i64>().unwrap();
    let unknown = line("site_gender_plus", UNKNOWN, "2026-10-01");
    assert!((number(unknown[0]) - 4_000).abs() < 100);
    for at in [3, 6] {
        assert!((number(unknown[at]) - 12_000).abs() < 1_000, "{unknown:?}");
        assert!(number(unknown[at + 1]) < number(unknown[at]));
        assert!(number(unknown[at + 2]) > number(unknown[at]));
    }
    assert_eq!(line("site_gender_plus", "25-34", "2026-10-31"), ["[c]"; 10]);
    // The table of all has no sum of rows.
    let all = line("site", "all", "2026-10-01");
    assert_eq!((&all[3..6], all[9]), (&["[c]"; 3][..], "A"));
    assert!((number(all[6]) - 18_000).abs() < 1_000, "{all:?}");
}

#[test]
fn the_manifest_of_an_answer_says_what_was_asked_and_summed() {
    let manifest = Manifest::of(&answered(), "id", "code", "now").unwrap();
    let question = manifest.question.clone().unwrap();
    assert_eq!((question.view, question.filters.len()), (View::Visit, 1));
    let sums = &manifest.marginals[1].sums;
    assert_eq!(
        sums.iter().map(|it| it.measure).collect::<Vec<_>>(),
        [Measure::Minutes, Measure::Rows]
    );
    assert_eq!((sums[0].cap, sums[0].rho.as_str(), sums[0].sigma), (CAP, "0.01", 141.4214));
    let text = serde_json::to_string(&manifest).unwrap();
    assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
    let product =
        Manifest::of(&super::super::tests::released(&plan(), &SITES, 1), "id", "code", "now");
    let text = serde_json::to_string(&product.unwrap()).unwrap();
    assert!(!text.contains("sums") && !text.contains("question"));
}
