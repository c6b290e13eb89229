//! One row of events or web records becomes a number, or a reason why not.
//!
//! The raw id is read, turned into a pseudonym and dropped in [`Intake::meet`]; what goes on is
//! a day, a person's ordinal, a second, and a place or a site.

use std::sync::Arc;

use reference::SiteList;
use roaring::RoaringBitmap;

use super::calendar::{Calendar, DaySet, Moment};
use super::cells::Cells;
use super::countries::Countries;
use super::key::{FIRST_DAY, Key, TAGS_MAX};
use super::pseudonym::Pseudonymiser;
use super::register::{Register, Standing};
use super::rows::{Chunk, text_of, value_of};
use super::schema::Class;
use super::sensitive::Shut;
use super::site::SiteFinder;
use super::source::SourceFile;
use super::tally::{Reason, Tally};
use crate::vault::HIDDEN_SITE;

/// 512 rows are looked up together: their pseudonyms take 8 KB and stay in the nearest cache.
const TOGETHER: usize = 512;

/// Everything that rows are held against.
pub struct Intake {
    /// Makes pseudonyms.
    pub pseudonymiser: Pseudonymiser,
    /// Who stands behind them.
    pub register: Register,
    /// Persons whom every scan drops: nothing more of them is stored, whichever SIM it comes from.
    pub suppressed: RoaringBitmap,
    /// Days and hours of the period.
    pub calendar: Arc<Calendar>,
    /// Places of cells.
    pub cells: Cells,
    /// Which of them see nobody.
    pub shut: Shut,
    /// The public list of sites.
    pub sites: Arc<SiteList>,
    /// The countries that are known.
    pub countries: Countries,
    /// What is sealed of presence.
    pub presence: SealedSet,
    /// What is sealed of visits.
    pub visit: SealedSet,
}

/// Which days of a table are sealed, in the period and in the one before.
#[derive(Clone, Copy, Debug, Default)]
pub struct SealedSet(pub DaySet);

impl SealedSet {
    /// Whether a row of `day` may still come in: on a day that is open, or late, which is on a day of
    /// the period before that was sealed without it.
    fn admits(self, day: u8, file: &SourceFile) -> Result<(), Reason> {
        let is_sealed = self.0 >> day & 1 == 1;
        match (day >= FIRST_DAY, is_sealed) {
            (true, true) => Err(Reason::LateRow),
            (true, false) => Ok(()),
            (false, true) if !file.in_period_before => Ok(()),
            (false, _) => Err(Reason::OutsidePeriod),
        }
    }
}

/// Rows as sortable numbers, each with what stands beside it.
#[derive(Default)]
pub struct Packed {
    /// The rows ([`Key`]).
    pub keys: Vec<u64>,
    /// The number of the cell's stay, or the seconds that a hit lasted.
    pub beside: Vec<u32>,
}

impl Intake {
    /// Takes a chunk of a file. A web record without a host goes on as a mark, and is counted among the
    /// dropped: its host is not in the vault.
    pub fn pack(
        &self,
        chunk: &Chunk,
        file: &SourceFile,
        finder: &mut SiteFinder<'_>,
        tally: &mut Tally,
    ) -> Packed {
        let mut packed = Packed::default();
        packed.keys.reserve_exact(chunk.rows);
        packed.beside.reserve_exact(chunk.rows);
        let mut marks = 0;
        let rows: Vec<(usize, u64)> = chunk.numbered().collect();
        let all_known = rows.chunks(TOGETHER).flat_map(|it| self.meet(chunk, it));
        for (&(row, number), known) in rows.iter().zip(all_known) {
            let (outcome, visitor) = match file.mapping.class {
                Class::Web => (self.hit(chunk, row, known, file, finder), None),
                _ => (self.event(chunk, row, known, file), value_of(chunk.integer(3), row)),
            };
            if let (Err(Reason::VisitorFromAbroad), Some(mcc)) = (&outcome, visitor) {
                tally.add_visitor(mcc);
            }
            if let Some((key, beside)) = tally.add(number, outcome) {
                marks += u64::from(file.mapping.class == Class::Web && key.what == HIDDEN_SITE);
                packed.keys.push(key.pack());
                packed.beside.push(beside);
            }
        }
        tally.take_back(Reason::HostNotVisible, marks);
        packed
    }

