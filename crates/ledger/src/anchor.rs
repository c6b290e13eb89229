//! The ledger's head, kept outside the data folder, so that an older copy is noticed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::entry::genesis;
use crate::error::LedgerError;

/// How many entries there are, and the digest of the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    pub entries: u64,
    pub head: String,
}

impl Anchor {
    /// The anchor of a ledger that holds nothing.
    pub fn genesis() -> Self {
        Self { entries: 0, head: genesis() }
    }

    /// Reads what [`Anchor::line`] wrote to `path`.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, LedgerError> {
        serde_json::from_slice(bytes).map_err(|cause| LedgerError::Lie {
            path: path.to_owned(),
            line: 1,
            byte: 0,
            what: format!("the anchor cannot be read: {cause}"),
        })
    }

    /// The one line of the anchor's file.
    pub fn line(&self) -> String {
        format!("{{\"entries\":{},\"head\":\"{}\"}}\n", self.entries, self.head)
    }
}
