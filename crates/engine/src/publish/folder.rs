//! Writes a release folder whole or not at all, and reads one back.

use std::io;
use std::path::{Path, PathBuf};

use ledger::disk::{Audience, Disk, Machine, durable_folder};
use ledger::{History, State};

use super::csvw;
use super::finest;
use super::manifest::Manifest;
use super::parquet;
use super::sheet::Sheet;
use crate::dimension::Codes;
use crate::error::{Error, Result, io_error};

/// A folder that is being written and cannot be seen yet.
pub struct Draft<'disk> {
    disk: &'disk dyn Disk,
    releases: PathBuf,
    path: PathBuf,
}

/// A published release, as anybody can read it.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Its folder.
    pub path: PathBuf,
    /// Its facts.
    pub manifest: Manifest,
    /// Its cells.
    pub sheet: Sheet,
}

const DRAFT: &str = ".draft-";

impl<'disk> Draft<'disk> {
    /// Starts a folder below `releases`; called before anything is counted or charged, so that a
    /// folder that cannot be written costs nothing.
    ///
    /// # Errors
    /// A fault when the folder cannot be written.
    pub fn start(disk: &'disk dyn Disk, releases: &Path, name: &str) -> Result<Self> {
        let path = releases.join(format!("{DRAFT}{name}"));
        durable_folder(disk, releases, Audience::Everybody)
            .and_then(|()| disk.create_folder(&path, Audience::Everybody))
            .map_err(|cause| io_error("create", &path, &cause))?;
        let draft = Self { disk, releases: releases.to_owned(), path };
        draft.put("manifest.json", b"").inspect_err(|_| draft.clear())?;
        Ok(draft)
    }

    /// Gives the draft the name of its release.
    ///
    /// # Errors
    /// A fault when it cannot be renamed.
    pub fn named(self, id: &str) -> Result<Self> {
        let path = self.releases.join(format!("{DRAFT}{id}"));
        let renamed = self.disk.rename(&self.path, &path);
        renamed.map_err(|cause| io_error("rename", &self.path, &cause))?;
        Ok(Self { path, ..self })
    }

    /// Writes the data files and notes their digests in `manifest`.
    ///
    /// # Errors
    /// A fault when one cannot be written.
    pub fn write_data(&self, sheet: &Sheet, codes: &Codes, manifest: &mut Manifest) -> Result<()> {
        let metadata = serde_json::to_vec_pretty(&csvw::metadata(sheet, manifest))
            .map_err(|cause| Error::fault("F03", cause.to_string()))?;
        // Side by side: of a long code list each takes seconds.
        let (table, columns) = std::thread::scope(|scope| {
            let columns = scope.spawn(|| parquet::bytes(sheet));
            (sheet.to_csv(), columns.join())
        });
        let stopped = |_| Error::fault("F03", "data.parquet: its writer stopped");
        self.write("data.csv", &table?, manifest)?;
        self.write("data.csv-metadata.json", &metadata, manifest)?;
        self.write("data.parquet", &columns.map_err(stopped)??, manifest)?;
        let finest = finest::csv(codes, sheet)?;
        finest.map_or(Ok(()), |bytes| self.write("finest.csv", &bytes, manifest))
    }

    /// Writes the one data file of an answer and notes its digest in `manifest`.
    ///
    /// # Errors
    /// A fault when it cannot be written.
    pub fn write_answer(&self, sheet: &Sheet, manifest: &mut Manifest) -> Result<()> {
        self.write("data.csv", &sheet.to_csv()?, manifest)
    }

    /// Writes one file and notes its digest in `manifest`.
    ///
    /// # Errors
    /// A fault when it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8], manifest: &mut Manifest) -> Result<()> {
        manifest.files.insert(name.to_owned(), blake3::hash(bytes).to_hex().to_string());
        self.put(name, bytes)
    }

    /// Writes the manifest, last, and makes the whole draft durable; returns the manifest's digest.
    ///
    /// # Errors
    /// A fault when it cannot be written.
    pub fn seal(&self, manifest: &Manifest) -> Result<String> {
        let bytes = serde_json::to_vec_pretty(manifest)
            .map_err(|cause| Error::fault("F03", cause.to_string()))?;
        self.put("manifest.json", &bytes)?;
        for folder in [&self.path, &self.releases] {
            sync(self.disk, folder)?;
        }
        Ok(blake3::hash(&bytes).to_hex().to_string())
    }

    /// Makes the folder visible as release `id`.
    ///
    /// # Errors
    /// A fault when it cannot be renamed; the next command finishes it then.
    pub fn publish(self, id: &str) -> Result<PathBuf> {
        let path = self.releases.join(id);
        let renamed = self.disk.rename(&self.path, &path);
        renamed.map_err(|cause| io_error("publish", &self.path, &cause))?;
        sync(self.disk, &self.releases)?;
        Ok(path)
    }

    /// Leaves nothing behind, as far as the disk allows; the next command sweeps up the rest.
    pub fn clear(&self) {
        drop(self.disk.remove_folder(&self.path));
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        let written = self.disk.write(&path, bytes).and_then(|()| self.disk.sync(&path));
        written.map_err(|cause| io_error("write", &path, &cause))
    }
}

fn sync(disk: &dyn Disk, folder: &Path) -> Result<()> {
    disk.sync(folder).map_err(|cause| io_error("make durable", folder, &cause))
}

