//! Q14: a question has a bounded number of cells.

use super::Rule;
use crate::error::Error;
use crate::plan::QUESTION_CELLS_MAX;
use crate::query::refusal::refuse;

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q14",
    title: "A question has at most 500,000 cells.",
    why: "Memory and time follow from the plan; a table that is nearly all hidden costs as much and says nothing.",
    refused: "SELECT area, day, hour, COUNT(*) FROM presence GROUP BY area, day, hour",
    instead: "SELECT area, hour, COUNT(*) FROM presence GROUP BY area, hour",
};

/// A question of more.
#[must_use]
pub fn too_many(cells: u64) -> Error {
    refuse(&RULE, format!("the question has {cells} cells"))
        .allowed(format!("{QUESTION_CELLS_MAX} cells"))
        .remedy("group by fewer or coarser columns, or confine them in WHERE")
}
