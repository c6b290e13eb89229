//! Residents by zone, gender and age band, as a census counted them.
//!
//! The door holds the customer record against it: a region with more customers than residents has a wrong
//! list, postcode or file.

use std::collections::BTreeMap;
use std::path::Path;

use reference::{AgeBand, Gender, Geography, Level, Place, Sector};
use serde::{Deserialize, Serialize};

use super::facts;
use super::rows::{Chunk, text_of, value_of};
use super::tally::{Reason, Tally};
use crate::error::Result;
use crate::vault::batch::Batch;
use crate::vault::manifest::Stored;

/// Residents of a zone as the vault keeps them.
#[derive(Serialize, Deserialize)]
struct Kept {
    zone: String,
    gender: Option<String>,
    age_band: Option<String>,
    people: u64,
}

/// Which residents: the zone, and what else is told.
type Group = (String, Option<Gender>, Option<AgeBand>);

/// Adult residents of zones of one level: of two, they would be counted twice.
#[derive(Clone, Debug, Default)]
pub struct Population {
    level: Option<Level>,
    groups: BTreeMap<Group, u64>,
}

impl Population {
    /// A stored table.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let group = |it: Kept| {
            let gender = it.gender.as_deref().and_then(Gender::parse);
            let band = it.age_band.as_deref().and_then(AgeBand::parse);
            ((it.zone, gender, band), it.people)
        };
        Ok(Self { level: None, groups: facts::read(path)?.into_iter().map(group).collect() })
    }

    /// Adult residents of each region, by its number.
    #[must_use]
    pub fn by_region(&self, geography: &Geography) -> BTreeMap<u16, u64> {
        let mut regions = BTreeMap::new();
        for ((zone, ..), people) in &self.groups {
            if let Some((_, region)) = place_of(geography, zone) {
                *regions.entry(region).or_default() += people;
            }
        }
        regions
    }

    /// Takes the rows of a census table; rows of one group add up.
    pub fn take(&mut self, geography: &Geography, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let zone = text_of(chunk.text(0), row).map_or("", str::trim);
            let level = place_of(geography, zone).map(|it| it.0);
            let same = level.filter(|it| self.level.is_none_or(|known| known == *it));
            let group = same.ok_or(Reason::UnknownZone).and_then(|_| group(chunk, row, zone));
            self.level = self.level.or(level);
            if let Some((group, people)) = tally.add(number, group) {
                *self.groups.entry(group).or_default() += people;
            }
        }
    }

    /// Writes the table into a batch.
    ///
    /// # Errors
    /// A fault when the file cannot be written.
    pub fn seal(&self, batch: &Batch) -> Result<Stored> {
        let kept = self.groups.iter().map(|((zone, gender, age_band), people)| Kept {
            zone: zone.clone(),
            gender: gender.map(|it| it.code().to_owned()),
            age_band: age_band.map(|it| it.label().to_owned()),
            people: *people,
        });
        facts::write(batch, "population", kept)
    }
}

fn group(chunk: &Chunk, row: usize, zone: &str) -> Result<(Group, u64), Reason> {
    let people = value_of(chunk.integer(1), row).and_then(|it| u64::try_from(it).ok());
    let people = people.filter(|it| *it < 1 << 40).ok_or(Reason::BadCount)?;
    let gender = text_of(chunk.text(2), row).and_then(Gender::parse);
    let years = value_of(chunk.integer(3), row).and_then(|it| u32::try_from(it).ok());
    let label = text_of(chunk.text(4), row).map(str::trim).filter(|it| !it.is_empty());
    // `0-17` and `under 18` are no adults; the oldest are in one band, however old they are.
    let begins = |label: &str| {
        let digits = label.split(|it: char| !it.is_ascii_digit()).find(|it| !it.is_empty())?;
        digits.parse::<u32>().ok()
    };
    let band = match (years, label) {
        (None, None) => None,
        (Some(years), _) => Some(AgeBand::from_age(years.min(120)).ok_or(Reason::UnderAge)?),
        (None, Some(label)) => match AgeBand::parse(label) {
            Some(band) => Some(band),
            None if begins(label).is_some_and(|it| it <= 18) => return Err(Reason::UnderAge),
            None => return Err(Reason::BadCount),
        },
    };
    Ok(((zone.to_owned(), gender, band), people))
}

/// The level of a zone by its code, the finest that has it, and the number of its region.
fn place_of(geography: &Geography, code: &str) -> Option<(Level, u16)> {
    let region = |is_in: &dyn Fn(&Sector) -> bool| {
        geography.sectors.iter().find(|it| is_in(it)).map(|it| it.region)
    };
    let place = |all: &[Place]| {
        let at = all.binary_search_by(|it| it.code.as_str().cmp(code)).ok()?;
        u16::try_from(at).ok()
    };
    if let Some(at) = geography.sector_index(code) {
        return geography.sectors.get(usize::from(at)).map(|it| (Level::Sector, it.region));
    }
    let districts = &geography.districts;
    if let Ok(at) = districts.binary_search_by(|it| it.code.as_str().cmp(code)) {
        return districts.get(at).map(|it| (Level::District, it.region));
    }
    let area = place(&geography.areas).and_then(|area| region(&|it| it.area == area));
    let lad = || place(&geography.lads).and_then(|lad| region(&|it| it.lad == lad));
    area.map(|it| (Level::Area, it))
        .or_else(|| place(&geography.regions).map(|it| (Level::Region, it)))
        .or_else(|| lad().map(|it| (Level::Lad, it)))
}
