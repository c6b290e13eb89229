//! The ledger's head, kept outside the data folder, so that an older copy is noticed.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tlog_tiles::{EMPTY_HASH, Hash};

use crate::error::LedgerError;

/// How many entries there are, and the root of the tree over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub size: u64,
    pub root: [u8; 32],
}

/// The anchor's file: one line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    size: u64,
    root: String,
}

impl Anchor {
    /// The anchor of a ledger that holds nothing.
    pub const fn genesis() -> Self {
        Self { size: 0, root: EMPTY_HASH.0 }
    }

    /// Reads what [`Anchor::line`] wrote to `path`.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, LedgerError> {
        let read = || {
            let line: Line = serde_json::from_slice(bytes).map_err(|cause| cause.to_string())?;
            let root = Hash::parse_hash(&line.root).map_err(|cause| cause.to_string())?;
            let anchor = Self { size: line.size, root: root.0 };
            let same = anchor.line().as_bytes() == bytes;
            if same { Ok(anchor) } else { Err("it is not written as the ledger writes".to_owned()) }
        };
        read().map_err(|cause: String| LedgerError::Lie {
            path: path.to_owned(),
            line: 1,
            byte: 0,
            what: format!("the anchor cannot be read: {cause}"),
        })
    }

    /// The one line of the anchor's file.
    pub fn line(&self) -> String {
        format!("{{\"size\":{},\"root\":\"{}\"}}\n", self.size, Hash(self.root))
    }
}
