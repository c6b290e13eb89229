//! `cargo xtask bench`: a workload and its peer in one run, as ratios.
//!
//! W1 counts people by site and W4 loads raw files, both beside DuckDB on the same files; W7 draws noise beside OpenDP;
//! `utility` releases tables beside other tools of differential privacy at the same ε.

mod layout;
mod utility;
mod w4;
mod w7;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::Outcome;
use crate::cargo::cargo;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Workload::W1)]
    workload: Workload,
    /// People in the vault; a million when absent, in `utility` a tenth of it.
    #[arg(long)]
    subscribers: Option<u32>,
    /// Visits of each; in W4 events of each, and a third as many pages.
    #[arg(long, default_value_t = 10)]
    visits: u32,
    /// Runs of each engine.
    #[arg(long, default_value_t = 5)]
    repeats: u32,
    /// Where to write the data; a temporary folder when absent. Removed afterwards.
    #[arg(long)]
    scratch: Option<PathBuf>,
    /// Print the raw results as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    utility: utility::Options,
}

impl Arguments {
    fn subscribers(&self) -> u32 {
        self.subscribers.unwrap_or(1_000_000)
    }
}

/// The workloads that have a peer.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Workload {
    W1,
    W4,
    W7,
    /// The vault's files beside a Delta table.
    Layout,
    /// What the same ε buys, beside other tools.
    Utility,
}

pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    match arguments.workload {
        Workload::W1 => people_by_site(arguments, root),
        Workload::W4 => w4::run(arguments, root),
        Workload::Layout => layout::run(arguments),
        Workload::W7 => w7::run(arguments.json, root),
        Workload::Utility => utility::run(arguments, root),
    }
}

/// The peer, as its package registry names it.
const PEER: &str = "duckdb==2.0.0";

const PEER_PROGRAM: &str = r#"
import duckdb, json, resource, sys, time
started = time.perf_counter()
rows = duckdb.connect().execute(
    "select site, count(distinct person) from read_parquet(?) group by site", [sys.argv[1]]
).fetchall()
seconds = time.perf_counter() - started
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "megabytes": megabytes, "result": len(rows)}))
"#;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is printed")]
fn people_by_site(arguments: &Arguments, root: &Path) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let data = scratch.join("w1");
    eprintln!(
        "building, generating {} people x {} visits",
        arguments.subscribers(),
        arguments.visits
    );
    let size = [arguments.subscribers().to_string(), arguments.visits.to_string()];
    quorate(root, &["generate", text(&data)?, &size[0], &size[1]])?;
    let python = peer(&scratch)?;
    let (mut release, mut decode, mut duckdb) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=arguments.repeats {
        eprintln!("round {round} of {}", arguments.repeats);
        decode.push(measured(&quorate(root, &["decode", text(&data)?])?)?);
        release.push(measured(&quorate(root, &["release", text(&data)?])?)?);
        let visits = data.join("visit.parquet");
        let output = Command::new(&python).args(["-c", PEER_PROGRAM]).arg(visits).output()?;
        duckdb.push(measured(&said(output)?)?);
    }
    fs::remove_dir_all(&data)?;
    let result = json!({
        "workload": "W1",
        "subscribers": arguments.subscribers(),
        "visits_each": arguments.visits,
        "machine": machine(),
        "peer": PEER,
        "release": release,
        "decode": decode,
        "duckdb": duckdb,
    });
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        println!("{}", table(arguments, &release, &decode, &duckdb));
    }
    Ok(())
}

fn text(path: &Path) -> Result<&str, Box<dyn std::error::Error>> {
    path.to_str().ok_or_else(|| "the scratch folder is not UTF-8".into())
}

/// Runs the workload's program, optimised, and returns what it says.
fn quorate(root: &Path, arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let program =
        ["run", "--quiet", "--release", "--package", "quorate-engine", "--example", "w1", "--"];
    said(cargo(root).args(program).args(arguments).output()?)
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

fn table(arguments: &Arguments, release: &[Value], decode: &[Value], duckdb: &[Value]) -> String {
    let seconds = |run: &Value| run["seconds"].as_f64().unwrap_or(f64::NAN);
    let megabytes = |run: &Value| run["megabytes"].as_f64().unwrap_or(f64::NAN);
    let mut text = format!(
        "W1: people by site, {} people x {} visits, {} rounds\n{:<34} {:>24} {:>10}\n",
        arguments.subscribers(),
        arguments.visits,
        arguments.repeats,
        "",
        "seconds min / mid / max",
        "peak MB"
    );
    let rows = [
        ("quorate, whole release", release),
        ("plain decode of the two columns", decode),
        ("DuckDB, exact distinct, no privacy", duckdb),
    ];
    for (name, runs) in rows {
        let [least, middle, most] = spread(runs, seconds);
        let memory = spread(runs, megabytes)[1];
        let _ = writeln!(text, "{name:<34} {least:>9.3} {middle:>6.3} {most:>7.3} {memory:>10.0}");
    }
    let ratios = |peer: &[Value]| {
        let pairs: Vec<Value> = release
            .iter()
            .zip(peer)
            .map(|(own, peer)| json!(seconds(own) / seconds(peer)))
            .collect();
        spread(&pairs, |it| it.as_f64().unwrap_or(f64::NAN))
    };
    for (name, peer) in [("DuckDB", duckdb), ("the plain decode", decode)] {
        let [least, middle, most] = ratios(peer);
        let _ = writeln!(text, "release / {name}: {middle:.3} (from {least:.3} to {most:.3})");
    }
    text
}
