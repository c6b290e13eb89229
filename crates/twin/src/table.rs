//! `data.csv` as tables: dimensions and labels as the header and rows name them, nothing built in.
//!
//! Takes rows of cells; gives [`Book`], in which a label is a number. Guarantee: a hidden cell has no
//! number here either, so nothing later can depend on what it held.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::number::{position, real};
use crate::release::Release;

/// What stands for a dimension that a table is not split by.
pub(crate) const ALL: &str = "all";
/// What stands for the people of no published cell.
pub(crate) const OTHER: &str = "other";
/// What stands in a measure that is not published.
pub(crate) const HIDDEN: &str = "[c]";

/// A label of a row, as a position in its dimension's labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// Not split.
    All,
    /// The people of no published cell.
    Other,
    /// The value at this position.
    Is(u32),
}

/// A number of people with its 95 % interval, as printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Estimate {
    pub people: u64,
    pub lo: u64,
    pub hi: u64,
}

/// One cell.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// One for each dimension of the table's release, in the header's order.
    pub labels: Box<[Label]>,
    pub people: Option<Estimate>,
    /// Whether each of [`SHARES`] is printed.
    pub shares: [bool; 3],
    /// As printed, e.g. `near_threshold`.
    pub status: Box<str>,
}

/// One table of a release.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub name: String,
    /// The release, as a position in [`Book::sheets`].
    pub sheet: usize,
    /// The dimensions that it is split by.
    pub dims: BTreeSet<usize>,
    /// Whether a person is in one of its cells at most.
    pub is_single: bool,
    pub rows: Vec<Row>,
}

/// A dimension and the labels that any release prints for it.
#[derive(Clone, Debug)]
pub(crate) struct Dimension {
    pub name: String,
    pub labels: Vec<String>,
    positions: BTreeMap<String, u32>,
}

impl Estimate {
    /// Variance of the number, as its interval tells: that is ±1.96 σ, cut below at the floor.
    pub fn variance(self) -> f64 {
        let above = real(self.hi.saturating_sub(self.people));
        let half = above.max(real(self.hi.saturating_sub(self.lo)) / 2.0);
        (half / 1.96).max(0.5).powi(2)
    }
}

/// What is printed about one release.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub id: String,
    pub product: String,
    /// Its header, as printed.
    pub header: Vec<String>,
    /// The dimensions of its header.
    pub dims: Vec<usize>,
    /// Its tables, as positions in [`Book::tables`].
    pub tables: Vec<usize>,
}

/// Everything that is printed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book {
    pub dims: Vec<Dimension>,
    pub sheets: Vec<Sheet>,
    pub tables: Vec<Table>,
}

/// Shares that a sheet may print, each with `_lo` and `_hi`.
pub(crate) const SHARES: [&str; 3] = ["reach", "composition", "index"];

impl Book {
    /// Reads the tables of all releases.
    ///
    /// # Errors
    /// T07 naming the line that is not as docs/release-folder.md says.
    pub fn read(releases: &[Release]) -> Result<Self> {
        let mut book = Self::default();
        for release in releases {
            book.add(release)?;
        }
        Ok(book)
    }

    /// The label of a row as it is printed.
    pub fn text(&self, dim: usize, label: Label) -> &str {
        match label {
            Label::All => ALL,
            Label::Other => OTHER,
            Label::Is(at) => self.value(dim, at),
        }
    }

    /// The value at a position of a dimension's labels; empty when there is none.
    pub fn value(&self, dim: usize, at: u32) -> &str {
        self.dims[dim].labels.get(crate::number::index(at)).map_or("", String::as_str)
    }

