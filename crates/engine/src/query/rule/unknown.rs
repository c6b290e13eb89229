//! Q02: names and grammar that are known.

use datafusion::common::{DataFusionError, SchemaError};

use super::Rule;
use crate::error::Error;
use crate::query::refusal::{mark, refuse};

/// See the head of this file.
pub const RULE: Rule = Rule {
    code: "Q02",
    title: "A statement names what there is.",
    why: "Files, settings and tables outside the catalog could hold rows; what cannot be read cannot be checked.",
    refused: "SELECT COUNT(*) FROM 'file:///data/raw/visit.parquet'",
    instead: "SELECT COUNT(*) FROM visit",
};

/// Says what the planner did not understand; its words are of statement and schema alone.
#[must_use]
pub fn not_understood(cause: &DataFusionError, sql: &str, tables: &[String]) -> Error {
    if let DataFusionError::SchemaError(schema, _) = cause.find_root()
        && let SchemaError::FieldNotFound { field, valid_fields } = schema.as_ref()
    {
        let names: Vec<String> = valid_fields.iter().map(|it| it.name.clone()).collect();
        let error =
            refuse(&RULE, format!("there is no column `{field}` here")).allowed(names.join(", "));
        return mark(error, sql, &field.name);
    }
    let text = cause.find_root().strip_backtrace();
    let text = text.lines().next().unwrap_or_default();
    let text = text.split_once(": ").map_or(text, |it| it.1);
    // How the planner came upon it is no help.
    let text = text.split(": While expanding").next().unwrap_or(text);
    refuse(&RULE, format!("the statement is not understood: {text}"))
        .allowed(format!("tables: {}", tables.join(", ")))
}

/// A table that is not in the catalog.
#[must_use]
pub fn no_table(name: &str, sql: &str, tables: &[String]) -> Error {
    let error = refuse(&RULE, format!("there is no table `{name}`")).allowed(tables.join(", "));
    mark(error, sql, name)
}
