//! `cargo xtask check`: everything that must hold, the fastest first.
//!
//! Kernel and ledger come first, so that a first failure takes seconds; they are built without the
//! engine. The last line sums up what the runners said. `--slow` runs what takes longer. What is exported
//! is opened by other people's programs ([`crate::tools`]) where they can be had.

mod slow;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::Outcome;
use crate::cargo::cargo;
use crate::tools;

/// One step: what it shows, and the command that shows it.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
}

/// The step whose tests use other people's programs.
const TESTS: &str = "tests";

const STEPS: [Step; 5] = [
    Step { name: "format", arguments: &["fmt", "--all", "--check"] },
    Step {
        name: "kernel, ledger and their proofs",
        arguments: &[
            "test",
            "--quiet",
            "--package",
            "quorate-privacy",
            "--package",
            "quorate-ledger",
        ],
    },
    Step {
        name: "lints",
        arguments: &[
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ],
    },
    Step {
        name: "promises made in types",
        arguments: &["test", "--quiet", "--workspace", "--doc"],
    },
    Step {
        name: TESTS,
        arguments: &["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"],
    },
];

/// What to check.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What takes longer instead: ten million draws, thousands of crashes, every mutant.
    #[arg(long)]
    slow: bool,
    /// Only this slow step; the results of the others stay as they are.
    #[arg(long, requires = "slow", value_parser = slow::NAMES)]
    step: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    if arguments.slow { slow::run(root, arguments.step.as_deref()) } else { quick(root) }
}

#[expect(clippy::print_stderr, clippy::print_stdout, reason = "a task tells what it does")]
fn quick(root: &Path) -> Outcome {
    tests_stay_in_tests(root)?;
    twins_see_what_is_printed(root)?;
    let (mut passed, mut failed) = (0, 0);
    let mut skipped = None;
    for step in STEPS {
        eprintln!("== {}", step.name);
        let mut command = cargo(root);
        command.args(step.arguments);
        if step.name == TESTS {
            match tools::python(root) {
                Ok(python) => {
                    command.env(tools::NAME, python);
                }
                Err(cause) => skipped = Some(cause),
            }
        }
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        for line in BufReader::new(child.stdout.take().ok_or("no output")?).lines() {
            let line = line?;
            println!("{line}");
            if let Some((own_passed, own_failed)) = counts(&line) {
                passed += own_passed;
                failed += own_failed;
            }
        }
        if !child.wait()?.success() {
            println!("{passed} passed, {} failed", failed.max(1));
            let command = step.arguments.join(" ");
            return Err(format!("{}: `cargo {command}` failed", step.name).into());
        }
    }
    // At the end, where it is seen: a runner shows nothing of a test that skips.
    if let Some(cause) = skipped {
        println!("SKIPPED other people's programs open what is exported: {cause}");
    }
    println!("{passed} passed, {failed} failed");
    Ok(())
}

/// The figures of a runner's line `test result: ok. 12 passed; 0 failed; …`.
fn counts(line: &str) -> Option<(u32, u32)> {
    let mut parts = line.strip_prefix("test result: ")?.split("; ");
    let passed = parts.next()?.split(' ').rev().nth(1)?.parse().ok()?;
    let failed = parts.next()?.split(' ').next()?.parse().ok()?;
    Some((passed, failed))
}

/// The shipped binary has no path to seeded noise or a simulated disk.
fn tests_stay_in_tests(root: &Path) -> Outcome {
    let tree = tree(root, "quorate")?;
    match ["seeded-entropy", "simulated-disk"].into_iter().find(|it| tree.contains(it)) {
        Some(feature) => Err(format!("the binary enables `{feature}`, which is for tests").into()),
        None => Ok(()),
    }
}

/// The evaluation twin has no path to a vault, a ledger or noise.
fn twins_see_what_is_printed(root: &Path) -> Outcome {
    let tree = tree(root, "quorate-twin")?;
    let walls = ["quorate-engine", "quorate-ledger", "quorate-privacy", "datafusion", "tokio"];
    match walls.into_iter().find(|it| tree.lines().any(|line| line.starts_with(it))) {
        Some(package) => {
            Err(format!("the twin depends on `{package}`: it reads releases only").into())
        }
        None => Ok(()),
    }
}

/// What a package is made of, one line each.
fn tree(root: &Path, package: &str) -> Result<String, Box<dyn std::error::Error>> {
    let arguments = ["--edges", "normal,features", "--prefix", "none"];
    let tree = cargo(root).args(["tree", "--package", package]).args(arguments).output()?;
    let text = String::from_utf8(tree.stdout)?;
    if !tree.status.success() || text.is_empty() {
        return Err(format!("`cargo tree --package {package}` failed").into());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_runners_line_is_added_up() {
        let line = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        assert_eq!(super::counts(line), Some((12, 0)));
        assert_eq!(
            super::counts("test result: FAILED. 1 passed; 2 failed; 0 ignored"),
            Some((1, 2))
        );
        assert_eq!(super::counts("running 12 tests"), None);
    }
}
