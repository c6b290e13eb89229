//! `cargo xtask bench`: a workload and its peer in one run, as ratios.
//!
//! W1 to W3 release people by site, W4 loads raw files and W5 places events, beside DuckDB on the same files; W6 asks questions; W7 draws
//! noise beside OpenDP; W9 goes from a clone to the first result; `utility` releases tables beside other tools of
//! differential privacy at the same ε.

mod layout;
mod page;
mod table;
mod utility;
mod w4;
mod w5;
mod w6;
mod w7;
mod w9;
mod web;
mod wires;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::Outcome;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Workload::W1)]
    workload: Workload,
    /// People in the vault; a million when absent, in `utility` a tenth of it.
    #[arg(long)]
    subscribers: Option<u32>,
    /// Visits of each; in W4 and W5 events of each, in W4 a third as many pages.
    #[arg(long, default_value_t = 10)]
    visits: u32,
    /// Runs of each engine.
    #[arg(long, default_value_t = 5)]
    repeats: u32,
    /// Where to write the data; a temporary folder when absent. Removed afterwards.
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// The data folder that `wires` asks, with released presence and nobody who may log in; one of its own when absent.
    #[arg(long, value_name = "FOLDER")]
    instance: Option<PathBuf>,
    /// Print the raw results as JSON.
    #[arg(long)]
    json: bool,
    /// Whom to run ours beside; nobody where the disk will not hold what a peer writes, ClickHouse in W1 and W2.
    #[arg(long, value_enum, default_value_t = Beside::Duckdb)]
    beside: Beside,
    /// Write docs/performance.md and docs/utility.md from the committed results, and measure nothing.
    #[arg(long)]
    page: bool,
    /// What W9 runs in the clone, with its arguments; README's first command when absent.
    #[arg(long, num_args = 1.., allow_hyphen_values = true)]
    command: Vec<String>,
    #[command(flatten)]
    utility: utility::Options,
}

impl Arguments {
    fn is_alone(&self) -> bool {
        self.beside == Beside::Nobody
    }

    fn subscribers(&self) -> u32 {
        self.subscribers.unwrap_or(1_000_000)
    }

    /// The command that repeats W4 or W5.
    fn again(&self, workload: &str) -> String {
        let (people, visits, repeats) = (self.subscribers(), self.visits, self.repeats);
        let beside = self.beside.again();
        format!(
            "cargo xtask bench --workload {workload} --subscribers {people} --visits {visits} --repeats {repeats}{beside} --json"
        )
    }
}

/// Whom ours runs beside.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Beside {
    Nobody,
    Duckdb,
    /// And DuckDB.
    Clickhouse,
}

impl Beside {
    /// The argument, as it is given again.
    const fn again(self) -> &'static str {
        match self {
            Self::Nobody => " --beside nobody",
            Self::Duckdb => "",
            Self::Clickhouse => " --beside clickhouse",
        }
    }
}

/// The workloads that have a peer.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Workload {
    W1,
    W2,
    W3,
    W4,
    W5,
    /// Questions: released tables, answers that stand, fresh ones.
    W6,
    /// Questions over the wires, one client of each.
    Wires,
    W7,
    /// Clone to first result, nothing built before.
    W9,
    /// The vault's files beside a Delta table.
    Layout,
    /// What the same ε buys, beside other tools.
    Utility,
}

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    if arguments.page {
        return page::write(root).and_then(|()| utility::page(root));
    }
    match arguments.workload {
        Workload::W1 => web::run(web::Which::W1, arguments, root),
        Workload::W2 => web::run(web::Which::W2, arguments, root),
        Workload::W3 => web::run(web::Which::W3, arguments, root),
        Workload::W4 => w4::run(arguments, root),
        Workload::W5 => w5::run(arguments, root),
        Workload::W6 => w6::run(arguments, root),
        Workload::Wires => wires::run(arguments, root),
        Workload::W9 => w9::run(arguments, root),
        Workload::Layout => layout::run(arguments),
        Workload::W7 => w7::run(arguments.json, root),
        Workload::Utility => utility::run(arguments, root),
    }
}

/// The peer, as its package registry names it.
const PEER: &str = "duckdb==2.0.0";

fn text(path: &Path) -> Result<&str, Box<dyn std::error::Error>> {
    path.to_str().ok_or_else(|| "the scratch folder is not UTF-8".into())
}

pub(crate) fn said(output: std::process::Output) -> Result<String, Box<dyn std::error::Error>> {
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
    }
}

fn measured(text: &str) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(serde_json::from_str(text.trim())?)
}

/// A Python with the peer, in an environment of its own.
fn peer(scratch: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    environment(scratch, "peer", &[PEER])
}

/// A Python with packages, in an environment of its own.
fn environment(
    scratch: &Path,
    name: &str,
    packages: &[&str],
) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let environment = scratch.join(name);
    let python = environment.join("bin/python");
    if !python.exists() {
        said(Command::new("python3").args(["-m", "venv"]).arg(&environment).output()?)?;
        let pip = ["-m", "pip", "install", "--quiet"];
        said(Command::new(&python).args(pip).args(packages).output()?)?;
    }
    Ok(python)
}

fn machine() -> Value {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({ "cores": cores, "cpu": name.map(|it| it.1) })
}

/// Least, middle and most of one figure.
fn spread(runs: &[Value], figure: impl Fn(&Value) -> f64) -> [f64; 3] {
    let mut values: Vec<f64> = runs.iter().map(figure).collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
    [at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
}

/// Lets a workload begin that needs `bytes` on the disk of `folder`.
fn check_room(folder: &Path, bytes: u64) -> Outcome {
    let df = Command::new("df").args(["--block-size=1", "--output=avail"]).arg(folder).output()?;
    let free = said(df)?.lines().find_map(|it| it.trim().parse::<u64>().ok());
    let free = free.ok_or("df says no number")?;
    if free > bytes {
        return Ok(());
    }
    let gigabytes = |bytes: u64| bytes.div_ceil(1_000_000_000);
    let (needs, has) = (gigabytes(bytes), gigabytes(free));
    let folder = folder.display();
    Err(format!("the workload needs {needs} GB of disk and {folder} has {has}: see --scratch")
        .into())
}

/// What a result says of itself.
fn facts(root: &Path, workload: &str, again: &str) -> Result<Value, Box<dyn std::error::Error>> {
    Ok(json!({
        "workload": workload,
        "again": again,
        "commit": commit(root)?,
        "machine": machine(),
    }))
}

/// The machine of a result, in words.
fn machine_text(result: &Value) -> String {
    let machine = &result["machine"];
    let cpu = machine["cpu"].as_str().unwrap_or("unknown processor");
    format!("{cpu}, {} cores", machine["cores"])
}

/// The commit that is measured.
fn commit(root: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let mut git = Command::new("git");
    let commit = said(git.args(["rev-parse", "--short", "HEAD"]).current_dir(root).output()?)?;
    Ok(commit.trim().to_owned())
}
