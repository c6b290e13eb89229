//! Questions in SQL: from a statement to what is free, what is paid for, and what is refused.
//!
//! statement → (unoptimised) plan → split → price → stored answer, or charge, count, draw → free part.
//! One function decides for every caller ([`Desk::decide`]); what it says depends on statement, schema, policy
//! and ledger alone. A question and a product meet in `PrivatePlan`: there is no second door.
//! Source: privacy model §8, §9.

mod answer;
mod bins;
mod catalog;
mod cube;
mod desk;
mod explain;
mod functions;
mod interval;
mod memory;
mod planner;
mod price;
mod question;
mod refusal;
mod relation;
mod released;
pub mod rule;
mod shelf;
mod show;
mod split;
mod statement;
mod tables;
pub mod view;

#[cfg(test)]
mod tests;

pub use catalog::{Database, Described, may_be_table, sql_type};
pub use desk::{Answer, Cost, Desk, Paid};
pub use planner::{Decision, Planner};
pub use shelf::{Ground, Shelf};

use bins::{Bins, Lists};
use relation::Source;

use crate::time::Period;

/// What a statement is read against: its words, the public lists, and the month it asks about.
pub struct Asking<'ask> {
    sql: &'ask str,
    lists: &'ask Lists,
    period: Option<Period>,
}

impl Asking<'_> {
    fn bins(&self, source: Source) -> Bins {
        self.lists.of(source)
    }
}
