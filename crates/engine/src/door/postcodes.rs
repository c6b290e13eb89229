//! The sector of a postcode: by the rule of the built-in geography, or by the operator's list.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use reference::Geography;
use serde::{Deserialize, Serialize};

use super::facts;
use super::rows::{Chunk, text_of};
use super::tally::{Reason, Tally};
use crate::error::Result;
use crate::vault::batch::Batch;
use crate::vault::manifest::Stored;

/// A postcode as the vault keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    postcode: String,
    sector: String,
}

/// Finds the sector of a postcode.
pub struct Postcodes {
    geography: Arc<Geography>,
    list: Option<HashMap<Box<str>, u16>>,
}

impl Postcodes {
    /// By the rule that a sector is the start of its postcodes, as in Great Britain.
    #[must_use]
    pub const fn by_rule(geography: Arc<Geography>) -> Self {
        Self { geography, list: None }
    }

    /// By a list without a postcode yet.
    #[must_use]
    pub fn listed(geography: Arc<Geography>) -> Self {
        Self { geography, list: Some(HashMap::new()) }
    }

    /// By a stored list; a postcode whose sector the geography does not know is in none.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(geography: Arc<Geography>, path: &Path) -> Result<Self> {
        let mut list = HashMap::new();
        for Kept { postcode, sector } in facts::read(path)? {
            if let Some(sector) = geography.sector_index(&sector) {
                list.insert(postcode.into(), sector);
            }
        }
        Ok(Self { geography, list: Some(list) })
    }

    /// Takes the rows of a list; the last of two rows counts.
    pub fn take(&mut self, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let found = text_of(chunk.text(0), row).map(compact).filter(|it| !it.is_empty());
            let sector =
                text_of(chunk.text(1), row).and_then(|it| self.geography.sector_index(it.trim()));
            let known = found.zip(sector).ok_or(Reason::UnknownZone);
            if let Some((postcode, sector)) = tally.add(number, known) {
                self.list.get_or_insert_default().insert(postcode.into(), sector);
            }
        }
    }

    /// Writes the list into a batch.
    ///
    /// # Errors
    /// A fault when the file cannot be written.
    pub fn seal(&self, batch: &Batch) -> Result<Stored> {
        let mut sorted: Vec<_> = self.list.iter().flatten().collect();
        sorted.sort_unstable();
        let kept = sorted.into_iter().filter_map(|(postcode, sector)| {
            let sector = self.geography.sectors.get(usize::from(*sector))?;
            Some(Kept { postcode: postcode.to_string(), sector: sector.code.clone() })
        });
        facts::write(batch, "postcodes", kept)
    }

    /// The number of the sector of a postcode in any spacing and case.
    #[must_use]
    pub fn sector(&self, postcode: &str) -> Option<u16> {
        match &self.list {
            None => self.geography.sector_of_postcode(postcode),
            Some(list) => list.get(compact(postcode).as_str()).copied(),
        }
    }
}

/// Without spaces and hyphens, in capitals.
fn compact(postcode: &str) -> String {
    let letters = postcode.chars().filter(|it| !it.is_whitespace() && *it != '-');
    letters.flat_map(char::to_uppercase).collect()
}
