//! Workload W4: the door, from raw files to sealed days; run by `cargo xtask bench --workload w4`.
//!
//! `generate DIR SIMS EVENTS WEB FORMAT` writes one day of a simulated operator; `load DIR MEMORY` loads it
//! into a new instance under DIR, customers, opt-outs, topology and quality report included, and prints
//! seconds, rows and peak memory as JSON.

use std::error::Error;
use std::fs;
use std::path::Path;

use engine::door::{IngestOptions, ingest};
use engine::{Clock, Instance, SystemClock};
use simulator::{Format, Spread, World};

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
        ["load", dir, memory] => println!("{}", load(Path::new(dir), memory.parse()?)?),
        _ => return Err("generate DIR SIMS EVENTS WEB FORMAT | load DIR MEMORY".into()),
    }
    Ok(())
}

fn load(dir: &Path, memory: u64) -> Outcome<serde_json::Value> {
    let data = dir.join("data");
    let mut instance = Instance::init(&data)?;
    instance.config.keys_dir = dir.join("keys");
    instance.config.memory = memory;
    let started = SystemClock.now();
    let sources = [dir.join("raw")];
    let report = ingest(&instance, &sources, &IngestOptions::default(), &SystemClock, &mut |_| ())?;
    let seconds = SystemClock.now().duration_since(started).as_secs_f64();
    let result = serde_json::json!({
        "seconds": seconds,
        "megabytes": peak_megabytes()?,
        "rows": report.rows.values().map(|it| it.read).sum::<u64>(),
        "kept": report.rows.values().map(|it| it.kept).sum::<u64>(),
    });
    fs::remove_dir_all(&data)?;
    fs::remove_dir_all(dir.join("keys"))?;
    Ok(result)
}

fn peak_megabytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|it| it.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes / 1024)
}
