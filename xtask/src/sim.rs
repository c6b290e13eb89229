//! `cargo xtask sim`: lives of ledger and release on a disk that dies, fails and fills up.

use std::path::Path;
use std::process::Stdio;

use crate::Outcome;
use crate::cargo::cargo;

/// What to simulate.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One seed, to repeat a failure.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// How many seeds, from 0.
    #[arg(long, default_value_t = 20_000)]
    seeds: u64,
    /// One part of the program alone.
    #[arg(long, value_parser = PARTS)]
    only: Option<String>,
    /// Say the results alone.
    #[arg(long)]
    quiet: bool,
}

const PARTS: [&str; 2] = ["ledger", "engine"];

#[expect(clippy::print_stdout, reason = "a task tells what it found")]
pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let seeds = match arguments.seed {
        Some(seed) => seed.to_string(),
        None => format!("0..{}", arguments.seeds),
    };
    for part in PARTS.iter().filter(|&&it| arguments.only.as_deref().is_none_or(|only| only == it))
    {
        let mut cargo = cargo(root);
        cargo.args(["test", "--package", &format!("quorate-{part}"), "--lib"]);
        if arguments.quiet {
            cargo.arg("--quiet");
        }
        let status = cargo
            .args(["--", "crash::"])
            .env("QUORATE_SEEDS", &seeds)
            .stdout(if arguments.quiet { Stdio::null() } else { Stdio::inherit() })
            .status()?;
        println!("{part}: seeds {seeds}, {}", if status.success() { "held" } else { "BROKEN" });
        if !status.success() {
            return Err(format!("the simulation of the {part} found a fault").into());
        }
    }
    Ok(())
}
