//! Errors as PostgreSQL clients read them: SQLSTATE, what, detail and hint.
//!
//! Source: interfaces (errors and exits), PostgreSQL 16, appendix A.

use engine::{Error, Kind};
use pgwire::error::{ErrorInfo, PgWireError};

use super::statement::Wrong;
use crate::service::NO_SQL;

/// Refused by the policy or by a rule of questions.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
/// The budget is spent.
const CONFIGURATION_LIMIT_EXCEEDED: &str = "53400";
/// Known, and not done here.
pub const FEATURE_NOT_SUPPORTED: &str = "0A000";
const INSUFFICIENT_RESOURCES: &str = "53000";
const SYNTAX_ERROR: &str = "42601";
const UNDEFINED_TABLE: &str = "42P01";
const INTERNAL_ERROR: &str = "XX000";
const INVALID_PARAMETER_VALUE: &str = "22023";
/// The time for a statement is over, or somebody cancelled it.
pub const QUERY_CANCELED: &str = "57014";
/// There is no such cursor.
pub const INVALID_CURSOR_NAME: &str = "34000";

/// An error of the product on this wire.
pub fn of_ours(cause: &Error) -> PgWireError {
    let state = match (cause.kind(), cause.code()) {
        (Kind::Budget, _) => CONFIGURATION_LIMIT_EXCEEDED,
        (Kind::Policy, "Q01") => FEATURE_NOT_SUPPORTED,
        (Kind::Policy, "Q02") if cause.to_string().contains(NO_SQL) => SYNTAX_ERROR,
        (Kind::Policy, "Q02") => UNDEFINED_TABLE,
        (_, "F15") => INSUFFICIENT_RESOURCES,
        (Kind::Policy, _) => INSUFFICIENT_PRIVILEGE,
        (Kind::Input, _) => INVALID_PARAMETER_VALUE,
        (Kind::Fault | Kind::Check, _) => INTERNAL_ERROR,
    };
    if !cause.is_for_clients() {
        return error(
            state,
            format!("{}: the service cannot answer now; tell the operator this code", cause.code()),
        );
    }
    let parts = cause.to_json();
    let part = |name: &str| parts["error"][name].as_str().map(str::to_owned);
    let what = part("what").unwrap_or_default();
    let mut info = info("ERROR", state, format!("{}: {what}", cause.code()));
    let [place, allowed] = [("where", "where"), ("allowed", "allowed")]
        .map(|(name, label)| part(name).map(|it| format!("{label}: {it}")));
    let detail: Vec<String> = [part("place"), place, allowed].into_iter().flatten().collect();
    info.detail = Some(detail.join("\n")).filter(|it| !it.is_empty());
    info.hint = part("do");
    PgWireError::UserError(Box::new(info))
}

/// What a client sent and is not done.
pub fn of_statement(cause: &Wrong) -> PgWireError {
    match cause {
        Wrong::Syntax(what) => error(SYNTAX_ERROR, what.clone()),
        Wrong::Unsupported(what) => error(FEATURE_NOT_SUPPORTED, format!("not supported: {what}")),
    }
}

/// An error with this state.
pub fn error(state: &str, what: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(info("ERROR", state, what)))
}

/// One that ends the connection.
pub fn fatal(state: &str, what: impl Into<String>) -> PgWireError {
    PgWireError::UserError(Box::new(info("FATAL", state, what)))
}

/// The fields of an error or a notice.
pub fn info(severity: &str, state: &str, what: impl Into<String>) -> ErrorInfo {
    ErrorInfo::new(severity.to_owned(), state.to_owned(), what.into())
}
