//! Q07: no subquery decides which rows are counted.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q07",
    title: "No subquery stands below an aggregate of people, and none is correlated.",
    why: "A subquery that looks at rows picks people by what others did; EXISTS asks about one.",
    refused: "SELECT COUNT(*) FROM visit WHERE site IN (SELECT site FROM visit GROUP BY site)",
    instead: "SELECT site, COUNT(*) FROM visit WHERE site IN ('bbc.co.uk', 'gov.uk') GROUP BY site",
};

/// A subquery where rows are chosen, or one that refers outwards.
#[must_use]
pub fn below(kind: &str, sql: &str, needle: &str) -> Error {
    let error = refuse(&RULE, format!("{kind} stands where rows of people are chosen"))
        .allowed("WHERE column IN ('bin', …); subqueries over answers, outside the aggregate");
    mark(error, sql, needle)
}
