//! What a release says, free of any format: facts, and tables over public code lists.
//!
//! A table has one cell for every combination of its keys' codes, in code-list order, the last key
//! fastest. So a cell's place is its key, and which cells are hidden never shows in which rows exist.

mod check;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use reference::Geography;

use crate::error::Result;
use crate::words;

/// A release; see [`Tables::new`] for what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tables {
    facts: Facts,
    list: Vec<Table>,
    created: Timestamp,
    month: Date,
}

/// What is said about a release as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The release, e.g. `residents-2026-10-12`.
    pub id: String,
    /// The product, e.g. `residents`.
    pub product: String,
    /// One line.
    pub title: String,
    /// What it is, in a paragraph.
    pub description: String,
    /// Who publishes it: an organisation.
    pub publisher: String,
    /// The calendar month, `2026-10`.
    pub period: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// What may be done with it.
    pub licence: Licence,
    /// The privacy unit, e.g. `person-month`.
    pub unit: String,
    /// The smallest group that may be published.
    pub floor: u32,
    /// ρ of the release, as printed.
    pub rho: String,
    /// δ of the release, as printed.
    pub delta: String,
    /// The ε that follows at `epsilon_delta`.
    pub epsilon: f64,
    /// The δ at which ε is stated.
    pub epsilon_delta: f64,
    /// Whether its people were simulated; every format says so then.
    pub synthetic: bool,
    /// What a reader should know besides: definitions, limits.
    pub notes: Vec<String>,
    /// Where its places are.
    pub geography: Arc<Geography>,
}

/// What may be done with a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// Its name.
    pub name: String,
    /// Where it can be read; absolute.
    pub url: String,
}

/// One table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name: lower case, digits, `_`.
    pub name: String,
    /// One line.
    pub title: String,
    /// What its cells are told apart by.
    pub keys: Vec<Key>,
    /// What is measured of each cell; the first is the one that the status is about.
    pub measures: Vec<Measure>,
    /// One for every combination of codes, the last key fastest.
    pub cells: Vec<Cell>,
}

/// A column that tells cells apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name of the column: lower case, digits, `_`.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// Its public values, in order.
    pub codes: Vec<Code>,
    /// The kind of place that its codes are, if any.
    pub level: Option<Level>,
}

/// A public value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// As in `data.csv`.
    pub code: String,
    /// What a person calls it.
    pub label: String,
}

/// A level of geography.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Postcode sector: a point.
    Sector,
    /// Postcode district: an outline.
    District,
    /// Postcode area; not drawn.
    Area,
    /// Region; not drawn.
    Region,
    /// Local authority; not drawn.
    Lad,
}

/// A column of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The name of the column: lower case, digits, `_`.
    pub name: String,
    /// What a person calls it.
    pub title: String,
    /// What it counts, e.g. `people`.
    pub unit: String,
    /// The shape of its numbers.
    pub shape: Shape,
}

/// The shape of a measure's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Whole numbers.
    Integer,
    /// Numbers that are printed with so many digits after the point.
    Decimal(u8),
}

/// The values of one combination of codes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// One for each measure.
    pub values: Vec<Value>,
    /// Of the first measure.
    pub status: Status,
}

/// A number, or that there is none to see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// Any other; finite.
    Number(f64),
    /// On the code list and not published: too few people, too uncertain or apt to give such a cell
    /// away; which is never said.
    Hidden,
}

/// What is to be known about a cell's first measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Published.
    Normal,
    /// Published, and so near the threshold that it is likely too high.
    NearThreshold,
    /// Hidden, with all other measures of the cell.
    Hidden,
}

impl Tables {
    /// Checks a release once, so that no format needs to.
    ///
    /// Known afterwards: names are plain and unique, text has no control characters, codes are
    /// unique, cells are complete and as wide as the measures, values have their measure's shape,
    /// hidden cells are hidden throughout and others show their first measure, the period is a
    /// calendar month. Titles, description and notes say so when people are simulated. Numbers are cut to the digits that their measure prints, so that no format
    /// says more than another.
    ///
    /// # Errors
    /// [`crate::Wrong`] naming the first thing that is not so.
    pub fn new(facts: Facts, mut tables: Vec<Table>) -> Result<Self> {
        let facts = words::marked(facts);
        let (created, month) = check::facts(&facts)?;
        check::tables(&tables)?;
        for table in &mut tables {
            if facts.synthetic {
                table.title.push_str(words::MARK);
            }
            for cell in &mut table.cells {
                let values = table.measures.iter().zip(&mut cell.values);
                values.for_each(|(measure, value)| *value = measure.printed(*value));
            }
        }
        Ok(Self { facts, list: tables, created, month })
    }

    /// What is said about the release as a whole.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its tables.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.list
    }

    /// When it was made.
    pub(crate) const fn created(&self) -> Timestamp {
        self.created
    }

    /// The first and the last day of the period.
    pub(crate) fn days(&self) -> (Date, Date) {
        (self.month, self.month.last_of_month())
    }
}

impl Table {
    /// Every cell with its codes, in order.
    pub fn rows(&self) -> impl Iterator<Item = (Vec<&Code>, &Cell)> {
        self.cells.iter().enumerate().map(|(at, cell)| (self.codes(at), cell))
    }

    /// The codes of the cell at `cell`.
    fn codes(&self, cell: usize) -> Vec<&Code> {
        let positions = self.positions(cell);
        self.keys.iter().zip(positions).filter_map(|(key, at)| key.codes.get(at)).collect()
    }

    /// For each key, the position in its codes of the cell at `cell`.
    pub(crate) fn positions(&self, mut cell: usize) -> Vec<usize> {
        let mut positions = Vec::with_capacity(self.keys.len());
        for key in self.keys.iter().rev() {
            let codes = key.codes.len().max(1);
            positions.push(cell % codes);
            cell /= codes;
        }
        positions.reverse();
        positions
    }

    /// The key that places the table on a map, with its level; the first one if there are several.
    pub(crate) fn place(&self) -> Option<(usize, Level)> {
        let drawn = |level: &Level| matches!(level, Level::Sector | Level::District);
        self.keys.iter().enumerate().find_map(|(at, key)| Some((at, key.level.filter(drawn)?)))
    }
}

impl Key {
    /// Whether a code is called something else than itself.
    pub(crate) fn has_labels(&self) -> bool {
        self.codes.iter().any(|it| it.label != it.code)
    }
}

impl Status {
    /// As in `data.csv`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Normal => "A",
            Self::NearThreshold => "near_threshold",
            Self::Hidden => crate::words::HIDDEN,
        }
    }
}

impl Measure {
    /// Digits after the point.
    pub(crate) const fn decimals(&self) -> u8 {
        match self.shape {
            Shape::Integer => 0,
            Shape::Decimal(digits) => digits,
        }
    }

    /// `value` with no more digits than are printed.
    fn printed(&self, value: Value) -> Value {
        match (value, self.print(value).map(|it| it.parse())) {
            (Value::Number(_), Some(Ok(it))) => Value::Number(it),
            _ => value,
        }
    }

    /// `value` as it is printed; `None` when hidden.
    pub(crate) fn print(&self, value: Value) -> Option<String> {
        match value {
            Value::Integer(it) => Some(it.to_string()),
            Value::Number(it) => Some(format!("{it:.*}", usize::from(self.decimals()))),
            Value::Hidden => None,
        }
    }
}
