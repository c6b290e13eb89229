//! The vault: sealed days of people without names, and the one pointer that says what exists.
//!
//! `manifest.json` names every file with its digest; what it does not name does not exist. A day
//! once sealed never changes. Layout: docs/vault.md. A reader opens a [`Snapshot`] of one period.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use reference::{Geography, SiteList};

use crate::door::population::Population;
use crate::door::zones;
use crate::error::{Error, Result, io_error};
use crate::instance::Instance;
use crate::time::Period;

pub(crate) mod batch;
pub(crate) mod compact;
mod copy;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod table;

pub use copy::PersonCopy;
use manifest::{Manifest, PeriodRecord, Stored};

/// The site number of a visit whose host was encrypted: that somebody was on the web, and not where.
///
/// The largest that a packed row holds, and so on no list.
pub const HIDDEN_SITE: u32 = (1 << 14) - 1;

/// An opened vault: what its manifest said at that moment.
#[derive(Debug, PartialEq, Eq)]
pub struct Vault {
    folder: PathBuf,
    manifest: Manifest,
}

/// Everything that a scan of one period reads.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its name: 128 random bits drawn when its last batch came, in hexadecimal. A digest of the rows
    /// would tell whoever knows all others' whether a person's are there.
    pub id: String,
    /// The period.
    pub period: Period,
    /// People files; together sorted by person.
    pub people: Vec<PathBuf>,
    /// Sealed days of web visits, ascending; late rows are tables of their own.
    pub visit: Vec<(Date, PathBuf)>,
    /// Sealed days of presence, ascending; late rows are tables of their own.
    pub presence: Vec<(Date, PathBuf)>,
    /// People who objected after they were loaded, ascending: every scan drops them.
    pub suppressed: Vec<u32>,
    /// All persons are below it.
    pub persons: u32,
    /// The frozen list that site numbers point into.
    pub sites: SiteList,
    /// The geography that sector and district numbers point into.
    pub geography: Arc<Geography>,
    /// Days that count as weekend, whatever weekday they are.
    pub holidays: BTreeSet<Date>,
}

impl Vault {
    /// Opens the vault of an instance; one that was never written to is empty.
    ///
    /// # Errors
    /// `F10` when the manifest is damaged; a fault when it cannot be read.
    pub fn open(instance: &Instance) -> Result<Self> {
        let folder = instance.vault_dir();
        let manifest = Manifest::read(&folder)?;
        Ok(Self { folder, manifest })
    }

    /// The periods that hold anything, ascending.
    ///
    /// # Errors
    /// `F10` when the manifest names a period that is none.
    pub fn periods(&self) -> Result<Vec<Period>> {
        self.manifest.periods.keys().map(|it| Period::from_str(it)).collect()
    }

    /// What is sealed of `period` now.
    ///
    /// # Errors
    /// `I50` when nothing is; `I45` when the vault was filled under another geography; `F10` when
    /// a file that the manifest names is absent or damaged.
    pub fn snapshot(&self, period: Period) -> Result<Snapshot> {
        let record = self.manifest.periods.get(&period.to_string()).ok_or_else(|| {
            let known: Vec<&str> = self.manifest.periods.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Error::input("I50", format!("the vault holds nothing of {period}"))
                .at(self.folder.display())
                .allowed(format!("periods with sealed data: {known}"))
                .remedy("load the period with `quorate ingest`")
        })?;
        let geography = self.geography()?;
        self.manifest.check_geography(geography.hash())?;
        let suppressed = match &record.suppressed {
            Some(stored) => table::read_persons(&self.present(stored)?)?,
            None => Vec::new(),
        };
        Ok(Snapshot {
            id: record.snapshot.clone(),
            period,
            people: record.people.iter().map(|it| self.present(it)).collect::<Result<_>>()?,
            visit: self.days(&record.visit)?,
            presence: self.days(&record.presence)?,
            suppressed,
            persons: record.persons,
            sites: self.sites()?,
            geography,
            holidays: record.holidays.iter().filter_map(|it| it.parse().ok()).collect(),
        })
    }

    /// The zones that the operator brought, or the built-in geography.
    ///
    /// # Errors
    /// `F10` when the stored zones are damaged.
    pub fn geography(&self) -> Result<Arc<Geography>> {
        match &self.manifest.reference.zones {
            None => Ok(Arc::clone(Geography::built_in())),
            Some(stored) => zones::read(&self.present(stored)?).map(Arc::new),
        }
    }

    /// The census that the operator brought.
    ///
    /// # Errors
    /// `F10` when the stored table is damaged.
    pub fn population(&self) -> Result<Option<Population>> {
        let stored = self.manifest.reference.population.as_ref();
        stored.map(|it| Population::read(&self.present(it)?, &it.hash)).transpose()
    }

    /// The frozen site list, or the built-in one while no web record was ever loaded.
    pub(crate) fn sites(&self) -> Result<SiteList> {
        let Some(stored) = &self.manifest.sites else { return Ok(SiteList::built_in().clone()) };
        let path = self.present(stored)?;
        let text = fs::read_to_string(&path).map_err(|cause| io_error("read", &path, &cause))?;
        let whole = blake3::hash(text.as_bytes()).to_hex().as_str() == stored.hash;
        let list = SiteList::from_csv(&text).ok().filter(|_| whole);
        list.ok_or_else(|| manifest::damaged(&path, "the frozen site list was changed"))
    }

    /// The record of `period`, empty when there is none.
    pub(crate) fn record(&self, period: Period) -> PeriodRecord {
        self.manifest.periods.get(&period.to_string()).cloned().unwrap_or_default()
    }

    /// What the manifest says.
    pub(crate) const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The path of a stored file that is there.
    pub(crate) fn present(&self, stored: &Stored) -> Result<PathBuf> {
        let path = self.folder.join(&stored.file);
        if path.is_file() {
            return Ok(path);
        }
        Err(manifest::damaged(&path, "a file that the manifest names is not there"))
    }

    /// Sealed days and late rows, by day.
    fn days(&self, table: &manifest::TableRecord) -> Result<Vec<(Date, PathBuf)>> {
        let late = table.late.iter().map(|it| (&it.day, &it.table));
        let days = table.days.iter().chain(late).map(|(day, stored)| {
            let path = self.present(stored)?;
            let day = day.parse().map_err(|_| manifest::damaged(&path, "not a day"))?;
            Ok((day, path))
        });
        let mut days = days.collect::<Result<Vec<_>>>()?;
        days.sort();
        Ok(days)
    }
}
