//! Which files there are, and which mapping claims each.
//!
//! A folder is complete when it holds `_SUCCESS`; a file given by itself is complete. Names that
//! start with `_` or `.` are markers, not data. Every other file must be claimed by one mapping.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use roaring::RoaringTreemap;

use super::delta::{self, Tables};
use super::mapping::{Mapping, Pattern};
use super::rows::{LineMarks, Mark, is_plain_csv};
use super::store::{Beside, Listed, Object, Stores};
use crate::error::{Error, Result, io_error};

/// A file to load.
#[derive(Clone)]
pub struct SourceFile {
    /// What the user calls it.
    pub path: PathBuf,
    /// Where its bytes are.
    pub object: Object,
    /// What to call it: its path relative to the source, with `/`.
    pub label: String,
    /// How it is read.
    pub mapping: Arc<Mapping>,
    /// Its size, bytes.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hexadecimal.
    pub hash: String,
    /// When it was last written.
    pub modified: Timestamp,
    /// Whether the period before has loaded it: its rows of that period are not late then.
    pub in_period_before: bool,
    /// The rows to read when it is read again; all when absent.
    pub only: Option<Arc<RoaringTreemap>>,
    /// Rows that were deleted without it.
    pub deleted: Option<Arc<RoaringTreemap>>,
    /// New columns; rows with a value there are dropped.
    pub off_contract: Vec<String>,
    /// Where rows of plain CSV begin, here and there.
    pub marks: Arc<[Mark]>,
    /// The part to read; all of it when absent.
    pub part: Option<Part>,
}

/// A part of a file that can be read beside the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it is.
    pub extent: Extent,
    /// The number of its first row in the file, from 1.
    pub first_row: u64,
}

/// Where a part is in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Row groups of Parquet.
    Groups(Range<usize>),
    /// Bytes of plain CSV, from the first of a row on.
    Bytes(Range<u64>),
}

impl SourceFile {
    /// Reads only these rows, which did not get in before; they are a file of their own.
    pub fn replay(&mut self, rows: RoaringTreemap) {
        let mut bytes = Vec::with_capacity(rows.serialized_size());
        // Writing to memory cannot fail.
        drop(rows.serialize_into(&mut bytes));
        self.hash = format!("{} rows {}", self.hash, blake3::hash(&bytes).to_hex());
        self.only = Some(Arc::new(rows));
    }

    /// BLAKE3 of the bytes of the file, whichever rows are read.
    #[must_use]
    pub fn bytes_hash(&self) -> &str {
        self.hash.split_once(' ').map_or(&self.hash, |it| it.0)
    }
}

/// Finds and digests every file of `sources`, in the order of their names; tells `hear` the bytes
/// done and all bytes.
///
/// # Errors
/// `I20` when a folder is not complete, `I21` when no mapping claims a file, `I22` when two do,
/// `I23` when a file is empty; a fault when something cannot be read.
pub fn discover(
    stores: &Stores,
    sources: &[PathBuf],
    mappings: &[Arc<Mapping>],
    hear: &mut dyn FnMut(u64, u64),
) -> Result<Vec<SourceFile>> {
    let mut claimed = Vec::new();
    for source in sources {
        let place = stores.open(source)?;
        let below = place.files()?;
        let file = if below.is_empty() { place.file()? } else { None };
        let (listed, single) = if let Some(object) = file {
            let label = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let beside = Beside::default();
            (vec![Listed { label, path: source.clone(), object, beside }], true)
        } else {
            let Tables { mut files, others } = delta::tables(source, &place, below)?;
            if files.is_empty() || !others.is_empty() {
                files.extend(complete(source, others)?);
            }
            (files, false)
        };
        for listed in listed {
            let mapping = claim(&listed.path, &listed.label, single, mappings)?;
            let mapping = mapping.beside(&listed.beside);
            claimed.push((listed, mapping));
        }
    }
    let bytes_total = claimed.iter().map(|it| it.0.object.bytes).sum();
    let mut bytes_done = 0;
    claimed
        .into_iter()
        .map(|(Listed { label, path, object, beside }, mapping)| {
            let lined = is_plain_csv(&mapping, &label);
            let (hash, marks) = digest(&object, &path, lined)?;
            bytes_done += object.bytes;
            hear(bytes_done, bytes_total);
            let (bytes, modified) = (object.bytes, object.modified);
            let in_period_before = false;
            Ok(SourceFile {
                path,
                object,
                label,
                mapping,
                bytes,
                hash,
                modified,
                in_period_before,
                only: None,
                deleted: beside.deleted,
                off_contract: Vec::new(),
                marks: marks.into(),
                part: None,
            })
        })
        .collect()
}

/// The data of a complete folder.
fn complete(source: &Path, mut files: Vec<Listed>) -> Result<Vec<Listed>> {
    if files.iter().all(|it| it.label != "_SUCCESS") {
        return Err(Error::input("I20", "the source folder is not complete: it holds no _SUCCESS")
            .at(source.display())
            .allowed("a folder whose writer has put an empty file _SUCCESS in it, or single files")
            .remedy("wait for the writer to finish; if it has, make the file `_SUCCESS` there"));
    }
    let is_data = |part: &str| !part.starts_with(['_', '.']);
    files.retain(|it| it.label.split('/').all(is_data));
    if files.is_empty() {
        return Err(Error::input("I20", "the source folder holds no data").at(source.display()));
    }
    Ok(files)
}

fn claim(
    path: &Path,
    label: &str,
    single: bool,
    mappings: &[Arc<Mapping>],
) -> Result<Arc<Mapping>> {
    let whole = slashed(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let claims = |mapping: &&Arc<Mapping>| {
        mapping
            .files
            .iter()
            .any(|it| if single { it.claims_end_of(&whole) } else { it.claims(label) })
    };
    let claimed: Vec<&Arc<Mapping>> = mappings.iter().filter(claims).collect();
    match claimed.as_slice() {
        [mapping] => Ok(Arc::clone(mapping)),
        [] => {
            let patterns = mappings.iter().map(|mapping| {
                let files: Vec<&str> = mapping.files.iter().map(Pattern::as_str).collect();
                format!("{}: {}", mapping.name, files.join(" "))
            });
            Err(Error::input("I21", format!("no mapping claims the file `{label}`"))
                .at(path.display())
                .allowed(patterns.collect::<Vec<_>>().join("; "))
                .remedy("add the file to a mapping's `files`, or write a mapping: docs/mapping.md"))
        }
        [first, second, ..] => Err(Error::input(
            "I22",
            format!("two mappings claim the file `{label}`: {} and {}", first.name, second.name),
        )
        .at(path.display())
        .remedy("narrow the `files` of one of them")),
    }
}

/// BLAKE3 of a file; the marks of its rows when they stand in lines.
fn digest(object: &Object, path: &Path, lined: bool) -> Result<(String, Vec<Mark>)> {
    if object.bytes == 0 {
        return Err(Error::input("I23", "the file is empty")
            .at(path.display())
            .remedy("deliver it again, or take it out of the source"));
    }
    let (mut hasher, mut lines) = (blake3::Hasher::new(), LineMarks::default());
    for piece in object.ranges() {
        let piece = piece.map_err(|cause| io_error("read", path, &cause))?;
        hasher.update(&piece);
        if lined {
            lines.take(&piece);
        }
    }
    Ok((hasher.finalize().to_hex().to_string(), lines.finish()))
}

fn slashed(path: &Path) -> String {
    let parts = path.components().filter(|it| *it != std::path::Component::RootDir);
    parts.map(|it| it.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
