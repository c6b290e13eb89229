//! Workloads W1 to W3 and W6: web audience through the whole release, and questions; run by `cargo xtask bench`.
//!
//! `generate DIR PEOPLE VISITS` writes a vault of that many people with that many visits each,
//! sites by a power law, and the region of each sector; `release DIR BY…` bounds, gates, noises, charges
//! and writes files of a table of sites by these dimensions; `decode DIR` only reads the two columns. Each
//! of the latter prints seconds and peak memory as JSON.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{ArrayRef, RecordBatch, UInt8Array, UInt16Array, UInt32Array};
use engine::policy::Policy;
use engine::query::{Database, Desk, Ground, Shelf};
use engine::run::{Partner, Run};
use engine::vault::Snapshot;
use engine::{Instance, Period};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use reference::{Geography, Site, SiteList};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Sites of the workload.
const SITES: u32 = 10_000;

/// People written at a time.
const CHUNK: u32 = 100_000;

const POLICY: &str = r#"
floor = 50
dpia = "bench"
[caps]
rho = "0.05"
delta = "1e-10"
[reserve]
rho = "0.02"
delta = "5e-11"
[products]
web_audience = "web_audience.toml"
"#;

const PRODUCT: &str = r#"
product = "web_audience"
purpose = "bench"
[[family]]
rows = ["site"]
cells_per_person = 32
delta = "1e-12"
tables = [{ name = "NAME", by = [BY], rho = "0.01" }]
"#;

#[expect(clippy::print_stdout, reason = "a measurement is printed")]
fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match text.as_slice() {
        ["generate", dir, people, visits] => {
            generate(Path::new(dir), people.parse()?, visits.parse()?)
        }
        ["ask", dir] => {
            println!("{}", ask(Path::new(dir))?);
            Ok(())
        }
        [mode @ ("release" | "decode"), dir, by @ ..] => {
            let started = Instant::now();
            let cells = match *mode {
                "release" => release(Path::new(dir), by)?,
                _ => decode(Path::new(dir))?,
            };
            let (seconds, megabytes) = (started.elapsed().as_secs_f64(), peak_megabytes()?);
            println!("{{\"seconds\":{seconds},\"megabytes\":{megabytes},\"result\":{cells}}}");
            Ok(())
        }
        _ => Err("usage: w1 generate DIR PEOPLE VISITS | release DIR BY... | decode DIR | ask DIR"
            .into()),
    }
}

fn column(values: Vec<u32>) -> ArrayRef {
    Arc::new(UInt32Array::from(values))
}

/// Appends to a table that is created with its first rows.
fn append(
    table: &mut Option<ArrowWriter<File>>,
    path: &Path,
    rows: &[(&str, ArrayRef)],
) -> Outcome {
    let batch = RecordBatch::try_from_iter(rows.iter().map(|it| (it.0, Arc::clone(&it.1))))?;
    if table.is_none() {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(131_072))
            .build();
        let file = File::create(path)?;
        *table = Some(ArrowWriter::try_new(file, batch.schema(), Some(properties))?);
    }
    Ok(table.as_mut().ok_or("no table")?.write(&batch)?)
}

