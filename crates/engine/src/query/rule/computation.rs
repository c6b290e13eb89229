//! Q05: columns of people are used as they are.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q05",
    title: "Columns of a view are grouped by and compared as they are.",
    why: "A function, cast or CASE on one row can fail, overflow, run long or pick one person, and so tell of it; \
          a prefix or a pattern descends to one value.",
    refused: "SELECT substr(site, 1, 3), COUNT(*) FROM visit GROUP BY 1",
    instead: "SELECT site, COUNT(*) FROM visit GROUP BY site",
};

/// An expression on rows.
#[must_use]
pub fn on_rows(expression: &str, sql: &str, needle: &str) -> Error {
    let error = refuse(&RULE, format!("`{expression}` is computed on rows of people"))
        .allowed("columns as they are; any computation on the answer: (SELECT … GROUP BY …) and what stands around it");
    mark(error, sql, needle)
}
