//! Bins as SQL writes them: text, whole numbers and days of the public lists, NULL for what is unknown.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use reference::{Geography, Place, Sector, SiteList};

use super::relation::{Attribute, Source};
use super::view::Meaning;
use crate::dimension::{Codes, Dimension, NOWHERE, UNKNOWN};
use crate::time::Period;

/// A value of a column of bins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// NULL: not known, or outside the coverage.
    Unknown,
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A civil day.
    Day(Date),
}

impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => out.write_str("NULL"),
            Self::Text(text) => write!(out, "'{text}'"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Day(day) => write!(out, "DATE '{day}'"),
        }
    }
}

/// The bins of a column: the label of each in its code list, and its value in SQL.
#[derive(Clone, Debug)]
pub struct Bins {
    /// The dimension.
    pub dimension: Dimension,
    /// Label and value, in list order.
    pub all: Vec<(String, Value)>,
}

/// The public lists that statements are read against: of all months that the vault holds.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Code lists for questions.
    pub codes: Codes,
    /// The months held, ascending.
    pub held: Vec<Period>,
    /// Of each district of presence: its postcode area, and the region of most of its sectors.
    areas: Vec<Option<String>>,
    regions: Vec<Option<String>>,
    /// Of each site: its category.
    categories: Vec<Option<String>>,
}

impl Lists {
    /// The lists of an operator.
    #[must_use]
    pub fn new(
        geography: &Geography,
        sites: &SiteList,
        coverage: &[String],
        held: Vec<Period>,
    ) -> Self {
        let period = held.last().copied().unwrap_or_else(|| Period::of(Date::constant(1970, 1, 1)));
        let codes = Codes::new(geography, sites, coverage).for_questions(period);
        let facts = |of: fn(&Sector) -> u16, names: &[Place]| -> Vec<Option<String>> {
            let parents = most_of(geography, of);
            let districts = codes.list(Dimension::PresentIn).positions().iter().zip(parents);
            let listed = districts.filter(|it| *it.0 != NOWHERE);
            listed.map(|it| names.get(usize::from(it.1?)).map(|it| it.code.clone())).collect()
        };
        let (areas, regions) =
            (facts(|it| it.area, &geography.areas), facts(|it| it.region, &geography.regions));
        // The list of sites has the open ones, in order.
        let open = sites.sites.iter().filter(|it| !it.sensitive);
        let categories = open.map(|it| Some(it.category.clone())).collect();
        Self { codes, held, areas, regions, categories }
    }

    /// A fact of each value of its key, in list order.
    #[must_use]
    pub fn facts(&self, attribute: Attribute) -> &[Option<String>] {
        match attribute {
            Attribute::PostcodeArea => &self.areas,
            Attribute::Region => &self.regions,
            Attribute::Category => &self.categories,
        }
    }

    /// The bins of what a column of rows comes from; of a fact, the bins of its key with the fact as value.
    #[must_use]
    pub fn of(&self, source: Source) -> Bins {
        match source {
            Source::Column(Meaning::Bin(dimension)) => self.bins(dimension),
            Source::Column(_) => Bins { dimension: Dimension::Day, all: Vec::new() },
            Source::Attribute(attribute) => {
                let labels = self.codes.list(attribute.key()).labels().iter().cloned();
                let text = |it: &Option<String>| it.clone().map_or(Value::Unknown, Value::Text);
                let all = labels.zip(self.facts(attribute).iter().map(text)).collect();
                Bins { dimension: attribute.key(), all }
            }
        }
    }

    /// The bins of a dimension; days are those of every month held.
    #[must_use]
    pub fn bins(&self, dimension: Dimension) -> Bins {
        let all = if dimension == Dimension::Day {
            let days = self.held.iter().flat_map(|it| it.days());
            days.map(|day| (day.to_string(), Value::Day(day))).collect()
        } else {
            let labels = self.codes.list(dimension).labels().iter();
            labels.map(|label| (label.clone(), value(dimension, label))).collect()
        };
        Bins { dimension, all }
    }
}

/// For each district: the parent of most of its sectors, the first of equals.
fn most_of(geography: &Geography, parent: fn(&Sector) -> u16) -> Vec<Option<u16>> {
    let mut counts = vec![BTreeMap::<u16, u32>::new(); geography.districts.len()];
    for sector in &geography.sectors {
        if let Some(own) = counts.get_mut(usize::from(sector.district)) {
            *own.entry(parent(sector)).or_default() += 1;
        }
    }
    let most = |own: BTreeMap<u16, u32>| own.into_iter().rev().max_by_key(|it| it.1).map(|it| it.0);
    counts.into_iter().map(most).collect()
}

/// What a label is in SQL.
#[must_use]
pub fn value(dimension: Dimension, label: &str) -> Value {
    match dimension {
        _ if label == UNKNOWN => Value::Unknown,
        Dimension::Hour => label.parse().map_or(Value::Unknown, Value::Number),
        Dimension::Day => label.parse().map_or(Value::Unknown, Value::Day),
        _ => Value::Text(label.to_owned()),
    }
}
