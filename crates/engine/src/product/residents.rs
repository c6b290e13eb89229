//! Residents: people by home area, gender and age band, from the customer record.
//!
//! A person has one home, gender and age band in a period, so L = 1 in every table. Levels are
//! measured as their own marginals; summing published leaves would miss the hidden ones.
//! Source: products 12; privacy model §13.

use super::Product;
use crate::plan::View;

/// People by home, gender and age band.
pub const RESIDENTS: Product = Product {
    name: "residents",
    summary: "people by home sector, district and area, gender and age band",
    view: View::Subscriber,
    rows: &[&[]],
    template: include_str!("../../templates/policy/residents.toml"),
};
