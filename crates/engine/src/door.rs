//! The door: how a record enters, and where it loses its identity.
//!
//! (1) Lock, and sweep what a killed batch left. (2) Find the files, check each against its mapping.
//! (3) Settle the period and its days; skip what is in already. (4) Objections, customers, places. (5) Events and
//! web records: pseudonymised, reduced, sorted, sealed by day. (6) Commit. Nothing of a batch that
//! fails stays behind. Mappings: docs/mapping.md.

mod book;
mod calendar;
mod cells;
mod contract;
mod countries;
mod customers;
mod declare;
mod delta;
mod facts;
mod held;
mod intake;
mod key;
mod load;
mod mapping;
mod nearest;
mod objections;
mod objectors;
mod pack;
mod people;
pub(crate) mod population;
mod postcodes;
mod pseudonym;
mod quality;
mod quality_page;
mod quarantine;
mod register;
mod report;
pub mod rights;
mod room;
mod rows;
mod schema;
mod seal;
mod sensitive;
mod shelves;
mod site;
mod site_list;
mod sort;
mod source;
mod sphere;
mod stays;
mod store;
mod tally;
pub(crate) mod zones;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::time::{Clock, Period};
use crate::vault::Vault;
use crate::vault::batch::{Batch, sweep};
use crate::vault::lock::VaultLock;
use crate::vault::manifest::PeriodRecord;
use declare::Declaration;
use load::{Load, Setting};
use source::SourceFile;
use store::Stores;

pub use declare::DayRange;
pub(crate) use nearest::choices;
pub use quality::{Day, Quality};
pub use quarantine::{Quarantine, WaitingFile};
pub use report::{Examples, FileReport, IngestReport, PeopleCount, RowCount};

/// What a caller decides about an ingest.
#[derive(Clone, Copy, Debug, Default)]
pub struct IngestOptions {
    /// The period; without it the month of the days, or of the dates in the names of files.
    pub period: Option<Period>,
    /// The days that events and web records are of; without it the dates in the names of their files,
    /// else the whole period.
    pub days: Option<DayRange>,
    /// Whether anything is to be stored.
    pub purpose: Purpose,
}

/// What an ingest is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To load: all of it or nothing.
    #[default]
    Load,
    /// To tell what a load would do; nothing stays behind, not even a key.
    Plan,
}

/// How far an ingest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'stage> {
    /// What is being done.
    pub stage: &'stage str,
    /// Rows read in this stage.
    pub rows: u64,
    /// Bytes of source files read in this stage, about.
    pub bytes_done: u64,
    /// Bytes to read in this stage.
    pub bytes_total: u64,
}

