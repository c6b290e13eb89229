//! One row of events or web records becomes a number, or a reason why not.
//!
//! The raw id is read, turned into a pseudonym and dropped in [`Intake::admit`]; what goes on is
//! a day, a person's ordinal, and a district with an hour or a site with a second.

use std::sync::Arc;

use reference::SiteList;

use super::calendar::{Calendar, Moment};
use super::cells::Cells;
use super::key::{Hit, Presence};
use super::mapping::Mapping;
use super::pseudonym::Pseudonymiser;
use super::register::Register;
use super::rows::{Chunk, text_of, value_of};
use super::schema::Class;
use super::site::SiteFinder;
use super::tally::{Reason, Tally};

/// Everything that rows are held against.
pub struct Intake {
    /// Makes pseudonyms.
    pub pseudonymiser: Pseudonymiser,
    /// Who stands behind them.
    pub register: Register,
    /// Days and hours of the period.
    pub calendar: Calendar,
    /// Places of cells.
    pub cells: Cells,
    /// The public list of sites.
    pub sites: Arc<SiteList>,
    /// Days of presence that are sealed, bit by bit.
    pub sealed_presence: u32,
    /// Days of visits that are sealed, bit by bit.
    pub sealed_visit: u32,
}

/// Rows as sortable numbers.
#[derive(Default)]
pub struct Packed {
    /// The rows ([`Presence`] or [`Hit`]).
    pub keys: Vec<u64>,
    /// Seconds that each hit lasted; empty for presence.
    pub seconds: Vec<u32>,
}

impl Intake {
    /// Takes a chunk of a file with this mapping.
    pub fn pack(
        &self,
        chunk: &Chunk,
        mapping: &Mapping,
        finder: &mut SiteFinder<'_>,
        tally: &mut Tally,
    ) -> Packed {
        let mut packed = Packed::default();
        packed.keys.reserve_exact(chunk.rows);
        let (ids, instants, places) = (chunk.text(0), chunk.integer(1), chunk.text(2));
        for (row, number) in chunk.numbered() {
            let (id, instant) = (text_of(ids, row), value_of(instants, row));
            let place = text_of(places, row);
            let consent = mapping.needs_consent;
            if mapping.class == Class::Web {
                let hit = self.admit(id, instant, self.sealed_visit, consent).and_then(|it| {
                    Ok(Hit {
                        day: it.1.day,
                        person: it.0,
                        site: finder.find(place)?,
                        second: it.1.second,
                    })
                });
                if let Some(hit) = tally.add(number, hit) {
                    let lasted = value_of(chunk.integer(3), row).unwrap_or_default().max(0);
                    packed.keys.push(hit.pack());
                    packed.seconds.push(u32::try_from(lasted).unwrap_or(u32::MAX));
                }
            } else {
                let presence = self.admit(id, instant, self.sealed_presence, consent).and_then(
                    |(person, Moment { day, hour, .. })| {
                        let cell = place.ok_or(Reason::UnknownCell)?;
                        let district = self.cells.district(cell, day)?;
                        Ok(Presence { day, person, district, hour })
                    },
                );
                packed.keys.extend(tally.add(number, presence).map(Presence::pack));
            }
        }
        packed
    }

    /// The person and the moment of a row.
    fn admit(
        &self,
        id: Option<&str>,
        instant: Option<i64>,
        sealed: u32,
        needs_consent: bool,
    ) -> Result<(u32, Moment), Reason> {
        let id = id.ok_or(Reason::NullId)?;
        let instant = instant.ok_or(Reason::BadTime)?;
        let moment = self.calendar.locate(instant).ok_or(Reason::OutsidePeriod)?;
        if sealed >> moment.day & 1 == 1 {
            return Err(Reason::LateRow);
        }
        let pseudonym = self.pseudonymiser.subscriber(id);
        let standing = self.register.find(pseudonym).ok_or(Reason::UnknownSubscriber)?;
        let person = standing.ordinal().ok_or(Reason::ExcludedSubscriber)?;
        if needs_consent && !standing.consents() {
            return Err(Reason::NoConsent);
        }
        Ok((person, moment))
    }
}
