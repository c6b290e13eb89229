//! An operator for questions: generated people in known groups, loaded once and copied for each test.
//!
//! 9,099 people: 6,000 in one sector, 2,000 in another, 1,000 whose home is not known, and two canaries, of 49
//! and of 50, each alone in a sector, an age band, a district of presence and a site. One person is heavy.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use engine::Result;
use engine::instance::Instance;
use engine::policy::Policy;
use engine::product;
use engine::query::{Database, Desk, Shelf};
use engine::run::{Partner, Run};
use reference::Geography;
use tempfile::TempDir;

use crate::door::{CELLS, CUSTOMERS, EVENTS, WEB, World, cell, event, web};

pub const PARTNER: &str = "partner-1";

/// The partner, who may spend the whole reserve.
pub fn partner() -> Partner {
    Partner::named(PARTNER)
}

/// People who are alike.
struct Group {
    name: &'static str,
    people: usize,
    gender: &'static str,
    born: u16,
    /// The sector of the home; empty when it is not known.
    sector: &'static str,
    /// Times in UTC, one hour behind local time in this month, and sites.
    visits: &'static [(&'static str, &'static str)],
    /// Times in UTC; always in the district of `seen`.
    seen: (&'static str, &'static [&'static str]),
}

const MORNING: &str = "2026-10-05T07:10:00Z";
const EVENING: &str = "2026-10-06T19:10:00Z";
const NEWS: (&str, &str) = (MORNING, "www.bbc.co.uk");
const LAW: (&str, &str) = (EVENING, "www.gov.uk");
const NORTH: (&str, &[&str]) = ("AB10 1", &[MORNING, EVENING]);
const SOUTH: (&str, &[&str]) = ("M1 1", &[MORNING]);

const fn group(
    (name, people): (&'static str, usize),
    (gender, born): (&'static str, u16),
    sector: &'static str,
    visits: &'static [(&'static str, &'static str)],
    seen: (&'static str, &'static [&'static str]),
) -> Group {
    Group { name, people, gender, born, sector, visits, seen }
}

const GROUPS: [Group; 8] = [
    group(("north-a", 2_000), ("F", 1975), "AB10 1", &[NEWS, LAW], NORTH),
    group(("north-b", 1_500), ("F", 1995), "AB10 1", &[NEWS, LAW], NORTH),
    group(("north-c", 2_500), ("M", 1995), "AB10 1", &[NEWS], NORTH),
    group(("south-a", 1_000), ("F", 1975), "M1 1", &[NEWS], SOUTH),
    group(("south-b", 1_000), ("M", 1995), "M1 1", &[NEWS], SOUTH),
    group(("nowhere", 1_000), ("X", 1975), "", &[], SOUTH),
    group(
        ("canary-49", 49),
        ("F", 1960),
        "EH1 1",
        &[(MORNING, "www.theregister.co.uk")],
        ("EH1 1", &[MORNING]),
    ),
    group(
        ("canary-50", 50),
        ("F", 1940),
        "EH2 1",
        &[(MORNING, "www.itpro.co.uk")],
        ("EH2 1", &[MORNING]),
    ),
];

/// Who visits at every hour of the month.
const HEAVY: &str = "nowhere-000001";

/// An operator and its policy.
pub struct Operator {
    _folder: TempDir,
    pub instance: Instance,
    pub policy: Policy,
}

impl Operator {
    /// A copy of the one operator, with an empty ledger of its own.
    pub fn fresh() -> Self {
        static WHOLE: OnceLock<World> = OnceLock::new();
        Self::copy(WHOLE.get_or_init(|| loaded(None)))
    }

    /// The same operator without one person.
    pub fn without(person: &str) -> Self {
        Self::copy(&loaded(Some(person)))
    }

    fn copy(world: &World) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("north");
        copy(&world.instance.root, &root);
        copy(&world.instance.config.keys_dir, &folder.path().join("keys"));
        let mut instance = Instance::open(&root).unwrap();
        instance.config.keys_dir = folder.path().join("keys");
        instance.config.threads = 1;
        let policy = Policy::read(&instance).unwrap();
        Self { _folder: folder, instance, policy }
    }

    /// Keeps only so much for questions.
    pub fn with_reserve(mut self, rho: &str) -> Self {
        self.policy.reserve.rho = rho.parse().unwrap();
        self
    }

    pub fn run(&self) -> Run<'_> {
        Run::new(&self.instance, &self.policy, ("test", "test")).unwrap()
    }

    /// Opens a desk and asks with it.
    pub fn at_desk<T>(&self, ask: impl FnOnce(&Desk<'_>) -> T) -> T {
        let run = self.run();
        ask(&Desk::open(&run, &Shelf::default(), (Database::Protected, None), partner()).unwrap())
    }

    /// What is said of a statement: its refusal, or its cost.
    pub fn decide(&self, sql: &str) -> Result<String> {
        self.at_desk(|desk| {
            let decision = desk.decide(sql)?;
            let cost = desk.cost(&decision)?;
            Ok(format!("free: {}, {cost:?}", decision.is_free()))
        })
    }
}

/// The operator, from raw files; maybe without somebody.
fn loaded(without: Option<&str>) -> World {
    let world = World::new();
    let (mut customers, mut visits, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for group in &GROUPS {
        for number in 0..group.people {
            let id = format!("{}-{number:06}", group.name);
            if without == Some(&id) {
                continue;
            }
            let (gender, born) = (group.gender, group.born);
            let home = if group.sector.is_empty() { "" } else { &format!("{}AA", group.sector) };
            customers.push(format!(
                "{id},{id}-account,{gender},{born},{home},consumer,2020-01-01,,true,false,true,phone"
            ));
            visits.extend(group.visits.iter().map(|(time, host)| web(&id, time, host, 570)));
            let (place, times) = group.seen;
            seen.extend(times.iter().map(|time| event(&id, time, place)));
        }
    }
    for (day, hour) in (1..=31).flat_map(|day| (0..24).map(move |hour| (day, hour))) {
        let time = format!("2026-10-{day:02}T{hour:02}:10:00Z");
        if without != Some(HEAVY) {
            visits.push(web(HEAVY, &time, "www.bbc.co.uk", 1_200));
        }
    }
    world.write("customers.csv", CUSTOMERS, &customers);
    let places = ["AB10 1", "M1 1", "EH1 1", "EH2 1"];
    world.write("cells.csv", CELLS, &places.map(|it| cell(it, number_of(it), "2020-01-01", "")));
    world.write("web/1.csv", WEB, &visits);
    world.write("events/1.csv", EVENTS, &seen);
    world.ingest().unwrap();
    product::write_templates(&world.instance.policy_dir()).unwrap();
    generous(&world.instance.policy_dir().join("policy.toml"));
    world
}

fn number_of(sector: &str) -> usize {
    Geography::built_in().sectors.iter().position(|it| it.code == sector).unwrap()
}

/// A policy without products and with room for many questions.
fn generous(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let (head, _) = text.split_once("[products]").unwrap();
    let head = head.replace("rho = \"0.05\"", "rho = \"0.4\"").replace("1e-10", "5e-9");
    let head = head.replace("rho = \"0.0045\"", "rho = \"0.4\"").replace("4e-11", "5e-9");
    fs::write(path, format!("{head}[products]\n")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = entry.map(|it| (it.path(), to.join(it.file_name()))).unwrap();
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}
