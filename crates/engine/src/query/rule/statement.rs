//! Q01: one statement that reads.

use datafusion::sql::sqlparser::ast::Statement;

use super::Rule;
use crate::error::{Error, Result};
use crate::query::refusal::refuse;

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q01",
    title: "A question is one SELECT.",
    why: "Whatever writes, sets, prepares, copies or measures the engine is another way to the rows, or changes \
          what the next question means.",
    refused: "EXPLAIN ANALYZE SELECT COUNT(*) FROM visit",
    instead: "EXPLAIN PRIVACY SELECT COUNT(*) FROM visit",
};

/// What a statement is, when it is one that may be asked.
pub enum Kind {
    /// A `SELECT`, `WITH` or `VALUES`.
    Query,
    /// The plan and the cost of one.
    Explain(Box<Statement>),
    /// The tables that there are.
    Tables,
    /// The columns of a table.
    Columns(String),
}

/// Sorts statements: what reads, from everything else.
///
/// # Errors
/// `Q01` for everything else.
pub fn kind(statement: &Statement) -> Result<Kind> {
    match statement {
        Statement::Query(query) if query.locks.is_empty() => Ok(Kind::Query),
        Statement::Explain { statement, analyze: false, .. } => match kind(statement)? {
            Kind::Query => Ok(Kind::Explain(statement.clone())),
            _ => Err(other(statement)),
        },
        Statement::ShowTables { .. } => Ok(Kind::Tables),
        Statement::ShowColumns { show_options, .. } => match &show_options.show_in {
            Some(of) => Ok(Kind::Columns(
                of.parent_name.as_ref().map(ToString::to_string).unwrap_or_default(),
            )),
            None => Err(other(statement)),
        },
        Statement::ExplainTable { table_name, .. } => Ok(Kind::Columns(table_name.to_string())),
        _ => Err(other(statement)),
    }
}

fn other(statement: &Statement) -> Error {
    let text = statement.to_string();
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    refuse(&RULE, format!("`{} …` is not a question", words.join(" ")))
        .allowed("SELECT, WITH … SELECT, EXPLAIN PRIVACY SELECT, SHOW TABLES, DESCRIBE table")
}

/// Several statements, or none, where one was to be.
#[must_use]
pub fn not_one(count: usize) -> Error {
    refuse(&RULE, format!("{count} statements were given")).allowed("one statement at a time")
}
