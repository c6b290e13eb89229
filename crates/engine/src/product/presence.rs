//! Presence: distinct people seen in a district at an hour of day, on weekdays or at weekends.
//!
//! One person is in many cells; at most L of them are kept. A count is of people seen at least
//! once in that hour on any such day of the period, not of people present at one moment.
//! Source: products 2 and 13; privacy model §2.

use super::Product;
use crate::dimension::Dimension;
use crate::plan::View;

/// People by district of presence, hour and kind of day.
pub const PRESENCE: Product = Product {
    name: "presence",
    summary: "distinct people seen in a district by hour of day, weekday or weekend",
    view: View::Presence,
    rows: &[&[Dimension::PresentIn, Dimension::Hour, Dimension::DayType]],
    template: include_str!("../../templates/policy/presence.toml"),
};
