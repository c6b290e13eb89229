//! Public facts that an operator brings, as the vault keeps them: `vault/reference/<name>-<digest>.csv`.
//!
//! The newest list of a kind stands for all of it. Nothing here is about people.

use std::fs::{self, File};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result, io_error};
use crate::vault::batch::Batch;
use crate::vault::manifest::{Stored, damaged};

/// Writes a list into a batch.
///
/// # Errors
/// A fault when the file cannot be written.
pub fn write<T: Serialize>(
    batch: &Batch,
    name: &str,
    rows: impl Iterator<Item = T>,
) -> Result<Stored> {
    let fault = |cause: String| Error::fault("F11", cause);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(|cause| fault(cause.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|cause| fault(cause.to_string()))?;
    let hash = blake3::hash(&bytes).to_hex().to_string();
    let file = format!("reference/{name}-{}.csv", hash.get(..16).unwrap_or_default());
    let path = batch.path(&file)?;
    fs::write(&path, bytes)
        .and_then(|()| File::open(&path)?.sync_all())
        .map_err(|cause| io_error("write", &path, &cause))?;
    Ok(Stored { file, hash })
}

/// Reads a stored list.
///
/// # Errors
/// `F10` when the file is damaged.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let broken = |_| damaged(path, "a list of public facts cannot be read");
    let mut reader = csv::Reader::from_path(path).map_err(broken)?;
    reader.deserialize().collect::<Result<_, _>>().map_err(broken)
}
