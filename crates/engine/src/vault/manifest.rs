//! `vault/manifest.json`: the one atomic pointer.
//!
//! It is replaced whole: written beside, made durable, renamed, and the folder made durable. A
//! crash at any line leaves the old manifest or the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result, io_error};

/// The layout that this version reads and writes.
const FORMAT: u32 = 3;
const NAME: &str = "manifest.json";

/// Sealed days by ISO date.
pub type Days = BTreeMap<String, Stored>;

/// Everything that exists in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// Digest of the geography, frozen by the first batch.
    pub geography: Option<String>,
    /// The site list, frozen by the first batch with web records.
    pub sites: Option<Stored>,
    /// The columns that the files of each mapping came with.
    #[serde(default)]
    pub contracts: BTreeMap<String, BTreeSet<String>>,
    /// Who objected for good.
    pub objectors: Option<Stored>,
    /// Public facts that the operator brought.
    #[serde(default)]
    pub reference: Reference,
    /// What each period holds.
    pub periods: BTreeMap<String, PeriodRecord>,
}

/// Public facts: the newest list of each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Zones in place of the built-in geography.
    pub zones: Option<Stored>,
    /// The sector of each postcode.
    pub postcodes: Option<Stored>,
    /// Countries by network code.
    pub countries: Option<Stored>,
    /// Residents by zone.
    pub population: Option<Stored>,
    /// Public holidays, ISO dates.
    pub holidays: BTreeSet<String>,
}

impl Reference {
    /// Every file of it.
    pub fn files(&self) -> impl Iterator<Item = &Stored> {
        [&self.zones, &self.postcodes, &self.countries, &self.population].into_iter().flatten()
    }
}

/// A file in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stored {
    /// Its path, relative to the vault, with `/`.
    pub file: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
}

/// Rows of a day of the period before, which came after it was sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateDay {
    /// ISO date.
    pub day: String,
    /// The rows.
    pub table: Stored,
}

/// What one period holds of a table of what people did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRecord {
    /// Sealed days.
    pub days: Days,
    /// Late rows of the period before.
    pub late: Vec<LateDay>,
    /// Rows of days that no batch has declared yet.
    pub held: Option<Stored>,
}

impl TableRecord {
    /// Every file of it.
    pub fn files(&self) -> impl Iterator<Item = &Stored> {
        self.days.values().chain(self.late.iter().map(|it| &it.table)).chain(&self.held)
    }
}

/// What one period holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodRecord {
    /// What is sealed now, by name: drawn at random for every batch, so that it tells nothing of the rows.
    pub snapshot: String,
    /// All persons are below it.
    pub persons: u32,
    /// People, one file a batch that brought new ones.
    pub people: Vec<Stored>,
    /// Pseudonyms and what stands behind them; a later file overrules an earlier one.
    pub pseudonyms: Vec<Stored>,
    /// People who objected after they were loaded.
    pub suppressed: Option<Stored>,
    /// The list of those whose rows are gone already.
    #[serde(default)]
    pub compacted: Option<Stored>,
    /// When the newest source that says who objects was written.
    #[serde(default)]
    pub objections_as_of: Option<Timestamp>,
    /// Cells; a later file overrules an earlier one.
    pub cells: Vec<Stored>,
    /// Places where nobody is counted; the lists add up.
    pub sensitive: Vec<Stored>,
    /// Public holidays, ISO dates, as they were known when its last batch came.
    #[serde(default)]
    pub holidays: BTreeSet<String>,
    /// Web visits.
    pub visit: TableRecord,
    /// Presence.
    pub presence: TableRecord,
    /// Source files that are in.
    pub loaded: Vec<Loaded>,
    /// Batches that are in, by id.
    pub batches: Vec<String>,
}

/// A source file that is in: loading it again changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loaded {
    /// The mapping that claimed it.
    pub mapping: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// What it was called.
    pub file: String,
    /// Why its rows may be used.
    #[serde(flatten)]
    pub basis: Basis,
}

/// Why rows may be used; goes with every batch. Source: governance G1, PECR regulation 14(2) and (3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The lawful basis.
    #[serde(rename = "lawful_basis")]
    pub lawful: String,
    /// The id of the paper that says so.
    pub document: String,
    /// The version of the notice by which people were told; needed where rows are of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
}

impl Basis {
    /// Whether each person must have consented.
    #[must_use]
    pub fn is_consent(&self) -> bool {
        self.lawful == "consent"
    }
}

impl Manifest {
    /// The manifest of the vault in `folder`; an empty one when there is none.
    ///
    /// # Errors
    /// `F10` when it cannot be understood, a fault when it cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(Self::empty()),
            Err(cause) => return Err(io_error("read", &path, &cause)),
        };
        let manifest: Self =
            serde_json::from_str(&text).map_err(|cause| damaged(&path, &cause.to_string()))?;
        if manifest.format == FORMAT {
            return Ok(manifest);
        }
        Err(damaged(&path, &format!("format {} is not known", manifest.format)))
    }

    fn empty() -> Self {
        Self {
            format: FORMAT,
            geography: None,
            sites: None,
            contracts: BTreeMap::new(),
            objectors: None,
            reference: Reference::default(),
            periods: BTreeMap::new(),
        }
    }

    /// Replaces the manifest of the vault in `folder` by this one; durable when it returns.
    ///
    /// # Errors
    /// A fault when it cannot be written; the old one is still in place then.
    pub fn replace(&self, folder: &Path) -> Result<()> {
        let (path, draft) = (folder.join(NAME), folder.join("manifest.json.new"));
        let text = serde_json::to_string_pretty(self)
            .map_err(|cause| Error::fault("F10", cause.to_string()))?;
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|cause| io_error("write", &path, &cause))
    }

    /// Every file that exists, relative to the vault.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let periods = self.periods.values().flat_map(|record| {
            let lists = record.people.iter().chain(&record.pseudonyms).chain(&record.cells);
            let tables = record.visit.files().chain(record.presence.files());
            lists.chain(&record.sensitive).chain(tables).chain(&record.suppressed)
        });
        periods
            .chain(&self.sites)
            .chain(&self.objectors)
            .chain(self.reference.files())
            .map(|it| it.file.as_str())
    }

    /// Holds the vault to the geography that it was filled under.
    ///
    /// # Errors
    /// `I45` when `now` is another one.
    pub fn check_geography(&self, now: &str) -> Result<()> {
        match &self.geography {
            Some(frozen) if frozen != now => Err(Error::input(
                "I45",
                "the vault was filled under another geography: its numbers point into that list",
            )
            .allowed(format!("geography {frozen}, but this one is {now}"))
            .remedy(
                "take the zones that it was filled under, or the version of the program; or ingest into \
                 a new instance",
            )),
            _ => Ok(()),
        }
    }
}

/// A vault that is not as it was left.
pub fn damaged(path: &Path, why: &str) -> Error {
    Error::fault("F10", format!("the vault is damaged: {why}"))
        .at(path.display())
        .remedy("restore the vault from a backup")
}
