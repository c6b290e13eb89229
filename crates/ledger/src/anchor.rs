//! The ledger's head, kept outside the data folder, so that an older copy is noticed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::LedgerError;
use crate::file;

/// How many entries there are, and the digest of the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    pub entries: u64,
    pub head: String,
}

impl Anchor {
    /// The anchor at `path`; `None` when none was ever written.
    pub fn read(path: &Path) -> Result<Option<Self>, LedgerError> {
        let bytes = file::read(path)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| LedgerError::Lie {
            path: path.to_owned(),
            line: 1,
            byte: 0,
            what: format!("the anchor cannot be read: {cause}"),
        })
    }

    /// Writes the anchor durably.
    pub fn write(&self, path: &Path) -> Result<(), LedgerError> {
        let text = format!("{{\"entries\":{},\"head\":\"{}\"}}\n", self.entries, self.head);
        file::replace(path, text.as_bytes())
    }
}
