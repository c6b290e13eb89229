//! What went wrong, for the person who can put it right. Codes: the table in lib.rs.
//!
//! The text depends on what was asked, on accounts and on agreements, never on anybody's rows, and
//! never holds a password, a token or a key. A refusal ([`Kind::Policy`]) is for whoever asked; the
//! others name files and users, and are for the operator alone.

use std::fmt;
use std::path::Path;

/// What this crate's functions return.
pub type Result<T, E = AccessError> = std::result::Result<T, E>;

/// Which family a code belongs to; decides the exit code, and the status on each wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What was given is wrong: a name, a password, a file.
    Input,
    /// An agreement or a role does not allow it.
    Policy,
    /// The machine failed, or the store is damaged.
    Fault,
}

/// One clear error: code, what, where, what was allowed, what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessError {
    /// The stable code, e.g. `A07`.
    pub code: &'static str,
    /// What is wrong.
    pub what: String,
    /// Where: a user, a file, a key.
    pub at: Option<String>,
    /// What would have been accepted.
    pub allowed: Option<String>,
    /// What to do now.
    pub remedy: Option<String>,
    kind: Kind,
}

impl AccessError {
    /// Something given is wrong.
    pub(crate) fn input(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Input, code, what)
    }

    /// A refusal by agreement or role.
    pub(crate) fn policy(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Policy, code, what)
    }

    /// A fault of the machine, of the store or of ours.
    pub(crate) fn fault(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Kind::Fault, code, what)
    }

    /// A failure of the file system.
    pub(crate) fn disk(act: &str, path: &Path, cause: &dyn fmt::Display) -> Self {
        Self::fault("F01", format!("cannot {act}: {cause}")).at(path.display())
    }

    fn new(kind: Kind, code: &'static str, what: impl Into<String>) -> Self {
        Self { code, what: what.into(), at: None, allowed: None, remedy: None, kind }
    }

    /// Says where: a user, a file, a key.
    pub(crate) fn at(self, place: impl fmt::Display) -> Self {
        Self { at: Some(place.to_string()), ..self }
    }

    /// Says what would have been accepted.
    pub(crate) fn allowed(self, allowed: impl Into<String>) -> Self {
        Self { allowed: Some(allowed.into()), ..self }
    }

    /// Says what to do now.
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The family.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = if self.kind == Kind::Policy { "refused" } else { "error" };
        write!(out, "{family}[{}]: {}", self.code, self.what)?;
        let parts = [("where", &self.at), ("allowed", &self.allowed), ("do", &self.remedy)];
        for (label, text) in parts {
            if let Some(text) = text {
                write!(out, "\n  {label}: {text}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for AccessError {}
