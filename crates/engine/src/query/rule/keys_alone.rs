//! Q11: keys come with a count of people.

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q11",
    title: "Groups come with a count.",
    why: "A group that is there because one person is in it tells of that person, without any number.",
    refused: "SELECT DISTINCT site FROM visit",
    instead: "SELECT site, COUNT(DISTINCT subscriber_id) FROM visit GROUP BY site",
};

/// Groups and no aggregate.
#[must_use]
pub fn alone(sql: &str, needle: &str) -> Error {
    let error = refuse(&RULE, "groups are asked for without a count")
        .allowed("at least one of COUNT(DISTINCT subscriber_id), COUNT(*), SUM, AVG");
    mark(error, sql, needle)
}
