//! A published release folder, checked against the digests of its own manifest.
//!
//! Takes the path of a folder as docs/release-folder.md describes it; gives the bytes of `data.csv`
//! and the facts that the twin stands on. Nothing else is read: no vault, no ledger, no key.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, Result};

const MANIFEST: &str = "manifest.json";
const DATA: &str = "data.csv";

/// The facts of `manifest.json` that matter here; others may stand beside them.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Manifest {
    pub id: String,
    pub product: String,
    pub period: String,
    pub marginals: Vec<Marginal>,
    files: BTreeMap<String, String>,
}

/// A table: its name, and the most of its cells that one person is in.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Marginal {
    pub name: String,
    pub l0: u32,
}

/// One release whose files are what its manifest says.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    pub manifest: Manifest,
    /// BLAKE3 of `manifest.json`, which the ledger has recorded.
    pub manifest_digest: String,
    /// BLAKE3 of `data.csv`.
    pub data_digest: String,
    pub data: Vec<u8>,
}

/// Reads the folders, in the order of their ids: the order of arguments changes nothing.
///
/// # Errors
/// T01 for what is no release folder, T02 for a changed file, T03 for two periods, T04 without
/// residents, T09 for a release given twice.
pub(crate) fn read_all(folders: &[PathBuf]) -> Result<Vec<Release>> {
    let mut releases: Vec<Release> =
        folders.iter().map(|it| Release::read(it)).collect::<Result<_>>()?;
    releases.sort_by(|a, b| a.manifest.id.cmp(&b.manifest.id));
    if let Some([it, _]) = releases.array_windows().find(|[a, b]| a.manifest.id == b.manifest.id) {
        let what = format!("the release {} is given twice", it.manifest.id);
        return Err(Error::new("T09", what).remedy("name each release folder once"));
    }
    if let Some([a, b]) =
        releases.array_windows().find(|[a, b]| a.manifest.period != b.manifest.period)
    {
        let of = |it: &Release| format!("{} is of {}", it.manifest.id, it.manifest.period);
        let what = format!("releases of two periods: {}, {}", of(a), of(b));
        return Err(Error::new("T03", what)
            .allowed("releases of one calendar month")
            .remedy("make one twin for each month"));
    }
    if !releases.iter().any(|it| it.manifest.product == crate::RESIDENTS) {
        return Err(Error::new("T04", "none of the releases says where people live")
            .allowed("one release of the product `residents` at least")
            .remedy("name the residents release of the same month too"));
    }
    Ok(releases)
}

impl Release {
    fn read(folder: &Path) -> Result<Self> {
        let none = |what: String| {
            Error::new("T01", what)
                .at(folder.display())
                .allowed("a folder as `quorate release run` publishes it, with manifest.json and data.csv")
                .remedy("name the release folders themselves, e.g. releases/residents-2026-10-c000000")
        };
        let read = |name: &str| std::fs::read(folder.join(name));
        let bytes = read(MANIFEST).map_err(|cause| {
            none(format!("not a release folder: {MANIFEST} cannot be read: {cause}"))
        })?;
        if is_twin(&bytes) {
            return Err(none("a twin is no release: a twin of a twin shows nothing".to_owned()));
        }
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|cause| none(format!("not a release folder: {MANIFEST}: {cause}")))?;
        if !is_plain(&manifest.id) || !is_plain(&manifest.product) {
            return Err(none(format!("not a release folder: the id is {:?}", manifest.id)));
        }
        let is_inside = |name: &String| {
            Path::new(name).components().all(|it| matches!(it, Component::Normal(_)))
        };
        if let Some(name) = manifest.files.keys().find(|it| !is_inside(it)) {
            return Err(none(format!(
                "not a release folder: {MANIFEST} names a file outside: {name:?}"
            )));
        }
        let mut data = None;
        for (name, digest) in &manifest.files {
            let changed = |what: String| {
                Error::new("T02", what)
                    .at(folder.join(name).display())
                    .allowed("files whose BLAKE3 is the one in manifest.json")
                    .remedy("get an untouched copy of the release folder")
            };
            let bytes =
                read(name).map_err(|cause| changed(format!("{name} is missing: {cause}")))?;
            if digest_of(&bytes) != *digest {
                return Err(changed(format!("{name} is not what was published: wrong digest")));
            }
            if name == DATA {
                data = Some((bytes, digest.clone()));
            }
        }
        let (data, data_digest) =
            data.ok_or_else(|| none(format!("not a release folder: {MANIFEST} lists no {DATA}")))?;
        Ok(Self { manifest, manifest_digest: digest_of(&bytes), data_digest, data })
    }
}

#[cfg(test)]
impl Release {
    /// A release of L = 1 tables that was never in a folder.
    pub fn of_data(id: &str, product: &str, data: &str, tables: &[&str]) -> Self {
        let marginal = |it: &&str| Marginal { name: (*it).to_owned(), l0: 1 };
        let manifest = Manifest {
            id: id.to_owned(),
            product: product.to_owned(),
            period: "2026-10".to_owned(),
            marginals: tables.iter().map(marginal).collect(),
            files: BTreeMap::new(),
        };
        let data = data.as_bytes().to_vec();
        let (manifest_digest, data_digest) = (String::new(), digest_of(&data));
        Self { manifest, manifest_digest, data_digest, data }
    }
}

/// The BLAKE3 digest as manifests print it.
pub(crate) fn digest_of(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Whether a manifest names what it was made from; a release of simulated people is marked synthetic too.
fn is_twin(manifest: &[u8]) -> bool {
    let json = serde_json::from_slice::<serde_json::Value>(manifest).unwrap_or_default();
    json.get("made_from").is_some()
}

/// Ids become names of files.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|it| it.is_ascii_alphanumeric() || "-_.".contains(it))
}
