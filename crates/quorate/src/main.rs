//! The command line: one subcommand, one file. Data on standard output, progress on standard error.

mod command;
mod demo;
mod export;
mod output;
mod progress;
mod prompt;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use output::Output;

/// Gives back to the system what is free: a long run stays near what it holds.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Statistics about groups of fifty people or more, and nothing about anyone.
#[derive(Parser)]
#[command(name = "quorate", version, max_term_width = 100)]
struct Arguments {
    /// Configuration of the data folder to work in.
    #[arg(long, global = true, default_value = "quorate.toml", value_name = "FILE")]
    config: PathBuf,
    /// Print machine-readable JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Simulate an operator, load it, release three products and show them.
    Demo(command::demo::Demo),
    /// Write the raw files of a simulated operator, with the truth beside them.
    Simulate(command::simulate::Simulate),
    /// Make a data folder.
    Init(command::init::Init),
    /// Load raw files into the vault.
    Ingest(command::ingest::Ingest),
    /// List rows that did not get in, and read them again.
    #[command(subcommand)]
    Quarantine(command::quarantine::Quarantine),
    /// List, plan and run releases.
    #[command(subcommand)]
    Release(command::release::Release),
    /// Ask in SQL: a question for a charge, released tables for nothing; a prompt when no SQL is given.
    Query(command::query::Query),
    /// Answer statements of partners over the network.
    Serve(command::serve::Serve),
    /// Who may log in over the network.
    #[command(subcommand)]
    User(command::user::User),
    /// What programs log in with instead of a password.
    #[command(subcommand)]
    Token(command::token::Token),
    /// Read and check what was charged and published.
    #[command(subcommand)]
    Ledger(command::ledger::Ledger),
    /// List, rotate and destroy pseudonym keys.
    #[command(subcommand)]
    Keys(command::keys::Keys),
    /// Leave a person out, erase, export, or tell how the person stands.
    #[command(subcommand)]
    Subject(command::subject::Subject),
    /// Remove what is past its time, and the rows of people who left.
    Purge(command::purge::Purge),
    /// Check and explain the policy.
    #[command(subcommand)]
    Policy(command::policy::Policy),
    /// Print the completion script of a shell.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    let folder = arguments.config.parent().map_or_else(PathBuf::new, PathBuf::from);
    let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
    let outcome = match arguments.command {
        Command::Demo(demo) => demo.run(&output),
        Command::Simulate(simulate) => simulate.run(&output),
        Command::Init(init) => init.run(&output),
        Command::Ingest(ingest) => ingest.run(&folder, &output),
        Command::Quarantine(quarantine) => quarantine.run(&folder, &output),
        Command::Release(release) => release.run(&folder, &output),
        Command::Query(query) => query.run(&folder, &output),
        Command::Serve(serve) => serve.run(&folder, &output),
        Command::User(user) => user.run(&folder, &output),
        Command::Token(token) => token.run(&folder, &output),
        Command::Ledger(ledger) => ledger.run(&folder, &output),
        Command::Keys(keys) => keys.run(&folder, &output),
        Command::Subject(subject) => subject.run(&folder, &output),
        Command::Purge(purge) => purge.run(&folder, &output),
        Command::Policy(policy) => policy.run(&folder, &output),
        Command::Completion { shell } => {
            let mut command = Arguments::command();
            clap_complete::generate(shell, &mut command, "quorate", &mut std::io::stdout());
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            output.error(&cause);
            ExitCode::from(cause.exit_code())
        }
    }
}
