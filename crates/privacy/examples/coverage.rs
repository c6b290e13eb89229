//! How often 95 % intervals hold the people of a cell that is shown, over many seeded releases.
//!
//! `cargo run --release -p quorate-privacy --example coverage [seeds]`
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "figures for a reader"
)]

#[path = "../tests/consistency/coverage.rs"]
mod coverage;

use coverage::{SCENARIOS, tally};

fn main() {
    let seeds = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(20_000);
    println!(
        "| family | level | people | solved | shown | covered % | y ± 1.96σ % | x ± 1.96√v % | width | bias of y, σ | printed, σ |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for scenario in &SCENARIOS {
        for kind in tally(scenario, 0..seeds) {
            let people = kind.above.map_or_else(String::new, |it| format!("T {it:+} σ"));
            let seen = &kind.seen;
            let [measured, printed] = seen.bias();
            println!(
                "| {} | {} | {people} | {} | {} | {:.2} | {:.2} | {:.2} | {:.3} | {measured:+.3} | {printed:+.3} |",
                scenario.name,
                kind.level,
                if kind.solved { "yes" } else { "no" },
                seen.shown,
                100.0 * seen.share(),
                100.0 * seen.plain_share(),
                100.0 * seen.naive_share(),
                seen.width(),
            );
        }
    }
}
