//! A mapping file: how one kind of source file is read.
//!
//! Everything about a mapping that does not need the data is checked here, before any file is
//! opened: keys, canonical names, constants, basis, bounds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use super::contract::ContractMode;
use super::nearest::choices;
use super::schema::{Class, TimeFormat};
use super::store::Beside;
use crate::error::{Error, Result, io_error};
use crate::vault::manifest::Basis;

mod pattern;

pub use pattern::Pattern;

/// 5 %: what may be unusable before a batch is refused whole.
const BAD_SHARE_MAX: f64 = 0.05;

/// The lawful bases of GDPR Article 6, and data that is public already.
const BASES: [&str; 7] = [
    "consent",
    "contract",
    "legal_obligation",
    "vital_interests",
    "public_task",
    "legitimate_interests",
    "public_data",
];

/// A mapping file, checked.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Its file name without the extension.
    pub name: String,
    /// The file itself.
    pub path: PathBuf,
    /// What the source holds.
    pub class: Class,
    /// Which files it claims.
    pub files: Vec<Pattern>,
    /// The format; the extension of each file decides when it is not set.
    pub format: Option<Format>,
    /// Canonical name to column of the file.
    pub columns: BTreeMap<String, String>,
    /// Canonical name to the value that all rows have.
    pub constants: BTreeMap<String, String>,
    /// How instants are written.
    pub time: TimeFormat,
    /// Country codes of the operator's own network; rows of others without a customer record are of
    /// visitors.
    pub home_mcc: Vec<i64>,
    /// Why the rows may be used at all.
    pub basis: Basis,
    /// How CSV files are written.
    pub csv: CsvOptions,
    /// Whether every id of the rows is a person without a customer record.
    pub people_from_rows: bool,
    /// The list that sites are looked up in, when it is not the built-in one.
    pub sites: Option<SitesFrom>,
    /// What becomes of columns that were never there.
    pub contract: ContractMode,
    /// Quarantined share of rows above which the batch is refused.
    pub bad_share_max: f64,
}

/// How a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated values, plain, gzip or Zstandard.
    Csv,
    /// One JSON object a line, plain, gzip or Zstandard.
    Jsonl,
    /// Apache Parquet.
    Parquet,
}

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CsvOptions {
    /// One ASCII character between fields.
    pub delimiter: char,
    /// Whether the first row names the columns; else they are called `1`, `2` and so on.
    pub header: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: ',', header: true }
    }
}

/// A public list of sites beside the mapping.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SitesFrom {
    /// The file, relative to the mapping.
    pub list: PathBuf,
    /// The column with what the host column holds.
    pub key: String,
    /// The column with what a page calls it.
    pub label: String,
    /// How a host finds its site.
    #[serde(rename = "match")]
    pub matching: Match,
    /// The column that says whether a site is sensitive (health, religion, politics, sexuality …).
    pub sensitive: Option<String>,
    /// Who attests that no site of the list is sensitive.
    pub none_sensitive: Option<String>,
}

