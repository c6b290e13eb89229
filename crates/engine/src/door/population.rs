//! Residents by zone, gender and age band, as a census counted them.
//!
//! The door holds the customer record against it: a region with more customers than residents has a wrong
//! list, postcode or file.

use std::collections::BTreeMap;
use std::path::Path;

use reference::{AgeBand, Gender, Geography, Level, Sector};
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
    /// Digest of the stored table; empty while rows are taken.
    hash: String,
}

/// A census by sector.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// Digest of the stored table.
    pub hash: String,
    /// Its zones.
    pub zones: Vec<Zone>,
}

/// A zone of a census.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its sectors by number, each with its share of the zone's postcodes.
    pub sectors: Vec<(u16, f64)>,
    /// Adult residents of each group; what is not told is `None`.
    pub groups: Vec<(Option<Gender>, Option<AgeBand>, f64)>,
}

impl Zone {
    fn of(code: &str, geography: &Geography) -> Self {
        let zone = geography.zone(code).into_iter();
        let members: Vec<_> =
            zone.flat_map(|(level, number)| geography.sectors_of(level, number)).collect();
        let whole: f64 = members.iter().map(|it| f64::from(it.1.postcodes)).sum();
        let share = |it: &Sector| f64::from(it.postcodes) / whole.max(1.0);
        let sectors = members.into_iter().map(|(at, it)| (at, share(it))).collect();
        Self { sectors, groups: Vec::new() }
    }
}

impl Population {
    /// A stored table with this digest.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(path: &Path, hash: &str) -> Result<Self> {
        let group = |it: Kept| {
            let gender = it.gender.as_deref().and_then(Gender::parse);
            let band = it.age_band.as_deref().and_then(AgeBand::parse);
            ((it.zone, gender, band), it.people)
        };
        let groups = facts::read(path)?.into_iter().map(group).collect();
        Ok(Self { level: None, groups, hash: hash.to_owned() })
    }

    /// The census as public facts by sector: each zone with its sectors and groups.
    #[must_use]
    pub fn census(&self, geography: &Geography) -> Census {
        let mut zones = BTreeMap::<&str, Zone>::new();
        for ((code, gender, band), people) in &self.groups {
            let zone = zones.entry(code).or_insert_with(|| Zone::of(code, geography));
            zone.groups.push((*gender, *band, float(*people)));
        }
        Census { hash: self.hash.clone(), zones: zones.into_values().collect() }
    }

    /// Adult residents of each sector, by its number, spread over the sectors of a zone as its postcodes are.
    #[must_use]
    pub fn by_sector(&self, geography: &Geography) -> Vec<f64> {
        let mut sectors = vec![0.0; geography.sectors.len()];
        for zone in self.census(geography).zones {
            let people: f64 = zone.groups.iter().map(|it| it.2).sum();
            for (at, share) in zone.sectors {
                if let Some(sector) = sectors.get_mut(usize::from(at)) {
                    *sector += people * share;
                }
            }
        }
        sectors
    }

    /// The share of each gender and age band among adult residents; absent where the census does not tell both.
    #[must_use]
    pub fn shares(&self) -> BTreeMap<(Gender, AgeBand), f64> {
        let mut shares = BTreeMap::new();
        let mut whole = 0.0;
        for ((_, gender, band), people) in &self.groups {
            if let Some(group) = gender.zip(*band) {
                *shares.entry(group).or_default() += float(*people);
                whole += float(*people);
            }
        }
        for share in shares.values_mut() {
            *share /= f64::max(whole, 1.0);
        }
        shares
    }

    /// Adult residents of each region, by its number.
    #[must_use]
    pub fn by_region(&self, geography: &Geography) -> BTreeMap<u16, u64> {
        let mut regions = BTreeMap::new();
        for ((code, ..), people) in &self.groups {
            let zone = geography.zone(code);
            let sector = zone.and_then(|(level, at)| geography.sectors_of(level, at).next());
            if let Some((_, sector)) = sector {
                *regions.entry(sector.region).or_default() += people;
            }
        }
        regions
    }

    /// Takes the rows of a census table; rows of one group add up.
    pub fn take(&mut self, geography: &Geography, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let zone = text_of(chunk.text(0), row).map_or("", str::trim);
            let level = geography.zone(zone).map(|it| it.0);
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

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "an estimate")]
const fn float(people: u64) -> f64 {
    people as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_census_by_sector_has_everybody_of_each_zone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("population.csv");
        let text = "zone,gender,age_band,people\nSG,F,18-24,600\nSG,,18-24,400\nAL1,,,50\n";
        std::fs::write(&path, text).unwrap();
        let population = Population::read(&path, "digest").unwrap();
        let land = Geography::built_in();
        let census = population.census(land);
        assert_eq!((census.hash.as_str(), census.zones.len()), ("digest", 2));
        for zone in &census.zones {
            let whole: f64 = zone.sectors.iter().map(|it| it.1).sum();
            assert!((whole - 1.0).abs() < 1e-9, "{whole}");
        }
        assert_eq!(census.zones[0].groups, [(None, None, 50.0)]);
        assert_eq!(census.zones[1].groups.len(), 2);
        let people: f64 = population.by_sector(land).iter().sum();
        assert!((people - 1_050.0).abs() < 1e-6, "{people}");
    }
}
