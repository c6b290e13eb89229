//! The demo: a simulated operator from raw files to a page, on an empty machine.
//!
//! The operator's files and the truth lie in `operator`, apart from the data folder that reads
//! them. Every step that is done already is passed over when the demo runs again.

mod distance;
mod summary;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use engine::door::{IngestOptions, IngestReport};
use engine::error::io_error;
use engine::policy::Policy;
use engine::publish::{Account, Publication, overview};
use engine::run::read_ledger;
use engine::{Error, Instance, Period, Result, product, report};
use serde::{Deserialize, Serialize};
use simulator::{Truth, World};

use crate::command::demo::Demo;
use crate::command::{PROGRAM, ingest, release, simulate};
use crate::output::Output;
use summary::Summary;

/// What the demo ends with.
pub struct Shown {
    pub summary: Summary,
    /// The page.
    pub page: PathBuf,
    /// The published folders.
    pub releases: PathBuf,
}

/// The postcode area from which the demo's operator grows: sectors of ordinary size, two regions.
const ORIGIN: &str = "SG";

/// What a demo folder was made with.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    subscribers: u32,
    days: u16,
    seed: u64,
}

/// Does what is not done yet and writes the page.
pub fn prepare(demo: &Demo) -> Result<Shown> {
    let started = Instant::now();
    let world = World {
        subscribers: demo.subscribers,
        days: demo.days,
        seed: demo.seed,
        origin: ORIGIN.to_owned(),
        ..World::default()
    };
    check_folder(demo)?;
    let operator = demo.dir.join("operator");
    let simulated = operator_files(&world, &operator)?;
    let instance = data_folder(&demo.dir, &simulated.areas)?;
    Output::note("loading the raw files through the door");
    let period = Period::of(world.first_day);
    let options = IngestOptions { period: Some(period), ..IngestOptions::default() };
    let loaded =
        first_report(&instance, ingest::ingest(&instance, &[operator.join("raw")], options)?)?;
    let policy = Policy::read(&instance)?;
    Output::note("releasing residents, presence and web_audience");
    let products: Vec<&str> = product::ALL.iter().map(|it| it.name).collect();
    let outcomes = release::run(&instance, &policy, &products, period)?;
    let publications: Vec<Publication> = outcomes.into_iter().map(|it| it.publication).collect();
    let truth = Truth::read(&operator.join("truth"))
        .map_err(|cause| Error::fault("F01", cause.to_string()))?;
    let distances = distance::of(&publications, &truth);
    let page = write_page(&instance, &policy, &publications, distances.clone())?;
    let history = read_ledger(&instance)?;
    let summary = Summary::new(&summary::Parts {
        world: &world,
        simulated: &simulated,
        loaded: &loaded,
        publications: &publications,
        distances: &distances,
        policy: &policy,
        spent: history.spent(&period.to_string()),
        seconds: started.elapsed().as_secs(),
    });
    Ok(Shown { summary, page, releases: instance.releases_dir() })
}

/// A folder of another demo is not touched.
fn check_folder(demo: &Demo) -> Result<()> {
    let path = demo.dir.join("demo.json");
    let asked = Made { subscribers: demo.subscribers, days: demo.days, seed: demo.seed };
    let text = serde_json::to_string(&asked).map_err(|it| Error::fault("F03", it.to_string()))?;
    match fs::read_to_string(&path) {
        Ok(found) if serde_json::from_str(&found).is_ok_and(|found: Made| found == asked) => Ok(()),
        Ok(found) => Err(Error::input("I62", "this folder holds a demo of another size")
            .at(format!("{}: {found}", path.display()))
            .allowed("the same --subscribers, --days and --seed")
            .remedy("choose another --dir, or remove the folder")),
        Err(_)
            if demo.dir.exists()
                && fs::read_dir(&demo.dir).is_ok_and(|mut it| it.next().is_some()) =>
        {
            Err(Error::input("I62", "this folder is not empty and holds no demo")
                .at(demo.dir.display())
                .remedy("choose another --dir"))
        }
        Err(_) => {
            let made = fs::create_dir_all(&demo.dir).and_then(|()| fs::write(&path, text));
            made.map_err(|cause| io_error("write", &path, &cause))
        }
    }
}

