//! Which files there are, and which mapping claims each.
//!
//! A folder is complete when it holds `_SUCCESS`; a file given by itself is complete. Names that
//! start with `_` or `.` are markers, not data. Every other file must be claimed by one mapping.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::mapping::{Mapping, Pattern};
use crate::error::{Error, Result, io_error};

/// A file to load.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
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
}

/// Finds and digests every file of `sources`, in the order of their names; tells `hear` the bytes
/// done and all bytes.
///
/// # Errors
/// `I20` when a folder is not complete, `I21` when no mapping claims a file, `I22` when two do,
/// `I23` when a file is empty; a fault when something cannot be read.
pub fn discover(
    sources: &[PathBuf],
    mappings: &[Arc<Mapping>],
    hear: &mut dyn FnMut(u64, u64),
) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for source in sources {
        if source.is_dir() {
            files.extend(folder(source)?.into_iter().map(|path| {
                let label = slashed(path.strip_prefix(source).unwrap_or(&path));
                (path, label, false)
            }));
        } else {
            let label = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((source.clone(), label, true));
        }
    }
    let mut claimed = Vec::new();
    let mut bytes_total = 0;
    for (path, label, single) in files {
        let mapping = claim(&path, &label, single, mappings)?;
        let metadata = fs::metadata(&path).map_err(|cause| io_error("read", &path, &cause))?;
        bytes_total += metadata.len();
        let modified = metadata.modified().map_err(|cause| io_error("read", &path, &cause))?;
        // A time beyond the calendar is as old as can be.
        let modified = Timestamp::try_from(modified).unwrap_or(Timestamp::MIN);
        claimed.push((path, label, mapping, modified));
    }
    let mut bytes_done = 0;
    claimed
        .into_iter()
        .map(|(path, label, mapping, modified)| {
            let (bytes, hash) = digest(&path)?;
            bytes_done += bytes;
            hear(bytes_done, bytes_total);
            let in_period_before = false;
            Ok(SourceFile { path, label, mapping, bytes, hash, modified, in_period_before })
        })
        .collect()
}

fn folder(source: &Path) -> Result<Vec<PathBuf>> {
    if !source.join("_SUCCESS").is_file() {
        return Err(Error::input("I20", "the source folder is not complete: it holds no _SUCCESS")
            .at(source.display())
            .allowed("a folder whose writer has put an empty file _SUCCESS in it, or single files")
            .remedy("wait for the writer to finish; if it has, make the file `_SUCCESS` there"));
    }
    let (mut files, mut folders) = (Vec::new(), vec![source.to_owned()]);
    while let Some(folder) = folders.pop() {
        let listed = fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        for entry in listed.map_err(|cause| io_error("list", &folder, &cause))? {
            let path = entry.path();
            if !entry.file_name().to_string_lossy().starts_with(['_', '.']) {
                let list = if path.is_dir() { &mut folders } else { &mut files };
                list.push(path);
            }
        }
    }
    if files.is_empty() {
        return Err(Error::input("I20", "the source folder holds no data").at(source.display()));
    }
    files.sort();
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

fn digest(path: &Path) -> Result<(u64, String)> {
    let file = File::open(path).map_err(|cause| io_error("read", path, &cause))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|cause| io_error("read", path, &cause))?;
    match hasher.count() {
        0 => Err(Error::input("I23", "the file is empty")
            .at(path.display())
            .remedy("deliver it again, or take it out of the source")),
        bytes => Ok((bytes, hasher.finalize().to_hex().to_string())),
    }
}

fn slashed(path: &Path) -> String {
    let parts = path.components().filter(|it| *it != std::path::Component::RootDir);
    parts.map(|it| it.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
