//! The views that questions are asked of: their columns, bins, units and caps.
//!
//! A view is rows of people as the vault holds them; no statement ever reads a row of it, only what the
//! release makes of many (privacy model §9). Names and columns: interfaces, schema.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::dimension::Dimension;
use crate::plan::{Measure, View};

/// A view as it stands in the catalog.
#[derive(Debug)]
pub struct ViewSpec {
    /// Its name in SQL.
    pub name: &'static str,
    /// The rows behind it.
    pub view: View,
    /// One sentence for catalogs.
    pub summary: &'static str,
    /// Its columns, in order.
    pub columns: &'static [ColumnSpec],
    /// C of `COUNT(*)`: the most rows of one person that count in one cell.
    pub rows_cap: u64,
    /// C of `SUM(minutes)`: the most minutes of one person that count in one cell.
    pub minutes_cap: u64,
    /// The greatest minutes of each bin in which quantiles of them are told.
    pub minutes_edges: &'static [u64],
}

/// Bins of the minutes of a person in a cell: as wide as a length of time is commonly told, the last up to the cap.
const MINUTES_EDGES: [u64; 16] =
    [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 420, MINUTES_CAP];
/// 600: ten hours, as `SUM(minutes)` cuts a person.
const MINUTES_CAP: u64 = 600;

/// A column of a view.
#[derive(Debug)]
pub struct ColumnSpec {
    /// Its name in SQL.
    pub name: &'static str,
    /// What it may be used for.
    pub meaning: Meaning,
    /// Bins or unit, for catalogs.
    pub summary: &'static str,
}

/// What a column of a view is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The person: counted as `COUNT(DISTINCT …)` and joined on, and nothing else.
    Unit,
    /// A dimension, whose values are bins of a public list.
    Bin(Dimension),
    /// An amount that is summed with a cap.
    Amount(Measure),
}

const fn unit() -> ColumnSpec {
    ColumnSpec {
        name: "subscriber_id",
        meaning: Meaning::Unit,
        summary: "the person: COUNT(DISTINCT subscriber_id), or the key of a join",
    }
}

/// The other name of the person.
const fn alias() -> ColumnSpec {
    ColumnSpec { name: "id", meaning: Meaning::Unit, summary: "another name of subscriber_id" }
}

const fn bin(name: &'static str, dimension: Dimension, summary: &'static str) -> ColumnSpec {
    ColumnSpec { name, meaning: Meaning::Bin(dimension), summary }
}

const DAY: ColumnSpec = bin("day", Dimension::Day, "local civil day, e.g. DATE '2026-10-05'");
const HOUR: ColumnSpec = bin("hour", Dimension::Hour, "local hour, 0 to 23");

const SUBSCRIBER: ViewSpec = ViewSpec {
    name: "subscriber",
    view: View::Subscriber,
    summary: "one row a person: who they are and where they live, from the customer record",
    columns: &[
        unit(),
        bin("gender", Dimension::Gender, "F, M or X, which is also whoever is of unknown gender"),
        bin("age_band", Dimension::AgeBand, "18-24 to 75+; NULL when unknown"),
        bin("sector", Dimension::Sector, "home postcode sector, e.g. 'AB1 2'; NULL when unknown"),
        bin("district", Dimension::District, "home postcode district, e.g. 'AB1'"),
        bin("area", Dimension::Area, "home postcode area, e.g. 'AB'"),
        bin("region", Dimension::Region, "home region"),
        bin("lad", Dimension::Lad, "home local authority"),
        alias(),
    ],
    rows_cap: 1,
    minutes_cap: 0,
    minutes_edges: &[],
};

const VISIT: ViewSpec = ViewSpec {
    name: "visit",
    view: View::Visit,
    summary: "one row a 30-minute visit of a person to a listed site",
    columns: &[
        unit(),
        bin("site", Dimension::Site, "registrable domain on the public site list"),
        bin("category", Dimension::Category, "category of the site"),
        DAY,
        HOUR,
        ColumnSpec {
            name: "minutes",
            meaning: Meaning::Amount(Measure::Minutes),
            summary: "length of the visit in minutes, at least 1; SUM, AVG cut a person at 600 a cell, MEDIAN is in bins",
        },
    ],
    rows_cap: 60,
    minutes_cap: MINUTES_CAP,
    minutes_edges: &MINUTES_EDGES,
};

const PRESENCE: ViewSpec = ViewSpec {
    name: "presence",
    view: View::Presence,
    summary: "one row for each district, day and hour in which a person was seen",
    columns: &[
        unit(),
        bin(
            "area",
            Dimension::PresentIn,
            "postcode district where the person was seen, e.g. 'AB1'",
        ),
        DAY,
        HOUR,
    ],
    rows_cap: 60,
    minutes_cap: 0,
    minutes_edges: &[],
};

/// Every view, in catalog order.
pub const ALL: [&ViewSpec; 3] = [&SUBSCRIBER, &VISIT, &PRESENCE];

/// The view of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static ViewSpec> {
    ALL.into_iter().find(|it| it.name == name)
}

/// The specification of a view.
#[must_use]
pub const fn of(view: View) -> &'static ViewSpec {
    match view {
        View::Subscriber => &SUBSCRIBER,
        View::Visit => &VISIT,
        View::Presence => &PRESENCE,
    }
}

/// The column of a dimension, as statements name it.
#[must_use]
pub fn column(dimension: Dimension) -> &'static str {
    let columns = ALL.into_iter().flat_map(|it| it.columns);
    let mut of = columns.filter(|it| matches!(it.meaning, Meaning::Bin(own) if own == dimension));
    of.next().map_or(dimension.name(), |it| it.name)
}

impl ViewSpec {
    /// Its columns with their types in SQL.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(|it| {
            let nullable = it.meaning != Meaning::Unit;
            Field::new(it.name, it.meaning.data_type(), nullable)
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }

    /// C of a measure.
    #[must_use]
    pub const fn cap(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Rows => self.rows_cap,
            Measure::Minutes => self.minutes_cap,
        }
    }

    /// The bins in which quantiles of a measure are told; none where it has no quantiles.
    #[must_use]
    pub const fn edges(&self, measure: Measure) -> &'static [u64] {
        match measure {
            Measure::Rows => &[],
            Measure::Minutes => self.minutes_edges,
        }
    }
}

impl Meaning {
    /// The type in SQL.
    #[must_use]
    pub const fn data_type(self) -> DataType {
        match self {
            Self::Unit | Self::Amount(_) | Self::Bin(Dimension::Hour) => DataType::Int64,
            Self::Bin(Dimension::Day) => DataType::Date32,
            Self::Bin(_) => DataType::Utf8,
        }
    }
}
