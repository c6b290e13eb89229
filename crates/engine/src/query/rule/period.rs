//! Q13: a question is about one month.

use jiff::civil::Date;

use super::Rule;
use crate::error::Error;
use crate::query::refusal::refuse;
use crate::time::Period;

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q13",
    title: "A question reads one calendar month.",
    why: "Each month has its own budget and its own people; one question over two would be paid by neither.",
    refused: "SELECT COUNT(DISTINCT subscriber_id) FROM visit WHERE day >= DATE '2000-01-01'",
    instead: "SELECT COUNT(DISTINCT subscriber_id) FROM visit WHERE day BETWEEN DATE '2026-10-01' AND DATE '2026-10-31'",
};

/// Days of several months.
#[must_use]
pub fn several(first: Date, last: Date, held: &[Period]) -> Error {
    refuse(&RULE, format!("the days from {first} to {last} lie in several months"))
        .allowed(months(held))
}

/// A window of days that begins or ends at `edge`, outside of what is held.
#[must_use]
pub fn outside(edge: &str, held: &[Period]) -> Error {
    if held.is_empty() {
        return none_held();
    }
    refuse(&RULE, format!("{edge} is outside of the months held")).allowed(months(held))
}

/// A month that the vault does not hold.
#[must_use]
pub fn not_held(period: Period, held: &[Period]) -> Error {
    refuse(&RULE, format!("the vault holds nothing of {period}")).allowed(months(held))
}

/// A vault without any month.
#[must_use]
pub fn none_held() -> Error {
    refuse(&RULE, "the vault holds no month yet").remedy("load one with `quorate ingest`")
}

fn months(held: &[Period]) -> String {
    let held: Vec<String> = held.iter().map(ToString::to_string).collect();
    format!("days of one of: {}", held.join(", "))
}
