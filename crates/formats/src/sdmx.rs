//! `sdmx/structure.xml` and `sdmx/<table>.csv`: for statistical offices (SDMX 3.0, SDMX-CSV 2.0).
//!
//! 1. Keys become dimensions, measures the codes of a dimension `INDICATOR`, so that every single
//!    value has a status of its own.
//! 2. A published value is `OBS_STATUS` E (estimated: it carries noise), near the threshold U (low
//!    reliability); both are `CONF_STATUS` F (free).
//! 3. A hidden value is empty, `OBS_STATUS` Q (missing value, suppressed) and `CONF_STATUS` C
//!    (confidential). Not A (small counts) nor D (secondary): either would say why it is hidden,
//!    which is never said.
//!
//! Codes of both attributes are those of the cross-domain lists `SDMX:CL_OBS_STATUS` and
//! `SDMX:CL_CONF_STATUS`.

mod data;
mod id;
mod structure;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::file::File;
use crate::tables::{Measure, Table, Tables};

/// The structures of all tables: code lists, concepts, data structures, dataflows.
///
/// # Errors
/// [`crate::Wrong`] when it cannot be written.
pub fn sdmx_structure(tables: &Tables) -> Result<File> {
    structure::file(tables, &Lists::of(tables))
}

/// A data file for each table.
///
/// # Errors
/// [`crate::Wrong`] when one cannot be written.
pub fn sdmx_csv(tables: &Tables) -> Result<Vec<File>> {
    let lists = Lists::of(tables);
    tables.tables().iter().map(|it| data::file(tables, &lists, it)).collect()
}

/// The version of every structure: they follow from the release and change with it.
const VERSION: &str = "1.0";

/// A code list of the release, with a valid identifier for each code.
struct List<'release> {
    id: String,
    /// The column that it was made for; empty for measures.
    column: &'release str,
    title: &'release str,
    codes: Vec<(String, &'release str)>,
}

/// The code lists of a release, and which one a column has.
struct Lists<'release> {
    lists: Vec<List<'release>>,
    /// By table, then by column: the list's position; the measures' under an empty name.
    of: BTreeMap<(&'release str, &'release str), usize>,
}

impl<'release> Lists<'release> {
    /// Tables whose keys or measures have the same name and codes share a list.
    fn of(tables: &'release Tables) -> Self {
        let mut all = Self { lists: Vec::new(), of: BTreeMap::new() };
        for table in tables.tables() {
            for key in &table.keys {
                let codes = id::codes(key.codes.iter().map(|it| (it.code.as_str(), &*it.label)));
                all.put(table, &key.name, &key.title, codes);
            }
            let names = |it: &'release Measure| (it.name.as_str(), it.title.as_str());
            all.put(table, "", "Indicator", id::codes(table.measures.iter().map(names)));
        }
        all
    }

    fn put(
        &mut self,
        table: &'release Table,
        column: &'release str,
        title: &'release str,
        codes: Vec<(String, &'release str)>,
    ) {
        let plain = if column.is_empty() { "CL_INDICATOR".to_owned() } else { id::list(column) };
        let known = self.lists.iter().position(|it| it.column == column && it.codes == codes);
        let at = known.unwrap_or_else(|| {
            let taken = |id: &str| self.lists.iter().any(|it| it.id == id);
            let id = if taken(&plain) { format!("{plain}-{}", self.lists.len()) } else { plain };
            self.lists.push(List { id, column, title, codes });
            self.lists.len() - 1
        });
        self.of.insert((&table.name, column), at);
    }

    fn get(&self, table: &Table, column: &str) -> Option<&List<'release>> {
        self.lists.get(*self.of.get(&(table.name.as_str(), column))?)
    }
}
