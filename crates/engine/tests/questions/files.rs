//! The statements of `tests/slt`: what they are planned as, what is refused, what is answered.
//!
//! Each file is run over its own copy of the operator. `QUORATE_BLESS=1` writes what came into the files of
//! plans and refusals; read the difference line by line before you keep it.

use std::path::{Path, PathBuf};

use sqllogictest::{Runner, default_normalizer, default_validator, strict_column_validator};

use super::wire::Wire;
use super::world::Operator;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt")
}

/// The files of one kind.
pub fn files(kind: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder()).unwrap().map(|it| it.unwrap().path());
    let named = |it: &PathBuf| it.file_name().unwrap().to_string_lossy().starts_with(kind);
    let mut all: Vec<PathBuf> = all.filter(named).collect();
    all.sort();
    assert!(!all.is_empty(), "{kind}");
    all
}

fn check(kind: &str, may_bless: bool) {
    let bless = may_bless && std::env::var_os("QUORATE_BLESS").is_some();
    for file in files(kind) {
        Operator::fresh().at_desk(|desk| Wire::to(desk, |wire| run(&file, &wire, bless)));
    }
}

fn run(file: &Path, wire: &Wire, bless: bool) {
    let mut runner = Runner::new(|| async { Ok(wire.clone()) });
    runner.with_column_validator(strict_column_validator);
    if bless {
        let (rows, text) = (default_validator, default_normalizer);
        let written = runner.update_test_file(file, " ", rows, text, strict_column_validator);
        futures::executor::block_on(written).unwrap();
    } else if let Err(wrong) = runner.run_file(file) {
        panic!("{}", wrong.display(false));
    }
}

#[test]
fn a_plan_says_what_is_measured_and_what_it_costs() {
    check("plan_", true);
}

#[test]
fn a_refusal_names_its_rule_the_place_and_a_way_out() {
    check("refuse_", true);
}

#[test]
fn an_answer_holds_whatever_the_noise() {
    check("answer_", false);
}
