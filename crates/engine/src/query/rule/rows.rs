//! Q03: rows of people are counted, never shown.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q03",
    title: "Every view of people stands under an aggregate.",
    why: "A row is a person; an aggregate of fifty people or more, bounded and noised, is what may leave.",
    refused: "SELECT * FROM visit",
    instead: "SELECT site, COUNT(DISTINCT subscriber_id) FROM visit GROUP BY site",
};

/// A view whose rows would reach the answer; `node` is what reads them.
#[must_use]
pub fn shown(view: &str, node: &str, sql: &str) -> Error {
    let error = refuse(&RULE, format!("{node} would show rows of `{view}`"))
        .allowed("views of people directly below COUNT, SUM or AVG; anything above those");
    mark(error, sql, view)
}
