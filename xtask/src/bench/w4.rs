//! W4: the door beside DuckDB, on the same raw files of one day: ours reads, pseudonymises, filters, joins the
//! customer record, places, sorts, seals and reports; the peer reads, hashes the id, sorts by it and writes.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Arguments, PEER, check_room, measured, peer, said, table, text};
use crate::Outcome;
use crate::cargo::cargo;

/// 2 GB for either, beyond which it spills.
const MEMORY: u64 = 2_000_000_000;

/// What a row of ours alone takes of the disk: raw, packed for sorting, sealed.
const ALONE_ROW_BYTES: u64 = 34;

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
    let python = if arguments.is_alone() { None } else { Some(peer(&scratch)?) };
    let mut results = Vec::new();
    // CSV is a tenth of Parquet's size: it takes three times the bytes and as much more to read.
    let kinds =
        [("parquet", arguments.subscribers(), 40), ("csv", arguments.subscribers() / 10, 90)];
    let kinds = if arguments.is_alone() { &kinds[..1] } else { &kinds[..] };
    for &(kind, sims, row_bytes) in kinds {
        let data = scratch.join(format!("w4-{kind}"));
        let (events, pages) = (arguments.visits, arguments.visits / 3);
        // A page brings its record, one of a background host, and now and then another; sorting takes as
        // much again, and so does what the peer writes. Ours alone packs a row in 14 bytes.
        let rows = u64::from(sims) * u64::from(events + 2 * pages + 1);
        check_room(
            &scratch,
            rows * if arguments.is_alone() { ALONE_ROW_BYTES } else { row_bytes * 3 },
        )?;
        eprintln!("{kind}: building, generating {sims} SIMs");
        let size = [sims, events, pages].map(|it| it.to_string());
        quorate(root, &["generate", text(&data)?, &size[0], &size[1], &size[2], kind])?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 1..=arguments.repeats {
            eprintln!("{kind}: round {round} of {}", arguments.repeats);
            let memory = MEMORY.to_string();
            ours.push(measured(&quorate(root, &["load", text(&data)?, &memory])?)?);
            let Some(python) = &python else { continue };
            let raw = data.join("raw");
            let peer = [text(&raw)?, kind, &memory];
            let output = Command::new(python).args(["-c", PEER_PROGRAM]).args(peer).output()?;
            theirs.push(measured(&said(output)?)?);
        }
        fs::remove_dir_all(&data)?;
        let mut runs = vec![json!({ "of": "quorate, the whole door", "runs": ours })];
        if python.is_some() {
            runs.push(json!({ "of": "DuckDB, read, hash, sort, write", "runs": theirs }));
        }
        results.push(json!({
            "size": format!("{kind}, {sims} SIMs x {events} events and {pages} pages"),
            "runs": runs,
        }));
    }
    let again = arguments.again("w4");
    let mut result = super::facts(root, "W4", &again)?;
    result["memory"] = MEMORY.into();
    result["peers"] = json!([PEER]);
    if arguments.json {
        result["results"] = results.into();
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        for it in &results {
            println!("{}\n{}", it["size"].as_str().unwrap_or_default(), table::of(&it["runs"]));
        }
    }
    Ok(())
}

/// Runs the door's program, optimised, and returns what it says.
pub(super) fn quorate(
    root: &Path,
    arguments: &[&str],
) -> Result<String, Box<dyn std::error::Error>> {
    let program = ["run", "--quiet", "--release", "--package", "quorate", "--example", "w4", "--"];
    said(cargo(root).args(program).args(arguments).output()?)
}
