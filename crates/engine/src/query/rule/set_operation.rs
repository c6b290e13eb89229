//! Q08: nothing but filters and joins stands between a view and its aggregate.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q08",
    title: "LIMIT, DISTINCT, UNION, windows and sampling stand above the aggregate, never below.",
    why: "Below it they choose rows by other people's rows: which row is first, which is left out.",
    refused: "SELECT COUNT(*) FROM (SELECT * FROM visit LIMIT 100)",
    instead: "SELECT site, COUNT(*) AS n FROM visit GROUP BY site ORDER BY n DESC LIMIT 100",
};

/// A node that chooses rows by other rows.
#[must_use]
pub fn below(node: &str, sql: &str, needle: &str) -> Error {
    let error = refuse(&RULE, format!("{node} stands below the aggregate"))
        .allowed("WHERE and JOIN below it; ORDER BY, LIMIT, DISTINCT, UNION, windows above");
    mark(error, sql, needle)
}
