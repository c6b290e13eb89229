//! docs/utility.md: the committed result of `utility`, as a reader sees it.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::tables::TABLES;
use crate::Outcome;

const PAGE: &str = "docs/utility.md";

const RESULT: &str = "docs/bench/utility.json";

/// Writes the page from the committed result.
pub(super) fn write(root: &Path) -> Outcome {
    let result = serde_json::from_str(&fs::read_to_string(root.join(RESULT))?)?;
    Ok(fs::write(root.join(PAGE), page(&result))?)
}

const HEAD: &str = "# What the same ε buys

Written by `cargo xtask bench --page` from [bench/utility.json](bench/utility.json). Do not edit.

Every tool releases the same distinct (person, cell) pairs at ε = 1 and δ = 1e-9 in all, counting at most L cells of a
person, and all are scored by one program against the people *before* any bounding. Error is the mean relative error
over cells of at least so many people, where a cell that is not shown counts 1; bias is the median over shown cells;
*truth in interval* says how often the printed 95 % interval of a shown cell holds the true number of people, *kept people
in interval* how often it holds those that bounding kept; *lost to bounding* is the share of pairs that it dropped.
Figures are means over the repeats, with the least and the most of the error from 200 people on.

L is where our hard bounding errs least. Laplace noise grows with L and ours with its root, so that a tool of Laplace
noise may do better with fewer: sites by age are released with half as many as well. With one cell a
person and one table, Laplace noise is the narrower; ours is made for many tables, whose ρ add up, which is not measured
here. Only PipelineDP and Quorate have a floor of 50 people; what the others show of smaller groups stands under \"under 50\".

`hard=L` counts at most L cells of a person. `soft=K/L` keeps K and clips them to the weight that L whole cells have;
`prior=K/L/M/N` does so with lighter weights for cells of more than N people in an earlier release of the table with
hard limit M, since when every cell has changed by up to a half. What soft bounding's mean dilution F costs is inside
the same ε. Which of the two a table should have: [decision 15](decisions/0015-hard-or-soft.md).
";

/// The page of one result.
pub(super) fn page(result: &Value) -> String {
    let mut page = HEAD.to_owned();
    let of =
        |name: &str| result[name].as_str().map_or_else(|| result[name].to_string(), str::to_owned);
    let _ = writeln!(
        page,
        "\nSimulated operator: {} SIMs, {} days, seed {}. {} repeats, commit {}, {}, {} cores, {}.",
        of("subscribers"),
        of("days"),
        of("seed"),
        of("repeats"),
        of("commit"),
        result["machine"]["cpu"].as_str().unwrap_or("unknown processor"),
        result["machine"]["cores"],
        of("python"),
    );
    for table in result["tables"].as_array().into_iter().flatten() {
        page.push_str(&of_table(table));
    }
    page.push_str(&settings(result));
    page.push_str("\n## Again\n\n```console\n$ cargo xtask bench --workload utility --json [--real msweb_visits.csv.gz] > docs/bench/utility.json\n$ cargo xtask bench --page\n```\n");
    page
}

fn of_table(table: &Value) -> String {
    let name = table["table"].as_str().unwrap_or_default();
    let title = TABLES.iter().find(|it| it.name == name).map_or(name, |it| it.title);
    let mut text = format!(
        "\n## {title}\n\n{} people, {} cells, {} pairs; a person is in {} cells in the middle, {} at most.\n\n\
         | tool | setting | cells shown | of cells ≥ 50 | of ≥ 100 | of ≥ 200 | of ≥ 1000 | error ≥ 50 | error ≥ 200 | ≥ 1000 | bias | under 50 | truth in interval | lost to bounding | kept people in interval |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        table["people"], table["cells"], table["pairs"], table["median_cells"], table["most_cells"]
    );
    for run in table["runs"].as_array().into_iter().flatten() {
        let scores = run["scores"].as_array().map_or(&[][..], Vec::as_slice);
        let over = |figure: &dyn Fn(&Value) -> &Value| -> Vec<f64> {
            scores.iter().filter_map(|it| figure(it).as_f64()).collect()
        };
        let at = |name: &'static str, at: usize| mean(&over(&|it| &it[name][at]));
        let one = |name: &'static str| mean(&over(&|it| &it[name]));
        let error = over(&|it| &it["error"][2]);
        let least = error.iter().copied().fold(f64::INFINITY, f64::min);
        let most = error.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {} | {} | {} | {} | {} | {} ({least:.3} to {most:.3}) | {} | {:+.3} | {} | {} | {} | {} |",
            run["tool"].as_str().unwrap_or_default(),
            run["setting"].as_str().unwrap_or_default(),
            one("said").unwrap_or_default(),
            shown(at("shown", 0)),
            shown(at("shown", 1)),
            shown(at("shown", 2)),
            shown(at("shown", 3)),
            shown(at("error", 0)),
            shown(mean(&error)),
            shown(at("error", 3)),
            one("bias").unwrap_or_default(),
            one("under_50").unwrap_or_default(),
            shown(one("covers_truth")),
            shown(one("lost")),
            shown(one("covers_kept")),
        );
    }
    text
}

/// What each tool says of its own settings in the first table, and its packages.
fn settings(result: &Value) -> String {
    let mut text = "\n## Settings of the others\n\n".to_owned();
    for run in result["tables"][0]["runs"].as_array().into_iter().flatten() {
        let Some(told) = run["told"]["settings"].as_object() else { continue };
        let tool = run["tool"].as_str().unwrap_or_default();
        let told = told.iter().filter_map(|(name, it)| Some(format!("{name}: {}", it.as_str()?)));
        let packages = result["packages"][tool].as_str().unwrap_or_default();
        let told = told.collect::<Vec<_>>().join("; ");
        let _ = writeln!(text, "- **{tool}** (`{packages}`). {told}.");
    }
    text
}

fn mean(values: &[f64]) -> Option<f64> {
    let count = u32::try_from(values.len()).ok().filter(|&it| it > 0)?;
    Some(values.iter().sum::<f64>() / f64::from(count))
}

fn shown(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |it| format!("{it:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_committed_result_gives() {
        let root = crate::root();
        let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
        let result: Value = serde_json::from_str(&read(RESULT)).unwrap();
        let again = "cargo xtask bench --page";
        assert!(read(PAGE) == page(&result), "{PAGE} is not what {RESULT} gives: {again}");
    }

    #[test]
    fn what_is_not_known_is_a_dash_and_not_a_number() {
        let score =
            serde_json::json!({ "said": 1, "shown": [1.0, 1.0, null, null], "covers_truth": null });
        let run = serde_json::json!({ "tool": "other", "setting": "L=1", "scores": [score] });
        let text = of_table(&serde_json::json!({ "table": "site", "runs": [run] }));
        assert!(text.contains("| other | L=1 | 1 | 1.000 | 1.000 | – | – |"), "{text}");
        assert!(!text.contains("NaN"), "{text}");
    }
}