fn generate(dir: &Path, people: u32, visits: u32) -> Outcome {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("people"), people.to_string())?;
    let sectors = &Geography::built_in().sectors;
    let regions = (0_u32..).zip(sectors).map(|(at, it)| format!("{at},{}\n", it.region));
    let regions = regions.collect::<String>();
    fs::write(dir.join("regions.csv"), format!("sector,region\n{regions}"))?;
    let mut random = fastrand::Rng::with_seed(8412);
    let mut of_hours = fastrand::Rng::with_seed(8413);
    let (mut of_people, mut of_visits) = (None, None);
    for first in (0..people).step_by(usize::try_from(CHUNK)?) {
        let persons: Vec<u32> = (first..people.min(first + CHUNK)).collect();
        let tokens = persons.iter().map(|_| random.u32(..)).collect();
        let mut bytes = |most: u8| -> ArrayRef {
            Arc::new(UInt8Array::from_iter_values(persons.iter().map(|_| random.u8(0..most))))
        };
        let (gender, age_band) = (bytes(2), bytes(7));
        let sectors = persons.iter().map(|_| random.u16(0..9_000));
        let sector: ArrayRef = Arc::new(UInt16Array::from_iter_values(sectors));
        let (mut person, mut site) = (Vec::new(), Vec::new());
        for &own in &persons {
            let mut sites: Vec<u32> = (0..visits).map(|_| power_law(&mut random)).collect();
            sites.sort_unstable();
            person.extend(std::iter::repeat_n(own, sites.len()));
            site.extend(sites);
        }
        let rows = [
            ("person", column(persons)),
            ("token", column(tokens)),
            ("gender", gender),
            ("age_band", age_band),
            ("sector", sector),
        ];
        append(&mut of_people, &dir.join("people.parquet"), &rows)?;
        let bytes = |most: u8, random: &mut fastrand::Rng| -> ArrayRef {
            Arc::new(UInt8Array::from_iter_values(site.iter().map(|_| random.u8(0..most))))
        };
        let (hour, minutes) = (bytes(24, &mut of_hours), bytes(31, &mut of_hours));
        let minutes = arrow::compute::cast(&minutes, &arrow::datatypes::DataType::UInt16)?;
        let rows = [
            ("person", column(person)),
            ("site", column(site)),
            ("hour", hour),
            ("minutes", minutes),
        ];
        append(&mut of_visits, &dir.join("visit.parquet"), &rows)?;
    }
    of_people.ok_or("no people")?.close()?;
    of_visits.ok_or("no visits")?.close()?;
    Ok(())
}

/// A site whose probability falls by a power law of its rank.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number between 0 and the number of sites"
)]
fn power_law(random: &mut fastrand::Rng) -> u32 {
    (random.f64().powi(3) * f64::from(SITES)) as u32 % SITES
}

/// An instance in `dir` that may release the one table of the workload.
fn instance(dir: &Path, by: &[&str]) -> Outcome<Instance> {
    let (root, keys) = (dir.join("instance"), fs::canonicalize(dir)?.join("keys"));
    for old in [&root, &keys] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    Instance::init(&root)?;
    fs::write(root.join("policy/policy.toml"), POLICY)?;
    let by: Vec<String> = by.iter().map(|it| format!("\"{it}\"")).collect();
    let name = if by.is_empty() { "site" } else { "site_by" };
    let product = PRODUCT.replace("BY", &by.join(", ")).replace("NAME", name);
    fs::write(root.join("policy/web_audience.toml"), product)?;
    fs::write(
        root.join("quorate.toml"),
        format!("name = \"bench\"\nsynthetic = true\nkeys_dir = '{}'\n", keys.display()),
    )?;
    Ok(Instance::open(&root)?)
}

/// The vault as one month of one day.
fn snapshot(dir: &Path) -> Outcome<Snapshot> {
    let day = jiff::civil::date(2026, 10, 1);
    let site = |at: u32| Site {
        domain: format!("site-{at}.example"),
        category: "Bench".to_owned(),
        sensitive: false,
        weight: 1.0,
        label: String::new(),
    };
    Ok(Snapshot {
        id: "bench".to_owned(),
        period: Period::of(day),
        people: vec![dir.join("people.parquet")],
        visit: vec![(day, dir.join("visit.parquet"))],
        presence: Vec::new(),
        suppressed: Vec::new(),
        persons: fs::read_to_string(dir.join("people"))?.parse()?,
        sites: SiteList::of((0..SITES).map(site).collect()),
        geography: Arc::clone(Geography::built_in()),
        holidays: BTreeSet::new(),
    })
}

fn release(dir: &Path, by: &[&str]) -> Outcome<u64> {
    let instance = instance(dir, by)?;
    let policy = Policy::read(&instance)?;
    let snapshot = snapshot(dir)?;
    let run = Run::new(&instance, &policy, ("bench", "bench"))?;
    Ok(run.snapshot("web_audience", &snapshot)?.publication.manifest.cells_released)
}

