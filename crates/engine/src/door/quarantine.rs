//! Rows that did not get in and may yet: which rows of which files, never what they say.
//!
//! `quarantine/<batch>/index.json` names files by their digest and points at bitmaps of row numbers;
//! `<reason>.csv` beside it holds the first places for people. The rows stay in the operator's files: a
//! replay reads them there again, once the customer record, the topology or the mapping was mended, or
//! into the next period when they came late.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

use super::source::SourceFile;
use super::tally::Tally;
use crate::error::{Error, Result, io_error};
use crate::instance::Instance;
use crate::vault::Vault;

const INDEX: &str = "index.json";

/// The rows of one batch that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// The batch that they came with.
    pub batch: String,
    /// The period that it was for.
    pub period: String,
    /// The files that they are in.
    pub files: Vec<WaitingFile>,
}

/// The rows of one file that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitingFile {
    /// What the file was called.
    pub file: String,
    /// The mapping that claimed it.
    pub mapping: String,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// How many rows wait, by reason.
    pub rows: BTreeMap<String, u64>,
    /// The bitmap of their numbers, from 1.
    bitmap: String,
}

impl Quarantine {
    /// What waits in every batch that is in the vault, oldest first.
    ///
    /// # Errors
    /// A fault when the quarantine cannot be read.
    pub fn list(instance: &Instance) -> Result<Vec<Self>> {
        let manifest = Vault::open(instance)?;
        let records = manifest.manifest().periods.values();
        let batches = records.flat_map(|it| &it.batches);
        let read = batches.map(|it| Self::read(instance, it));
        read.filter_map(Result::transpose).collect()
    }

    /// What waits of one batch; `None` when nothing does.
    ///
    /// # Errors
    /// A fault when it cannot be read.
    pub fn read(instance: &Instance, batch: &str) -> Result<Option<Self>> {
        let path = instance.quarantine_dir().join(batch).join(INDEX);
        let text = match fs::read_to_string(&path) {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|cause| io_error("read", &path, &cause))?,
        };
        let whole = serde_json::from_str(&text);
        whole.map(Some).map_err(|_| damaged(&path))
    }

    /// Gives each of `files` whose rows wait here those rows to read, and leaves the others out.
    ///
    /// # Errors
    /// `I55` when none of them is one; a fault when a bitmap is damaged.
    pub fn choose(&self, instance: &Instance, files: Vec<SourceFile>) -> Result<Vec<SourceFile>> {
        let folder = instance.quarantine_dir().join(&self.batch);
        let mut chosen = Vec::new();
        for mut file in files {
            let own = |it: &&WaitingFile| it.hash == file.hash && it.mapping == file.mapping.name;
            if let Some(waiting) = self.files.iter().find(own) {
                file.replay(read_bitmap(&folder.join(&waiting.bitmap))?);
                chosen.push(file);
            }
        }
        if chosen.is_empty() {
            let names: Vec<&str> = self.files.iter().map(|it| it.file.as_str()).collect();
            let what = format!("no row of these files waits in batch {}", self.batch);
            return Err(Error::input("I55", what)
                .allowed(format!("the files as they were loaded: {}", names.join(", "))));
        }
        Ok(chosen)
    }

    /// Forgets the rows of files that were replayed; those that still do not get in wait anew.
    ///
    /// # Errors
    /// A fault when the index cannot be written.
    pub fn forget(mut self, instance: &Instance, replayed: &BTreeSet<String>) -> Result<()> {
        let folder = instance.quarantine_dir().join(&self.batch);
        self.files.retain(|it| !replayed.contains(&it.hash));
        if self.files.is_empty() {
            return fs::remove_dir_all(&folder)
                .map_err(|cause| io_error("remove", &folder, &cause));
        }
        self.write_index(&folder)
    }

    /// Writes what waits of a batch; nothing when nothing does.
    ///
    /// # Errors
    /// A fault when the folder cannot be written.
    pub fn write(
        folder: &Path,
        batch: &str,
        period: &str,
        files: &[(SourceFile, &Tally)],
    ) -> Result<()> {
        let mut quarantine =
            Self { batch: batch.to_owned(), period: period.to_owned(), files: Vec::new() };
        for (number, (file, tally)) in files.iter().enumerate() {
            let rows = tally.waiting();
            let all: RoaringTreemap = rows.values().flat_map(|it| it.iter()).collect();
            if all.is_empty() {
                continue;
            }
            fs::create_dir_all(folder).map_err(|cause| io_error("create", folder, &cause))?;
            let bitmap = format!("{number}.roaring");
            let path = folder.join(&bitmap);
            File::create(&path)
                .and_then(|out| {
                    all.serialize_into(&out)?;
                    out.sync_all()
                })
                .map_err(|cause| io_error("write", &path, &cause))?;
            quarantine.files.push(WaitingFile {
                file: file.label.clone(),
                mapping: file.mapping.name.clone(),
                hash: file.bytes_hash().to_owned(),
                rows: rows.iter().map(|(why, it)| (why.name().to_owned(), it.len())).collect(),
                bitmap,
            });
        }
        if quarantine.files.is_empty() { Ok(()) } else { quarantine.write_index(folder) }
    }

    fn write_index(&self, folder: &Path) -> Result<()> {
        let (path, draft) = (folder.join(INDEX), folder.join("index.json.new"));
        let text = serde_json::to_vec_pretty(self)
            .map_err(|cause| Error::fault("F11", cause.to_string()))?;
        let write = || {
            fs::write(&draft, text)?;
            File::open(&draft)?.sync_all()?;
            fs::rename(&draft, &path)?;
            File::open(folder)?.sync_all()
        };
        write().map_err(|cause| io_error("write", &path, &cause))
    }
}

fn read_bitmap(path: &PathBuf) -> Result<RoaringTreemap> {
    let file = File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    RoaringTreemap::deserialize_from(BufReader::new(file)).map_err(|_| damaged(path))
}

fn damaged(path: &Path) -> Error {
    Error::fault("F10", "the quarantine is damaged")
        .at(path.display())
        .remedy("deliver the rows again in a new file")
}
