//! What a command says: text for people or JSON for machines, errors apart.

use std::io::Write;

use engine::{Error, Result};
use serde::Serialize;

/// Where a command speaks.
pub struct Output {
    json: bool,
}

impl Output {
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Says a result: `text` to people, `value` to machines.
    pub fn result(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<()> {
        let said = if self.json {
            serde_json::to_string_pretty(value).map_err(|it| Error::fault("F03", it.to_string()))?
        } else {
            text()
        };
        Self::line(&said)
    }

    /// Says data that has its own form.
    pub fn raw(text: &str) -> Result<()> {
        Self::line(text)
    }

    /// Says one line of data; a reader that has gone away is not an error.
    fn line(text: &str) -> Result<()> {
        match writeln!(std::io::stdout().lock(), "{}", text.trim_end()) {
            Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Error::fault("F01", format!("cannot write to standard output: {cause}")))
            }
            _ => Ok(()),
        }
    }

    /// Tells people, and only people, how it goes.
    pub fn note(text: &str) {
        drop(writeln!(std::io::stderr().lock(), "{text}"));
    }

    /// Says why a command failed.
    pub fn error(&self, cause: &Error) {
        if self.json {
            drop(writeln!(std::io::stdout().lock(), "{}", cause.to_json()));
        }
        drop(writeln!(std::io::stderr().lock(), "{cause}"));
    }
}