/// How a host finds its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The whole value, letter by letter.
    Exact,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    class: Class,
    files: Vec<String>,
    format: Option<Format>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default)]
    constants: BTreeMap<String, toml::Value>,
    time: Option<TimeFormat>,
    home_mcc: Option<Vec<i64>>,
    lawful_basis: String,
    document: String,
    notice: Option<String>,
    #[serde(default)]
    csv: CsvOptions,
    people: Option<PeopleKeys>,
    sites: Option<SitesFrom>,
    #[serde(default)]
    contract: ContractMode,
    max_bad_share: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeopleKeys {
    from: PeopleFrom,
    adults_only: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum PeopleFrom {
    Rows,
}

/// All mappings of a folder, by name.
///
/// # Errors
/// `I21` when there is none, `I30` when one is wrong, a fault when one cannot be read.
pub fn load(folder: &Path) -> Result<Vec<Arc<Mapping>>> {
    let listed = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let listed = listed.map_err(|cause| io_error("list", folder, &cause))?;
    let mut paths: Vec<PathBuf> = listed.into_iter().map(|it| it.path()).collect();
    paths.retain(|it| it.extension().is_some_and(|it| it == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(Error::input("I21", "there is no mapping file")
            .at(folder.display())
            .remedy("write one for each kind of source file: docs/mapping.md"));
    }
    paths.iter().map(|path| Mapping::read(path).map(Arc::new)).collect()
}

impl Mapping {
    /// The mapping for a file of a table that keeps names and values of columns outside of its files.
    #[must_use]
    pub fn beside(self: Arc<Self>, beside: &Beside) -> Arc<Self> {
        if beside.names.is_empty() && beside.constants.is_empty() {
            return self;
        }
        let mut own = Self::clone(&self);
        for (name, column) in &self.columns {
            let column = beside.names.get(column).unwrap_or(column);
            match beside.constants.get(column) {
                Some(value) => {
                    own.columns.remove(name);
                    own.constants.insert(name.clone(), value.clone());
                }
                None => drop(own.columns.insert(name.clone(), column.clone())),
            }
        }
        Arc::new(own)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|cause| io_error("read", path, &cause))?;
        Self::parse(&text, path).map_err(|error| error.at(path.display()))
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let keys: Keys = toml::from_str(text).map_err(|cause| {
            let before = cause.span().and_then(|it| text.get(..it.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            wrong(format!("line {line} of the mapping cannot be used: {}", cause.message()))
        })?;
        check(&keys)?;
        let constant = |value: toml::Value| match value {
            toml::Value::String(text) => text,
            other => other.to_string(),
        };
        Ok(Self {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            path: path.to_owned(),
            class: keys.class,
            files: keys.files.iter().map(|it| Pattern::new(it)).collect(),
            format: keys.format,
            columns: keys.columns,
            constants: keys.constants.into_iter().map(|(key, it)| (key, constant(it))).collect(),
            time: keys.time.unwrap_or_default(),
            home_mcc: keys.home_mcc.unwrap_or_default(),
            basis: Basis {
                lawful: keys.lawful_basis,
                document: keys.document,
                notice: keys.notice,
            },
            csv: keys.csv,
            people_from_rows: keys.people.is_some(),
            sites: keys.sites,
            contract: keys.contract,
            bad_share_max: keys.max_bad_share.unwrap_or(BAD_SHARE_MAX),
        })
    }
}

/// Everything that the types do not say already.
fn check(keys: &Keys) -> Result<()> {
    let known = keys.class.columns();
    let names = || known.iter().map(|it| it.name);
    for (table, key) in keys
        .columns
        .keys()
        .map(|it| ("columns", it))
        .chain(keys.constants.keys().map(|it| ("constants", it)))
    {
        if !names().any(|it| it == key) {
            let class = keys.class.name();
            return Err(wrong(format!("[{table}] {key} is not a column of class \"{class}\""))
                .allowed(choices(key, names())));
        }
        if keys.columns.contains_key(key) && keys.constants.contains_key(key) {
            return Err(
                wrong(format!("{key} is both a column and a constant")).allowed("one of the two")
            );
        }
    }
    let given = |name: &str| keys.columns.contains_key(name) || keys.constants.contains_key(name);
    if let Some(missing) = known.iter().find(|it| it.mandatory && !given(it.name)) {
        return Err(Error::input(
            "I31",
            format!("the mapping does not say where {} is", missing.name),
        )
        .allowed(format!("[columns] {} = \"…\", or the same under [constants]", missing.name)));
    }
    if !BASES.contains(&keys.lawful_basis.as_str()) {
        return Err(wrong(format!("lawful_basis = \"{}\" is not known", keys.lawful_basis))
            .allowed(choices(&keys.lawful_basis, BASES)));
    }
    if keys.document.trim().is_empty() {
        return Err(
            wrong("document is empty".to_owned()).allowed("the id of the paper that says so")
        );
    }
    let told = keys.notice.as_ref().is_some_and(|it| !it.trim().is_empty());
    if matches!(keys.class, Class::Customers | Class::Events | Class::Web) && !told {
        return Err(wrong("notice is missing: rows of people need a word to them".to_owned())
            .allowed("notice = \"<version of the privacy notice that told them>\""));
    }
    if keys.files.is_empty() {
        return Err(wrong("files is empty".to_owned()).allowed("one pattern or more"));
    }
    if keys.max_bad_share.is_some_and(|it| !(0.0..=1.0).contains(&it)) {
        return Err(wrong("max_bad_share is out of range".to_owned()).allowed("0.0 to 1.0"));
    }
    if !keys.csv.delimiter.is_ascii() {
        return Err(wrong("[csv] delimiter is not ASCII".to_owned()).allowed("one ASCII character"));
    }
    if keys.home_mcc.is_some() != (keys.class == Class::Events && given("mcc")) {
        return Err(wrong("home_mcc and the column mcc go together".to_owned())
            .allowed("home_mcc = [234, 235] with mcc under [columns] of events, or neither"));
    }
    if keys.class != Class::Web && (keys.people.is_some() || keys.sites.is_some()) {
        return Err(wrong("[people] and [sites] belong to class \"web\" alone".to_owned()));
    }
    if let Some(sites) = &keys.sites
        && sites.sensitive.is_some()
            == sites.none_sensitive.as_ref().is_some_and(|it| !it.trim().is_empty())
    {
        return Err(wrong("[sites] does not say which sites are sensitive".to_owned()).allowed(
            "sensitive = \"<column with true or false>\", or none_sensitive = \"<who attests that>\"",
        ));
    }
    match &keys.people {
        Some(PeopleKeys { from: PeopleFrom::Rows, adults_only })
            if adults_only.trim().is_empty() =>
        {
            Err(wrong("[people] adults_only is empty".to_owned())
                .allowed("a statement of who attests that no row is of a child"))
        }
        _ => Ok(()),
    }
}

fn wrong(what: String) -> Error {
    Error::input("I30", what)
}
