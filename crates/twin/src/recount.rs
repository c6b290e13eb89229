//! Tables counted again from synthetic people, in the layout of the releases.
//!
//! A cell that is not published stays `[c]` here: the tables have the holes that a buyer will meet, and
//! nobody takes what the model fills in for a number about a hidden cell.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Doing;
use crate::number::{index, real};
use crate::space::Layer;
use crate::table::{Book, HIDDEN, Label, Row, SHARES};

/// People of every row of every table; `None` where the model does not speak of the row.
pub(crate) struct Recount(Vec<Vec<Option<u64>>>);

/// Synthetic people of one row, and the shares that its release prints.
struct Shares {
    /// By [`SHARES`]: what it is a share of, and the share.
    of: [Option<u64>; 3],
    value: [Option<f64>; 3],
}

impl Recount {
    /// Nothing counted yet.
    pub fn new(book: &Book) -> Self {
        Self(book.tables.iter().map(|it| vec![None; it.rows.len()]).collect())
    }

    /// Counts the rows of these layers from the people of each cell of their space.
    pub fn add(&mut self, layers: &[Layer], counts: &[u64]) {
        for layer in layers {
            for (row, count) in layer.row_of.iter().zip(counts) {
                if let Some(sum) = self.0[layer.table].get_mut(index(*row)) {
                    *sum = Some(sum.unwrap_or(0) + count);
                }
            }
        }
    }

    /// People of a row.
    pub fn people(&self, table: usize, row: usize) -> Option<u64> {
        self.0.get(table)?.get(row).copied().flatten()
    }

    /// The fields of every row of a sheet under its header.
    pub fn sheet(&self, book: &Book, sheet: usize, doings: &[Doing]) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for &table in &book.sheets[sheet].tables {
            let shares = self.shares(book, table, doings);
            for (at, row) in book.tables[table].rows.iter().enumerate() {
                let people = self.people(table, at).filter(|_| row.people.is_some());
                lines.push(line(book, table, row, people, &shares(row, people)));
            }
        }
        lines
    }

    /// The shares of any row of a table (their definitions: docs/release-folder.md).
    fn shares<'own>(
        &'own self,
        book: &'own Book,
        table: usize,
        doings: &[Doing],
    ) -> impl Fn(&Row, Option<u64>) -> Shares + 'own {
        let own = &book.tables[table];
        let family = doings.iter().map(|it| &it.family);
        let family =
            family.clone().find(|it| it.tables.contains(&table) || it.bases.contains(&table));
        let rows: BTreeSet<usize> =
            family.map(|it| it.rows.iter().copied().collect()).unwrap_or_default();
        let by: BTreeSet<usize> = own.dims.difference(&rows).copied().collect();
        let has_rows = !by.is_superset(&own.dims);
        let find = |tables: &[usize], dims: &BTreeSet<usize>| {
            let mut beside = tables.iter().filter(|it| book.tables[**it].sheet == own.sheet);
            let found = beside.find(|it| book.tables[**it].dims == *dims)?;
            Some(Whole::of(self, book, *found))
        };
        let (tables, bases) = family.map_or((&[][..], &[][..]), |it| (&it.tables, &it.bases));
        let base = find(bases, &by);
        let everybody = find(bases, &BTreeSet::new());
        let parent = if has_rows { find(tables, &rows) } else { find(bases, &BTreeSet::new()) };
        move |row, people| {
            let of = |whole: &Option<Whole>| whole.as_ref()?.people(row).filter(|it| *it > 0);
            let share = |of: Option<u64>| Some(real(people?) / real(of?));
            let printed = |at: usize, it: Option<f64>| it.filter(|_| row.shares[at]);
            let (base, everybody, parent) = (of(&base), of(&everybody), of(&parent));
            let composition = share(parent);
            let of_base = base.zip(everybody).map(|(base, all)| real(base) / real(all));
            let index = composition.zip(of_base).map(|(own, base)| 100.0 * own / base);
            Shares {
                of: [base, parent, None],
                value: [printed(0, share(base)), printed(1, composition), printed(2, index)],
            }
        }
    }
}

/// What shares are of: the people of a table by its labels.
struct Whole {
    /// Where the table's dimensions stand in the header.
    at: Vec<usize>,
    people: BTreeMap<Vec<Label>, u64>,
}

impl Whole {
    fn of(recount: &Recount, book: &Book, table: usize) -> Self {
        let own = &book.tables[table];
        let header = &book.sheets[own.sheet].dims;
        let at: Vec<usize> =
            (0..header.len()).filter(|at| own.dims.contains(&header[*at])).collect();
        let rows = own.rows.iter().enumerate();
        let people = rows.filter_map(|(row, it)| Some((key(&at, it), recount.people(table, row)?)));
        Self { people: people.collect(), at }
    }

    fn people(&self, row: &Row) -> Option<u64> {
        self.people.get(&key(&self.at, row)).copied()
    }
}

fn key(at: &[usize], row: &Row) -> Vec<Label> {
    at.iter().filter_map(|at| row.labels.get(*at).copied()).collect()
}

fn line(book: &Book, table: usize, row: &Row, people: Option<u64>, shares: &Shares) -> Vec<String> {
    let table = &book.tables[table];
    let sheet = &book.sheets[table.sheet];
    let mut fields = vec![table.name.clone()];
    let labels = sheet.dims.iter().zip(&row.labels);
    fields.extend(labels.map(|(dim, label)| book.text(*dim, *label).to_owned()));
    for name in sheet.header.iter().skip(fields.len()) {
        let field = match name.as_str() {
            "people" | "people_lo" | "people_hi" => people.map(|it| it.to_string()),
            "status" => Some(row.status.to_string()).filter(|_| people.is_some()),
            name => share(name, shares),
        };
        fields.push(field.unwrap_or_else(|| HIDDEN.to_owned()));
    }
    fields
}

/// The field of a column of shares; the count has no noise, so its interval is itself.
fn share(column: &str, shares: &Shares) -> Option<String> {
    let at = SHARES.iter().position(|it| column.starts_with(it))?;
    let value = shares.value[at]?;
    match (column.ends_with("_of"), at) {
        (true, _) => shares.of[at].map(|it| it.to_string()),
        (false, 2) => Some(format!("{value:.1}")),
        (false, _) => Some(format!("{value:.5}")),
    }
}
