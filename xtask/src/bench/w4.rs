//! W4: the door beside DuckDB, on the same raw files of one day: ours reads, pseudonymises, filters, joins the
//! customer record, places, sorts, seals and reports; the peer reads, hashes the id, sorts by it and writes.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Arguments, PEER, machine, measured, peer, said, spread, text};
use crate::Outcome;
use crate::cargo::cargo;

/// 2 GB for either, beyond which it spills.
const MEMORY: u64 = 2_000_000_000;

const PEER_PROGRAM: &str = r#"
import duckdb, json, os, resource, shutil, sys, time
raw, kind, memory = sys.argv[1:4]
out = raw + "/../peer-out"
shutil.rmtree(out, ignore_errors=True)
os.mkdir(out)
started = time.perf_counter()
peer = duckdb.connect()
peer.execute(f"set memory_limit='{int(memory) // 1_000_000}MB'; set temp_directory='{out}/spill'; set enable_progress_bar=false")
read = "read_parquet" if kind == "parquet" else "read_csv"
for table, columns in (("events", "event_time, cell_id"), ("web", "time, host, duration_s")):
    order = columns.split(",")[0]
    peer.execute(f"""
        copy (select md5(subscriber_id::varchar) as id, {columns}
              from {read}('{raw}/{table}/*.{kind}') order by id, {order})
        to '{out}/{table}.parquet' (format parquet, compression zstd)""")
seconds = time.perf_counter() - started
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
shutil.rmtree(out)
print(json.dumps({"seconds": seconds, "megabytes": megabytes}))
"#;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let python = peer(&scratch)?;
    let mut results = Vec::new();
    // CSV is a tenth of Parquet's size: it takes three times the bytes and as much more to read.
    for (kind, sims, row_bytes) in
        [("parquet", arguments.subscribers(), 40), ("csv", arguments.subscribers() / 10, 90)]
    {
        let data = scratch.join(format!("w4-{kind}"));
        let (events, pages) = (arguments.visits, arguments.visits / 3);
        // A page brings its record, one of a background host, and now and then another; sorting takes as
        // much again, and so does what the peer writes.
        let rows = u64::from(sims) * u64::from(events + 2 * pages + 1);
        check_room(&scratch, rows * row_bytes * 3)?;
        eprintln!("{kind}: building, generating {sims} SIMs");
        let size = [sims, events, pages].map(|it| it.to_string());
        quorate(root, &["generate", text(&data)?, &size[0], &size[1], &size[2], kind])?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=arguments.repeats {
            eprintln!("{kind}: round {round} of {}", arguments.repeats);
            let memory = MEMORY.to_string();
            ours.push(measured(&quorate(root, &["load", text(&data)?, &memory])?)?);
            let raw = data.join("raw");
            let peer = [text(&raw)?, kind, &memory];
            let output = Command::new(&python).args(["-c", PEER_PROGRAM]).args(peer).output()?;
            theirs.push(measured(&said(output)?)?);
        }
        fs::remove_dir_all(&data)?;
        results.push(json!({ "format": kind, "sims": sims, "quorate": ours, "duckdb": theirs }));
    }
    let result = json!({
        "workload": "W4",
        "events_each": arguments.visits,
        "pages_each": arguments.visits / 3,
        "memory": MEMORY,
        "machine": machine(),
        "peer": PEER,
        "results": results,
    });
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        for result in &results {
            println!("{}", table(result));
        }
    }
    Ok(())
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

fn quorate(root: &Path, arguments: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
    let program = ["run", "--quiet", "--release", "--package", "quorate", "--example", "w4", "--"];
    said(cargo(root).args(program).args(arguments).output()?)
}

fn table(result: &Value) -> String {
    let runs = |name: &str| result[name].as_array().cloned().unwrap_or_default();
    let (ours, theirs) = (runs("quorate"), runs("duckdb"));
    let figure = |name: &'static str| move |run: &Value| run[name].as_f64().unwrap_or(f64::NAN);
    let line = |name: &str, runs: &[Value]| {
        let [least, middle, most] = spread(runs, figure("seconds"));
        let memory = spread(runs, figure("megabytes"))[1];
        format!("{name:<34} {least:>9.2} {middle:>7.2} {most:>7.2} {memory:>9.0} MB\n")
    };
    let pairs = ours.iter().zip(&theirs);
    let ratio = pairs.map(|(own, peer)| json!(figure("seconds")(own) / figure("seconds")(peer)));
    let ratio = spread(&ratio.collect::<Vec<_>>(), |it| it.as_f64().unwrap_or(f64::NAN));
    format!(
        "W4 {}, {} SIMs: seconds min / mid / max, peak memory\n{}{}quorate / DuckDB: {:.3} (from {:.3} to {:.3})",
        result["format"].as_str().unwrap_or_default(),
        result["sims"],
        line("quorate, the whole door", &ours),
        line("DuckDB, read, hash, sort, write", &theirs),
        ratio[1],
        ratio[0],
        ratio[2]
    )
}
