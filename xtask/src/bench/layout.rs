//! Where the vault's tables live: Parquet files named by one manifest, or a Delta Lake table, on the same
//! rows; the figures behind docs/decisions/0010-vault-layout.md.

use std::process::Command;

use super::{Arguments, environment, machine, measured, said, text};
use crate::Outcome;

/// Spark runs on the machine's own Java.
const PACKAGES: [&str; 5] = ["duckdb==2.0.0", "deltalake", "pyarrow", "numpy", "pyspark"];

const PROGRAM: &str = r#"
import json, os, shutil, sys, time
import duckdb, numpy, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
folder, people, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
shutil.rmtree(folder, ignore_errors=True)
plain, delta = folder + "/plain", folder + "/delta"
os.makedirs(plain)
seeded, days = numpy.random.default_rng(1), 7
def day():
    person = numpy.sort(seeded.integers(0, people, people * each // days, dtype=numpy.uint32))
    return pa.table({"person": person.astype(numpy.int64),
                     "district": seeded.integers(0, 3000, len(person), dtype=numpy.int32),
                     "hour": seeded.integers(0, 24, len(person), dtype=numpy.int32)})
def timed(work):
    started = time.perf_counter(); work(); return time.perf_counter() - started
def sync(path):
    with open(path) as file: os.fsync(file.fileno())
def manifest(names):
    with open(plain + "/manifest.new", "w") as file:
        json.dump(names, file); file.flush(); os.fsync(file.fileno())
    os.rename(plain + "/manifest.new", plain + "/manifest.json")
names, write = [], {"plain": 0.0, "delta": 0.0}
for number in range(days):
    rows = day()
    def one():
        path = f"{plain}/{number}.parquet"
        pq.write_table(rows, path, compression="zstd", row_group_size=1 << 17); sync(path)
        names.append(path); manifest(names)
    write["plain"] += timed(one)
    write["delta"] += timed(lambda: write_deltalake(delta, rows, mode="append"))
query = "select district, hour, count(*), count(distinct person) from {} where person % 100 = 0 group by all"
files = lambda: "read_parquet(" + repr(DeltaTable(delta).file_uris()) + ")"
scan = {"plain": [], "delta": []}
for _ in range(5):
    scan["plain"].append(timed(lambda: duckdb.connect().execute(query.format(f"read_parquet({names!r})")).fetchall()))
    scan["delta"].append(timed(lambda: duckdb.connect().execute(query.format(files())).fetchall()))
from pyspark.sql import SparkSession
spark = (SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
         .config("spark.log.level", "ERROR").getOrCreate())
spark.read.parquet(*names).createOrReplaceTempView("vault")
in_spark = "select district, hour, count(*), count(distinct person) from vault where person % 100 = 0 group by 1, 2"
answers = []
scan["spark"] = [timed(lambda: answers.append(sorted(map(tuple, spark.sql(in_spark).collect())))) for _ in range(5)]
same = sorted(duckdb.connect().execute(query.format(f"read_parquet({names!r})")).fetchall())
assert answers[0] == same, "Spark reads other rows than DuckDB"
spark.stop()
empty = day().slice(0, 0)
def small():
    pq.write_table(empty, plain + "/empty.parquet"); sync(plain + "/empty.parquet"); manifest(names + ["empty"])
commit = {"plain": sorted(timed(small) for _ in range(9))[4],
          "delta": sorted(timed(lambda: write_deltalake(delta, empty, mode="append")) for _ in range(9))[4]}
gone = pa.array(range(0, people, max(1, people // 100)), pa.int64())
def without():
    for path in names:
        rows = pq.read_table(path)
        rows = rows.filter(pc.invert(pc.is_in(rows["person"], value_set=gone)))
        pq.write_table(rows, path + ".new", compression="zstd", row_group_size=1 << 17)
        sync(path + ".new"); os.rename(path + ".new", path)
    manifest(names)
held = lambda path: sum(os.path.getsize(os.path.join(at, name)) for at, _, all in os.walk(path) for name in all)
before = held(delta)
delete = {"plain": timed(without),
          "delta": timed(lambda: DeltaTable(delta).delete("person in (" + ",".join(map(str, gone.to_pylist())) + ")"))}
left = held(delta) / before
vacuum = timed(lambda: DeltaTable(delta).vacuum(0, dry_run=False, enforce_retention_duration=False))
middle = lambda runs: sorted(runs)[len(runs) // 2]
shutil.rmtree(folder)
print(json.dumps({"rows": days * (people * each // days), "write": write,
    "scan": {name: middle(runs) for name, runs in scan.items()}, "commit": commit, "delete": delete,
    "delta_bytes_after_delete": left, "delta_vacuum": vacuum}))
"#;

#[expect(clippy::print_stdout, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &Arguments) -> Outcome {
    let temporary = tempfile::tempdir()?;
    let scratch = arguments.scratch.clone().unwrap_or_else(|| temporary.path().to_owned());
    let python = environment(&scratch, "layout", &PACKAGES)?;
    let size = [arguments.subscribers().to_string(), arguments.visits.to_string()];
    let data = scratch.join("layout-data");
    let output = Command::new(&python).args(["-c", PROGRAM, text(&data)?]).args(size).output()?;
    let mut found = measured(&said(output)?)?;
    found["machine"] = machine();
    println!("{}", serde_json::to_string_pretty(&found)?);
    Ok(())
}
