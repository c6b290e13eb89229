//! The twin's folder: written beside, renamed into place when it is whole, gone when it is not.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A folder that is being written and does not have its name yet.
pub(crate) struct Draft {
    to: PathBuf,
    path: PathBuf,
    names: Vec<String>,
}

impl Draft {
    /// Starts a folder that will be `to`.
    ///
    /// # Errors
    /// T06 when it is there already or lies in one of the `releases`.
    pub fn start(to: &Path, releases: &[PathBuf]) -> Result<Self> {
        let taken = |what: &str| {
            Error::new("T06", what)
                .at(to.display())
                .allowed("a folder that does not exist, apart from the releases")
                .remedy("name another folder with --to")
        };
        if to.symlink_metadata().is_ok() {
            return Err(taken("the folder of the twin is there already"));
        }
        let name = to.file_name().ok_or_else(|| taken("--to names no folder"))?;
        let parent = to.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let whole = |path: &Path| path.canonicalize().ok();
        let inside = parent.ancestors().find_map(whole).is_some_and(|parent| {
            releases.iter().filter_map(|it| whole(it)).any(|it| parent.starts_with(it))
        });
        if inside {
            return Err(taken(
                "a twin is never mixed with a release: --to lies in a release folder",
            ));
        }
        let path = parent.join(format!(".{}.twin-draft", name.to_string_lossy()));
        if path.is_dir() {
            // What a run that was killed left.
            std::fs::remove_dir_all(&path).map_err(|it| Error::disk("remove", &path, &it))?;
        }
        std::fs::create_dir_all(&path).map_err(|it| Error::disk("create", &path, &it))?;
        Ok(Self { to: to.to_owned(), path, names: Vec::new() })
    }

    /// A new file; `name` may have folders with `/`.
    pub fn create(&mut self, name: &str) -> Result<BufWriter<File>> {
        let path = self.path.join(name);
        let wrong = |cause: std::io::Error| Error::disk("write", &path, &cause);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(wrong)?;
        }
        self.names.push(name.to_owned());
        Ok(BufWriter::new(File::create_new(&path).map_err(wrong)?))
    }

    /// Writes a whole file.
    pub fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut file = self.create(name)?;
        let written = file.write_all(bytes).and_then(|()| file.flush());
        written.map_err(|it| self.failed(name, &it))
    }

    /// A failure while a file was written.
    pub fn failed(&self, name: &str, cause: &dyn std::fmt::Display) -> Error {
        Error::disk("write", &self.path.join(name), cause)
    }

    /// BLAKE3 digests of all files so far.
    pub fn digests(&self) -> Result<BTreeMap<String, String>> {
        let digest = |name: &String| {
            let path = self.path.join(name);
            let mut hasher = blake3::Hasher::new();
            let read = File::open(&path).and_then(|it| hasher.update_reader(it).map(drop));
            read.map_err(|it| Error::disk("read", &path, &it))?;
            Ok((name.clone(), hasher.finalize().to_hex().to_string()))
        };
        self.names.iter().map(digest).collect()
    }

    /// Gives the folder its name.
    pub fn publish(self) -> Result<()> {
        std::fs::rename(&self.path, &self.to).map_err(|it| Error::disk("rename", &self.path, &it))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Published, there is nothing left of it.
        drop(std::fs::remove_dir_all(&self.path));
    }
}
