//! Workloads W4 and W5: the door, from raw files to sealed days; run by `cargo xtask bench`.
//!
//! `generate DIR SIMS EVENTS WEB FORMAT` writes one day of a simulated operator. `load DIR MEMORY` loads it
//! into a new instance under DIR, customers, opt-outs, topology and quality report included. `people DIR MEMORY`
//! loads all but what people did, and `place DIR MEMORY` the events after it. Each prints seconds, rows and
//! peak memory as JSON.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use engine::door::{IngestOptions, ingest};
use engine::{Clock, Instance, SystemClock};
use simulator::{Format, Spread, World};

/// The month of the simulated day.
const PERIOD: &str = "2026-10";

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match text.as_slice() {
        ["generate", dir, sims, events, web, format] => {
            let world = World {
                subscribers: sims.parse()?,
                days: 1,
                spread: Spread::GreatBritain,
                events_per_day: events.parse()?,
                web_per_day: web.parse()?,
                format: if *format == "csv" { Format::Csv } else { Format::Parquet },
                ..World::default()
            };
            simulator::simulate(&world, Path::new(dir), &|_| ())?;
        }
        ["load", dir, memory] => {
            let (dir, memory) = (Path::new(dir), memory.parse()?);
            let loaded = load(&begin(dir, memory)?, &[dir.join("raw")])?;
            end(dir)?;
            println!("{loaded}");
        }
        ["people", dir, memory] => {
            let (dir, memory) = (Path::new(dir), memory.parse()?);
            println!("{}", load(&begin(dir, memory)?, &files(&dir.join("raw"))?)?);
        }
        ["place", dir, memory] => {
            let (dir, memory) = (Path::new(dir), memory.parse()?);
            let begun = Instance::open(&dir.join("data"))?;
            let events = files(&dir.join("raw/events"))?;
            let loaded = load(&instance(dir, begun, memory), &events)?;
            end(dir)?;
            println!("{loaded}");
        }
        _ => {
            return Err(
                "generate DIR SIMS EVENTS WEB FORMAT | (load | people | place) DIR MEMORY".into()
            );
        }
    }
    Ok(())
}

fn begin(dir: &Path, memory: u64) -> Outcome<Instance> {
    Ok(instance(dir, Instance::init(&dir.join("data"))?, memory))
}

fn instance(dir: &Path, mut instance: Instance, memory: u64) -> Instance {
    instance.config.keys_dir = dir.join("keys");
    instance.config.memory = memory;
    instance
}

fn end(dir: &Path) -> Outcome {
    fs::remove_dir_all(dir.join("data"))?;
    Ok(fs::remove_dir_all(dir.join("keys"))?)
}

/// The files of a folder, without those below and the mark that it is complete.
fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let all = fs::read_dir(folder)?.map(|it| Ok(it?.path())).collect::<Outcome<Vec<_>>>()?;
    Ok(all.into_iter().filter(|it| it.is_file() && !it.ends_with("_SUCCESS")).collect())
}

fn load(instance: &Instance, sources: &[PathBuf]) -> Outcome<serde_json::Value> {
    let started = SystemClock.now();
    let options = IngestOptions { period: Some(PERIOD.parse()?), ..IngestOptions::default() };
    let report = ingest(instance, sources, &options, &SystemClock, &mut |_| ())?;
    let seconds = SystemClock.now().duration_since(started).as_secs_f64();
    Ok(serde_json::json!({
        "seconds": seconds,
        "megabytes": peak_megabytes()?,
        "rows": report.rows.values().map(|it| it.read).sum::<u64>(),
        "kept": report.rows.values().map(|it| it.kept).sum::<u64>(),
    }))
}

fn peak_megabytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|it| it.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes / 1024)
}
