//! When an answer that stands is used for another question, and what it says then.

use super::super::answer::groups;
use super::super::cube::find;
use super::super::price::Priced;
use super::*;
use crate::publish::{Manifest, Publication, Row, Shares, Sheet, Word};
use crate::report::Estimate;

/// A question as the planner prices it.
fn priced(planner: &Planner<'_>, sql: &str) -> Priced {
    planner.decide(sql).unwrap().questions.remove(0).priced
}

/// The published answer of a question; `people` has one number a cell, `None` where it is hidden.
fn answer(of: &Priced, people: &[Option<i64>]) -> (Manifest, Publication) {
    let plan = &of.plan;
    let (family, marginal) = plan.marginals().next().unwrap();
    let keys = crate::plan::PrivatePlan::dimensions(family, marginal);
    let row = |(cell, people): (u64, &Option<i64>)| Row {
        level: Word::from(marginal.name.as_str()),
        labels: plan.labels(&keys, cell).into_iter().map(Word::from).collect(),
        people: people.map(|it| Estimate {
            value: it,
            lo: it - 30,
            hi: it + 40,
            near_threshold: false,
        }),
        sums: Box::default(),
        quantiles: Box::default(),
        shares: Shares::default(),
    };
    let rows = (0..).zip(people).map(row).collect();
    let sheet = Sheet { keys, measures: Vec::new(), quantiles: None, shares: false, rows };
    let filters = serde_json::to_value(&plan.filters).unwrap();
    let manifest = serde_json::json!({
        "id": "question-2026-10-c0", "product": "question", "period": "2026-10", "snapshot": "snapshot",
        "unit": "person-month", "floor": 50, "rho": "0.0005", "delta": "1e-12", "epsilon": 0.1,
        "epsilon_delta": 1e-9, "cells_released": 2, "cells_in_code_list": 4, "plan_hash": "", "policy_hash": "",
        "code_hash": "", "ledger_entry": "c0", "created": "", "files": {},
        "question": { "view": plan.view, "filters": filters },
        "codes_hash": plan.codes_hash(),
        "marginals": [{ "name": marginal.name, "l0": 1, "rho": "0.0005", "delta": "1e-12", "sigma": 31.6,
            "threshold": 273, "cells_released": 2, "cells_in_code_list": 4 }],
    });
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    let publication =
        Publication { path: std::path::PathBuf::new(), manifest: manifest.clone(), sheet };
    (manifest, publication)
}

/// What `stands`, with these cells, says to `asked`: the people of each group, or nothing.
fn check(stands: &str, people: &[Option<i64>], asked: &str, expected: Option<&[Option<i64>]>) {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let answers = [answer(&priced(&planner, stands), people)];
    let question = priced(&planner, asked);
    let found = find(&question, &answers, |it| Ok(it.clone())).unwrap();
    let said = found.map(|(publication, readings)| {
        let (set, reading) = readings.first_key_value().unwrap();
        let sum = |group: &Vec<&Row>| -> Option<i64> {
            group.iter().map(|it| it.people.map(|it| it.value)).sum()
        };
        groups(&publication.sheet, set, reading).iter().map(sum).collect::<Vec<_>>()
    });
    assert_eq!(said.as_deref(), expected, "{asked}");
}

const BY_GENDER: &str =
    "SELECT gender, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY gender";
const PEOPLE: &str = "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber";

#[test]
fn a_sum_of_published_cells_of_people_is_taken() {
    let cells = [Some(4_000), Some(5_000), None];
    let two = format!("{PEOPLE} WHERE gender IN ('F', 'M')");
    check(BY_GENDER, &cells, &two, Some(&[Some(9_000)]));
}

#[test]
fn a_sum_with_a_hidden_cell_is_asked_anew() {
    let cells = [Some(4_000), None, Some(300)];
    check(BY_GENDER, &cells, &format!("{PEOPLE} WHERE gender IN ('F', 'M')"), None);
    check(BY_GENDER, &cells, PEOPLE, None);
}

#[test]
fn a_cell_that_is_hidden_stays_hidden_for_whoever_asks_for_it_alone() {
    let cells = [Some(4_000), None, Some(300)];
    check(BY_GENDER, &cells, &format!("{PEOPLE} WHERE gender = 'M'"), Some(&[None]));
}

#[test]
fn rows_other_filters_and_many_cells_are_asked_anew() {
    let cells = [Some(4_000), Some(5_000), Some(300)];
    check(BY_GENDER, &cells, "SELECT COUNT(DISTINCT subscriber_id) FROM visit", None);
    check(BY_GENDER, &cells, &format!("{PEOPLE} WHERE area IN ('AB', 'ZE')"), None);
    let by_age = "SELECT age_band, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY age_band";
    check(by_age, &[Some(1_000); 8], PEOPLE, None);
    let by_hour = "SELECT hour, COUNT(DISTINCT subscriber_id) FROM presence GROUP BY hour";
    let both = "SELECT COUNT(DISTINCT subscriber_id) FROM presence WHERE hour IN (8, 9)";
    check(by_hour, &[Some(1_000); 24], both, None);
}

#[test]
fn an_answer_of_several_tables_is_no_source_of_one() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let mut stands = answer(&priced(&planner, BY_GENDER), &[Some(4_000), Some(5_000), Some(300)]);
    let asked = priced(&planner, PEOPLE);
    let found = |stands: &(Manifest, Publication)| {
        find(&asked, std::slice::from_ref(stands), |it| Ok(it.clone())).unwrap().is_some()
    };
    assert!(found(&stands));
    let table = stands.0.marginals[0].clone();
    stands.0.marginals.push(table);
    assert!(!found(&stands));
}
