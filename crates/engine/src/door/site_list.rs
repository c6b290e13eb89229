//! The public list of sites that a batch is held to, frozen in the vault by the first one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use reference::{Site, SiteList};

use super::key::SITES_MAX;
use super::mapping::{Mapping, SitesFrom};
use crate::error::{Error, Result, io_error};
use crate::vault::manifest::Stored;

/// What an operator's own list is filed under; its sites have no categories.
const CATEGORY: &str = "All";

/// The list that a web mapping names, or the built-in one.
///
/// # Errors
/// `I34` when the list cannot be used, `I46` when it is too long, a fault when it cannot be read.
pub fn of(mapping: &Mapping) -> Result<SiteList> {
    let list = match &mapping.sites {
        Some(from) => read(from, &mapping.path)?,
        None => SiteList::built_in().clone(),
    };
    if list.sites.len() > SITES_MAX {
        return Err(Error::input("I46", format!("the list has {} sites", list.sites.len()))
            .at(mapping.path.display())
            .allowed(format!("at most {SITES_MAX}")));
    }
    Ok(list)
}

/// Holds a batch to the frozen list.
///
/// # Errors
/// `I44` when the batch comes with another list.
pub fn check_frozen(frozen: &Stored, list: &SiteList, mapping: &Mapping) -> Result<()> {
    if frozen.hash == list.hash() {
        return Ok(());
    }
    Err(Error::input("I44", "the list of sites is not the one that the vault was filled under")
        .at(mapping.path.display())
        .allowed("the list as it was with the first web records")
        .remedy("bring the old list back, or ingest into a new instance"))
}

/// Writes the list into a batch.
///
/// # Errors
/// A fault when it cannot be written.
pub fn freeze(list: &SiteList, path: &Path) -> Result<Stored> {
    fs::write(path, list.to_csv())
        .and_then(|()| File::open(path)?.sync_all())
        .map_err(|cause| io_error("write", path, &cause))?;
    Ok(Stored { file: "sites.csv".to_owned(), hash: list.hash() })
}

fn read(from: &SitesFrom, mapping: &Path) -> Result<SiteList> {
    let path = mapping.parent().unwrap_or(Path::new("")).join(&from.list);
    let wrong = |what: String| Error::input("I34", what).at(path.display());
    let text = fs::read_to_string(&path).map_err(|cause| io_error("read", &path, &cause))?;
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().map_err(|cause| wrong(cause.to_string()))?.clone();
    let column = |name: &str| {
        header.iter().position(|it| it == name).ok_or_else(|| {
            wrong(format!("the list of sites has no column `{name}`"))
                .allowed(super::nearest::choices(name, header.iter()))
        })
    };
    let (key, label) = (column(&from.key)?, column(&from.label)?);
    let flag = from.sensitive.as_deref().map(column).transpose()?;
    let known = SiteList::built_in();
    let (mut sites, mut seen) = (Vec::new(), BTreeSet::new());
    for (line, row) in (2..).zip(reader.records()) {
        let row = row.map_err(|cause| wrong(cause.to_string()))?;
        let field = |at: usize| row.get(at).unwrap_or_default().trim().replace(['\n', '\r'], " ");
        let domain = field(key);
        if domain.is_empty() || !seen.insert(domain.clone()) {
            return Err(wrong(format!("line {line}: the key `{domain}` is empty or there twice"))
                .allowed("each site once"));
        }
        let label = Some(field(label)).filter(|it| !it.is_empty()).unwrap_or(domain.clone());
        let category = CATEGORY.to_owned();
        let flagged = match flag.map(|at| field(at).to_ascii_lowercase()).as_deref() {
            None | Some("false" | "no" | "0") => false,
            Some("true" | "yes" | "1") => true,
            Some(other) => {
                return Err(wrong(format!(
                    "line {line}: `{other}` does not say whether it is sensitive"
                ))
                .allowed("true or false"));
            }
        };
        // What is sensitive on the built-in list is so on every list.
        let number = known.index_of(&domain).and_then(|it| usize::try_from(it).ok());
        let built_in = number.and_then(|at| known.sites.get(at)).is_some_and(|it| it.sensitive);
        let sensitive = flagged || built_in;
        sites.push(Site { domain, category, sensitive, weight: 1.0, label });
    }
    if sites.is_empty() {
        return Err(wrong("the list of sites is empty".to_owned()));
    }
    Ok(SiteList::of(sites))
}
