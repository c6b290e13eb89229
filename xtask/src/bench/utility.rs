//! `utility`: what a buyer gets for the same ε, ours beside SmartNoise SQL, PipelineDP and OpenDP.
//!
//! (1) Simulate an operator and load it. (2) Flatten its vault to distinct (person, cell) pairs of each table.
//! (3) Every tool releases each table several times at (ε, δ) = (1, 1e-9) in all, with the same cells a person.
//! (4) One program scores what all said against the people before any bounding.
//! docs/utility.md shows the committed result of such a run.

mod page;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{environment, machine, measured, said, text};
use crate::Outcome;
use crate::cargo::cargo;
use tables::{Peer, TABLES, Table};

/// What `utility` alone is told.
#[derive(clap::Args)]
pub(super) struct Options {
    /// A built `quorate` for the data of `utility`, instead of building it.
    #[arg(long, value_name = "PROGRAM")]
    quorate: Option<PathBuf>,
    /// Real pairs for `utility`, a CSV file `user,vroot`, compressed or not; left out when absent.
    #[arg(long, value_name = "FILE")]
    real: Option<PathBuf>,
    /// Leave the pairs of `utility` in the scratch folder.
    #[arg(long, requires = "scratch")]
    keep: bool,
}

/// SIMs of the simulated operator unless said otherwise.
const SUBSCRIBERS: u32 = 100_000;

const DAYS: &str = "7";

const SEED: &str = "1";

/// ε and δ in all, and the part of δ that is outright.
const COST: &str = "epsilon=1,1e-9,1e-10";

const FLATTEN: [&str; 2] = ["duckdb==2.0.0", "numpy==2.4.6"];

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &super::Arguments, root: &Path) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let folder = scratch.join("utility");
    fs::create_dir_all(&folder)?;
    let subscribers = arguments.subscribers.unwrap_or(SUBSCRIBERS);
    eprintln!("simulating and loading {subscribers} SIMs");
    let vault = load(&arguments.utility, root, &folder, subscribers)?;
    if arguments.utility.real.is_none() {
        eprintln!("no --real file: the table real_areas is left out");
    }
    let sizes = flatten(&arguments.utility, root, &scratch, &vault)?;
    for used in ["operator", "keys"] {
        fs::remove_dir_all(folder.join(used))?;
    }
    let mut tables = Vec::new();
    for table in TABLES.iter().filter(|it| sizes.get(it.name).is_some()) {
        eprintln!("releasing {}", table.name);
        let mut found = sizes[table.name].clone();
        found["table"] = table.name.into();
        found["runs"] = releases(table, root, &scratch, arguments.repeats)?.into();
        tables.push(found);
    }
    if !arguments.utility.keep {
        fs::remove_dir_all(&folder)?;
    }
    let python = said(Command::new("python3").arg("--version").output()?)?;
    let packages = Peer::ALL.map(|it| (it.name(), it.packages().join(" ")));
    let result = json!({
        "workload": "utility",
        "commit": super::commit(root)?,
        "machine": machine(),
        "python": python.trim(),
        "subscribers": subscribers,
        "days": DAYS,
        "seed": SEED,
        "repeats": arguments.repeats,
        "cost": COST,
        "packages": BTreeMap::from(packages),
        "tables": tables,
    });
    let text = if arguments.json { lines(&result) } else { page::page(&result) };
    print!("{text}");
    Ok(())
}

/// Writes docs/utility.md from the committed result.
pub(super) fn page(root: &Path) -> Outcome {
    page::write(root)
}

/// The vault of a simulated operator in `folder`, with its keys beside it.
fn load(
    options: &Options,
    root: &Path,
    folder: &Path,
    subscribers: u32,
) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let data = folder.join("operator");
    let quorate = |command: &[&str]| {
        let mut program = options.quorate.as_ref().map_or_else(|| built(root), Command::new);
        said(program.args(command).env("XDG_STATE_HOME", folder.join("keys")).output()?)
    };
    let (data_text, subscribers) = (text(&data)?, subscribers.to_string());
    quorate(&["init", data_text])?;
    let world = ["--subscribers", &subscribers, "--days", DAYS, "--seed", SEED];
    quorate(&[&["simulate", "--dir", data_text], world.as_slice()].concat())?;
    let (config, raw) = (data.join("quorate.toml"), data.join("raw"));
    quorate(&["--config", text(&config)?, "ingest", text(&raw)?])?;
    fs::remove_dir_all(&raw)?;
    Ok(data.join("vault"))
}

/// `quorate`, built first when it has to be.
fn built(root: &Path) -> Command {
    let mut program = cargo(root);
    program.args(["run", "--quiet", "--release", "--package", "quorate", "--bin", "quorate", "--"]);
    program
}

/// Writes the pairs of each table; says how many there are.
fn flatten(
    options: &Options,
    root: &Path,
    scratch: &Path,
    vault: &Path,
) -> Result<Value, Box<dyn std::error::Error>> {
    let python = environment(scratch, "utility-flatten", &FLATTEN)?;
    let sectors = root.join("crates/reference/pack/sectors.csv.gz");
    let mut flatten = Command::new(python);
    flatten.args(["-c", include_str!("utility/pairs.py")]);
    flatten.arg(scratch.join("utility")).arg(vault).arg(sectors);
    measured(&said(flatten.args(&options.real).output()?)?)
}

/// All releases of one table: tool, setting, and a score of each repeat.
#[expect(clippy::print_stderr, reason = "a benchmark tells what it does")]
fn releases(
    table: &Table,
    root: &Path,
    scratch: &Path,
    repeats: u32,
) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let folder = scratch.join("utility");
    let pairs = folder.join(format!("{}.pairs", table.name));
    let pairs = text(&pairs)?;
    let mut runs = Vec::new();
    for setting in table.ours {
        let scores = score(root, &["release", pairs, COST, &repeats.to_string(), setting])?;
        runs.push(json!({ "tool": "quorate", "setting": setting, "scores": scores }));
    }
    for peer in Peer::ALL {
        let python = environment(scratch, &format!("utility-{}", peer.name()), peer.packages())?;
        for limit in table.limits {
            eprintln!("  {}, {limit} cells a person", peer.name());
            let out = folder.join(format!("{}-{}-{limit}", table.name, peer.name()));
            let mut program = Command::new(&python);
            program.args(["-c", &peer.program(), pairs]).arg(&out);
            let told =
                measured(&said(program.args([limit.to_string(), repeats.to_string()]).output()?)?)?;
            let files: Vec<_> = (0..repeats).map(|it| out.join(format!("{it}.said"))).collect();
            let files = files.iter().map(|it| text(it)).collect::<Result<Vec<_>, _>>()?;
            let scores = score(root, &[&["score", pairs], files.as_slice()].concat())?;
            let setting = format!("L={limit}");
            runs.push(
                json!({ "tool": peer.name(), "setting": setting, "told": told, "scores": scores }),
            );
        }
    }
    Ok(runs)
}

/// Runs the kernel's program, which says a line of JSON for each release.
fn score(root: &Path, command: &[&str]) -> Result<Vec<Value>, Box<dyn std::error::Error>> {
    let program = [
        "run",
        "--quiet",
        "--release",
        "--package",
        "quorate-privacy",
        "--example",
        "utility",
        "--",
    ];
    let lines = said(cargo(root).args(program).args(command).output()?)?;
    lines.lines().map(measured).collect()
}

/// JSON with a line for each run, so that two results can be compared.
fn lines(result: &Value) -> String {
    result.to_string().replace("{\"scores\"", "\n{\"scores\"") + "\n"
}
