//! Countries by the code that their networks send: mobile country code, ISO 3166-1 alpha-2, time zone.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::facts;
use super::rows::{Chunk, text_of, value_of};
use super::tally::{Reason, Tally};
use crate::error::Result;
use crate::vault::batch::Batch;
use crate::vault::manifest::Stored;

/// A country as the vault keeps it; one may have several codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Country {
    /// Mobile country code, ITU-T E.212: 200 to 799.
    pub mcc: i64,
    /// Two capital letters.
    pub iso: String,
    /// A name of the IANA database.
    pub timezone: Option<String>,
}

/// The countries that are known; without a list, any code is one.
#[derive(Clone, Debug, Default)]
pub struct Countries {
    by_mcc: BTreeMap<i64, Country>,
}

impl Countries {
    /// A stored list.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let all: Vec<Country> = facts::read(path)?;
        Ok(Self { by_mcc: all.into_iter().map(|it| (it.mcc, it)).collect() })
    }

    /// Takes the rows of a list; the last of two rows counts.
    pub fn take(&mut self, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let country = country(chunk, row).ok_or(Reason::UnknownCountry);
            if let Some(country) = tally.add(number, country) {
                self.by_mcc.insert(country.mcc, country);
            }
        }
    }

    /// Writes the list into a batch.
    ///
    /// # Errors
    /// A fault when the file cannot be written.
    pub fn seal(&self, batch: &Batch) -> Result<Stored> {
        facts::write(batch, "countries", self.by_mcc.values())
    }

    /// Whether a country has this code, as far as that is known.
    #[must_use]
    pub fn has(&self, mcc: i64) -> bool {
        self.by_mcc.is_empty() || self.by_mcc.contains_key(&mcc)
    }

    /// The ISO code of a country, or its network code when it is not known.
    #[must_use]
    pub fn name(&self, mcc: i64) -> String {
        self.by_mcc.get(&mcc).map_or_else(|| mcc.to_string(), |it| it.iso.clone())
    }
}

fn country(chunk: &Chunk, row: usize) -> Option<Country> {
    let mcc = value_of(chunk.integer(0), row).filter(|it| (200..800).contains(it))?;
    let iso = text_of(chunk.text(1), row)?.trim().to_ascii_uppercase();
    let timezone = text_of(chunk.text(2), row).map(|it| it.trim().to_owned());
    let timezone = timezone.filter(|it| !it.is_empty());
    let is_zone = timezone.as_ref().is_none_or(|it| TimeZone::get(it).is_ok());
    let is_code = iso.len() == 2 && iso.bytes().all(|it| it.is_ascii_uppercase());
    (is_code && is_zone).then_some(Country { mcc, iso, timezone })
}
