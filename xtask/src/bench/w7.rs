//! W7: exact discrete Gaussian draws a second and core, ours beside OpenDP's.

use std::path::Path;

use super::{measured, said};
use crate::Outcome;
use crate::cargo::cargo;

#[expect(clippy::print_stdout, reason = "a benchmark is printed")]
pub(super) fn run(json: bool, root: &Path) -> Outcome {
    let program = ["run", "--quiet", "--release", "--package", "quorate-peers", "--example", "w7"];
    let mut found = measured(&said(cargo(root).args(program).output()?)?)?;
    let facts = super::facts(root, "W7", "cargo xtask bench --workload w7 --json")?;
    for (name, fact) in facts.as_object().into_iter().flatten() {
        found[name] = fact.clone();
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&found)?);
        return Ok(());
    }
    println!("W7: exact discrete Gaussian draws a second on one core, middle of five rounds");
    println!("{:<12} {:>12} {:>12} {:>8}", "sigma", "quorate", "OpenDP", "ratio");
    for row in found["rows"].as_array().into_iter().flatten() {
        let figure = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        println!(
            "{:<12} {:>12.0} {:>12.0} {:>8.1}",
            row["sigma"].as_str().unwrap_or_default(),
            figure("ours"),
            figure("opendp"),
            figure("ratio")
        );
    }
    Ok(())
}
