//! W1 to W3: distinct people of sites through the whole release, beside engines that count them exactly.
//!
//! W1 is by site; W2 by site, gender, age band and region; W3 is W1 with four times the visits, beside W1. All
//! read the same files in one run. The floor under any answer is the plain decode of the two columns.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::{Arguments, Beside, PEER, environment, measured, said, table, text};
use crate::Outcome;
use crate::cargo::cargo;

/// Which of the three.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    W1,
    W2,
    W3,
}

/// People unless said otherwise.
const SUBSCRIBERS: u32 = 1_000_000;

/// W3 has as many times the visits of W1.
const MORE: u32 = 4;

const CLICKHOUSE: &str = "chdb==4.4.0";

const DUCKDB_PROGRAM: &str = r#"
import duckdb, json, resource, sys, time
visits, people, regions, by = sys.argv[1:]
count = "count(distinct person)"
query = f"select site, {count} from read_parquet('{visits}') group by site"
if by:
    query = f"""select site, {by}, {count} from read_parquet('{visits}') as v join read_parquet('{people}') as p
                using (person) join read_csv('{regions}') as r using (sector) group by all"""
peer = duckdb.connect()
peer.execute("set enable_progress_bar=false")
started = time.perf_counter()
rows = peer.execute(query).fetchall()
seconds = time.perf_counter() - started
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "megabytes": megabytes, "result": len(rows)}))
"#;

const CLICKHOUSE_PROGRAM: &str = r#"
import chdb, json, resource, sys, time
visits, people, regions, by = sys.argv[1:]
source = f"file('{visits}', Parquet)"
if by:
    source += f""" as v join file('{people}', Parquet) as p using (person)
                   join file('{regions}', CSVWithNames) as r using (sector)"""
keys = "site" + (f", {by}" if by else "")
query = f"select {keys}, uniqExact(person) from {source} group by {keys}"
started = time.perf_counter()
rows = chdb.query(query, "CSV").bytes().count(b"\n")
seconds = time.perf_counter() - started
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"seconds": seconds, "megabytes": megabytes, "result": rows}))
"#;

impl Which {
    fn name(self) -> &'static str {
        match self {
            Self::W1 => "W1",
            Self::W2 => "W2",
            Self::W3 => "W3",
        }
    }

    /// What the table is by beside sites.
    fn by(self) -> &'static [&'static str] {
        if self == Self::W2 { &["gender_plus", "age_band", "region"] } else { &[] }
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark is printed")]
pub(super) fn run(which: Which, arguments: &Arguments, root: &Path) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let subscribers = arguments.subscribers.unwrap_or(SUBSCRIBERS);
    let rows = u64::from(subscribers) * u64::from(arguments.visits);
    let rows = if which == Which::W3 { rows * u64::from(1 + MORE) } else { rows };
    // A visit takes six bytes, a person eight; what the release writes is small beside them.
    super::check_room(&scratch, rows * 7 + u64::from(subscribers) * 10)?;
    let data = scratch.join("web");
    generate(root, &data, subscribers, arguments.visits)?;
    let rounds = Rounds { root, scratch: &scratch, which, repeats: arguments.repeats };
    let runs = if which == Which::W3 {
        let more = scratch.join("web-more");
        generate(root, &more, subscribers, arguments.visits * MORE)?;
        let runs = rounds.beside_more(&data, &more)?;
        fs::remove_dir_all(&more)?;
        runs
    } else {
        rounds.beside_peers(&data, arguments.beside == Beside::Clickhouse)?
    };
    fs::remove_dir_all(&data)?;
    let mut result = super::facts(root, which.name(), &again(which, arguments, subscribers))?;
    result["size"] = format!("{subscribers} people x {} visits", arguments.visits).into();
    result["peers"] = json!([PEER, CLICKHOUSE]);
    result["runs"] = runs.iter().map(|it| json!({ "of": it.0, "runs": it.1 })).collect();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        println!("{}\n{}", result["size"].as_str().unwrap_or_default(), table::of(&result["runs"]));
    }
    Ok(())
}

