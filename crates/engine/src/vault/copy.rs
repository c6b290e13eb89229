//! Everything that the vault holds about one person, for that person.

use std::sync::Arc;

use arrow::array::{UInt8Array, UInt16Array, UInt32Array};
use reference::{AgeBand, Gender};
use serde::Serialize;

use super::Vault;
use super::table::{self, column};
use crate::error::Result;
use crate::time::Period;

/// What is stored about a person in one period.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PersonCopy {
    /// Gender, age band and home sector, as far as they are known.
    pub people: Vec<Attributes>,
    /// District, day and hour.
    pub presence: Vec<Presence>,
    /// Site, day, hour and minutes.
    pub visit: Vec<Visit>,
}

/// Attributes of the customer record.
#[derive(Clone, Debug, Serialize)]
pub struct Attributes {
    gender: Option<&'static str>,
    age_band: Option<&'static str>,
    sector: Option<String>,
}

/// Where the person was.
#[derive(Clone, Debug, Serialize)]
pub struct Presence {
    day: String,
    hour: u8,
    district: String,
}

/// What the person visited.
#[derive(Clone, Debug, Serialize)]
pub struct Visit {
    day: String,
    hour: u8,
    minutes: u16,
    /// None where the host was encrypted.
    site: Option<String>,
}

impl Vault {
    /// Everything about the persons of these ordinals in `period`.
    ///
    /// # Errors
    /// `I50` when nothing is stored of the period; `F10` when the vault is damaged.
    pub fn copy_of(&self, period: Period, ordinals: &[u32]) -> Result<PersonCopy> {
        let snapshot = self.snapshot(period)?;
        let land = Arc::clone(&snapshot.geography);
        let mut copy = PersonCopy::default();
        for path in &snapshot.people {
            table::read(path, |batch| {
                let (person, gender): (&UInt32Array, &UInt8Array) =
                    (column(batch, 0, path)?, column(batch, 2, path)?);
                let (band, sector): (&UInt8Array, &UInt16Array) =
                    (column(batch, 3, path)?, column(batch, 4, path)?);
                let own = (0..person.len()).filter(|row| ordinals.contains(&person.value(*row)));
                copy.people.extend(own.map(|row| Attributes {
                    gender: Gender::ALL.get(usize::from(gender.value(row))).map(|it| it.code()),
                    age_band: AgeBand::ALL.get(usize::from(band.value(row))).map(|it| it.label()),
                    sector:
                        land.sectors.get(usize::from(sector.value(row))).map(|it| it.code.clone()),
                }));
                Ok(())
            })?;
        }
        for (day, path) in &snapshot.presence {
            table::read(path, |batch| {
                let (person, district): (&UInt32Array, &UInt16Array) =
                    (column(batch, 0, path)?, column(batch, 1, path)?);
                let hour: &UInt8Array = column(batch, 2, path)?;
                let own = (0..person.len()).filter(|row| ordinals.contains(&person.value(*row)));
                copy.presence.extend(own.map(|row| {
                    let district = land.districts.get(usize::from(district.value(row)));
                    let district = district.map_or_else(String::new, |it| it.code.clone());
                    Presence { day: day.to_string(), hour: hour.value(row), district }
                }));
                Ok(())
            })?;
        }
        for (day, path) in &snapshot.visit {
            table::read(path, |batch| {
                let (person, site): (&UInt32Array, &UInt32Array) =
                    (column(batch, 0, path)?, column(batch, 1, path)?);
                let (hour, minutes): (&UInt8Array, &UInt16Array) =
                    (column(batch, 2, path)?, column(batch, 3, path)?);
                let own = (0..person.len()).filter(|row| ordinals.contains(&person.value(*row)));
                copy.visit.extend(own.map(|row| {
                    let at = usize::try_from(site.value(row)).unwrap_or(usize::MAX);
                    let site = snapshot.sites.sites.get(at);
                    Visit {
                        day: day.to_string(),
                        hour: hour.value(row),
                        minutes: minutes.value(row),
                        site: site.map(|it| it.domain.clone()),
                    }
                }));
                Ok(())
            })?;
        }
        Ok(copy)
    }
}
