//! What the door reads of each class of source: canonical columns, their kinds, which must be there.

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

/// What a source holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Subscribers who object, by id.
    OptOut,
    /// The customer record.
    Customers,
    /// Places of cells and the days on which they stood there.
    Cells,
    /// Places where nobody is to be counted.
    SensitivePlaces,
    /// Network events with a cell.
    Events,
    /// Web records with a host name.
    Web,
    /// Where people live: zones in place of the built-in ones.
    Zones,
    /// The sector of each postcode.
    Postcodes,
    /// Public holidays.
    Holidays,
    /// Countries by the code that their networks send.
    Countries,
    /// Residents by zone, as a census counted them.
    Population,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// An instant, as the mapping's `time` says.
    Time,
    /// A whole number.
    Integer,
    /// A decimal number.
    Real,
    /// True or false.
    Flag,
    /// A civil date.
    Day,
}

/// A canonical column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in mappings.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether a mapping must name a column or a constant for it.
    pub mandatory: bool,
}

const fn must(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, mandatory: true }
}

const fn may(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, mandatory: false }
}

const OPT_OUT: &[Column] = &[must("subscriber_id", Kind::Text)];

const CUSTOMERS: &[Column] = &[
    must("subscriber_id", Kind::Text),
    must("account_id", Kind::Text),
    must("user_is_holder", Kind::Flag),
    must("sim_role", Kind::Text),
    must("birth_year", Kind::Integer),
    must("opt_out", Kind::Flag),
    may("gender", Kind::Text),
    may("postcode", Kind::Text),
    may("consent_vas", Kind::Flag),
    may("start_date", Kind::Day),
    may("end_date", Kind::Day),
];

const CELLS: &[Column] = &[
    must("cell_id", Kind::Text),
    must("latitude", Kind::Real),
    must("longitude", Kind::Real),
    may("valid_date_start", Kind::Day),
    may("valid_date_end", Kind::Day),
];

const SENSITIVE_PLACES: &[Column] =
    &[must("latitude", Kind::Real), must("longitude", Kind::Real), may("radius_m", Kind::Real)];

const EVENTS: &[Column] = &[
    must("subscriber_id", Kind::Text),
    must("time", Kind::Time),
    must("cell_id", Kind::Text),
    may("mcc", Kind::Integer),
];

const WEB: &[Column] = &[
    must("subscriber_id", Kind::Text),
    must("time", Kind::Time),
    must("host", Kind::Text),
    may("duration_s", Kind::Integer),
];

const ZONES: &[Column] = &[
    must("id", Kind::Text),
    must("level", Kind::Text),
    may("name", Kind::Text),
    may("parent", Kind::Text),
    may("lad", Kind::Text),
    may("latitude", Kind::Real),
    may("longitude", Kind::Real),
    may("geometry", Kind::Text),
];

const POSTCODES: &[Column] = &[must("postcode", Kind::Text), must("sector", Kind::Text)];

const HOLIDAYS: &[Column] = &[must("date", Kind::Day)];

const COUNTRIES: &[Column] =
    &[must("mcc", Kind::Integer), must("iso", Kind::Text), may("timezone", Kind::Text)];

const POPULATION: &[Column] = &[
    must("zone", Kind::Text),
    must("people", Kind::Integer),
    may("gender", Kind::Text),
    may("age", Kind::Integer),
    may("age_band", Kind::Text),
];

impl Class {
    /// The canonical columns, in the order in which every chunk of rows holds them.
    #[must_use]
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::OptOut => OPT_OUT,
            Self::Customers => CUSTOMERS,
            Self::Cells => CELLS,
            Self::SensitivePlaces => SENSITIVE_PLACES,
            Self::Events => EVENTS,
            Self::Web => WEB,
            Self::Zones => ZONES,
            Self::Postcodes => POSTCODES,
            Self::Holidays => HOLIDAYS,
            Self::Countries => COUNTRIES,
            Self::Population => POPULATION,
        }
    }

    /// Whether its rows are public facts that no scan of people reads.
    #[must_use]
    pub const fn is_reference(self) -> bool {
        matches!(
            self,
            Self::Zones | Self::Postcodes | Self::Holidays | Self::Countries | Self::Population
        )
    }

    /// Its name in mappings and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::Customers => "customers",
            Self::Cells => "cells",
            Self::SensitivePlaces => "sensitive_places",
            Self::Events => "events",
            Self::Web => "web",
            Self::Zones => "zones",
            Self::Postcodes => "postcodes",
            Self::Holidays => "holidays",
            Self::Countries => "countries",
            Self::Population => "population",
        }
    }
}

impl Kind {
    /// The type that the door computes with.
    #[must_use]
    pub fn canonical(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Time | Self::Integer => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Flag => DataType::Boolean,
            Self::Day => DataType::Date32,
        }
    }

    /// What to tell someone whose column is of another kind.
    #[must_use]
    pub const fn describe(self, time: TimeFormat) -> &'static str {
        match (self, time) {
            (Self::Text, _) => "text",
            (Self::Time, TimeFormat::EpochMs) => {
                "whole milliseconds since 1970 (time = \"epoch_ms\")"
            }
            (Self::Time, TimeFormat::Rfc3339) => {
                "instants such as 2026-10-01T08:30:00Z (time = \"rfc3339\")"
            }
            (Self::Integer, _) => "whole numbers",
            (Self::Real, _) => "numbers",
            (Self::Flag, _) => "true or false",
            (Self::Day, _) => "dates such as 2026-10-01",
        }
    }

    /// Whether a typed column of `stored` can be read as this kind.
    #[must_use]
    pub fn reads(self, stored: &DataType, time: TimeFormat) -> bool {
        let text = match stored {
            DataType::Dictionary(_, values) => is_text(values),
            other => is_text(other),
        };
        let instant = matches!(stored, DataType::Timestamp(_, _));
        let day = matches!(stored, DataType::Date32 | DataType::Date64);
        match self {
            Self::Text => text || stored.is_integer(),
            Self::Time if time == TimeFormat::Rfc3339 => text || instant,
            Self::Time => instant || matches!(stored, DataType::Int64 | DataType::UInt64),
            Self::Integer => stored.is_integer(),
            Self::Real => stored.is_numeric(),
            Self::Flag => *stored == DataType::Boolean,
            Self::Day => text || instant || day,
        }
    }
}

const fn is_text(stored: &DataType) -> bool {
    matches!(stored, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// How a source writes instants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// Whole milliseconds since 1970.
    #[default]
    EpochMs,
    /// RFC 3339.
    Rfc3339,
}

/// Whole milliseconds in UTC: what instants become on the way in.
#[must_use]
pub fn utc_milliseconds() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("+00:00".into()))
}
