//! `cargo xtask clients`: the programs that people use, against a served instance; docs/clients.md says which work.
//!
//! The programs are installed by `clients/install.sh` beside the build folder (some come as Debian packages); the
//! instance is the one of `quorate demo`. Each check asserts what the budget did.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::Outcome;
use crate::cargo::cargo;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these checks, by number; the page is not written.
    only: Vec<String>,
    /// Where programs and instance are made; default: beside the build folder.
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

/// What a check found.
#[derive(Deserialize)]
struct Found {
    check: String,
    what: String,
    works: bool,
    note: String,
}

const PAGE: &str = "docs/clients.md";

/// Clients, a program and the instance of its demo.
pub(crate) struct Instance {
    programs: PathBuf,
    scratch: PathBuf,
    folder: PathBuf,
    /// The program.
    pub(crate) quorate: PathBuf,
    /// Where its keys are, if not where the product looks by itself: outside of the instance, as it asks for.
    state: Option<PathBuf>,
}

impl Instance {
    /// Installs the clients, builds the program and makes the instance anew.
    pub(crate) fn new(
        root: &Path,
        scratch: Option<&Path>,
        subscribers: u32,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let mut new = Self::over(root, scratch, Path::new("instance/data"))?;
        let (instance, state) = (new.scratch.join("instance"), new.scratch.join("state"));
        for old in [&instance, &state] {
            if old.exists() {
                fs::remove_dir_all(old)?;
            }
        }
        new.folder = instance.join("data");
        new.state = Some(state);
        let mut demo = Command::new(&new.quorate);
        demo.arg("demo").arg("--dir").arg(&instance);
        demo.args(["--subscribers", &subscribers.to_string(), "--no-serve"]);
        new.with_keys(&mut demo);
        done(demo.stdout(Stdio::null()))?;
        Ok(new)
    }

    /// Installs the clients and builds the program, for an instance that is there.
    pub(crate) fn over(
        root: &Path,
        scratch: Option<&Path>,
        folder: &Path,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let target = root.join(target);
        let scratch =
            scratch.map_or_else(|| target.with_file_name("quorate-clients"), Path::to_owned);
        let programs = scratch.join("programs");
        done(Command::new("bash").arg(root.join("clients/install.sh")).arg(&programs))?;
        done(cargo(root).args(["build", "--release", "--quiet", "--package", "quorate"]))?;
        let quorate = target.join("release/quorate");
        Ok(Self { programs, scratch, folder: folder.to_owned(), quorate, state: None })
    }

    /// Says where the keys are.
    pub(crate) fn with_keys(&self, command: &mut Command) {
        if let Some(state) = &self.state {
            command.env("XDG_STATE_HOME", state);
        }
    }

    /// The Python that has the clients.
    pub(crate) fn python(&self) -> PathBuf {
        self.programs.join("now/bin/python")
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Installs, serves, checks, and writes the page.
pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let instance = Instance::new(root, arguments.scratch.as_deref(), 50_000)?;
    let results = instance.scratch.join("results.json");
    let mut checks = Command::new(instance.python());
    checks.arg(root.join("clients/checks.py")).args([&instance.programs, &instance.quorate]);
    checks.arg(instance.folder()).arg(&results).args(&arguments.only);
    instance.with_keys(&mut checks);
    let outcome = done(&mut checks);
    if arguments.only.is_empty() && results.exists() {
        let found: Vec<Found> = serde_json::from_slice(&fs::read(&results)?)?;
        fs::write(root.join(PAGE), page(&found))?;
    }
    outcome
}

fn done(command: &mut Command) -> Outcome {
    if command.status()?.success() {
        return Ok(());
    }
    Err(format!("{} failed", command.get_program().display()).into())
}

fn page(found: &[Found]) -> String {
    let mut text = "# Client programs\n\nWritten by `cargo xtask clients`. Do not edit.\n\nEach was run against \
                    `quorate serve` with TLS on a month of 50,000 simulated customers; what the budget did was asserted.\n\n\
                    | check | what | works | version, or what was seen |\n|---|---|---|---|\n"
        .to_owned();
    for it in found {
        let note = it.note.replace('|', "\\|").replace('\n', " ");
        let works = if it.works { "yes" } else { "**no**" };
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "| {} | {} | {works} | {note} |", it.check, it.what.replace('|', "\\|"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_works_and_what_does_not() {
        let found = |works| Found {
            check: "1".to_owned(),
            what: "psql: a | b".to_owned(),
            works,
            note: "one\ntwo".to_owned(),
        };
        let text = page(&[found(true), found(false)]);
        assert!(text.contains("| 1 | psql: a \\| b | yes | one two |\n"));
        assert!(text.ends_with("| 1 | psql: a \\| b | **no** | one two |\n"));
    }
}
