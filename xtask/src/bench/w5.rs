//! W5: place, from raw events to sealed presence, beside DuckDB on the same files of one day.
//!
//! Ours is the door with the customer record loaded before: pseudonyms, objections, cells to districts, semantic
//! cleaning, sort, hours in districts, seal. The peer derives stays alone (a gap of at most 30 min, events of one
//! time in order of their area), and counts distinct people by area and hour. Three sizes show what memory does.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Arguments, PEER, check_room, measured, peer, said, table, text};
use crate::Outcome;

/// 500 MB for ours: less than the largest size needs, so that its sort spills.
const MEMORY: u64 = 500_000_000;

/// 2 GB for ours alone: the register of pseudonyms takes 41 bytes of each SIM.
const ALONE_MEMORY: u64 = 2_000_000_000;

/// 2 GB for the peer.
const PEER_MEMORY: u64 = 2_000_000_000;

/// An area is a tenth of a degree either way; a district of ours is about as large.
const PEER_PROGRAM: &str = r#"
import duckdb, json, os, resource, shutil, sys, time
raw, memory, work = sys.argv[1:]
out = raw + "/../peer-out"
shutil.rmtree(out, ignore_errors=True)
os.mkdir(out)
WORK = {"stays": """
    with marked as (
        select *, case when area = lag(area) over own and time - lag(time) over own <= 1800000
                       then 0 else 1 end as starts
        from event window own as (partition by person order by time, area)),
    numbered as (
        select *, sum(starts) over (partition by person order by time, area rows unbounded preceding) as stay
        from marked)
    select person, stay, area, min(time) as first, max(time) as last from numbered group by all""",
"hours": "select area, time // 3600000 as hour, count(distinct person) as people from event group by all"}
started = time.perf_counter()
peer = duckdb.connect()
peer.execute(f"""
    set memory_limit='{int(memory) // 1_000_000}MB'; set temp_directory='{out}/spill'; set enable_progress_bar=false;
    create view event as
    select subscriber_id as person, event_time as time, area
    from read_parquet('{raw}/events/*.parquet') join
         (select cell_id, floor(arg_max(latitude, valid_date_start) * 10) * 10000
                          + floor(arg_max(longitude, valid_date_start) * 10) as area
          from read_csv('{raw}/cells.csv') group by cell_id) using (cell_id)""")
peer.execute(f"copy ({WORK[work]}) to '{out}/found.parquet' (format parquet, compression zstd)")
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
    let ours = if arguments.is_alone() { ALONE_MEMORY } else { MEMORY };
    let (events, memory) = (arguments.visits, ours.to_string());
    let mut results = Vec::new();
    let parts: &[u32] = if arguments.is_alone() { &[1] } else { &[9, 3, 1] };
    for part in parts {
        let sims = arguments.subscribers() / part;
        let data = scratch.join("w5");
        // A raw event takes 10 bytes, packed 14, and what the peer writes as much again and more.
        let row_bytes = if arguments.is_alone() { 30 } else { 80 };
        check_room(&scratch, u64::from(sims) * u64::from(events) * row_bytes)?;
        eprintln!("building, generating {sims} SIMs");
        let size = [sims, events].map(|it| it.to_string());
        super::w4::quorate(root, &["generate", text(&data)?, &size[0], &size[1], "0", "parquet"])?;
        let (mut placed, mut stays, mut hours) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=arguments.repeats {
            eprintln!("{sims} SIMs: round {round} of {}", arguments.repeats);
            super::w4::quorate(root, &["people", text(&data)?, &memory])?;
            placed.push(measured(&super::w4::quorate(root, &["place", text(&data)?, &memory])?)?);
            let Some(python) = &python else { continue };
            for (work, runs) in [("stays", &mut stays), ("hours", &mut hours)] {
                let (raw, memory) = (data.join("raw"), PEER_MEMORY.to_string());
                let peer = [text(&raw)?, &memory, work];
                let output = Command::new(python).args(["-c", PEER_PROGRAM]).args(peer).output()?;
                runs.push(measured(&said(output)?)?);
            }
        }
        fs::remove_dir_all(&data)?;
        let mut runs =
            vec![json!({ "of": "quorate, raw events to sealed presence", "runs": placed })];
        if python.is_some() {
            runs.push(json!({ "of": "DuckDB, stays alone", "runs": stays }));
            runs.push(json!({ "of": "DuckDB, distinct people by area and hour", "runs": hours }));
        }
        results.push(json!({ "size": format!("{sims} SIMs x {events} events"), "runs": runs }));
    }
    let again = arguments.again("w5");
    let mut result = super::facts(root, "W5", &again)?;
    result["memory"] = json!({ "quorate": ours, "peer": PEER_MEMORY });
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