/// The command that measures this again.
fn again(which: Which, arguments: &Arguments, subscribers: u32) -> String {
    format!(
        "cargo xtask bench --workload {} --subscribers {subscribers} --visits {} --repeats {}{} --json",
        which.name().to_lowercase(),
        arguments.visits,
        arguments.repeats,
        arguments.beside.again()
    )
}

#[expect(clippy::print_stderr, reason = "a benchmark tells what it does")]
fn generate(root: &Path, data: &Path, people: u32, visits: u32) -> Outcome {
    eprintln!("building, generating {people} people x {visits} visits");
    let size = [people.to_string(), visits.to_string()];
    program(root, &["generate", text(data)?, &size[0], &size[1]]).map(drop)
}

/// The rounds of one run.
struct Rounds<'run> {
    root: &'run Path,
    scratch: &'run Path,
    which: Which,
    repeats: u32,
}

type Runs = Vec<(&'static str, Vec<Value>)>;

impl Rounds<'_> {
    /// The release, the plain decode and the peers, one after the other in each round.
    #[expect(clippy::print_stderr, reason = "a benchmark tells what it does")]
    fn beside_peers(
        &self,
        data: &Path,
        clickhouse: bool,
    ) -> Result<Runs, Box<dyn std::error::Error>> {
        let duckdb = environment(self.scratch, "peer", &[PEER])?;
        let mut peers = vec![("DuckDB", duckdb, DUCKDB_PROGRAM)];
        if clickhouse {
            let python = environment(self.scratch, "clickhouse", &[CLICKHOUSE])?;
            peers.push(("ClickHouse", python, CLICKHOUSE_PROGRAM));
        }
        let [visits, people, regions] =
            ["visit.parquet", "people.parquet", "regions.csv"].map(|it| data.join(it));
        // Generated people are F or M: gender and gender_plus are the same.
        let by = self.which.by().join(", ").replace("gender_plus", "gender");
        let (mut release, mut decode) = (Vec::new(), Vec::new());
        let mut others: Runs = peers.iter().map(|it| (it.0, Vec::new())).collect();
        for round in 1..=self.repeats {
            eprintln!("round {round} of {}", self.repeats);
            decode.push(measured(&program(self.root, &["decode", text(data)?])?)?);
            release.push(self.release(data)?);
            for ((_, python, program), runs) in peers.iter().zip(&mut others) {
                let mut peer = Command::new(python);
                peer.args(["-c", program]).args([&visits, &people, &regions]).arg(&by);
                runs.1.push(measured(&said(peer.output()?)?)?);
            }
        }
        let own = [("quorate, whole release", release), ("plain decode of two columns", decode)];
        Ok(own.into_iter().chain(others).collect())
    }

    /// The release of few and of many visits.
    #[expect(clippy::print_stderr, reason = "a benchmark tells what it does")]
    fn beside_more(&self, data: &Path, more: &Path) -> Result<Runs, Box<dyn std::error::Error>> {
        let (mut few, mut many) = (Vec::new(), Vec::new());
        for round in 1..=self.repeats {
            eprintln!("round {round} of {}", self.repeats);
            few.push(self.release(data)?);
            many.push(self.release(more)?);
        }
        Ok(vec![("quorate, four times the visits", many), ("quorate, the visits of W1", few)])
    }

    fn release(&self, data: &Path) -> Result<Value, Box<dyn std::error::Error>> {
        let release = ["release", text(data)?];
        measured(&program(self.root, &[release.as_slice(), self.which.by()].concat())?)
    }
}

/// Runs the workloads' program, optimised, and returns what it says.
pub(super) fn program(
    root: &Path,
    arguments: &[&str],
) -> Result<String, Box<dyn std::error::Error>> {
    let program = ["run", "--quiet", "--release", "--package", "quorate", "--example", "w1", "--"];
    said(cargo(root).args(program).args(arguments).output()?)
}