    fn add(&mut self, release: &Release) -> Result<()> {
        let id = &release.manifest.id;
        let wrong = |line: u64, what: &str| {
            Error::new("T07", what)
                .at(format!("data.csv of {id}, line {line}"))
                .allowed("level, dimensions, people, people_lo, people_hi, …, status")
                .remedy("use a twin of the same version as the release, or a newer one")
        };
        let mut reader = csv::Reader::from_reader(release.data.as_slice());
        let header: Vec<String> = reader
            .headers()
            .map_err(|_| wrong(1, "no header"))?
            .iter()
            .map(str::to_owned)
            .collect();
        let columns = Columns::of(&header).ok_or_else(|| wrong(1, "a column is missing"))?;
        let names = header.get(1..columns.people).unwrap_or_default();
        let dims: Vec<usize> = names.iter().map(|it| self.dimension(it)).collect();
        let mut tables = BTreeMap::<String, usize>::new();
        let mut order = Vec::new();
        for (line, record) in (2..).zip(reader.records()) {
            let record = record.map_err(|_| wrong(line, "not a row of this header"))?;
            let level = record.get(0).unwrap_or_default();
            let at = if let Some(at) = tables.get(level) {
                *at
            } else {
                let marginal = release.manifest.marginals.iter().find(|it| it.name == level);
                let marginal = marginal
                    .ok_or_else(|| wrong(line, "a table that manifest.json does not list"))?;
                self.tables.push(Table {
                    name: level.to_owned(),
                    sheet: self.sheets.len(),
                    dims: BTreeSet::new(),
                    is_single: marginal.l0 == 1,
                    rows: Vec::new(),
                });
                tables.insert(level.to_owned(), self.tables.len() - 1);
                order.push(self.tables.len() - 1);
                self.tables.len() - 1
            };
            let labels: Box<[Label]> = dims
                .iter()
                .zip(record.iter().skip(1))
                .map(|(dim, text)| self.dims[*dim].label(text))
                .collect();
            let people =
                columns.estimate(&record).ok_or_else(|| wrong(line, "people is no number"))?;
            let split = dims.iter().zip(&labels).filter(|it| *it.1 != Label::All);
            let table = &mut self.tables[at];
            table.dims.extend(split.map(|it| *it.0));
            let status = record.get(columns.status).unwrap_or_default().into();
            table.rows.push(Row { labels, people, shares: columns.shares(&record), status });
        }
        let (id, product) = (id.clone(), release.manifest.product.clone());
        self.sheets.push(Sheet { id, product, header, dims, tables: order });
        Ok(())
    }

    fn dimension(&mut self, name: &str) -> usize {
        self.dims.iter().position(|it| it.name == name).unwrap_or_else(|| {
            let (labels, positions) = (Vec::new(), BTreeMap::new());
            self.dims.push(Dimension { name: name.to_owned(), labels, positions });
            self.dims.len() - 1
        })
    }
}

impl Dimension {
    fn label(&mut self, text: &str) -> Label {
        match text {
            ALL => Label::All,
            OTHER => Label::Other,
            _ => Label::Is(self.positions.get(text).copied().unwrap_or_else(|| {
                let at = position(self.labels.len());
                self.labels.push(text.to_owned());
                self.positions.insert(text.to_owned(), at);
                at
            })),
        }
    }
}

/// Where the measures of a sheet stand.
struct Columns {
    people: usize,
    shares: [Option<usize>; 3],
    status: usize,
}

impl Columns {
    fn of(header: &[String]) -> Option<Self> {
        let find = |name: &str| header.iter().position(|it| it == name);
        let people = find("people")?;
        let follows = |name: &str, by: usize| find(name) == Some(people + by);
        let is_ours = header.first().is_some_and(|it| it == "level")
            && follows("people_lo", 1)
            && follows("people_hi", 2);
        is_ours.then_some(Self { people, shares: SHARES.map(find), status: find("status")? })
    }

    /// The people of a row: `Some(None)` when hidden, `None` when it is no row of ours.
    #[expect(clippy::option_option, reason = "hidden and wrong are two things")]
    fn estimate(&self, record: &csv::StringRecord) -> Option<Option<Estimate>> {
        if record.get(self.people)? == HIDDEN {
            return Some(None);
        }
        let number = |by: usize| record.get(self.people + by)?.parse::<u64>().ok();
        let (people, lo, hi) = (number(0)?, number(1)?, number(2)?);
        (people > 0 && lo <= hi).then_some(Some(Estimate { people, lo, hi }))
    }

    fn shares(&self, record: &csv::StringRecord) -> [bool; 3] {
        self.shares.map(|at| at.and_then(|at| record.get(at)).is_some_and(|it| it != HIDDEN))
    }
}
