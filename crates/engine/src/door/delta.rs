//! Delta Lake tables as sources: which files of a folder are the table now.
//!
//! A folder with a `_delta_log` is a table: its log says which files belong to it, also while its writer
//! goes on, so it needs no `_SUCCESS`. What stands in the log and not in the files goes with each: values of
//! partition columns, names of mapped columns, rows that a deletion vector took out. The log is read by the
//! Delta kernel. Source: Delta transaction log protocol (column mapping, deletion vectors).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use buoyant_kernel::scan::state::ScanFile;
use buoyant_kernel::schema::{MetadataValue, StructField};
use buoyant_kernel::{DeltaResult, Snapshot};
use buoyant_kernel_engine::DefaultEngineBuilder;
use object_store::path::Path as Key;
use roaring::RoaringTreemap;

use super::store::{Beside, Listed, Place};
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
/// `I26` when a log, or what it says of a file, cannot be read.
pub fn tables(source: &Path, place: &Place, listed: Vec<Listed>) -> Result<Tables> {
    let roots: BTreeSet<String> = listed.iter().filter_map(|it| root_of(&it.label)).collect();
    let mut active = BTreeMap::new();
    for root in &roots {
        let url = place.url(root);
        let found = active_files(place, &url).map_err(|cause| unreadable(source, &cause))?;
        for (path, beside) in found {
            let path = Key::from_url_path(&path).map_err(|cause| unreadable(source, &cause))?;
            let label = if root.is_empty() { path.to_string() } else { format!("{root}/{path}") };
            active.insert(label, beside);
        }
    }
    let mut tables = Tables { files: Vec::new(), others: Vec::new() };
    for mut file in listed {
        let in_table = roots.iter().any(|root| {
            root.is_empty() || file.label.strip_prefix(root).is_some_and(|it| it.starts_with('/'))
        });
        match active.remove(&file.label) {
            Some(beside) => {
                file.beside = beside;
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

/// The files of a table now, by path, with what its log says of each.
fn active_files(place: &Place, url: &str) -> DeltaResult<Vec<(String, Beside)>> {
    let engine = DefaultEngineBuilder::new(place.store()).build();
    let snapshot = Snapshot::builder_for(url).build(&engine)?;
    let root = snapshot.table_root().clone();
    let scan = snapshot.scan_builder().build()?;
    let (logical, physical) = (scan.logical_schema(), scan.physical_schema());
    let mut files: Vec<ScanFile> = Vec::new();
    for part in scan.scan_metadata(&engine)? {
        files = part?.visit_scan_files(files, Vec::push)?;
    }
    let beside = |file: ScanFile| {
        let constants: BTreeMap<String, String> = file.partition_values.into_iter().collect();
        let stored = |name: &str| physical.field(name).is_some() || constants.contains_key(name);
        let renamed = logical.fields().filter_map(|field| {
            let name = physical_name(field).filter(|it| *it != field.name() && stored(it))?;
            Some((field.name().clone(), name.to_owned()))
        });
        let names = renamed.collect();
        let deleted = file.dv_info.get_row_indexes(&engine, &root)?;
        let deleted = deleted.map(|rows| rows.into_iter().map(|it| it + 1).collect());
        let deleted = deleted.map(Arc::<RoaringTreemap>::new);
        Ok((file.path, Beside { constants, names, deleted }))
    };
    files.into_iter().map(beside).collect()
}

/// The name of a column in the files, where the log says another.
fn physical_name(field: &StructField) -> Option<&str> {
    match field.metadata().get("delta.columnMapping.physicalName") {
        Some(MetadataValue::String(name)) => Some(name),
        _ => None,
    }
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
