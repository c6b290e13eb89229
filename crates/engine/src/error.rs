//! What went wrong, for the person who can put it right.
//!
//! An [`Error`] names its rule by a stable code and says what, where, what was allowed and what to
//! do. Its text depends on statement, schema, policy, files' shape and ledger, never on how many
//! people hold a property. Codes and exits: docs/errors.md.

use std::fmt;

/// The result of everything that a user can cause.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Which family a code belongs to; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input files, mapping or configuration are wrong (`I…`).
    Input,
    /// The policy does not allow it (`P…`).
    Policy,
    /// The budget does not allow it (`L…`).
    Budget,
    /// The machine or the program failed (`F…`).
    Fault,
    /// A check found that something does not hold (`L…`, from verification).
    Check,
}

/// One clear error: code, what, where, what was allowed, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    code: &'static str,
    what: Box<str>,
    excerpt: Option<Box<str>>,
    place: Option<Box<str>>,
    allowed: Option<Box<str>>,
    remedy: Option<Box<str>>,
}

impl Error {
    /// A wrong input, code `I…`.
    pub fn input(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Input, code, what)
    }

    /// A refusal by policy, code `P…`.
    pub fn policy(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Policy, code, what)
    }

    /// A refusal by budget, code `L…`.
    pub fn budget(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Budget, code, what)
    }

    /// A check that failed, code `L…`.
    pub fn check(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Check, code, what)
    }

    /// A fault of the machine or of ours, code `F…`.
    pub fn fault(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Fault, code, what)
    }

    fn new(kind: Kind, code: &'static str, what: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            what: what.into().into(),
            excerpt: None,
            place: None,
            allowed: None,
            remedy: None,
        }
    }

    /// Shows the line of a statement and marks the place in it.
    #[must_use]
    pub fn excerpt(mut self, excerpt: impl Into<String>) -> Self {
        self.excerpt = Some(excerpt.into().into());
        self
    }

    /// Says where: a file, a line, a column, a key.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(place.to_string().into());
        self
    }

    /// Says what would have been accepted.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into().into());
        self
    }

    /// Says what to do now.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into().into());
        self
    }

    /// The stable code, e.g. `I03`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The family.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The exit code of a command that ends with this error (interfaces: errors and exits).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Input | Kind::Fault => 1,
            Kind::Policy => 3,
            Kind::Budget => 4,
            Kind::Check => 5,
        }
    }

    /// Whether somebody who asks over a wire may read all of it: what failed, and where, is for the operator, as it may
    /// name files and other people's accounts.
    #[must_use]
    pub fn is_for_clients(&self) -> bool {
        matches!(self.code(), "F15" | "F16" | "I68")
            || matches!(self.kind(), Kind::Policy | Kind::Budget)
    }

    /// The parts by name, for machine-readable output.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({ "error": { "code": self.code, "what": self.what, "place": self.excerpt, "where": self.place,
            "allowed": self.allowed, "do": self.remedy } })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.kind {
            Kind::Policy | Kind::Budget => "refused",
            Kind::Input | Kind::Fault | Kind::Check => "error",
        };
        write!(out, "{family}[{}]: {}", self.code, self.what)?;
        if let Some(excerpt) = &self.excerpt {
            write!(out, "\n{excerpt}")?;
        }
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

/// Turns a failure of the file system into an error that names the path and the act.
#[must_use]
pub fn io_error(act: &str, path: &std::path::Path, cause: &std::io::Error) -> Error {
    let error = Error::fault("F01", format!("cannot {act}: {cause}")).at(path.display());
    match cause.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            error.remedy("make the folder writable for this user, or choose another with --dir")
        }
        std::io::ErrorKind::StorageFull => error.remedy("free disk space and run again"),
        std::io::ErrorKind::NotFound => error.remedy("check the path"),
        _ => error,
    }
}
