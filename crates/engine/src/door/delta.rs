//! Delta Lake tables as sources: which files of a folder are the table now.
//!
//! A folder with a `_delta_log` is a table: its log says which files belong to it, also while its writer
//! goes on, so it needs no `_SUCCESS`. Values that stand in the log, not in the files (partition columns),
//! become constants of each file. Files with deletion vectors are refused: rows that were deleted there
//! would come in. The log is read by the Delta kernel. Source: Delta transaction log protocol.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use buoyant_kernel::scan::state::ScanFile;
use buoyant_kernel::{DeltaResult, Snapshot};
use buoyant_kernel_engine::DefaultEngineBuilder;
use object_store::path::Path as Key;

use super::store::{Listed, Place};
use crate::error::{Error, Result};

/// The folder of a table's log.
const LOG: &str = "_delta_log";

/// What a folder holds: the data files of its tables, and everything else.
pub struct Tables {
    /// Files of tables, in the order of their labels.
    pub files: Vec<Listed>,
    /// Files of no table.
    pub others: Vec<Listed>,
}

/// Parts the files below `place` into those of Delta tables and the others.
///
/// # Errors
/// `I26` when a log cannot be read, or a file has rows that were deleted without it.
pub fn tables(source: &Path, place: &Place, listed: Vec<Listed>) -> Result<Tables> {
    let roots: BTreeSet<String> = listed.iter().filter_map(|it| root_of(&it.label)).collect();
    let mut active = BTreeMap::new();
    for root in &roots {
        let url = place.url(root);
        let found = active_files(place, &url).map_err(|cause| unreadable(source, &cause))?;
        for file in found {
            if file.dv_info.has_vector() {
                return Err(Error::input(
                    "I26",
                    "the table has rows that were deleted by a vector",
                )
                .at(source.join(root).display())
                .allowed("tables whose files are as they are read")
                .remedy("REORG TABLE … APPLY (PURGE), then load again"));
            }
            let path =
                Key::from_url_path(&file.path).map_err(|cause| unreadable(source, &cause))?;
            let label = if root.is_empty() { path.to_string() } else { format!("{root}/{path}") };
            active.insert(label, file.partition_values);
        }
    }
    let mut tables = Tables { files: Vec::new(), others: Vec::new() };
    for mut file in listed {
        let in_table = roots.iter().any(|root| {
            root.is_empty() || file.label.strip_prefix(root).is_some_and(|it| it.starts_with('/'))
        });
        match active.remove(&file.label) {
            Some(partitions) => {
                file.constants = partitions.into_iter().collect();
                tables.files.push(file);
            }
            None if in_table => {}
            None => tables.others.push(file),
        }
    }
    match active.keys().next() {
        None => Ok(tables),
        Some(missing) => Err(unreadable(source, &format!("its file {missing} is not there"))),
    }
}

/// The folder of the table in whose log a file is.
fn root_of(label: &str) -> Option<String> {
    let (before, _) = label.split_once(&format!("{LOG}/"))?;
    before.strip_suffix('/').or(before.is_empty().then_some("")).map(str::to_owned)
}

fn active_files(place: &Place, url: &str) -> DeltaResult<Vec<ScanFile>> {
    let engine = DefaultEngineBuilder::new(place.store()).build();
    let snapshot = Snapshot::builder_for(url).build(&engine)?;
    let scan = snapshot.scan_builder().build()?;
    let mut files = Vec::new();
    for part in scan.scan_metadata(&engine)? {
        files = part?.visit_scan_files(files, Vec::push)?;
    }
    Ok(files)
}

fn unreadable(source: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::input("I26", format!("the Delta table cannot be read: {cause}"))
        .at(source.display())
        .allowed("a table whose log and files are whole, of reader features that the kernel knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_the_folder_of_its_log() {
        let check = |label: &str, expected: Option<&str>| {
            assert_eq!(root_of(label).as_deref(), expected, "{label}");
        };
        check("_delta_log/00000.json", Some(""));
        check("events/_delta_log/00000.json", Some("events"));
        check("a/b/_delta_log/_last_checkpoint", Some("a/b"));
        check("events/my_delta_log/1.json", None);
        check("events/part.parquet", None);
    }
}
