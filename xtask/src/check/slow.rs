//! What takes too long for every change, with its results in docs/slow-check.md.
//!
//! Run before a change to kernel, ledger or release is called done, and commit the file.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Outcome;
use crate::cargo::cargo;

/// One step: its name, its title, and the command whose standard output is its result.
struct Step {
    name: &'static str,
    title: &'static str,
    command: &'static [&'static str],
}

const STEPS: [Step; 6] = [
    Step {
        name: "gate",
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
        name: "sim",
        title: "Lives of ledger and program on a disk that dies, fails and fills up",
        command: &["xtask", "sim", "--quiet", "--seeds", "20000"],
    },
    Step {
        name: "crash",
        title: "A load killed at any of its system calls",
        command: &["xtask", "crash", "--points", "100"],
    },
    Step {
        name: "questions",
        title: "Statements that are asked or refused as they were made to be",
        command: &["xtask", "questions", "--quiet"],
    },
    Step {
        name: "clients",
        title: "The programs that people use, against a served instance",
        command: &["xtask", "clients"],
    },
    Step {
        name: "mutants",
        title: "Mistakes that a test must catch",
        command: &["xtask", "mutants"],
    },
];

const FILE: &str = "docs/slow-check.md";

/// The names of all steps, in order.
pub(super) const NAMES: [&str; 6] = ["gate", "sim", "crash", "questions", "clients", "mutants"];

/// Runs every step, or `only` one of them, whose part of the file alone is written anew.
#[expect(clippy::print_stdout, reason = "a task tells what it does")]
pub(super) fn run(root: &Path, only: Option<&str>) -> Outcome {
    let mut git = Command::new("git");
    let commit = git.args(["rev-parse", "--short", "HEAD"]).current_dir(root).output()?.stdout;
    let commit = String::from_utf8(commit)?;
    let before = fs::read_to_string(root.join(FILE)).unwrap_or_default();
    let mut text =
        "# Slow check\n\nWritten by `cargo xtask check --slow`. Do not edit.\n".to_owned();
    let (mut held, mut failed) = (0, 0);
    for step in STEPS.iter().filter(|it| only.is_none_or(|only| only == it.name)) {
        let (part, holds) = step.run(root, commit.trim())?;
        held += u32::from(holds);
        failed += u32::from(!holds);
        text.push_str(&part);
    }
    if only.is_some() {
        text = replaced(&before, &text);
    }
    fs::write(root.join(FILE), text)?;
    println!("{held} passed, {failed} failed; see {FILE}");
    if failed == 0 { Ok(()) } else { Err("a slow check failed".into()) }
}

impl Step {
    /// Runs it; its part of the file, and whether it holds.
    #[expect(clippy::print_stderr, clippy::print_stdout, reason = "a task tells what it does")]
    fn run(&self, root: &Path, commit: &str) -> Result<(String, bool), Box<dyn std::error::Error>> {
        eprintln!("== {}", self.title);
        let started = Instant::now();
        let output = cargo(root).args(self.command).stderr(Stdio::inherit()).output()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let holds = output.status.success();
        let verdict = if holds { "holds" } else { "FAILED" };
        println!("{said}\n{}: {verdict}", self.title);
        let minutes = started.elapsed().as_secs().div_ceil(60);
        let command = self.command.join(" ");
        let said = if said.starts_with('|') { said } else { format!("```\n{said}\n```") };
        let title = self.title;
        let part = format!(
            "\n## {title}\n\n`cargo {command}`, commit {commit}: {verdict}, {minutes} min.\n\n{said}\n"
        );
        Ok((part, holds))
    }
}

/// The file as it was, with the one part of `new` in place of the old one of that title.
fn replaced(before: &str, new: &str) -> String {
    let mut parts = new.split("\n## ");
    let (head, own) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let title = own.lines().next().unwrap_or_default();
    let old: Vec<&str> = before.split("\n## ").skip(1).collect();
    let mut text = head.to_owned();
    for step in &STEPS {
        let is_own = step.title == title;
        let kept = old.iter().find(|it| it.lines().next() == Some(step.title)).copied();
        if let Some(part) = if is_own { Some(own) } else { kept } {
            text.push_str("\n## ");
            text.push_str(part);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_is_written_anew_and_the_others_stay() {
        let file = |bodies: &[(usize, &str)]| {
            let part = |it: &(usize, &str)| format!("\n## {}\n\n{}\n", STEPS[it.0].title, it.1);
            format!("head\n{}", bodies.iter().map(part).collect::<String>())
        };
        let before = file(&[(0, "a"), (1, "b"), (3, "d")]);
        assert_eq!(
            replaced(&before, &file(&[(1, "new")])),
            file(&[(0, "a"), (1, "new"), (3, "d")])
        );
        let with_crash = file(&[(0, "a"), (1, "b"), (2, "c"), (3, "d")]);
        assert_eq!(replaced(&before, &file(&[(2, "c")])), with_crash);
        assert_eq!(STEPS.map(|it| it.name), NAMES);
    }
}
