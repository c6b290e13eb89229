//! `quorate.toml`, checked: every key known, every value in range.

use std::path::{Component, Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::error::{Error, Result};

/// 256 MB: below it the program, its readers and writers leave no room to sort in.
const MEMORY_MIN: u64 = 256_000_000;

/// What an instance is called, where its time runs, and what it may use.
#[derive(Clone, Debug)]
pub struct Config {
    /// What reports and manifests call this instance.
    pub name: String,
    /// The zone of local days and hours.
    pub timezone: TimeZone,
    /// Where secret keys are, absolute and outside the instance.
    pub keys_dir: PathBuf,
    /// What one ingest may hold in memory, in bytes.
    pub memory: u64,
    /// Threads, at least one.
    pub threads: usize,
    /// For how many days after its end late rows of a period are taken.
    pub late_days: u16,
    /// Whether the people are simulated: releases and exports say so.
    pub synthetic: bool,
    /// How long data is kept.
    pub retention: Retention,
}

/// How many days after the end of its period stored data is kept.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Rows of what people did.
    pub rows: u16,
    /// People, their pseudonyms and the period's key.
    pub people: u16,
    /// Reports of loads and places of wrong rows, from the day they were written.
    pub reports: u16,
}

impl Default for Retention {
    fn default() -> Self {
        Self { rows: 92, people: 92, reports: 366 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(default = "london")]
    timezone: String,
    keys_dir: Option<PathBuf>,
    #[serde(default = "two_gigabytes")]
    memory: String,
    threads: Option<usize>,
    #[serde(default = "a_week")]
    late_days: u16,
    #[serde(default)]
    synthetic: bool,
    #[serde(default)]
    retention: Retention,
}

const fn a_week() -> u16 {
    7
}

fn london() -> String {
    "Europe/London".to_owned()
}

fn two_gigabytes() -> String {
    "2 GB".to_owned()
}

impl Config {
    /// An amount of memory such as `2 GB`, in bytes.
    ///
    /// # Errors
    /// `I10` when it is none, or under 256 MB.
    pub fn memory(amount: &str) -> Result<u64> {
        bytes(amount).filter(|it| *it >= MEMORY_MIN).ok_or_else(|| {
            wrong(format!("memory = \"{amount}\" is not an amount of memory"))
                .allowed("a number and B, KB, MB, GB or TB, at least 256 MB, such as 2 GB")
        })
    }

    /// Lets a load go on whose register of pseudonyms takes `register` bytes, which cannot be spilled.
    ///
    /// # Errors
    /// `I57` when that leaves less than half of the memory for everything else.
    pub fn check_memory(&self, register: u64) -> Result<()> {
        if register <= self.memory / 2 {
            return Ok(());
        }
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        let (takes, has) = (megabytes(register), megabytes(self.memory));
        let needs = megabytes(2 * register);
        Err(Error::input(
            "I57",
            format!("the register of pseudonyms takes {takes} MB of the {has} MB of memory"),
        )
        .allowed("at most half: the rest is for reading, sorting and writing rows")
        .remedy(format!("give it --memory \"{needs} MB\" or more; nothing was loaded")))
    }

    /// Reads the text of `quorate.toml` of the instance in `root` (absolute).
    ///
    /// # Errors
    /// `I10` naming the key, its value and what would be accepted.
    pub(super) fn parse(text: &str, root: &Path) -> Result<Self> {
        let written: Written = toml::from_str(text).map_err(|cause| {
            wrong(format!("the configuration cannot be read: {}", cause.message()))
        })?;
        if !is_name(&written.name) {
            return Err(wrong(format!("name = \"{}\" cannot name a folder", written.name))
                .allowed("1 to 64 letters, digits, `-`, `_` or `.`, not starting with `.`"));
        }
        let timezone = TimeZone::get(&written.timezone).map_err(|_| {
            wrong(format!("timezone = \"{}\" is not known", written.timezone))
                .allowed("a name of the IANA database, such as Europe/London")
        })?;
        let memory = Self::memory(&written.memory)?;
        let threads = written.threads.unwrap_or_else(|| {
            std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get)
        });
        if !(1..=1_024).contains(&threads) {
            return Err(wrong(format!("threads = {threads} is out of range")).allowed("1 to 1024"));
        }
        let keys_dir = match written.keys_dir {
            Some(path) => without_parents(&root.join(path)),
            None => state_home()?.join("quorate").join(default_keys_name(&written.name, root)),
        };
        if keys_dir.starts_with(root) {
            return Err(wrong("keys_dir lies inside the instance")
                .allowed("a folder outside: a copy of the data must not carry its keys"));
        }
        if written.late_days > 31 {
            return Err(wrong(format!("late_days = {} is out of range", written.late_days))
                .allowed("0 to 31: rows older than one period are never taken"));
        }
        let (late_days, retention) = (written.late_days, written.retention);
        if retention.rows > retention.people || retention.people < late_days {
            return Err(wrong(
                "[retention] lets people go before their rows, or before late rows came",
            )
            .allowed("rows <= people, and late_days <= people"));
        }
        let (name, synthetic) = (written.name, written.synthetic);
        Ok(Self { name, timezone, keys_dir, memory, threads, late_days, synthetic, retention })
    }
}

