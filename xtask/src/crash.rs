//! `cargo xtask crash`: a load that is killed at any of its system calls leaves the last good state and resumes.
//!
//! (1) A small operator is loaded for one day: the last good state. (2) The load of the second day is traced:
//! which calls change something on disk, and how often. (3) For each of them, in a copy of the state, the load
//! is killed at that call by strace. (4) The vault must then be the old one or the new one, whole; loading again
//! must end in the same files as the load that was never killed. A vault that lost a file must be noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::Outcome;
use crate::bench::said;
use crate::cargo::cargo;

/// What to kill.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// At most so many points of each system call, evenly spread.
    #[arg(long, default_value_t = 40)]
    points: usize,
}

/// The calls by which a load changes what is on disk.
const CALLS: [&str; 9] =
    ["openat", "write", "pwrite64", "rename", "fsync", "fdatasync", "unlink", "unlinkat", "mkdir"];

/// Files by their path below the vault.
type Files = BTreeMap<PathBuf, Vec<u8>>;

struct Bench {
    program: PathBuf,
    folder: PathBuf,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a task tells what it found")]
pub(crate) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return Err("strace is not installed: `apt-get install strace`".into());
    }
    let temporary = tempfile::tempdir()?;
    let bench = Bench { program: build(root)?, folder: temporary.path().to_owned() };
    bench.prepare()?;
    let (old, _) = vault(&bench.folder.join("good"))?;
    let whole = bench.copy("whole")?;
    let counts = bench.traced(&whole)?;
    let (new, _) = vault(&whole)?;
    canary(&whole, &old, &new)?;
    let (mut killed, mut committed) = (0, 0);
    for (call, count) in counts {
        eprintln!("{call}: {count} calls");
        let step = count.div_ceil(arguments.points).max(1);
        for point in (1..=count).step_by(step) {
            let twin = bench.copy("killed")?;
            bench.killed_at(&twin, call, point)?;
            let broken = |cause| format!("killed at {call} number {point}: {cause}");
            killed += 1;
            committed += u32::from(state(&twin, &old, &new).map_err(broken)?);
            said(bench.load(&twin).output()?).map_err(|cause| broken(cause.to_string()))?;
            if vault(&twin)?.0 != new {
                return Err(broken("the next load ends in another vault".to_owned()).into());
            }
        }
    }
    println!("killed {killed} times, {committed} of them after the commit: held");
    Ok(())
}

/// The program, optimised; built with its examples, so that benchmarks and this share one build.
fn build(root: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let build = ["build", "--quiet", "--release", "--package", "quorate", "--bins", "--examples"];
    let output = said(cargo(root).args(build).args(["--message-format", "json"]).output()?)?;
    let built = output.lines().filter_map(|it| serde_json::from_str::<Value>(it).ok());
    let mut programs = built.filter(|it| it["target"]["kind"][0] == "bin");
    let program = programs.find_map(|it| it["executable"].as_str().map(PathBuf::from));
    program.ok_or_else(|| "cargo named no program".into())
}

impl Bench {
    /// A good state of one day, and the raw files of the second day.
    fn prepare(&self) -> Outcome {
        let at = |name: &str| self.folder.join(name);
        let mut simulate = Command::new(&self.program);
        simulate.args(["simulate", "--subscribers", "1000", "--days", "2", "--format", "csv"]);
        said(simulate.arg("--dir").arg(at("world")).output()?)?;
        let raw = at("world").join("raw");
        let names = ["events/2026-10-02.csv", "web/2026-10-02.csv"];
        for name in names {
            let to = at("second").join(name);
            fs::create_dir_all(to.parent().ok_or("a file in no folder")?)?;
            fs::rename(raw.join(name), to)?;
        }
        fs::write(at("second").join("_SUCCESS"), "")?;
        said(Command::new(&self.program).arg("init").arg(at("good/data")).output()?)?;
        // One thread makes the same calls in the same order.
        let config = at("good/data/quorate.toml");
        let text = fs::read_to_string(&config)? + "\nkeys_dir = \"../keys\"\nthreads = 1\n";
        fs::write(&config, text)?;
        said(self.command(&at("good")).arg(raw).output()?)?;
        Ok(())
    }

