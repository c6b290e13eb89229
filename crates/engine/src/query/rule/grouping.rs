//! Q12: groups lie in the registered lattice.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q12",
    title: "GROUP BY is of columns; grouping sets add up in one way.",
    why: "Sets that cut each other in two ways leave sums from which small groups follow; the lattice has those \
          that can be settled together.",
    refused: "SELECT sector, lad, COUNT(*) FROM subscriber GROUP BY GROUPING SETS ((sector, lad), (lad))",
    instead: "SELECT district, gender, COUNT(*) FROM subscriber GROUP BY ROLLUP (district, gender)",
};

/// Groups that are not registered; `found` says why.
#[must_use]
pub fn not_registered(found: impl Into<String>, allowed: &str, sql: &str) -> Error {
    let error = refuse(&RULE, found).allowed(allowed);
    mark(error, sql, "group by")
}
