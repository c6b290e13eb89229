//! What can be wrong with a release that is to be written: where, what, and what to do.

use std::fmt;

/// What this crate's functions return.
pub type Result<T> = std::result::Result<T, Wrong>;

/// Why a release cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}; {remedy}")]
pub struct Wrong {
    /// The table, column or fact.
    pub at: String,
    /// What is wrong with it.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Wrong {
    /// A mistake in what was given.
    pub(crate) fn new(
        at: impl fmt::Display,
        what: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Self { at: at.to_string(), what: what.to_string(), remedy: remedy.to_string() }
    }

    /// A library's refusal while `file` was written.
    pub(crate) fn writing(file: &str) -> impl Fn(&dyn fmt::Display) -> Self + '_ {
        move |cause| Self::new(file, cause, "report it: a checked release can be written")
    }
}
