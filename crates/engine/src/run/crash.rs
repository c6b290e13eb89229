//! Releases on a disk that dies, fails, fills up and loses power, with the real ledger below.
//!
//! Held in every life and after every restart: nothing is drawn before its charge survives any loss
//! of power, no charge pays for two draws, no release is visible that is not whole and recorded, none
//! that was recorded is lost, and the ledger never holds less than was drawn. A failure names the
//! line that repeats it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ledger::disk::{Disk, Fault, Patience, Power, SimulatedDisk, Trouble, repeat, seeds};
use ledger::{CheckpointSigner, Ledger, State};
use privacy::{Entropy, EntropyFailed, SeededEntropy};

use super::desk::{Desk, Page};
use super::fixture::{Noon, PERIOD, RESERVE, codes, plan, request, sealed};
use crate::dimension::Codes;
use crate::plan::QUESTION;
use crate::publish::Publication;

const FAULTS: [Fault; 3] = [Fault::Undone, Fault::Half, Fault::Done];
const PRODUCTS: [&str; 4] = ["residents", QUESTION, "presence", "web_audience"];
/// Releases and answers.
const FOLDERS: [&str; 2] = ["data/releases", "data/answers"];
fn entries() -> PathBuf {
    PathBuf::from("data/ledger/entries.log")
}

/// What must hold, and what has been seen.
#[derive(Default)]
struct Witness {
    /// How often something was drawn under each charge.
    draws: BTreeMap<String, u32>,
    /// What went wrong first.
    wrong: Option<String>,
    /// A sync has failed: the ledger may notice a loss and refuse, and a release may be lost.
    damaged: bool,
}

impl Witness {
    fn object(&mut self, what: impl Into<String>) {
        self.wrong.get_or_insert(what.into());
    }
}

/// Randomness that looks at the disk when it is first asked for a release.
struct Watched<'disk> {
    disk: &'disk SimulatedDisk,
    witness: Arc<Mutex<Witness>>,
    source: SeededEntropy,
    asked: bool,
}

impl Entropy for Watched<'_> {
    fn next_u64(&mut self) -> Result<u64, EntropyFailed> {
        if !std::mem::replace(&mut self.asked, true) {
            let mut witness = self.witness.lock().unwrap();
            let surviving = self.disk.surviving(&entries()).unwrap_or_default();
            let text = String::from_utf8_lossy(&surviving);
            let last = text.lines().last().and_then(|line| line.split("\"id\":\"").nth(1));
            match last.and_then(|it| it.split('"').next()) {
                Some(charge) => *witness.draws.entry(charge.to_owned()).or_default() += 1,
                None => witness.object("a draw without a charge that survives"),
            }
        }
        self.source.next_u64()
    }
}

/// One disk and the lives of the program on it.
struct World<'codes> {
    disk: SimulatedDisk,
    witness: Arc<Mutex<Witness>>,
    codes: &'codes Codes,
    seed: u64,
}

impl<'codes> World<'codes> {
    fn new(seed: u64, codes: &'codes Codes) -> Self {
        let disk = SimulatedDisk::new(seed);
        Self { disk, witness: Arc::default(), codes, seed }
    }

    fn open(&self) -> Result<Ledger, ledger::LedgerError> {
        let signer = CheckpointSigner::new("crash", &[5; 32]).unwrap();
        let (dir, anchor) = (Path::new("data/ledger"), Path::new("keys/anchor"));
        Ledger::open_on(Arc::new(self.disk.clone()), dir, anchor, signer, Patience::None)
    }

    /// Releases some products, one of them twice, until something fails.
    fn live(&self, trouble: Option<Trouble>, products: &[&str]) {
        self.disk.restart(trouble);
        if matches!(trouble, Some(Trouble::Failed(..))) {
            self.witness.lock().unwrap().damaged = true;
        }
        for product in products {
            let Ok(ledger) = self.open() else { return };
            self.release(ledger, product);
        }
    }

    fn release(&self, ledger: Ledger, product: &str) {
        let plan = plan(product, self.codes);
        let mut entropy = Watched {
            disk: &self.disk,
            witness: Arc::clone(&self.witness),
            source: SeededEntropy::new(self.seed),
            asked: false,
        };
        let request = request(&plan);
        let folder = FOLDERS[usize::from(product == QUESTION)];
        let mut desk = Desk {
            disk: Arc::new(self.disk.clone()),
            ledger,
            releases: PathBuf::from(folder),
            reserve: RESERVE,
            allowance: None,
            code_hash: "code",
            census: None,
            synthetic: false,
            clock: &Noon,
            entropy: &mut entropy,
        };
        let page: Page<'_> = &|_, _| "page".to_owned();
        let page = (product != QUESTION).then_some(page);
        // In every other world the count of the question stops.
        let stops = product == QUESTION && self.seed % 2 == 1;
        drop(desk.release(plan, request, |_| Ok((!stops).then(sealed)), page));
    }

    /// What stands in the folders.
    fn listed(&self) -> Vec<PathBuf> {
        let list = |it: &str| self.disk.list(Path::new(it)).unwrap_or_default();
        FOLDERS.iter().flat_map(|it| list(it)).collect()
    }

