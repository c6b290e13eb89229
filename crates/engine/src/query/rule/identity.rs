//! Q04: the person is counted and joined on, and nothing else.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q04",
    title: "subscriber_id stands in COUNT(DISTINCT subscriber_id) or in a join, and nowhere else.",
    why: "Whoever can group by, compare, hash or list ids can ask about one of them.",
    refused: "SELECT subscriber_id, COUNT(*) FROM visit GROUP BY subscriber_id",
    instead: "SELECT COUNT(*), COUNT(DISTINCT subscriber_id) FROM visit",
};

/// The person in an expression.
#[must_use]
pub fn used(place: &str, sql: &str, needle: &str) -> Error {
    let error = refuse(&RULE, format!("the person stands in {place}"))
        .allowed("COUNT(DISTINCT subscriber_id); JOIN … ON a.subscriber_id = b.subscriber_id");
    mark(error, sql, needle)
}
