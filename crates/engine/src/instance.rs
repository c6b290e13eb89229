//! One instance: a folder with its configuration, vault, ledger, releases and reports.
//!
//! Secret keys live outside the folder, so that a copy of the folder alone links nobody
//! (interfaces: identity).

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::error::{Error, Result, io_error};
use crate::plan::QUESTION;

mod config;

pub use config::Config;

const TEMPLATE: &str = include_str!("../templates/quorate.toml");
const MAPPINGS: [(&str, &str); 11] = [
    ("opt_out.toml", include_str!("../templates/mapping/opt_out.toml")),
    ("customers.toml", include_str!("../templates/mapping/customers.toml")),
    ("cells.toml", include_str!("../templates/mapping/cells.toml")),
    ("sensitive_places.toml", include_str!("../templates/mapping/sensitive_places.toml")),
    ("events.toml", include_str!("../templates/mapping/events.toml")),
    ("web.toml", include_str!("../templates/mapping/web.toml")),
    ("zones.toml", include_str!("../templates/mapping/zones.toml")),
    ("postcodes.toml", include_str!("../templates/mapping/postcodes.toml")),
    ("holidays.toml", include_str!("../templates/mapping/holidays.toml")),
    ("countries.toml", include_str!("../templates/mapping/countries.toml")),
    ("population.toml", include_str!("../templates/mapping/population.toml")),
];

/// An opened instance.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The folder, absolute.
    pub root: PathBuf,
    /// What `quorate.toml` says.
    pub config: Config,
}

impl Instance {
    /// Makes a new instance in `root`: folders, `quorate.toml` and mappings that fit the layout of
    /// the simulated operator. Policy files are left to the caller.
    ///
    /// # Errors
    /// `I11` when the folder is an instance already; a fault when it cannot be written.
    pub fn init(root: &Path) -> Result<Self> {
        let config = root.join("quorate.toml");
        if config.exists() {
            return Err(Error::input("I11", "the folder is a Quorate instance already")
                .at(root.display())
                .remedy("choose another folder, or use this one as it is"));
        }
        check_no_keys_left(root)?;
        for part in ["mapping", "policy", "vault", "ledger", "releases", "reports", "quarantine"] {
            let folder = root.join(part);
            fs::create_dir_all(&folder).map_err(|cause| io_error("create", &folder, &cause))?;
        }
        for (name, text) in MAPPINGS {
            write_new(&root.join("mapping").join(name), text)?;
        }
        write_new(&config, &TEMPLATE.replace("{name}", &name(root)))?;
        Self::open(root)
    }

    /// Opens the instance in `root`.
    ///
    /// # Errors
    /// `I11` when there is none; `I10` when `quorate.toml` is wrong.
    pub fn open(root: &Path) -> Result<Self> {
        let path = root.join("quorate.toml");
        if !path.is_file() {
            return Err(Error::input("I11", "the folder is not a Quorate instance")
                .at(root.display())
                .allowed("a folder with a file quorate.toml")
                .remedy("make one with `quorate init DIR`"));
        }
        let root = root.canonicalize().map_err(|cause| io_error("resolve", root, &cause))?;
        let text = fs::read_to_string(&path).map_err(|cause| io_error("read", &path, &cause))?;
        let config = Config::parse(&text, &root).map_err(|error| error.at(path.display()))?;
        Ok(Self { root, config })
    }

    /// The operator's time zone.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.config.timezone.clone()
    }

    /// The sealed data of people.
    #[must_use]
    pub fn vault_dir(&self) -> PathBuf {
        self.root.join("vault")
    }

    /// The record of charges and releases.
    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.root.join("ledger")
    }

    /// What has been published.
    #[must_use]
    pub fn releases_dir(&self) -> PathBuf {
        self.root.join("releases")
    }

    /// What questions were answered with.
    #[must_use]
    pub fn answers_dir(&self) -> PathBuf {
        self.root.join("answers")
    }

    /// Where the folders of a product stand, or of questions.
    #[must_use]
    pub fn published_dir(&self, product: &str) -> PathBuf {
        if product == QUESTION { self.answers_dir() } else { self.releases_dir() }
    }

    /// Quality reports, for the operator alone.
    #[must_use]
    pub fn reports_dir(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// Places of rows that could not be used.
    #[must_use]
    pub fn quarantine_dir(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    /// Policy files.
    #[must_use]
    pub fn policy_dir(&self) -> PathBuf {
        self.root.join("policy")
    }

    /// Mapping files, one a source.
    #[must_use]
    pub fn mapping_dir(&self) -> PathBuf {
        self.root.join("mapping")
    }

    /// The folder of secret keys, made with mode 0700 when it is not there.
    ///
    /// # Errors
    /// A fault when it cannot be made.
    pub fn keys_dir(&self) -> Result<PathBuf> {
        let folder = self.config.keys_dir.clone();
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|cause| io_error("create", &folder, &cause))?;
        Ok(folder)
    }

    /// The ledger's head as last published, kept beside the keys.
    ///
    /// # Errors
    /// A fault when the folder of keys cannot be made.
    pub fn anchor_path(&self) -> Result<PathBuf> {
        Ok(self.keys_dir()?.join("anchor"))
    }
}

/// A ledger that starts anew beside the anchor of an older one would look rolled back for ever.
fn check_no_keys_left(root: &Path) -> Result<()> {
    let absolute = std::path::absolute(root).map_err(|cause| io_error("resolve", root, &cause))?;
    let keys = Config::parse(&TEMPLATE.replace("{name}", &name(root)), &absolute)?.keys_dir;
    if !keys.join("anchor").exists() {
        return Ok(());
    }
    Err(Error::input("I11", "an earlier instance at this path has left its keys")
        .at(keys.display())
        .remedy("move that folder away if its data is gone for good, or choose another folder"))
}

/// What an instance in `root` is called until somebody names it.
fn name(root: &Path) -> String {
    let name = root.file_name().and_then(|it| it.to_str()).filter(|it| config::is_name(it));
    name.unwrap_or("quorate").to_owned()
}

fn write_new(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(|cause| io_error("write", path, &cause))
}
