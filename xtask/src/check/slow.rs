//! What takes too long for every change, with its results in docs/slow-check.md.
//!
//! Run before a change to kernel, ledger or release is called done, and commit the file.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Outcome;
use crate::cargo::cargo;

/// One step: its title, and the command whose standard output is its result.
struct Step {
    title: &'static str,
    command: &'static [&'static str],
}

const STEPS: [Step; 4] = [
    Step {
        title: "How often a cell at the floor is shown, over ten million draws",
        command: &[
            "run",
            "--quiet",
            "--release",
            "--package",
            "quorate-privacy",
            "--features",
            "seeded-entropy",
            "--example",
            "gate_frequency",
        ],
    },
    Step {
        title: "Lives of ledger and program on a disk that dies, fails and fills up",
        command: &["xtask", "sim", "--quiet", "--seeds", "20000"],
    },
    Step {
        title: "A load killed at any of its system calls",
        command: &["xtask", "crash", "--points", "100"],
    },
    Step { title: "Mistakes that a test must catch", command: &["xtask", "mutants"] },
];

const FILE: &str = "docs/slow-check.md";

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "a task tells what it does")]
pub(super) fn run(root: &Path) -> Outcome {
    let mut git = Command::new("git");
    let commit = git.args(["rev-parse", "--short", "HEAD"]).current_dir(root).output()?.stdout;
    let mut text = format!(
        "# Slow check\n\nWritten by `cargo xtask check --slow` at commit {}. Do not edit.\n",
        String::from_utf8(commit)?.trim()
    );
    let mut failed = 0;
    for step in STEPS {
        eprintln!("== {}", step.title);
        let started = Instant::now();
        let output = cargo(root).args(step.command).stderr(Stdio::inherit()).output()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let verdict = if output.status.success() { "holds" } else { "FAILED" };
        println!("{said}\n{}: {verdict}", step.title);
        failed += u32::from(!output.status.success());
        let minutes = started.elapsed().as_secs().div_ceil(60);
        let command = step.command.join(" ");
        let said = if said.starts_with('|') { said } else { format!("```\n{said}\n```") };
        write!(
            text,
            "\n## {}\n\n`cargo {command}`: {verdict}, {minutes} min.\n\n{said}\n",
            step.title
        )?;
    }
    fs::write(root.join(FILE), text)?;
    let steps = u32::try_from(STEPS.len())?;
    println!("{} passed, {failed} failed; see {FILE}", steps - failed);
    if failed == 0 { Ok(()) } else { Err("a slow check failed".into()) }
}