/// A file of a release folder that is another than its manifest or the ledger says.
pub(super) fn changed(folder: &Path, name: &str) -> Error {
    Error::fault("F08", format!("{name} is not what was published"))
        .at(folder.join(name).display())
        .remedy("restore the release folder from a copy")
}

/// Finishes or removes what a command that was killed left in `releases`.
///
/// A draft whose manifest the ledger has recorded is published; any other is removed.
///
/// # Errors
/// A fault when a folder cannot be renamed or removed.
pub fn recover(disk: &dyn Disk, releases: &Path, history: &History) -> Result<()> {
    let found = match disk.list(releases) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|cause| io_error("read", releases, &cause))?,
    };
    for path in found {
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        let Some(id) = name.strip_prefix(DRAFT) else { continue };
        let digest = disk
            .read(&path.join("manifest.json"))
            .map(|bytes| blake3::hash(&bytes).to_hex().to_string());
        let recorded = history.charges().into_iter().any(|it| match it.state {
            State::Published(it) => {
                it.release == id && digest.as_ref().is_ok_and(|digest| *digest == it.manifest_hash)
            }
            State::Abandoned => false,
        });
        let done = if recorded {
            disk.rename(&path, &releases.join(id)).and_then(|()| disk.sync(releases))
        } else {
            disk.remove_folder(&path)
        };
        done.map_err(|cause| io_error("finish", &path, &cause))?;
    }
    Ok(())
}

impl Publication {
    /// Reads a release folder and checks its data against its manifest.
    ///
    /// # Errors
    /// A fault when a file is missing or is not what was published.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_on(&Machine, path)
    }

    /// The same on another disk.
    ///
    /// # Errors
    /// As [`Publication::read`].
    pub fn read_on(disk: &dyn Disk, path: &Path) -> Result<Self> {
        Self::read_whole(disk, path, None)
    }

    /// Reads the release whose manifest has the digest that the ledger recorded.
    ///
    /// # Errors
    /// As [`Publication::read`]; also when the manifest is another.
    pub fn read_recorded(disk: &dyn Disk, path: &Path, digest: &str) -> Result<Self> {
        Self::read_whole(disk, path, Some(digest))
    }

    fn read_whole(disk: &dyn Disk, path: &Path, recorded: Option<&str>) -> Result<Self> {
        let read = |name: &str| {
            let path = path.join(name);
            disk.read(&path).map_err(|cause| io_error("read the release", &path, &cause))
        };
        let manifest = Manifest::read_whole(disk, path, recorded)?;
        let mut sheet = None;
        for (name, published) in &manifest.files {
            let bytes = read(name)?;
            if blake3::hash(&bytes).to_hex().as_str() != published {
                return Err(changed(path, name));
            }
            if name == "data.csv" {
                sheet = Some(Sheet::from_csv(&bytes)?);
            }
        }
        let sheet = sheet.ok_or_else(|| changed(path, "data.csv"))?;
        Ok(Self { path: path.to_owned(), manifest, sheet })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ledger::{ChargeRequest, CheckpointSigner, Ledger, PlanHash};
    use tempfile::TempDir;

    use super::*;

    /// A ledger with one charge, published as release `r` with this manifest's digest if any.
    fn history(root: &Path, manifest: Option<&[u8]>) -> History {
        let (dir, anchor) = (root.join("ledger"), root.join("anchor"));
        let signer = CheckpointSigner::new("test", &[1; 32]).unwrap();
        let key = signer.verifier();
        let mut ledger = Ledger::open(&dir, &anchor, signer).unwrap();
        let cost = privacy::Budget { rho: "0.01".parse().unwrap(), ..privacy::Budget::ZERO };
        let request = ChargeRequest {
            plan: PlanHash([1; 32]),
            product: "residents".to_owned(),
            period: "2026-10".to_owned(),
            snapshot: String::new(),
            partner: "public".to_owned(),
            cost,
            caps: cost,
        };
        let charge = ledger.charge(request, "now").unwrap().open(&PlanHash([1; 32])).unwrap();
        if let Some(manifest) = manifest {
            let digest = blake3::hash(manifest).to_hex().to_string();
            ledger.publish(&charge, "r", &digest, "now").unwrap();
        }
        drop(ledger);
        History::read(&dir, &anchor, &key).unwrap()
    }

    fn draft(root: &Path, manifest: &[u8]) -> PathBuf {
        let releases = root.join("releases");
        let draft = Draft::start(&Machine, &releases, "r").unwrap();
        draft.put("manifest.json", manifest).unwrap();
        releases
    }

    fn listing(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_release_that_the_ledger_recorded_is_published_by_the_next_command() {
        let root = TempDir::new().unwrap();
        let releases = draft(root.path(), b"{}");
        recover(&Machine, &releases, &history(root.path(), Some(b"{}"))).unwrap();
        assert_eq!(listing(&releases), ["r"]);
    }

    #[test]
    fn a_half_written_release_is_removed_and_its_charge_stays_abandoned() {
        let root = TempDir::new().unwrap();
        let releases = draft(root.path(), b"{");
        let history = history(root.path(), None);
        recover(&Machine, &releases, &history).unwrap();
        assert!(listing(&releases).is_empty());
        assert_eq!(history.charges()[0].state, State::Abandoned);
    }

    #[test]
    fn a_draft_that_is_not_what_was_recorded_is_never_shown() {
        let root = TempDir::new().unwrap();
        let releases = draft(root.path(), b"{\"other\":1}");
        recover(&Machine, &releases, &history(root.path(), Some(b"{}"))).unwrap();
        assert!(listing(&releases).is_empty());
    }
}