    /// Who stands behind the ids of some rows.
    fn meet(&self, chunk: &Chunk, rows: &[(usize, u64)]) -> Vec<Known> {
        let ids = rows.iter().map(|it| text_of(chunk.text(0), it.0));
        // A row without an id is refused before anybody asks who it is.
        let pseudonyms: Vec<u128> =
            ids.map(|id| id.map_or(0, |id| self.pseudonymiser.subscriber(id))).collect();
        let mut standings = Vec::with_capacity(rows.len());
        self.register.find_all(&pseudonyms, &mut standings);
        let known = pseudonyms.into_iter().zip(standings);
        known.map(|(pseudonym, standing)| Known { pseudonym, standing }).collect()
    }

    fn hit(
        &self,
        chunk: &Chunk,
        row: usize,
        known: Known,
        file: &SourceFile,
        finder: &mut SiteFinder<'_>,
    ) -> Result<(Key, u32), Reason> {
        let admitted = self.admit(chunk, row, known, file, self.visit)?;
        let site = finder.find(text_of(chunk.text(2), row))?;
        let lasted = value_of(chunk.integer(3), row).unwrap_or_default().max(0);
        Ok((admitted.key(site), u32::try_from(lasted).unwrap_or(u32::MAX)))
    }

    fn event(
        &self,
        chunk: &Chunk,
        row: usize,
        known: Known,
        file: &SourceFile,
    ) -> Result<(Key, u32), Reason> {
        let mcc = value_of(chunk.integer(3), row);
        if mcc.is_some_and(|it| !self.countries.has(it)) {
            return Err(Reason::UnknownCountry);
        }
        let admitted = self.admit(chunk, row, known, file, self.presence).map_err(|reason| {
            let abroad = mcc.is_some_and(|it| !file.mapping.home_mcc.contains(&it));
            match reason {
                Reason::UnknownSubscriber if abroad => Reason::VisitorFromAbroad,
                reason => reason,
            }
        })?;
        let cell = text_of(chunk.text(2), row).ok_or(Reason::UnknownCell)?;
        let stay = self.cells.stay(cell, admitted.moment.day)?;
        let at = usize::try_from(stay).unwrap_or(usize::MAX);
        if self.shut.stays.get(at).copied().unwrap_or_default() {
            return Err(Reason::SensitivePlace);
        }
        Ok((admitted.key(admitted.device), stay))
    }

    /// The person and the moment of a row.
    fn admit(
        &self,
        chunk: &Chunk,
        row: usize,
        known: Known,
        file: &SourceFile,
        sealed: SealedSet,
    ) -> Result<Admitted, Reason> {
        text_of(chunk.text(0), row).ok_or(Reason::NullId)?;
        let instant = value_of(chunk.integer(1), row).ok_or(Reason::BadTime)?;
        let moment = self.calendar.locate(instant).ok_or(Reason::OutsidePeriod)?;
        sealed.admits(moment.day, file)?;
        let Known { pseudonym, standing } = known;
        let standing = standing.ok_or(Reason::UnknownSubscriber)?;
        let standing = self.register.on(moment.day, pseudonym, standing);
        if standing == Standing::BETWEEN {
            return Err(Reason::NoContract);
        }
        let person = standing.ordinal().filter(|it| !self.suppressed.contains(*it));
        let person = person.ok_or(Reason::ExcludedSubscriber)?;
        if file.mapping.basis.is_consent() && !standing.consents() {
            return Err(Reason::NoConsent);
        }
        // Enough of the pseudonym to tell the devices of one person apart.
        let device = u32::try_from(pseudonym % u128::from(TAGS_MAX)).unwrap_or_default();
        Ok(Admitted { person, device, moment })
    }
}

/// What the register says of a row's id.
#[derive(Clone, Copy)]
struct Known {
    pseudonym: u128,
    standing: Option<Standing>,
}

/// A person at a moment.
struct Admitted {
    person: u32,
    device: u32,
    moment: Moment,
}

impl Admitted {
    const fn key(&self, what: u32) -> Key {
        Key { day: self.moment.day, person: self.person, what, second: self.moment.second }
    }
}