/// The operator's raw files: written once; a simulation that was killed is begun again.
fn operator_files(world: &World, folder: &Path) -> Result<simulator::Summary> {
    let noted = folder.join("summary.json");
    let done = || serde_json::from_slice(&fs::read(&noted).ok()?).ok();
    if let Some(summary) = done() {
        return Ok(summary);
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|cause| io_error("clear", folder, &cause))?;
    }
    Output::note("simulating an operator; nobody in it exists");
    let summary = simulate::simulate(world, folder)?;
    let text =
        serde_json::to_vec_pretty(&summary).map_err(|it| Error::fault("F03", it.to_string()))?;
    fs::write(&noted, text).map_err(|cause| io_error("write", &noted, &cause))?;
    Ok(summary)
}

/// The data folder, its policy covering the operator's areas.
fn data_folder(dir: &Path, areas: &[String]) -> Result<Instance> {
    let root = dir.join("data");
    if root.join("policy/policy.toml").exists() {
        return Instance::open(&root);
    }
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|cause| io_error("clear", &root, &cause))?;
    }
    let instance = Instance::init(&root)?;
    product::write_templates(&instance.policy_dir())?;
    let quoted: Vec<String> = areas.iter().map(|it| format!("\"{it}\"")).collect();
    edit(&instance.policy_dir().join("policy.toml"), |text| {
        text.replace("coverage = []", &format!("coverage = [{}]", quoted.join(", ")))
    })?;
    // Releases and exports say that nobody exists.
    // A demo's keys go with the demo: removing its folder leaves nothing behind.
    let keys = std::path::absolute(dir).map_err(|cause| io_error("resolve", dir, &cause))?;
    let lines = format!("synthetic = true\nkeys_dir = {}\n", serde_json::json!(keys.join("keys")));
    edit(&root.join("quorate.toml"), |text| format!("{text}\n{lines}"))?;
    Instance::open(&root)
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) -> Result<()> {
    let text = fs::read_to_string(path).map_err(|cause| io_error("read", path, &cause))?;
    fs::write(path, change(text)).map_err(|cause| io_error("write", path, &cause))
}

/// The report of the load that loaded everything: a demo that runs again loads nothing.
fn first_report(instance: &Instance, report: IngestReport) -> Result<serde_json::Value> {
    let path = instance.reports_dir().join("demo-load.json");
    if let Ok(Ok(first)) = fs::read(&path).map(|bytes| serde_json::from_slice(&bytes)) {
        return Ok(first);
    }
    let value = serde_json::to_value(report).map_err(|it| Error::fault("F03", it.to_string()))?;
    fs::write(&path, value.to_string()).map_err(|cause| io_error("write", &path, &cause))?;
    Ok(value)
}

fn write_page(
    instance: &Instance,
    policy: &Policy,
    publications: &[Publication],
    distances: Vec<report::TruthRow>,
) -> Result<PathBuf> {
    let history = read_ledger(instance)?;
    let sites = reference::SiteList::built_in();
    let account = Account {
        instance: &instance.config.name,
        program: PROGRAM,
        policy,
        history: &history,
        sites,
        synthetic: true,
        truth: Some(distances),
    };
    let page = instance.reports_dir().join("demo.html");
    let html = report::render(&overview("What the network may say", publications, account));
    fs::write(&page, html).map_err(|cause| io_error("write", &page, &cause))?;
    Ok(page)
}

/// Shows the page on loopback until the user stops it.
pub fn serve(shown: &Shown, port: u16) -> Result<()> {
    let failed = |cause: std::io::Error| {
        Error::fault("F09", format!("cannot serve the page on 127.0.0.1:{port}: {cause}"))
            .remedy("choose another --port, or open the page as a file")
            .at(shown.page.display())
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let pages =
            server::Pages::bind(&shown.page, &shown.releases, port).await.map_err(failed)?;
        let address = pages.address().map_err(failed)?;
        Output::note(&format!("\nlook at http://{address}/  (Ctrl-C ends)"));
        let stop = async {
            drop(tokio::signal::ctrl_c().await);
        };
        pages.run(stop).await.map_err(failed)
    })
}
