//! The end of stored data: what is past its time goes, and so do the rows of people who left.
//!
//! Each table is kept for a purpose and so long: rows of what people did (`rows`) for corrections
//! and charged questions, people and their pseudonyms (`people`) for late rows and for requests of
//! people, reports and places of wrong rows (`reports`) for audits of the door. After that a purge
//! removes them; the ledger and the releases stay. Days count from the end of the period.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;

use crate::door::person_of_key;
use crate::error::{Error, Result, io_error};
use crate::instance::Instance;
use crate::keys::life::{self, Early};
use crate::keys::random_name;
use crate::time::{Clock, Period};
use crate::vault::Vault;
use crate::vault::batch::{Batch, sweep};
use crate::vault::compact::Compaction;
use crate::vault::lock::VaultLock;
use crate::vault::manifest::TableRecord;
use crate::vault::table::read_persons;

/// What a purge removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Tables past their time, by period.
    pub tables: BTreeMap<String, Vec<&'static str>>,
    /// Periods of which nothing is left; their keys are destroyed.
    pub periods: Vec<String>,
    /// Rows of people who objected or were erased, by period.
    pub rows: BTreeMap<String, u64>,
    /// Reports and places of wrong rows past their time.
    pub files: Vec<String>,
}

/// Whether a purge only tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It removes.
    Remove,
    /// It tells what it would remove.
    DryRun,
}

/// Removes what is past its time, and every row of people who objected or were erased.
///
/// Guarantee: when this returns, no file of the instance holds what it names.
///
/// # Errors
/// `I43` while an ingest runs; a fault of the machine, after which the vault is as it was.
pub fn purge(instance: &Instance, clock: &dyn Clock, mode: Mode) -> Result<Purged> {
    let today = instance.zone().to_datetime(clock.now()).date();
    let _lock = VaultLock::take(instance)?;
    let vault = Vault::open(instance)?;
    let name = random_name()?;
    let mut purged = Purged::default();
    let batch = Batch::begin(&instance.vault_dir(), &name)?;
    let mut manifest = vault.manifest().clone();
    for period in vault.periods()? {
        let is_over = |days: u16| Ok::<_, Error>(today > last_day(period, days)?);
        if is_over(instance.config.retention.people)? {
            manifest.periods.remove(&period.to_string());
            purged.periods.push(period.to_string());
            continue;
        }
        let mut record = vault.record(period);
        if is_over(instance.config.retention.rows)? {
            for (name, table) in [("visit", &mut record.visit), ("presence", &mut record.presence)]
            {
                if table.files().next().is_some() {
                    *table = TableRecord::default();
                    purged.tables.entry(period.to_string()).or_default().push(name);
                }
            }
        }
        if let Some(suppressed) =
            record.suppressed.clone().filter(|it| record.compacted.as_ref() != Some(it))
        {
            let gone = read_persons(&vault.present(&suppressed)?)?;
            let mut compaction = Compaction::new(&vault, &batch, gone, name.clone());
            compaction.run(&mut record, person_of_key)?;
            purged.rows.insert(period.to_string(), compaction.rows);
        }
        manifest.periods.insert(period.to_string(), record);
    }
    purged.files = old_files(instance, today)?;
    if mode == Mode::DryRun {
        return Ok(purged);
    }
    batch.commit(&manifest)?;
    sweep(&instance.vault_dir(), &manifest)?;
    for file in &purged.files {
        let path = instance.root.join(file);
        fs::remove_file(&path).map_err(|cause| io_error("remove", &path, &cause))?;
    }
    for period in &purged.periods {
        life::destroy(instance, period.parse()?, today, Early::Allowed)?;
    }
    Ok(purged)
}

/// The last day on which something of a period is kept.
fn last_day(period: Period, days: u16) -> Result<Date> {
    let last = period.first_day().last_of_month().checked_add(i64::from(days).days());
    last.map_err(|cause| Error::fault("F02", format!("period {period}: {cause}")))
}

/// Reports and places of wrong rows that were written too long ago, relative to the instance.
fn old_files(instance: &Instance, today: Date) -> Result<Vec<String>> {
    let days = i64::from(instance.config.retention.reports);
    let since = today.checked_sub(days.days());
    let since = since.map_err(|cause| Error::fault("F02", cause.to_string()))?;
    let mut old = Vec::new();
    let mut folders = vec![instance.reports_dir(), instance.quarantine_dir()];
    while let Some(folder) = folders.pop() {
        let listed = match fs::read_dir(&folder) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => continue,
            listed => listed.and_then(Iterator::collect::<std::io::Result<Vec<_>>>),
        };
        for entry in listed.map_err(|cause| io_error("list", &folder, &cause))? {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if written(instance, &path)? < since {
                let name = path.strip_prefix(&instance.root).unwrap_or(&path);
                old.push(name.to_string_lossy().into_owned());
            }
        }
    }
    old.sort();
    Ok(old)
}

/// The day on which a file was last written.
fn written(instance: &Instance, path: &Path) -> Result<Date> {
    let written = fs::metadata(path).and_then(|it| it.modified());
    let written = written.map_err(|cause| io_error("read", path, &cause))?;
    let written = jiff::Timestamp::try_from(written).unwrap_or(jiff::Timestamp::MIN);
    Ok(instance.zone().to_datetime(written).date())
}
