//! House-keeping of the project: `cargo xtask COMMAND`.

mod bench;
mod cargo;
mod check;
mod clients;
mod crash;
mod mutants;
#[cfg(test)]
mod proofs;
mod questions;
mod refdata;
mod sim;
mod tools;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "House-keeping of the project")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check everything: format, lints, tests, documentation tests.
    Check(check::Arguments),
    /// Run a workload and its peer in one run, and print the ratio.
    Bench(bench::Arguments),
    /// Make mistakes in a copy of the source: a test must catch each.
    Mutants(mutants::Arguments),
    /// Kill a load at each of its system calls: the vault stays whole, and the next load resumes.
    Crash(crash::Arguments),
    /// Simulate crashes, full disks and losses of power under the ledger and the release.
    Sim(sim::Arguments),
    /// Ask a served instance with the programs that people use, and write which of them work.
    Clients(clients::Arguments),
    /// Decide a million statements, each allowed or forbidden by how it was made.
    Questions(questions::Arguments),
    /// Derive the reference pack again from the public package that carries it.
    Refdata(refdata::Arguments),
}

/// What a task ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The folder of the workspace.
fn root() -> PathBuf {
    // As cargo says now: a build folder that two clones share keeps the program of one of them.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

#[expect(clippy::print_stderr, reason = "the one place where a task says why it failed")]
fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Check(arguments) => check::run(&arguments, &root()),
        Command::Bench(arguments) => bench::run(&arguments, &root()),
        Command::Mutants(arguments) => mutants::run(&arguments, &root()),
        Command::Crash(arguments) => crash::run(&arguments, &root()),
        Command::Sim(arguments) => sim::run(&arguments, &root()),
        Command::Clients(arguments) => clients::run(&arguments, &root()),
        Command::Questions(arguments) => questions::run(&arguments, &root()),
        Command::Refdata(arguments) => refdata::run(&arguments, &root()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("error: {cause}");
            ExitCode::FAILURE
        }
    }
}
