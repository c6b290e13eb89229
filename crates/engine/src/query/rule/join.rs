//! Q09: people are joined on the person, and places and sites on their key.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q09",
    title: "A view is joined with `subscriber` on subscriber_id, or with a public list on its key.",
    why: "A join of rows with rows multiplies people; an outer or unequal join, or one with a table that somebody \
          brought, picks them.",
    refused: "SELECT COUNT(*) FROM visit a JOIN visit b ON a.subscriber_id = b.subscriber_id",
    instead: "SELECT gender, COUNT(*) FROM visit JOIN subscriber USING (subscriber_id) GROUP BY gender",
};

/// A join of another kind; `found` says which.
#[must_use]
pub fn not_allowed(found: &str, sql: &str) -> Error {
    let error = refuse(&RULE, found).allowed(
        "visit or presence JOIN subscriber ON a.subscriber_id = b.subscriber_id; \
         presence JOIN dim_area USING (area); visit JOIN dim_site USING (site)",
    );
    mark(error, sql, "join")
}