/// Questions that nobody asked before, each of another kind.
const FRESH: [&str; 6] = [
    "SELECT COUNT(DISTINCT subscriber_id) FROM visit",
    "SELECT hour, COUNT(DISTINCT subscriber_id), COUNT(*) FROM visit GROUP BY hour",
    "SELECT site, COUNT(DISTINCT subscriber_id) FROM visit GROUP BY site",
    "SELECT gender, AVG(minutes) FROM visit JOIN subscriber USING (subscriber_id) GROUP BY gender",
    "SELECT age_band, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY age_band",
    "SELECT COUNT(*) FROM visit WHERE site = 'site-7.example' AND hour BETWEEN 8 AND 9",
];

const STORED: &str =
    "SELECT hour, COUNT(DISTINCT subscriber_id), COUNT(*) FROM visit GROUP BY hour ORDER BY hour";
const RELEASED: &str = "SELECT site, people FROM released.web_audience WHERE people > 1000 ORDER BY people DESC LIMIT 20";

/// How often a statement that costs nothing is asked.
const AGAIN: usize = 200;

/// Seconds of fresh questions, of one asked again, and of a released table, one in process.
fn ask(dir: &Path) -> Outcome<String> {
    let instance = instance(dir, &[])?;
    let policy = Policy::read(&instance)?;
    let run = Run::new(&instance, &policy, ("bench", "bench"))?;
    run.snapshot("web_audience", &snapshot(dir)?)?;
    let ground = Arc::new(Ground::of(&policy, vec![snapshot(dir)?]));
    let shelf = Shelf::default();
    let desk =
        Desk::over(&run, (&ground, &shelf), (Database::Protected, None), Partner::named("bench"))?;
    let timed = |sql: &str| -> Outcome<f64> {
        let started = Instant::now();
        desk.answer(&desk.decide(sql)?)?;
        Ok(started.elapsed().as_secs_f64())
    };
    let all = |statements: Vec<&str>| -> Outcome<String> {
        let seconds = statements.into_iter().map(&timed).collect::<Outcome<Vec<_>>>()?;
        Ok(format!("{seconds:?}"))
    };
    let fresh = all(FRESH.to_vec())?;
    let stored = all(vec![STORED; AGAIN])?;
    let released = all(vec![RELEASED; AGAIN])?;
    let megabytes = peak_megabytes()?;
    Ok(format!(
        "{{\"fresh\":{fresh},\"stored\":{stored},\"released\":{released},\"megabytes\":{megabytes}}}"
    ))
}

/// Reads both columns on as many threads as the release: the floor under any answer.
fn decode(dir: &Path) -> Outcome<u64> {
    let path: PathBuf = dir.join("visit.parquet");
    let groups = ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?;
    let groups = groups.metadata().num_row_groups();
    let threads = std::thread::available_parallelism()?.get();
    let (path, part_of) = (&path, threads);
    let part = move |thread: usize| -> Result<u64, String> {
        let wanted = (0..groups).filter(|it| it % part_of == thread).collect();
        let file = File::open(path).map_err(|it| it.to_string())?;
        let builder =
            ParquetRecordBatchReaderBuilder::try_new(file).map_err(|it| it.to_string())?;
        let columns = ProjectionMask::columns(builder.parquet_schema(), ["person", "site"]);
        let reader = builder
            .with_projection(columns)
            .with_row_groups(wanted)
            .build()
            .map_err(|it| it.to_string())?;
        let mut rows = 0;
        for batch in reader {
            rows += u64::try_from(batch.map_err(|it| it.to_string())?.num_rows()).unwrap_or(0);
        }
        Ok(rows)
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads).map(|thread| scope.spawn(move || part(thread))).collect();
        let mut rows = 0;
        for part in parts {
            rows += part.join().map_err(|_| "a reader panicked")??;
        }
        Ok(rows)
    })
}

/// The most memory that this process ever held, in megabytes.
fn peak_megabytes() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|it| it.starts_with("VmHWM")).ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no VmHWM")?.parse()?;
    Ok(kilobytes / 1024)
}
