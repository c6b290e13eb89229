//! What a batch did: for the operator alone, who holds the raw files anyway.
//!
//! Its counts are exact and never leave the operator (interfaces: nothing unpaid).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Serialize;

use super::quality::Quality;
use super::quality_page;
use super::schema::Class;
use super::tally::Tally;
use crate::error::{Error, Result, io_error};
use crate::vault::manifest::Basis;

/// The outcome of one ingest.
#[derive(Clone, Debug, Default, Serialize)]
pub struct IngestReport {
    /// Id of the batch: the same files for the same period give the same one.
    pub batch: String,
    /// The period, `2026-10`.
    pub period: String,
    /// Files that were loaded.
    pub files_loaded: Vec<String>,
    /// Files that were in already; loading them again changed nothing.
    pub files_already_loaded: Vec<String>,
    /// People.
    pub people: PeopleCount,
    /// Rows by class of source.
    pub rows: BTreeMap<&'static str, RowCount>,
    /// SIMs of the customer record that are nobody's to load, by reason.
    pub sims_excluded: BTreeMap<&'static str, u64>,
    /// Days that were sealed, by table.
    pub days_sealed: BTreeMap<&'static str, Vec<String>>,
    /// Days of the period before of which late rows were taken, by table.
    pub days_late: BTreeMap<&'static str, Vec<String>>,
    /// Rows that wait for a batch that declares their day, by table.
    pub rows_held: BTreeMap<&'static str, u64>,
    /// Districts in which nobody is counted, since most of their cells see sensitive places.
    pub areas_left_out: Vec<String>,
    /// What became of each file that was not in already.
    pub files: Vec<FileReport>,
    /// How good the batch is.
    pub quality: Quality,
    /// Why the batch would be refused; only a plan ever says so, a load is refused with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// What became of one file.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// The file, below its source.
    pub file: String,
    /// The mapping that claims it.
    pub mapping: String,
    /// What it holds.
    pub class: &'static str,
    /// Why its rows may be used.
    #[serde(flatten)]
    pub basis: Basis,
    /// Canonical name to column of the file, or to the value that all rows have.
    pub columns: BTreeMap<String, String>,
    /// Its rows.
    pub rows: RowCount,
    /// The first wrong rows by reason: numbers from 1, and the column that shows it. Never a value.
    pub examples: BTreeMap<&'static str, Examples>,
}

/// Where to look for the cause of one reason.
#[derive(Clone, Debug, Serialize)]
pub struct Examples {
    /// The column that shows it, empty when it is no single one.
    pub column: &'static str,
    /// Row numbers, from 1.
    pub rows: Vec<u64>,
}

/// People in the period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PeopleCount {
    /// Loaded now.
    pub new: u32,
    /// Loaded so far.
    pub total: u32,
    /// Suppressed so far, because they objected after they were loaded.
    pub suppressed: u32,
}

/// What became of the rows of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCount {
    /// Rows read.
    pub read: u64,
    /// Rows kept.
    pub kept: u64,
    /// Rows dropped by rule, by reason.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Rows that are wrong, by reason.
    pub quarantined: BTreeMap<&'static str, u64>,
}

impl RowCount {
    /// The counts of a tally.
    pub(super) fn of(tally: &Tally) -> Self {
        Self {
            read: tally.read,
            kept: tally.kept,
            dropped: tally.counts(false),
            quarantined: tally.counts(true),
        }
    }
}

impl IngestReport {
    /// Whether every file was in already.
    #[must_use]
    pub const fn nothing_changed(&self) -> bool {
        self.files_loaded.is_empty()
    }

    /// Notes the rows of one class.
    pub(super) fn add_rows(&mut self, class: Class, tally: &Tally) {
        self.rows.insert(class.name(), RowCount::of(tally));
    }

    /// Writes `ingest-<batch>.json` and the page of the same name into a folder.
    ///
    /// # Errors
    /// A fault when it cannot be written.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|cause| Error::fault("F11", cause.to_string()))?;
        for (kind, text) in [("json", text), ("html", quality_page::render(self))] {
            let path = folder.join(format!("ingest-{}.{kind}", self.batch));
            fs::create_dir_all(folder)
                .and_then(|()| fs::write(&path, text))
                .map_err(|cause| io_error("write", &path, &cause))?;
        }
        Ok(())
    }
}
