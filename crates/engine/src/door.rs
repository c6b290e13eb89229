//! The door: how a record enters, and where it loses its identity.
//!
//! (1) Lock, and sweep what a killed batch left. (2) Find the files, check each against its mapping.
//! (3) Settle the period; skip what is in already. (4) Objections, customers, cells. (5) Events and
//! web records: pseudonymised, reduced, sorted, sealed by day. (6) Commit. Nothing of a batch that
//! fails stays behind. Mappings: docs/mapping.md.

mod book;
mod calendar;
mod cells;
mod customers;
mod intake;
mod key;
mod load;
mod mapping;
mod nearest;
mod objections;
mod pack;
mod people;
mod pseudonym;
mod register;
mod report;
mod rows;
mod schema;
mod seal;
mod site;
mod site_list;
mod sort;
mod source;
mod tally;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::time::{Clock, Period};
use crate::vault::Vault;
use crate::vault::batch::{Batch, sweep};
use crate::vault::lock::VaultLock;
use crate::vault::manifest::PeriodRecord;
use load::{Load, Setting};
use source::SourceFile;

pub use report::{Examples, FileReport, IngestReport, PeopleCount, RowCount};

/// The years in which a first instant is believed: seconds read as milliseconds lie in 1970.
const YEARS: RangeInclusive<i16> = 1990..=2099;

/// What a caller decides about an ingest.
#[derive(Clone, Copy, Debug, Default)]
pub struct IngestOptions {
    /// The period; without it the month of the first event or web record.
    pub period: Option<Period>,
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
/// changes nothing; a plan reads and checks everything and leaves the instance as it was. The raw ids of the files are nowhere in the instance.
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
    let started = clock.now();
    let _lock = VaultLock::take(instance)?;
    let vault = Vault::open(instance)?;
    sweep(&instance.vault_dir(), vault.manifest())?;
    let mappings = mapping::load(&instance.mapping_dir())?;
    let mut hear = |bytes_done, bytes_total| {
        progress(Progress { stage: "check", rows: 0, bytes_done, bytes_total });
    };
    let files = source::discover(sources, &mappings, &mut hear)?;
    let period = settle_period(&files, options.period, instance)?;
    let record = vault.record(period);
    let mut seen = loaded_before(&record);
    let as_of = objections::as_of(&files, record.objections_as_of);
    let is_new = |file: &SourceFile| seen.insert((file.mapping.name.clone(), file.hash.clone()));
    let (new, already): (Vec<_>, Vec<_>) = files.into_iter().partition(is_new);
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
        let batch = Batch::begin(&instance.vault_dir(), &report.batch)?;
        let purpose = options.purpose;
        let setting = Setting { instance, vault: &vault, batch: &batch, period, purpose, as_of };
        let (manifest, book) = Load::begin(setting, progress)?.run(&new, &mut report)?;
        if purpose == Purpose::Load {
            batch.commit(&manifest)?;
            book.write_quarantine(&instance.quarantine_dir().join(&report.batch))?;
        }
    }
    report.seconds = clock.now().duration_since(started).as_secs_f64();
    match options.purpose {
        Purpose::Load => report.write(&instance.reports_dir())?,
        Purpose::Plan => report.files_loaded.clear(),
    }
    Ok(report)
}

/// The period asked for, or the month of the first instant; every file is checked on the way.
fn settle_period(
    files: &[SourceFile],
    asked: Option<Period>,
    instance: &Instance,
) -> Result<Period> {
    let mut first = None;
    for file in files {
        let inspected = rows::inspect(file)?;
        first = first.or(inspected.first_instant);
    }
    if let Some(asked) = asked {
        return Ok(asked);
    }
    let instant = first.and_then(|it| Timestamp::from_millisecond(it).ok()).ok_or_else(|| {
        Error::input("I40", "no event and no web record tells which month this is")
            .remedy("say it: --period 2026-10")
    })?;
    let date = instance.zone().to_datetime(instant).date();
    if YEARS.contains(&date.year()) {
        return Ok(Period::of(date));
    }
    Err(Error::input("I40", format!("the first event or web record is of {date}"))
        .allowed("instants in epoch milliseconds (not seconds) or RFC 3339, from 1990 to 2099")
        .remedy("mend `time` in the mapping, or say which month it is: --period 2026-10"))
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
