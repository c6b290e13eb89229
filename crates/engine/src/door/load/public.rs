//! Public facts that a batch brings: where people live, which days are holidays, what a census counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::UInt16Array;
use jiff::ToSpan;
use jiff::civil::Date;

use super::Load;
use crate::door::countries::Countries;
use crate::door::population::Population;
use crate::door::postcodes::Postcodes;
use crate::door::quality::Coverage;
use crate::door::rows::value_of;
use crate::door::source::SourceFile;
use crate::door::tally::Reason;
use crate::door::zones;
use crate::error::{Error, Result};
use crate::vault::manifest::Stored;
use crate::vault::table;

impl Load<'_> {
    /// The geography from now on; the first batch of a vault freezes it.
    pub(super) fn zones<'file>(
        &mut self,
        mut files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<()> {
        if let Some(file) = files.next() {
            if let Some(other) = files.next() {
                return Err(Error::input("I58", "the batch has two lists of zones")
                    .at(format!("{}, {}", file.path.display(), other.path.display()))
                    .allowed("one list with all zones of all levels"));
            }
            let mut list = Vec::new();
            let tally = self.read("zones", file, |_, chunk, tally| {
                zones::take(&mut list, chunk, file, tally)
            })?;
            self.book.add(file, tally);
            let (geography, stored) = zones::seal(&list, file, self.batch)?;
            self.manifest
                .check_geography(geography.hash())
                .map_err(|error| error.at(file.path.display()))?;
            self.geography = geography;
            self.manifest.reference.zones = Some(stored);
        }
        self.manifest.check_geography(self.geography.hash())?;
        self.manifest.geography = Some(self.geography.hash().to_owned());
        Ok(())
    }

    /// The sectors of postcodes: by the newest list, else by rule.
    pub(super) fn postcodes<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<Postcodes> {
        let geography = || Arc::clone(&self.geography);
        let mut known = match &self.manifest.reference.postcodes {
            Some(stored) => Postcodes::read(geography(), &self.vault.present(stored)?)?,
            None => Postcodes::by_rule(geography()),
        };
        let mut files = files.peekable();
        match files.peek() {
            None => return Ok(known),
            Some(first) if adds_to_what_is_known(first) => {}
            Some(_) => known = Postcodes::listed(geography()),
        }
        for file in files {
            let tally = self.read("postcodes", file, |_, chunk, tally| {
                known.take(chunk, tally);
                Ok(())
            })?;
            self.book.add(file, tally);
        }
        self.manifest.reference.postcodes = Some(known.seal(self.batch)?);
        Ok(known)
    }

    /// Holidays add up; those of the period count from this batch on.
    pub(super) fn holidays<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<()> {
        for file in files {
            let mut days = Vec::new();
            let tally = self.read("holidays", file, |_, chunk, tally| {
                for (row, number) in chunk.numbered() {
                    let day = value_of(chunk.day(0), row);
                    let date =
                        day.and_then(|it| Date::new(1970, 1, 1).ok()?.checked_add(it.days()).ok());
                    days.extend(tally.add(number, date.ok_or(Reason::BadTime)));
                }
                Ok(())
            })?;
            self.book.add(file, tally);
            self.manifest.reference.holidays.extend(days.iter().map(Date::to_string));
        }
        // Late rows of the period before are scanned with this period.
        let near = [self.period, self.period.before()?];
        let holidays = self.manifest.reference.holidays.iter();
        let is_near = |it: &&String| {
            it.parse::<Date>().is_ok_and(|date| near.iter().any(|period| period.contains(date)))
        };
        self.record.holidays = holidays.filter(is_near).cloned().collect();
        Ok(())
    }

    /// The newest list of countries.
    pub(super) fn countries<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<Countries> {
        let stored = self.manifest.reference.countries.as_ref();
        let stored = stored.map(|it| Countries::read(&self.vault.present(it)?));
        let mut countries = stored.transpose()?.unwrap_or_default();
        let mut files = files.peekable();
        match files.peek() {
            None => return Ok(countries),
            Some(first) if adds_to_what_is_known(first) => {}
            Some(_) => countries = Countries::default(),
        }
        for file in files {
            let tally = self.read("countries", file, |_, chunk, tally| {
                countries.take(chunk, tally);
                Ok(())
            })?;
            self.book.add(file, tally);
        }
        self.manifest.reference.countries = Some(countries.seal(self.batch)?);
        Ok(countries)
    }

    /// The newest census.
    pub(super) fn population<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<Population> {
        let stored = self.manifest.reference.population.as_ref();
        let stored = stored.map(|it| Population::read(&self.vault.present(it)?, &it.hash));
        let mut population = stored.transpose()?.unwrap_or_default();
        let mut files = files.peekable();
        match files.peek() {
            None => return Ok(population),
            Some(first) if adds_to_what_is_known(first) => {}
            Some(_) => population = Population::default(),
        }
        for file in files {
            let geography = Arc::clone(&self.geography);
            let tally = self.read("population", file, |_, chunk, tally| {
                population.take(&geography, chunk, tally);
                Ok(())
            })?;
            self.book.add(file, tally);
        }
        self.manifest.reference.population = Some(population.seal(self.batch)?);
        Ok(population)
    }

    /// People of the period beside adult residents, region by region; empty without a census.
    pub(super) fn coverage(&self, population: &Population) -> Result<Vec<Coverage>> {
        let residents = population.by_region(&self.geography);
        if residents.is_empty() {
            return Ok(Vec::new());
        }
        let mut people = BTreeMap::<u16, u64>::new();
        for stored in &self.record.people {
            let path = self.staged_or_stored(stored)?;
            table::read(&path, |batch| {
                let sectors: &UInt16Array = table::column(batch, 4, &path)?;
                for sector in sectors.values() {
                    if let Some(sector) = self.geography.sectors.get(usize::from(*sector)) {
                        *people.entry(sector.region).or_default() += 1;
                    }
                }
                Ok(())
            })?;
        }
        let coverage = residents.into_iter().filter_map(|(region, residents)| {
            let place = self.geography.regions.get(usize::from(region))?;
            let people = people.get(&region).copied().unwrap_or_default();
            Some(Coverage::new(place.code.clone(), people, residents))
        });
        Ok(coverage.collect())
    }

    /// Where a file of the record is: in this batch, or in the vault.
    fn staged_or_stored(&self, stored: &Stored) -> Result<std::path::PathBuf> {
        let staged = self.batch.path(&stored.file)?;
        if staged.is_file() { Ok(staged) } else { self.vault.present(stored) }
    }
}

/// Whether a file is read again for rows that waited: they belong to the list that is in already.
const fn adds_to_what_is_known(file: &SourceFile) -> bool {
    file.only.is_some()
}
