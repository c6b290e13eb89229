//! What went wrong, for the person who can put it right. Codes: docs/errors.md.

use std::fmt;
use std::path::Path;

/// The result of everything that a user can cause.
pub type Result<T> = std::result::Result<T, Error>;

/// One clear error: code, what, where, what was allowed, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: &'static str,
    what: String,
    place: Option<String>,
    allowed: Option<String>,
    remedy: Option<String>,
}

impl Error {
    pub(crate) fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), place: None, allowed: None, remedy: None }
    }

    /// A failure of the file system.
    pub(crate) fn disk(act: &str, path: &Path, cause: &dyn fmt::Display) -> Self {
        Self::new("F01", format!("cannot {act}: {cause}")).at(path.display())
    }

    /// Says where: a file, a line, a column.
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { place: Some(place.to_string()), ..self }
    }

    /// Says what would have been accepted.
    pub(crate) fn allowed(self, allowed: impl Into<String>) -> Self {
        Self { allowed: Some(allowed.into()), ..self }
    }

    /// Says what to do now.
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The stable code, e.g. `T03`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "error[{}]: {}", self.code, self.what)?;
        let parts = [("where", &self.place), ("allowed", &self.allowed), ("do", &self.remedy)];
        for (label, text) in parts {
            if let Some(text) = text {
                write!(out, "\n  {label}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