    /// A copy of the good state.
    fn copy(&self, name: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let to = self.folder.join(name);
        drop(fs::remove_dir_all(&to));
        said(Command::new("cp").arg("-a").arg(self.folder.join("good")).arg(&to).output()?)?;
        Ok(to)
    }

    fn command(&self, state: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(state.join("data/quorate.toml")).arg("ingest");
        command
    }

    /// The load of the second day.
    fn load(&self, state: &Path) -> Command {
        let mut command = self.command(state);
        command.arg(self.folder.join("second"));
        command
    }

    fn under_strace(&self, state: &Path, options: &[&str]) -> Result<Output, std::io::Error> {
        let load = self.load(state);
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o"]).arg(self.folder.join("trace")).args(options);
        strace.arg(load.get_program()).args(load.get_args()).output()
    }

    /// Loads, and counts the calls of each kind by the thread that makes most of them.
    fn traced(
        &self,
        state: &Path,
    ) -> Result<Vec<(&'static str, usize)>, Box<dyn std::error::Error>> {
        let trace = format!("trace={}", CALLS.join(","));
        said(self.under_strace(state, &["-e", &trace])?)?;
        let log = fs::read_to_string(self.folder.join("trace"))?;
        let mut counts = BTreeMap::<(&str, &str), usize>::new();
        for line in log.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let call = rest.trim_start().split('(').next().unwrap_or_default();
            *counts.entry((call, thread)).or_default() += 1;
        }
        let most = |call: &str| counts.iter().filter(|it| it.0.0 == call).map(|it| *it.1).max();
        Ok(CALLS.into_iter().filter_map(|call| Some((call, most(call)?))).collect())
    }

    fn killed_at(&self, state: &Path, call: &str, point: usize) -> Outcome {
        let inject = format!("inject={call}:signal=KILL:when={point}");
        let output = self.under_strace(state, &["-e", &format!("trace={call}"), "-e", &inject])?;
        // Another thread may make as many calls: then it is killed there, or nowhere.
        match output.status.code() {
            Some(0) | None => Ok(()),
            Some(_) => said(output).map(drop),
        }
    }
}

/// The files that the manifest of a vault names, and its days.
fn vault(state: &Path) -> Result<(Files, Value), String> {
    let folder = state.join("data/vault");
    let text = fs::read(folder.join("manifest.json")).map_err(|it| format!("no manifest: {it}"))?;
    let manifest: Value = serde_json::from_slice(&text).map_err(|it| format!("manifest: {it}"))?;
    let (mut names, mut waiting) = (Vec::new(), vec![&manifest]);
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(parts) => {
                let stored = parts.contains_key("hash") && !parts.contains_key("mapping");
                names.extend(parts.get("file").filter(|_| stored).and_then(Value::as_str));
                waiting.extend(parts.values());
            }
            Value::Array(parts) => waiting.extend(parts),
            _ => {}
        }
    }
    let read = |name: &str| {
        let bytes = fs::read(folder.join(name)).map_err(|it| format!("{name} is named: {it}"))?;
        Ok::<_, String>((PathBuf::from(name), bytes))
    };
    Ok((names.into_iter().map(read).collect::<Result<_, _>>()?, manifest))
}

/// Whether the vault is the new one; an error when it is neither the new nor the old one.
fn state(state: &Path, old: &Files, new: &Files) -> Result<bool, String> {
    match vault(state)?.0 {
        now if now == *new => Ok(true),
        now if now == *old => Ok(false),
        now => Err(format!("the vault is neither old nor new: {:?}", now.keys())),
    }
}

/// A vault that lost a file, and one with half of another, must be noticed.
fn canary(whole: &Path, old: &Files, new: &Files) -> Outcome {
    let name = new.keys().find(|it| !old.contains_key(*it)).ok_or("the load changed nothing")?;
    let path = whole.join("data/vault").join(name);
    let bytes = fs::read(&path)?;
    fs::write(&path, bytes.get(..bytes.len() / 2).unwrap_or_default())?;
    let halved = state(whole, old, new).is_err();
    fs::remove_file(&path)?;
    let lost = state(whole, old, new).is_err();
    fs::write(&path, bytes)?;
    if halved && lost { Ok(()) } else { Err("a damaged vault was not noticed".into()) }
}
