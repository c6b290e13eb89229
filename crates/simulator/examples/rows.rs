//! How fast a world is made: simulates into a folder, prints rows, seconds and peak memory as JSON, and
//! removes the folder.
//!
//! `rows SUBSCRIBERS DAYS EVENTS WEB FORMAT [DIR]`; the rates are a SIM's and day's, the format is
//! `parquet` or `csv`, the folder is beside the program unless given.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use simulator::{Format, World, simulate};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (subscribers, days, events, web, format, rest) = match text.as_slice() {
        [subscribers, days, events, web, format, rest @ ..] if rest.len() < 2 => {
            (subscribers, days, events, web, format, rest)
        }
        _ => return Err("SUBSCRIBERS DAYS EVENTS WEB FORMAT [DIR]".into()),
    };
    let dir = match rest.first() {
        Some(dir) => PathBuf::from(dir),
        None => std::env::current_exe()?.with_file_name("rows-of-a-world"),
    };
    let world = World {
        subscribers: subscribers.parse()?,
        days: days.parse()?,
        events_per_day: events.parse()?,
        web_per_day: web.parse()?,
        format: if *format == "csv" { Format::Csv } else { Format::Parquet },
        ..World::default()
    };
    let started = Instant::now();
    let summary = simulate(&world, &dir, &|_| ())?;
    let seconds = started.elapsed().as_secs_f64();
    let rows = summary.events + summary.web_records;
    let per_second = f64::from(u32::try_from(rows)?) / seconds;
    let result = serde_json::json!({
        "rows": rows,
        "seconds": seconds,
        "rows_per_second": per_second.round(),
        "megabytes": peak_megabytes()?,
        "customers": summary.customers,
        "people": summary.people,
    });
    println!("{result}");
    fs::remove_dir_all(dir.join("raw"))?;
    fs::remove_dir_all(dir.join("truth"))?;
    fs::remove_dir(dir)?;
    Ok(())
}

fn peak_megabytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|it| it.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes / 1024)
}
