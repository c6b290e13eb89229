//! docs/performance.md: the committed results of the workloads, as a reader sees them.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{machine_text, spread, table};
use crate::Outcome;

const PAGE: &str = "docs/performance.md";

/// A workload: its result's name, what it does, and what it is to reach.
const WORKLOADS: [(&str, &str, &str); 9] = [
    (
        "w1",
        "Web audience by site through the whole release: bound, count, gate, noise, charge, files",
        "at most 1/10 of DuckDB's exact distinct count and 1/6 of ClickHouse's, five times the plain decode of the \
         two columns, and 500 MB",
    ),
    (
        "w2",
        "The same by site, gender, age band and region, 1.5 million cells and more",
        "at most 1/12 of DuckDB, and 1 GB",
    ),
    (
        "w3",
        "The release of W1 over four times the visits",
        "at most 4.2 times W1, and 1.2 times its memory",
    ),
    (
        "w4",
        "The door: raw files read, pseudonymised, filtered, joined with the customer record, placed, sorted, sealed",
        "at most DuckDB's time to read the same files, hash the id and write them sorted by it; 4 GB",
    ),
    (
        "w5",
        "Place: raw events to sealed presence, hour by hour in districts, customers and topology loaded before.\n\
         Ours pseudonymises, filters, cleans, sorts and seals in 500 MB; DuckDB has 2 GB and raw ids.\n\
         Stays, home area by stays and trips are not part of the product yet, nor of the time",
        "20 million events a second on two cores, memory flat in the number of subscribers",
    ),
    (
        "w6",
        "Questions in SQL, in process: from the text of a statement to the rows of its answer, with its charge",
        "95 of 100 under 20 ms on released tables, 10 ms for an answer that stands, 3 s for a fresh question",
    ),
    (
        "wires",
        "Questions in SQL over the wires: one client of each on loopback, from its call to the rows in its hands",
        "as W6; fresh answers, and failures, on ticks of 250 ms from when they were asked for, whatever the rows",
    ),
    ("w7", "Exact discrete Gaussian draws, one core, beside OpenDP", "3 million a second"),
    (
        "w9",
        "A fresh clone, an empty folder for what is built, and README's first command until it has shown its result",
        "15 minutes on two cores",
    ),
];

const HEAD: &str = "# Performance

Written by `cargo xtask bench --page` from the results in [bench](bench). Do not edit.

Ratios are of the same round on the same machine and files; absolute times are that machine's. A release is the
product's own code from a vault's files to a published folder, with its charge; the others count exactly and protect nobody.
";

/// Writes the page from the committed results.
pub(super) fn write(root: &Path) -> Outcome {
    Ok(fs::write(root.join(PAGE), page(root)?)?)
}

fn page(root: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut page = HEAD.to_owned();
    for (name, what, target) in WORKLOADS {
        // Beside its peer, and alone where the disk holds no peer.
        let results = [name.to_owned(), format!("{name}-alone")];
        let mut results = results.iter().filter_map(|it| read(root, it).transpose()).peekable();
        if results.peek().is_some() {
            let title = name.to_uppercase();
            let _ = write!(page, "\n## {title}\n\n{what}.\nTarget: {target}.\n");
        }
        for result in results {
            let result = result?;
            let again = &result["again"].as_str().unwrap_or_default();
            let _ = writeln!(
                page,
                "\n{}\n{}, commit {}: `{again}`",
                measured(&result),
                machine_text(&result),
                result["commit"].as_str().unwrap_or("?")
            );
        }
    }
    Ok(page)
}

/// A committed result, if there is one.
fn read(root: &Path, name: &str) -> Result<Option<Value>, Box<dyn std::error::Error>> {
    let file = root.join(format!("docs/bench/{name}.json"));
    if !file.exists() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&fs::read_to_string(file)?)?))
}

fn measured(result: &Value) -> String {
    if let Some(rows) = result["rows"].as_array() {
        return draws(rows);
    }
    if !result["latencies"].is_null() {
        return super::w6::table(result);
    }
    if let Some(steps) = result["steps"].as_array() {
        return taken(steps);
    }
    let sizes = result["results"].as_array().cloned().unwrap_or_else(|| vec![result.clone()]);
    let parts = sizes.iter().map(|it| {
        let size = it["size"].as_str().unwrap_or_default();
        format!("{size}:\n\n{}{}", table::of(&it["runs"]), rate(&it["runs"][0]))
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// What one step after the other took; the last is what is measured.
fn taken(steps: &[Value]) -> String {
    let mut text = "| step | minutes |\n|---|---|\n".to_owned();
    for step in steps {
        let minutes = step["seconds"].as_f64().unwrap_or(f64::NAN) / 60.0;
        let _ = writeln!(text, "| `{}` | {minutes:.1} |", step["of"].as_str().unwrap_or_default());
    }
    text
}

/// How many rows ours reads a second, where its runs tell rows.
fn rate(ours: &Value) -> String {
    let runs = ours["runs"].as_array().map_or(&[][..], Vec::as_slice);
    if runs.iter().any(|it| it["rows"].is_null()) {
        return String::new();
    }
    let figure = |run: &Value, name: &str| run[name].as_f64().unwrap_or(f64::NAN);
    let [_, middle, _] = spread(runs, |it| figure(it, "rows") / figure(it, "seconds") / 1e6);
    format!("\nOurs: {middle:.1} million rows a second.\n")
}

fn draws(rows: &[Value]) -> String {
    let mut text = "| σ | draws a second | OpenDP | ratio |\n|---|---|---|---|\n".to_owned();
    for row in rows {
        let figure = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} | {:.1} |",
            row["sigma"].as_str().unwrap_or_default(),
            figure("ours"),
            figure("opendp"),
            figure("ratio")
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_committed_results_give() {
        let root = crate::root();
        let found = fs::read_to_string(root.join(PAGE)).unwrap();
        assert!(found == page(&root).unwrap(), "{PAGE} is old: cargo xtask bench --page");
    }
}
