//! Runs beside one another as a table: seconds, memory, and the ratio of the first to each of the others.

use std::fmt::Write;

use serde_json::{Value, json};

use super::spread;

/// `runs` is a list of `{ of, runs: [{ seconds, megabytes }] }`, ours first; rounds stand at the same place in each.
pub(super) fn of(runs: &Value) -> String {
    let figure = |run: &Value, name: &str| run[name].as_f64().unwrap_or(f64::NAN);
    let own_runs = |it: &Value| it["runs"].as_array().cloned().unwrap_or_default();
    let all = runs.as_array().cloned().unwrap_or_default();
    let own = all.first().map(own_runs).unwrap_or_default();
    let mut text =
        "| | seconds, least / middle / most | peak MB | ours to it in seconds | in memory |\n\
                    |---|---|---|---|---|\n"
            .to_owned();
    for it in &all {
        let runs = own_runs(it);
        let [least, middle, most] = spread(&runs, |run| figure(run, "seconds"));
        let memory = spread(&runs, |run| figure(run, "megabytes"))[1];
        let ratio = |name: &str| {
            let pairs = own.iter().zip(&runs);
            let pairs = pairs.map(|(own, other)| json!(figure(own, name) / figure(other, name)));
            spread(&pairs.collect::<Vec<_>>(), |it| it.as_f64().unwrap_or(f64::NAN))
        };
        let (time, space) = (ratio("seconds"), ratio("megabytes")[1]);
        let _ = writeln!(
            text,
            "| {} | {least:.2} / {middle:.2} / {most:.2} | {memory:.0} | {:.3} ({:.3} to {:.3}) | {space:.3} |",
            it["of"].as_str().unwrap_or_default(),
            time[1],
            time[0],
            time[2],
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_same_round() {
        let run =
            |seconds: f64, megabytes: u32| json!({ "seconds": seconds, "megabytes": megabytes });
        let text = of(&json!([
            { "of": "ours", "runs": [run(1.0, 50), run(2.0, 50), run(3.0, 60)] },
            { "of": "theirs", "runs": [run(10.0, 500), run(10.0, 500), run(10.0, 600)] },
        ]));
        assert!(
            text.contains("| ours | 1.00 / 2.00 / 3.00 | 50 | 1.000 (1.000 to 1.000) | 1.000 |"),
            "{text}"
        );
        assert!(
            text.contains(
                "| theirs | 10.00 / 10.00 / 10.00 | 500 | 0.200 (0.100 to 0.300) | 0.100 |"
            ),
            "{text}"
        );
    }
}