    /// Whoever looks into the folders sees whole releases only.
    fn look(&self) {
        self.disk.restart(None);
        let mut witness = self.witness.lock().unwrap();
        for path in self.listed() {
            let hidden = path.file_name().is_some_and(|it| it.to_string_lossy().starts_with('.'));
            if !hidden && let Err(cause) = Publication::read_on(&self.disk, &path) {
                witness.object(format!("half a release is visible: {cause}"));
            }
        }
    }

    /// Opens what is left, lets the program recover, and compares.
    fn verdict(&self) -> Option<String> {
        self.disk.restart(None);
        let ledger = match self.open() {
            Ok(ledger) => ledger,
            Err(cause) => {
                let mut witness = self.witness.lock().unwrap();
                if !witness.damaged {
                    witness.object(format!("the ledger does not open: {cause}"));
                }
                return witness.wrong.take();
            }
        };
        self.release(ledger, PRODUCTS[0]);
        if let Ok(ledger) = self.open() {
            self.release(ledger, QUESTION);
        }
        self.look();
        let history = match self.open() {
            Ok(ledger) => ledger,
            Err(cause) => return Some(format!("the ledger does not open again: {cause}")),
        };
        let history = history.history();
        let mut witness = self.witness.lock().unwrap();
        let mut visible: Vec<String> = self
            .listed()
            .iter()
            .map(|it| it.file_name().unwrap().to_string_lossy().into())
            .collect();
        visible.sort();
        let mut recorded: Vec<String> = history
            .charges()
            .into_iter()
            .filter_map(|it| match it.state {
                State::Published(it) => Some(it.release),
                State::Abandoned => None,
            })
            .collect();
        recorded.sort();
        if let Some(it) = visible.iter().find(|it| !recorded.contains(it)) {
            witness.object(format!("{it} is visible and not recorded"));
        }
        if let Some(it) = recorded.iter().find(|it| !visible.contains(it) && !witness.damaged) {
            witness.object(format!("{it} is recorded and lost"));
        }
        let draws: u64 = witness.draws.values().map(|&it| u64::from(it)).sum();
        let twice = witness.draws.iter().find(|it| *it.1 > 1).map(|it| it.0.clone());
        if let Some(charge) = twice {
            witness.object(format!("charge {charge} paid for two draws"));
        }
        let cost = plan(PRODUCTS[0], self.codes).cost().unwrap().rho.nano();
        let spent = history.spent(PERIOD).rho.nano() / cost;
        if spent < draws {
            witness.object(format!("{draws} draws and {spent} charges"));
        }
        witness.wrong.take()
    }
}

/// The steps of one undisturbed life.
fn steps(codes: &Codes) -> usize {
    let world = World::new(0, codes);
    world.live(None, &PRODUCTS[..2]);
    world.disk.steps()
}

/// Several lives whose troubles grow from `seed`; what went wrong, if anything.
fn simulate(seed: u64, steps: usize, codes: &Codes) -> Option<String> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let world = World::new(seed, codes);
    for _ in 0..chance.u8(1..4) {
        let (step, fault) = (chance.usize(0..steps), FAULTS[chance.usize(0..3)]);
        let trouble = match chance.u8(0..8) {
            0 => None,
            1 | 2 => Some(Trouble::Full(step, chance.usize(1..20))),
            3 => Some(Trouble::Failed(step, fault)),
            _ => Some(Trouble::Killed(step, fault)),
        };
        let products = [PRODUCTS[chance.usize(0..4)], PRODUCTS[chance.usize(0..4)]];
        world.live(trouble, &products);
        world.disk.end(if chance.bool() { Power::Lost } else { Power::Stays });
        world.look();
    }
    world.verdict()
}

#[test]
fn a_crash_at_any_step_between_charge_and_publication_leaves_one_of_two_whole_states() {
    let codes = codes();
    for (step, fault) in (0..steps(&codes)).flat_map(|step| FAULTS.map(|fault| (step, fault))) {
        for power in [Power::Stays, Power::Lost] {
            let world = World::new(u64::try_from(step).unwrap(), &codes);
            world.live(Some(Trouble::Killed(step, fault)), &PRODUCTS[..2]);
            world.disk.end(power);
            world.look();
            assert_eq!(world.verdict(), None, "killed at step {step}, {fault:?}, {power:?}");
        }
    }
}

#[test]
fn no_life_of_the_program_loses_a_charge_or_shows_half_a_release() {
    let codes = codes();
    let steps = steps(&codes);
    for seed in seeds(0..2_000) {
        assert_eq!(simulate(seed, steps, &codes), None, "{}", repeat("engine", seed));
    }
}

#[test]
fn a_release_that_exists_is_returned_and_not_drawn_again() {
    let codes = codes();
    let world = World::new(1, &codes);
    world.live(None, &["residents", "residents", "presence", "residents"]);
    let witness = world.witness.lock().unwrap();
    assert_eq!(witness.draws.values().copied().collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_ledger_that_forgets_is_caught() {
    // The canary: its syncs do nothing, so draws outlive their charges.
    let codes = codes();
    let caught = (0..20).filter(|&seed| {
        let world = World::new(seed, &codes);
        world.live(Some(Trouble::Forgetful), &PRODUCTS[..2]);
        world.disk.end(Power::Lost);
        world.verdict().is_some()
    });
    assert_eq!(caught.count(), 20);
}
