//! A batch on its way into the vault: staged apart, moved, then named by the manifest.
//!
//! (1) Files are written and made durable under `staging/<id>/`. (2) They are moved to their
//! places and the folders made durable. (3) The manifest is replaced. A crash before (3) leaves
//! files that nothing names; [`sweep`] removes them before the next batch begins.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use crate::error::{Result, io_error};

/// A batch that is being written; dropping it leaves no trace.
pub struct Batch {
    vault: PathBuf,
    staging: PathBuf,
}

impl Batch {
    /// Makes room for the batch `id`.
    ///
    /// # Errors
    /// A fault when the vault cannot be written.
    pub fn begin(vault: &Path, id: &str) -> Result<Self> {
        let batch = Self { vault: vault.to_owned(), staging: vault.join("staging").join(id) };
        let spill = batch.spill_dir();
        fs::create_dir_all(&spill).map_err(|cause| io_error("create", &spill, &cause))?;
        Ok(batch)
    }

    /// Where sorting may put what memory does not hold.
    pub fn spill_dir(&self) -> PathBuf {
        self.staging.join("spill")
    }

    /// Where to write the file that will be `file` in the vault.
    ///
    /// # Errors
    /// A fault when its folder cannot be made.
    pub fn path(&self, file: &str) -> Result<PathBuf> {
        let path = self.staging.join("files").join(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|cause| io_error("create", folder, &cause))?;
        }
        Ok(path)
    }

    /// Moves every staged file to its place, then lets `manifest` name them.
    ///
    /// # Errors
    /// A fault when a file cannot be moved; the vault is as it was then.
    pub fn commit(self, manifest: &Manifest) -> Result<()> {
        let staged = self.staging.join("files");
        let mut folders = BTreeSet::from([self.vault.clone()]);
        for file in files_below(&staged).map_err(|cause| io_error("list", &staged, &cause))? {
            let place = self.vault.join(file.strip_prefix(&staged).unwrap_or(&file));
            let moved = place.parent().map_or(Ok(()), |folder| {
                folders.extend(
                    folder.ancestors().map(Path::to_owned).take_while(|it| it != &self.vault),
                );
                fs::create_dir_all(folder)
            });
            moved
                .and_then(|()| fs::rename(&file, &place))
                .map_err(|cause| io_error("move into the vault", &place, &cause))?;
        }
        for folder in &folders {
            let sync = File::open(folder).and_then(|it| it.sync_all());
            sync.map_err(|cause| io_error("make durable", folder, &cause))?;
        }
        manifest.replace(&self.vault)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // What cannot be removed now is swept before the next batch begins.
        let _ = fs::remove_dir_all(&self.staging);
        let _ = fs::remove_dir(self.vault.join("staging"));
    }
}

/// Removes what the manifest does not name: the remains of a batch that was cut short.
///
/// # Errors
/// A fault when the vault cannot be listed or something cannot be removed.
pub fn sweep(vault: &Path, manifest: &Manifest) -> Result<()> {
    let staging = vault.join("staging");
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(|cause| io_error("remove", &staging, &cause))?;
    }
    let own = ["lock", "manifest.json"].map(|it| vault.join(it));
    let named: BTreeSet<PathBuf> = manifest.files().map(|it| vault.join(it)).chain(own).collect();
    for file in files_below(vault).map_err(|cause| io_error("list", vault, &cause))? {
        if !named.contains(&file) {
            fs::remove_file(&file).map_err(|cause| io_error("remove", &file, &cause))?;
        }
    }
    Ok(())
}

/// All files below a folder, sorted; none when the folder is not there.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let list = if entry.file_type()?.is_dir() { &mut folders } else { &mut files };
            list.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}