/// Loads `sources` (folders with `_SUCCESS`, or single files) into the vault.
///
/// Guarantee: either everything is in when this returns, or nothing; loading the same files again
/// changes nothing; a plan reads and checks everything and leaves the instance as it was. The raw ids of
/// the files are nowhere in the instance.
///
/// # Errors
/// An input error (`I…`) naming the file and the mapping, before anything is loaded; a fault
/// (`F…`) of the machine.
pub fn ingest(
    instance: &Instance,
    sources: &[PathBuf],
    options: &IngestOptions,
    clock: &dyn Clock,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<IngestReport> {
    take_in(instance, sources, options, None, clock, progress)
}

/// Reads again the rows of `batch` that did not get in, in the files as they were loaded.
///
/// Rows of a day that is sealed by now are late: they get into the next period. Nothing is sealed unless
/// `options` say which days. Guarantee: as [`ingest`]; rows that still do not get in wait anew.
///
/// # Errors
/// As [`ingest`]; `I55` when nothing waits of that batch, or in none of these files.
pub fn replay(
    instance: &Instance,
    batch: &str,
    sources: &[PathBuf],
    options: &IngestOptions,
    clock: &dyn Clock,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<IngestReport> {
    let waiting = Quarantine::read(instance, batch)?.ok_or_else(|| {
        Error::input("I55", format!("no row waits of a batch `{batch}`"))
            .remedy("`quorate quarantine list` shows what waits")
    })?;
    let period = options.period.map_or_else(|| waiting.period.parse(), Ok)?;
    let options = IngestOptions { period: Some(period), ..*options };
    take_in(instance, sources, &options, Some(waiting), clock, progress)
}

fn take_in(
    instance: &Instance,
    sources: &[PathBuf],
    options: &IngestOptions,
    waiting: Option<Quarantine>,
    clock: &dyn Clock,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<IngestReport> {
    let started = clock.now();
    let _lock = VaultLock::take(instance)?;
    let vault = Vault::open(instance)?;
    sweep(&instance.vault_dir(), vault.manifest())?;
    let mappings = mapping::load(&instance.mapping_dir())?;
    let mut hear = |bytes_done, bytes_total| {
        progress(Progress { stage: "check", rows: 0, bytes_done, bytes_total });
    };
    let stores = Stores::new()?;
    let files = source::discover(&stores, sources, &mappings, &mut hear)?;
    let files = match &waiting {
        Some(waiting) => waiting.choose(instance, files)?,
        None => files,
    };
    for file in &files {
        rows::inspect(file)?;
    }
    let replayed: BTreeSet<String> = files.iter().map(|it| it.bytes_hash().to_owned()).collect();
    let declaration = Declaration::of(&files, options)?;
    let period = declaration.period;
    let record = vault.record(period);
    let mut seen = loaded_before(&record);
    let as_of = objections::as_of(&files, record.objections_as_of);
    let is_new = |file: &SourceFile| seen.insert((file.mapping.name.clone(), file.hash.clone()));
    let (mut new, already): (Vec<_>, Vec<_>) = files.into_iter().partition(is_new);
    let before = loaded_before(&vault.record(period.before()?));
    // Rows that wait have never got in.
    for file in new.iter_mut().filter(|it| it.only.is_none()) {
        file.in_period_before = before.contains(&(file.mapping.name.clone(), file.hash.clone()));
    }
    let mut report = IngestReport {
        batch: batch_id(period, &new),
        period: period.to_string(),
        files_already_loaded: already.into_iter().map(|it| it.label).collect(),
        ..IngestReport::default()
    };
    report.people.total = record.persons;
    if !new.is_empty() {
        // Without anybody loaded it is not objections that are missing first.
        if as_of.is_some() || record.persons > 0 {
            objections::check_fresh(&new, as_of, started)?;
        }
        let (vault_dir, memory) = (instance.vault_dir(), instance.config.memory);
        room::check(&new, memory, &vault_dir, room::free(&vault_dir))?;
        let batch = Batch::begin(&vault_dir, &report.batch)?;
        let purpose = options.purpose;
        let mut contracts = vault.manifest().contracts.clone();
        contract::hold(&mut new, &mut contracts)?;
        let setting = Setting {
            instance,
            vault: &vault,
            batch: &batch,
            declaration,
            contracts,
            purpose,
            as_of,
        };
        let (manifest, book) = Load::begin(setting, progress)?.run(&new, &mut report)?;
        if purpose == Purpose::Load {
            // Before the commit: a crash in between leaves places of rows that the next load writes again.
            let folder = instance.quarantine_dir().join(&report.batch);
            book.write_quarantine(&folder, &report.batch, &report.period)?;
            batch.commit(&manifest)?;
        }
    }
    if let (Some(waiting), Purpose::Load) = (waiting, options.purpose) {
        waiting.forget(instance, &replayed)?;
    }
    report.seconds = clock.now().duration_since(started).as_secs_f64();
    match options.purpose {
        Purpose::Load => report.write(&instance.reports_dir())?,
        Purpose::Plan => report.files_loaded.clear(),
    }
    Ok(report)
}

/// The person of a row that waits for its day.
pub(crate) fn person_of_key(key: u64) -> u32 {
    key::Key::unpack(key).person
}

/// A file is known by the mapping that claims it and by its bytes, never by its name.
fn loaded_before(record: &PeriodRecord) -> BTreeSet<(String, String)> {
    record.loaded.iter().map(|it| (it.mapping.clone(), it.hash.clone())).collect()
}

/// The id of a batch: a digest over its period and files.
fn batch_id(period: Period, files: &[SourceFile]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(period.to_string().as_bytes());
    for file in files {
        hasher.update(format!("{}\0{}\n", file.mapping.name, file.hash).as_bytes());
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}
