//! `released.<product>`: every published release of a product as one table, free to read.
//!
//! Columns: `period`, `level`, the keys, `people`, `people_lo`, `people_hi`, the shares with their edges, and
//! `status`, as in `data.csv`; a measure of a cell that is not published is NULL and its status `[c]`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::datasource::{MemTable, TableProvider};
use ledger::disk::Machine;
use ledger::{History, State};

use super::shelf::{Of, Tables};
use crate::dimension::{self, Dimension};
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::product;
use crate::publish::{Publication, Row, SHARE_COLUMNS, Word};
use crate::run::{Partner, Places};
use crate::time::Period;

/// The published releases of every product, as far as a partner may see them.
#[derive(Debug)]
pub struct Released {
    /// By product: the folders, with the digests that the ledger has of their manifests.
    published: BTreeMap<String, Vec<(PathBuf, String)>>,
    places: Option<Places>,
    tables: Arc<Tables>,
}

impl Released {
    /// What the ledger has published, of the months and places of `partner`.
    #[must_use]
    pub fn of(
        instance: &Instance,
        history: &History,
        partner: &Partner,
        tables: &Arc<Tables>,
    ) -> Self {
        let mut published: BTreeMap<String, Vec<(PathBuf, String)>> = BTreeMap::new();
        for charged in history.charges() {
            let State::Published(of) = charged.state else { continue };
            let month = charged.charge.period.parse::<Period>();
            let is_open =
                partner.months.is_none_or(|it| month.is_ok_and(|month| it.contains(month)));
            if is_open && product::named(&charged.charge.product).is_ok() {
                let folder = instance.releases_dir().join(of.release);
                published
                    .entry(charged.charge.product)
                    .or_default()
                    .push((folder, of.manifest_hash));
            }
        }
        Self { published, places: partner.places.clone(), tables: Arc::clone(tables) }
    }

    /// Nothing, for a test.
    #[cfg(test)]
    pub fn none() -> Self {
        Self { published: BTreeMap::new(), places: None, tables: Arc::default() }
    }

    /// The products of which anything was published.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.published.keys().cloned().collect()
    }

    /// The table of a product; `None` when nothing of it was published.
    ///
    /// # Errors
    /// A fault when a folder is not what was published.
    pub fn table(&self, product: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(folders) = self.published.get(product) else { return Ok(None) };
        let of = (folders.clone(), self.places.clone());
        let table: Arc<dyn TableProvider> = self.tables.table(of, read)?;
        Ok(Some(table))
    }
}

/// A table of published folders, and its size in bytes.
fn read((folders, places): &Of) -> Result<(MemTable, usize)> {
    let read =
        |(path, digest): &(PathBuf, String)| Publication::read_recorded(&Machine, path, digest);
    let releases = folders.iter().map(read).collect::<Result<Vec<_>>>()?;
    let wrong = |cause: &dyn std::fmt::Display| Error::fault("F03", cause.to_string());
    let batch = batch(&releases, places.as_ref()).map_err(|cause| wrong(&cause))?;
    let bytes = batch.get_array_memory_size();
    let table =
        MemTable::try_new(batch.schema(), vec![vec![batch]]).map_err(|cause| wrong(&cause))?;
    Ok((table, bytes))
}

/// Whether a row is about any of these places: it counts people who live or were there.
fn is_of(places: &Places, keys: &[Dimension], row: &Row) -> bool {
    keys.iter().zip(&row.labels).any(|(key, label)| places.hold(*key, label.as_str()))
}

/// What a column of a released table holds.
#[must_use]
pub fn summary(column: &str) -> &'static str {
    match column {
        "period" => "calendar month, e.g. 2026-10",
        "level" => "the table of the release that the row is of",
        "people" => "distinct people, with noise, 50 or more; NULL where not published",
        "status" => "A, near_threshold, or [c] where not published",
        _ if column.ends_with("_lo") => "lower edge of the 95% interval",
        _ if column.ends_with("_hi") => "upper edge of the 95% interval",
        "reach_of" | "composition_of" => "people that the share is of",
        "reach" => "share of the group's people with any listed site",
        "composition" => "the group's share of the people of the site or category",
        "index" => "100 times composition over the group's composition of the base",
        _ => "bin of the public list; all where the level is not by it",
    }
}

fn batch(
    releases: &[Publication],
    places: Option<&Places>,
) -> std::result::Result<RecordBatch, arrow::error::ArrowError> {
    let used: BTreeSet<Dimension> =
        releases.iter().flat_map(|it| it.sheet.keys.iter().copied()).collect();
    let is_open =
        |of: &Publication, row: &Row| places.is_none_or(|it| is_of(it, &of.sheet.keys, row));
    let rows = || {
        let all = releases.iter().flat_map(|it| it.sheet.rows.iter().map(move |row| (it, row)));
        all.filter(move |(of, row)| is_open(of, row))
    };
    let text = |of: &dyn Fn(&Publication, &Row) -> Option<String>| -> ArrayRef {
        Arc::new(rows().map(|(release, row)| of(release, row)).collect::<StringArray>())
    };
    let whole = |of: &dyn Fn(&Row) -> Option<i64>| -> ArrayRef {
        Arc::new(rows().map(|it| of(it.1)).collect::<Int64Array>())
    };
    let mut columns: Vec<(String, ArrayRef)> = vec![
        ("period".to_owned(), text(&|it, _| Some(it.manifest.period.clone()))),
        ("level".to_owned(), text(&|_, row| Some(row.level.as_str().to_owned()))),
    ];
    for key in dimension::ALL.into_iter().filter(|it| used.contains(it)) {
        let label = |release: &Publication, row: &Row| {
            let at = release.sheet.keys.iter().position(|it| *it == key)?;
            row.labels.get(at).map(Word::as_str).map(str::to_owned)
        };
        columns.push((key.name().to_owned(), text(&label)));
    }
    columns.push(("people".to_owned(), whole(&|row| row.people.map(|it| it.value))));
    columns.push(("people_lo".to_owned(), whole(&|row| row.people.map(|it| it.lo))));
    columns.push(("people_hi".to_owned(), whole(&|row| row.people.map(|it| it.hi))));
    if releases.iter().any(|it| it.sheet.shares) {
        for (at, name) in SHARE_COLUMNS.into_iter().enumerate() {
            // What a group is of a site's people tells of the site's people in all places.
            let is_of_all = places.is_some() && !name.starts_with("reach");
            let number = |row: &Row| row.shares.numbers().get(at).copied().flatten();
            let numbers = rows().map(|it| number(it.1).filter(|_| !is_of_all));
            columns.push((name.to_owned(), Arc::new(numbers.collect::<Float64Array>())));
        }
    }
    columns.push(("status".to_owned(), text(&|_, row| Some(row.status().to_owned()))));
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
}
