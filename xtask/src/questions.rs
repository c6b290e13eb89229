//! `cargo xtask questions`: statements of a grammar, each allowed or forbidden by how it was made.

use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use crate::Outcome;
use crate::cargo::cargo;

/// How many statements.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One seed, to repeat a failure.
    #[arg(long, conflicts_with = "statements")]
    seed: Option<u64>,
    /// How many, from seed 0.
    #[arg(long, default_value_t = 1_000_000)]
    statements: u64,
    /// Say the result alone.
    #[arg(long)]
    quiet: bool,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a task tells what it found")]
pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let seeds = match arguments.seed {
        Some(seed) => seed.to_string(),
        None => format!("0..{}", arguments.statements),
    };
    let started = Instant::now();
    let mut cargo = cargo(root);
    cargo.args(["test", "--release", "--package", "quorate-engine", "--lib"]);
    if arguments.quiet {
        cargo.arg("--quiet").stdout(Stdio::null());
    }
    let status = cargo.args(["--", "query::tests::fuzz"]).env("QUORATE_SEEDS", &seeds).status()?;
    eprintln!("{:.0} s with the build", started.elapsed().as_secs_f64());
    println!("statements {seeds}: {}", if status.success() { "held" } else { "BROKEN" });
    if status.success() { Ok(()) } else { Err("a statement was decided wrongly".into()) }
}
