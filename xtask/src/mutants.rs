//! `cargo xtask mutants`: mistakes that a test must catch, one after the other.
//!
//! (1) Copy the tracked files to a scratch folder. (2) All tests are green there. (3) A change that
//! changes nothing must survive, or the judge is blind. (4) Put each mistake in, see that it compiles,
//! run the package's tests until one fails, take it out again. One that no test catches is a failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;

use crate::Outcome;
use crate::cargo::plain;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Mutants by name; all when absent.
    names: Vec<String>,
    /// Those of kernel and ledger alone: no engine is compiled.
    #[arg(long)]
    kernel: bool,
    /// Print the names and what each breaks.
    #[arg(long)]
    list: bool,
}

#[derive(Deserialize)]
struct List {
    mutant: Vec<Mutant>,
}

/// One mistake.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutant {
    name: String,
    breaks: String,
    package: String,
    file: PathBuf,
    from: String,
    to: String,
    /// The tests to run, by a part of their name; all of the package when absent.
    #[serde(default)]
    tests: String,
}

const LIST: &str = include_str!("mutants.toml");

/// What `timeout` ends with when it had to end the tests.
const TIMED_OUT: i32 = 124;

/// How the tests took a mutant.
enum Verdict {
    /// By the first test that failed.
    Caught(String),
    Survived,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a task tells what it does")]
pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let all: List = toml::from_str(LIST)?;
    let chosen = choose(&all.mutant, arguments)?;
    if arguments.list {
        for it in chosen {
            println!("{:<28} {:<8} {}", it.name, it.package, it.breaks);
        }
        return Ok(());
    }
    let scratch = tempfile::tempdir()?;
    let bench = Bench::new(root, scratch.path())?;
    let mut packages: Vec<&str> = chosen.iter().map(|it| it.package.as_str()).collect();
    packages.sort_unstable();
    packages.dedup();
    for package in packages {
        eprintln!("== {package} as it is");
        if let Verdict::Caught(test) = bench.judge(package, "")? {
            return Err(format!("{package} is red without any mutant: {test}").into());
        }
    }
    // `Budget` comes before everything, so every package sees this file.
    let canary = Mutant {
        name: "canary".to_owned(),
        breaks: "nothing".to_owned(),
        package: chosen.first().map_or("privacy", |it| &it.package).to_owned(),
        file: PathBuf::from("crates/privacy/src/lib.rs"),
        from: "//! The privacy kernel:".to_owned(),
        to: "//! A privacy kernel:".to_owned(),
        tests: String::new(),
    };
    if let Verdict::Caught(test) = bench.try_out(&canary)? {
        return Err(
            format!("a change of a comment was caught by {test}: the judge is blind").into()
        );
    }
    let mut survived = 0;
    for mutant in &chosen {
        match bench.try_out(mutant)? {
            Verdict::Caught(test) => println!("caught    {:<28} by {test}", mutant.name),
            Verdict::Survived => {
                survived += 1;
                println!("SURVIVED  {:<28} {}", mutant.name, mutant.breaks);
            }
        }
    }
    println!("{} caught, {survived} survived", chosen.len() - survived);
    if survived == 0 { Ok(()) } else { Err("a mistake that no test catches".into()) }
}

fn choose<'all>(
    all: &'all [Mutant],
    arguments: &Arguments,
) -> Result<Vec<&'all Mutant>, Box<dyn std::error::Error>> {
    if let Some(unknown) = arguments.names.iter().find(|it| all.iter().all(|own| own.name != **it))
    {
        let names: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
        return Err(format!("no mutant is called `{unknown}`: {}", names.join(", ")).into());
    }
    let wanted = |it: &&Mutant| {
        (arguments.names.is_empty() || arguments.names.contains(&it.name))
            && !(arguments.kernel && matches!(it.package.as_str(), "engine" | "server"))
    };
    Ok(all.iter().filter(wanted).collect())
}

/// A copy of the source in which mistakes are made.
struct Bench {
    copy: PathBuf,
    target: PathBuf,
    /// Golden values and real data, where they are.
    shared: PathBuf,
}

impl Bench {
    fn new(root: &Path, scratch: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let copy = scratch.join("source");
        let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root).output()?;
        for name in String::from_utf8(listed.stdout)?.split('\0').filter(|it| !it.is_empty()) {
            let (from, to) = (root.join(name), copy.join(name));
            if from.is_file() {
                fs::create_dir_all(to.parent().ok_or("a file without a folder")?)?;
                fs::copy(from, to)?;
            }
        }
        // Kept between runs: only what a mutant touches is compiled again.
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), PathBuf::from)
            .join("mutants");
        let shared = std::env::var_os("QUORATE_SHARED")
            .map_or_else(|| root.join("../shared"), PathBuf::from);
        Ok(Self { copy, target, shared })
    }

    /// Puts a mistake in, judges, and takes it out.
    fn try_out(&self, mutant: &Mutant) -> Result<Verdict, Box<dyn std::error::Error>> {
        let path = self.copy.join(&mutant.file);
        let before = fs::read_to_string(&path)?;
        if before.matches(&mutant.from).count() != 1 {
            let (name, file) = (&mutant.name, mutant.file.display());
            return Err(format!("{name}: its text does not stand exactly once in {file}").into());
        }
        fs::write(&path, before.replacen(&mutant.from, &mutant.to, 1))?;
        let verdict = self.judge(&mutant.package, &mutant.tests);
        fs::write(&path, before)?;
        verdict.map_err(|cause| format!("{}: {cause}", mutant.name).into())
    }

    fn judge(&self, package: &str, tests: &str) -> Result<Verdict, Box<dyn std::error::Error>> {
        let built = self.cargo(package, &["--no-run", "--quiet"])?;
        if !built.status.success() {
            let text = String::from_utf8_lossy(&built.stderr).into_owned();
            return Err(format!("it does not compile\n{text}").into());
        }
        let only = [tests];
        let tested = self.cargo(package, if tests.is_empty() { &[] } else { &only })?;
        match tested.status.code() {
            Some(0) => return Ok(Verdict::Survived),
            Some(TIMED_OUT) => return Ok(Verdict::Caught("tests that never end".to_owned())),
            _ => {}
        }
        let text = String::from_utf8_lossy(&tested.stdout).into_owned();
        let failed =
            text.lines().find_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
        let test = failed.ok_or("the tests failed, but none of them says so")?;
        Ok(Verdict::Caught(test.to_owned()))
    }

    fn cargo(&self, package: &str, more: &[&str]) -> std::io::Result<Output> {
        plain("timeout")
            .args([
                "900",
                "cargo",
                "test",
                "--package",
                &format!("quorate-{package}"),
                "--lib",
                "--tests",
            ])
            .args(more)
            .current_dir(&self.copy)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("QUORATE_SEEDS", "0..400")
            .env("QUORATE_SHARED", &self.shared)
            .output()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_still_has_its_place() {
        let all: List = toml::from_str(LIST).unwrap();
        for mutant in &all.mutant {
            let text = fs::read_to_string(crate::root().join(&mutant.file)).unwrap();
            assert_eq!(text.matches(&mutant.from).count(), 1, "{}", mutant.name);
        }
        let names: std::collections::BTreeSet<_> = all.mutant.iter().map(|it| &it.name).collect();
        assert_eq!(names.len(), all.mutant.len(), "each has a name of its own");
    }
}
