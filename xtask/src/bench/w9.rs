//! W9: from a fresh clone to the first result, with nothing built before.
//!
//! (1) Clone the repository as it is committed. (2) Bring the crates of its lock file, which takes no time where
//! cargo has them already: timed apart, and not in the sum. (3) Run README's first command in the clone with an empty
//! folder for what is built, until it has shown its result.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use serde_json::json;

use super::{Arguments, check_room, said, text};
use crate::Outcome;
use crate::cargo::plain;

/// README's first command; it ends behind its summary and serves no page.
const FIRST: [&str; 6] = ["cargo", "run", "--release", "--", "demo", "--no-serve"];

/// What a release build and the demo's instance take, with as much again to spare.
const BYTES: u64 = 6_000_000_000;

#[expect(clippy::print_stdout, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let own: Vec<&str> = arguments.command.iter().map(String::as_str).collect();
    let command = if own.is_empty() { &FIRST[..] } else { &own };
    if own.is_empty() {
        check_room(&scratch, BYTES)?;
    }
    let steps = first_result(root, &scratch, command)?;
    let mut again = "cargo xtask bench --workload w9 --json".to_owned();
    if !own.is_empty() {
        again = format!("{again} --command {}", own.join(" "));
    }
    let mut result = super::facts(root, "W9", &again)?;
    result["steps"] =
        steps.iter().map(|(of, seconds)| json!({ "of": of, "seconds": seconds })).collect();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        for (of, seconds) in &steps {
            println!("{seconds:8.1} s  {of}");
        }
    }
    Ok(())
}

type Steps = Vec<(String, f64)>;

/// Clones `root` and runs `command` there; returns what each step took, in seconds.
#[expect(clippy::print_stderr, reason = "a benchmark tells what it does")]
fn first_result(
    root: &Path,
    scratch: &Path,
    command: &[&str],
) -> Result<Steps, Box<dyn std::error::Error>> {
    let (clone, built) = (scratch.join("w9-clone"), scratch.join("w9-built"));
    for folder in [&clone, &built] {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    let steps: [(&str, &[&str]); 3] = [
        ("git clone", &["git", "clone", "--quiet", "--no-hardlinks", text(root)?, text(&clone)?]),
        ("crates brought, where not there already", &["cargo", "fetch", "--quiet", "--locked"]),
        ("", command),
    ];
    let mut taken = Steps::new();
    for (of, command) in steps {
        let of = if of.is_empty() { command.join(" ") } else { of.to_owned() };
        eprintln!("{of}");
        let [program, own @ ..] = command else { return Err("a command has a program".into()) };
        let mut step = plain(program);
        step.args(own).env("CARGO_TARGET_DIR", &built).stdin(Stdio::null());
        step.current_dir(if clone.exists() { &clone } else { scratch });
        // The clone says which toolchain is its own.
        step.env_remove("RUSTUP_TOOLCHAIN");
        let started = Instant::now();
        said(step.output()?)?;
        taken.push((of, started.elapsed().as_secs_f64()));
    }
    fs::remove_dir_all(&clone)?;
    if built.exists() {
        fs::remove_dir_all(&built)?;
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository of one small program.
    fn tiny(root: &Path) {
        fs::create_dir_all(root.join("src")).unwrap();
        let package = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
        fs::write(root.join("Cargo.toml"), package).unwrap();
        let lock = "version = 4\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n";
        fs::write(root.join("Cargo.lock"), lock).unwrap();
        fs::write(root.join("src/main.rs"), "fn main() {}\n").unwrap();
        let name = ["-c", "user.name=tiny", "-c", "user.email=tiny@example.com"];
        for own in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "tiny"]] {
            let mut git = plain("git");
            said(git.current_dir(root).args(name).args(own).output().unwrap()).unwrap();
        }
    }

    #[test]
    fn the_command_runs_in_a_clone_and_leaves_nothing() {
        let (root, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        tiny(root.path());
        let run = |command: &[&str]| first_result(root.path(), scratch.path(), command);
        let built = "cargo run --quiet && test -d \"$CARGO_TARGET_DIR\"";
        assert_eq!(run(&["sh", "-c", built]).unwrap().len(), 3);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
        assert!(run(&["false"]).is_err());
    }
}
