//! `cargo xtask sim`: lives of ledger and release on a disk that dies, fails and fills up.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

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
}

const PARTS: [&str; 2] = ["ledger", "engine"];

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let seeds = match arguments.seed {
        Some(seed) => seed.to_string(),
        None => format!("0..{}", arguments.seeds),
    };
    for part in PARTS.iter().filter(|&&it| arguments.only.as_deref().is_none_or(|only| only == it))
    {
        let status = Command::new("cargo")
            .args(["test", "--package", &format!("quorate-{part}"), "--lib", "crash"])
            .env("QUORATE_SEEDS", &seeds)
            .current_dir(root)
            .status()?;
        if !status.success() {
            return Err(format!("the simulation of the {part} found a fault").into());
        }
    }
    Ok(())
}