/// Whether `name` can be a part of a folder's name.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    (1..=64).contains(&name.len()) && name.chars().all(plain) && !name.starts_with('.')
}

/// A path with each `..` taken back, so that it can be compared.
fn without_parents(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut whole, part| {
        match part {
            Component::ParentDir => drop(whole.pop()),
            part => whole.push(part),
        }
        whole
    })
}

/// Bytes of an amount such as `2 GB` (decimal units).
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, unit) = text.split_at(text.find(|it: char| !it.is_ascii_digit())?);
    let factor: u64 = match unit.trim() {
        "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// `<name>-<8 hex of the path>`: two instances of one name keep their keys apart.
fn default_keys_name(name: &str, root: &Path) -> String {
    let digest = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
    format!("{name}-{}", digest.get(..8).unwrap_or_default())
}

fn state_home() -> Result<PathBuf> {
    let of = |key: &str| std::env::var_os(key).map(PathBuf::from).filter(|it| it.is_absolute());
    of("XDG_STATE_HOME").or_else(|| of("HOME").map(|home| home.join(".local/state"))).ok_or_else(
        || {
            wrong("no place for secret keys: neither XDG_STATE_HOME nor HOME is set")
                .remedy("set keys_dir in quorate.toml")
        },
    )
}

fn wrong(what: impl Into<String>) -> Error {
    Error::input("I10", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(u64, &str), &str>) {
        let parsed = Config::parse(text, Path::new("/data/north"));
        match (parsed, expected) {
            (Ok(config), Ok((memory, keys))) => {
                assert_eq!(config.memory, memory, "{text}");
                assert_eq!(config.keys_dir, Path::new(keys), "{text}");
            }
            (Err(error), Err(part)) => {
                assert_eq!(error.code(), "I10", "{text}");
                assert!(error.to_string().contains(part), "{text}: {error}");
            }
            (parsed, _) => panic!("{text}: {parsed:?}"),
        }
    }

    #[test]
    fn a_register_that_leaves_no_room_is_told_of_early() {
        let config =
            Config::parse("name = \"n\"\nkeys_dir = \"/k\"\nmemory = \"256 MB\"", Path::new("/d"));
        let mut config = config.unwrap();
        config.check_memory(128_000_000).unwrap();
        let refused = config.check_memory(128_000_001).unwrap_err();
        assert!(refused.code() == "I57" && refused.to_string().contains("257 MB"), "{refused}");
        config.memory = 257_000_000;
        config.check_memory(128_000_001).unwrap();
    }

    #[test]
    fn every_key_is_known_and_in_range() {
        let base = "name = \"n\"\nkeys_dir = \"/keys\"\n";
        check(base, Ok((2_000_000_000, "/keys")));
        check(&format!("{base}memory = \"256 MB\""), Ok((256_000_000, "/keys")));
        check(&format!("{base}memory = \"255 MB\""), Err("at least 256 MB"));
        check(&format!("{base}memory = \"much\""), Err("amount of memory"));
        check(&format!("{base}timezone = \"Europe/Nowhere\""), Err("IANA"));
        check(&format!("{base}threads = 0"), Err("1 to 1024"));
        check(&format!("{base}colour = 1"), Err("unknown field"));
        check("name = \"a/b\"", Err("letters"));
        check("name = \"n\"\nkeys_dir = \"keys\"", Err("inside the instance"));
        check("name = \"n\"\nkeys_dir = \"../keys\"", Ok((2_000_000_000, "/data/keys")));
    }
}
