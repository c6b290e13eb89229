//! W6: questions in process: released tables, an answer that stands, and fresh questions over a month.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{Arguments, check_room, measured, text, web};
use crate::Outcome;

/// What is asked, its name in the example's output, and the time that 95 of 100 are to stay under.
const KINDS: [(&str, &str, f64); 3] = [
    ("a released table", "released", 0.02),
    ("a question that was asked before", "stored", 0.01),
    ("a fresh question over the month", "fresh", 3.0),
];

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let (people, visits) = (arguments.subscribers(), arguments.visits);
    let data = scratch.join("w6");
    check_room(&scratch, u64::from(people) * u64::from(visits) * 10)?;
    eprintln!("building, generating {people} people");
    web::program(root, &["generate", text(&data)?, &people.to_string(), &visits.to_string()])?;
    eprintln!("asking");
    let found = measured(&web::program(root, &["ask", text(&data)?])?)?;
    fs::remove_dir_all(&data)?;
    let latencies: Vec<Value> = KINDS
        .iter()
        .map(|(of, name, target)| json!({ "of": of, "seconds": found[name], "target": target }))
        .collect();
    let again =
        format!("cargo xtask bench --workload w6 --subscribers {people} --visits {visits} --json");
    let mut result = super::facts(root, "W6", &again)?;
    result["size"] = format!("{people} people x {visits} visits").into();
    result["megabytes"] = found["megabytes"].clone();
    result["latencies"] = latencies.into();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        println!("{}", table(&result));
    }
    Ok(())
}

/// The middle, the 95th of 100 and the most of each kind.
pub(super) fn table(result: &Value) -> String {
    let mut out = format!(
        "{}, at most {} MB:\n\n| | asked | ms, middle / 95 of 100 / most | target |\n|---|---|---|---|\n",
        result["size"].as_str().unwrap_or_default(),
        result["megabytes"]
    );
    for kind in result["latencies"].as_array().into_iter().flatten() {
        let mut seconds: Vec<f64> =
            kind["seconds"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
        seconds.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let place = (seconds.len() * percent).div_ceil(100).saturating_sub(1);
            seconds.get(place).map_or(f64::NAN, |it| it * 1e3)
        };
        out += &format!(
            "| {} | {} | {:.1} / {:.1} / {:.1} | {} |\n",
            kind["of"].as_str().unwrap_or_default(),
            seconds.len(),
            at(50),
            at(95),
            at(100),
            kind["target"].as_f64().map_or_else(String::new, |it| (it * 1e3).to_string())
        );
    }
    out
}
