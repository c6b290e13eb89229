//! A release in the formats that other people's programs open.
//!
//! In goes what is published anyway: [`Tables`], checked once. Out come the bytes of files, each a
//! function of that input alone: no clock, no chance, no name of a person or a machine, and no
//! number that is not one of the values given. A hidden cell is hidden in every format.
//!
//! One format is one file of this crate; why each library was chosen is in
//! `docs/decisions/0011-formats.md`.

mod dcat;
mod error;
mod file;
mod frictionless;
mod geopackage;
mod geoparquet;
mod json_stat;
mod places;
mod registry;
mod sdmx;
mod tables;
mod words;
mod xlsx;

pub use dcat::catalogue_entry;
pub use error::{Result, Wrong};
pub use file::{File, Kind};
pub use frictionless::data_package;
pub use geopackage::geopackage;
pub use geoparquet::geoparquet;
pub use json_stat::json_stat;
pub use registry::registry_entry;
pub use sdmx::{sdmx_csv, sdmx_structure};
pub use tables::{
    Cell, Code, Facts, Key, Level, Licence, Measure, Shape, Status, Table, Tables, Value,
};
pub use xlsx::xlsx;

/// Every file of this crate for one release, by name; the catalogue entry last, naming the others.
///
/// `given` are the files that the release has already, `data.csv` among them: the data package
/// describes it, the catalogue entry lists them all.
///
/// # Errors
/// [`Wrong`] when a format cannot hold the release, or `data.csv` is not given.
pub fn every_file(tables: &Tables, given: &[File]) -> Result<Vec<File>> {
    let data = given.iter().find(|it| it.kind == Kind::Csv);
    let data = data.ok_or_else(|| Wrong::new("the release", "has no data.csv", "give it along"))?;
    let mut files = vec![xlsx(tables)?, geopackage(tables)?];
    files.extend(geoparquet(tables)?);
    files.push(sdmx_structure(tables)?);
    files.extend(sdmx_csv(tables)?);
    files.extend(json_stat(tables)?);
    files.push(data_package(tables, data)?);
    files.push(registry_entry(tables)?);
    let all: Vec<&File> = given.iter().chain(&files).collect();
    let entry = catalogue_entry(tables, &all)?;
    files.push(entry);
    Ok(files)
}
