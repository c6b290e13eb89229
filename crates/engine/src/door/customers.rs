//! From the customer record to people: who is one person, who is out and why.
//!
//! (1) Machines, business SIMs and ended contracts are out. (2) SIMs of one account whose user is
//! the holder are one person, with the attributes of the first phone. (3) Another user of the
//! account is a person when a birth year is known. (4) Whoever objected, is under 18 or of unknown
//! age is out, with all SIMs. The record alone decides, never how people move.
//! Memory: that of one shelf of 64; the others wait as [`Shelves`] say. Source: privacy model §1.

use std::collections::BTreeMap;

use reference::{AgeBand, Gender};

use super::calendar::Calendar;
use super::key::FIRST_DAY;
use super::objectors::Objectors;
use super::people::{Attributes, Changes, Target};
use super::postcodes::Postcodes;
use super::pseudonym::Pseudonymiser;
use super::register::{ALWAYS, Register, Standing, Tenure};
use super::rows::{Chunk, text_of, value_of};
use super::shelves::Shelves;
use super::tally::{Reason, Tally};
use crate::error::Result;
use crate::time::Period;

mod sim;

use sim::Role;
pub use sim::Sim;

/// SIMs that are not loaded, by reason.
pub type Exclusions = BTreeMap<&'static str, u64>;

/// Reads the customer record of one period.
pub struct Customers<'door> {
    /// Makes pseudonyms.
    pub pseudonymiser: &'door Pseudonymiser,
    /// Who is known already.
    pub register: &'door Register,
    /// Sectors of postcodes.
    pub postcodes: &'door Postcodes,
    /// Who objected for good.
    pub objectors: &'door Objectors,
    /// The period.
    pub period: Period,
    /// Its days.
    pub calendar: &'door Calendar,
}

impl Customers<'_> {
    /// Takes the rows of a customer file.
    ///
    /// # Errors
    /// A fault when the disk takes no more.
    pub fn take(&self, chunk: &Chunk, tally: &mut Tally, sims: &mut Shelves<Sim>) -> Result<()> {
        for (row, number) in chunk.numbered() {
            if let Some(sim) = tally.add(number, self.sim(chunk, row, number)) {
                sims.put(sim.subscriber, sim)?;
            }
        }
        Ok(())
    }

    fn sim(&self, chunk: &Chunk, row: usize, number: u64) -> std::result::Result<Sim, Reason> {
        let subscriber = text_of(chunk.text(0), row).ok_or(Reason::NullId)?;
        let objected = self.objectors.hold(subscriber);
        let subscriber = self.pseudonymiser.subscriber(subscriber);
        let account = text_of(chunk.text(1), row);
        let flag = |column: usize| {
            let values = chunk.flag(column);
            arrow::array::Array::is_valid(values, row).then(|| values.value(row))
        };
        let year = value_of(chunk.integer(4), row).and_then(|it| u16::try_from(it).ok());
        let sector = text_of(chunk.text(7), row).and_then(|it| self.postcodes.sector(it));
        let gender = text_of(chunk.text(6), row).and_then(Gender::parse).unwrap_or(Gender::X);
        let dates = (value_of(chunk.day(9), row), value_of(chunk.day(10), row));
        let tenure = self.calendar.tenure(dates).ok_or(Reason::BadTime)?;
        let role = match Role::parse(text_of(chunk.text(3), row)) {
            Role::Phone | Role::Tablet if tenure.1 < FIRST_DAY => Role::Ended,
            role => role,
        };
        Ok(Sim {
            account: account.map_or(subscriber, |it| self.pseudonymiser.account(it)),
            subscriber,
            row: u32::try_from(number).unwrap_or(u32::MAX),
            birth_year: year.unwrap_or_default(),
            sector: sector.unwrap_or(u16::MAX),
            gender: gender.index(),
            role,
            tenure,
            // What is not said counts against loading: one person more, or somebody who objects.
            holder: flag(2).unwrap_or(true),
            opt_out: objected || flag(5).unwrap_or(true),
            consent: flag(8).unwrap_or(false),
        })
    }

    /// Folds the SIMs of whole accounts into people.
    pub fn fold(&self, mut sims: Vec<Sim>) -> (Changes, Exclusions) {
        sims.sort_unstable_by_key(|it| (it.account, it.row));
        let mut folding =
            Folding { customers: self, changes: Changes::default(), out: Exclusions::new() };
        for account in sims.chunk_by(|left, right| left.account == right.account) {
            folding.account(account);
        }
        (folding.changes, folding.out)
    }

    /// The band of the youngest age that the user can have: a child is never taken for an adult.
    fn age_band(&self, sim: &Sim) -> std::result::Result<AgeBand, &'static str> {
        let year = u32::try_from(self.period.first_day().year()).unwrap_or_default();
        let birth_year = u32::from(sim.birth_year);
        match AgeBand::from_birth_year(birth_year, year) {
            Some(band) => Ok(band),
            None if birth_year > 0 && birth_year + 18 >= year => Err("under_18"),
            None => Err("unknown_age"),
        }
    }
}

/// Takes out rows of a subscriber that had a contract on those days already; returns how many.
pub fn drop_repeated(sims: &mut Vec<Sim>) -> u64 {
    sims.sort_unstable_by_key(|it| (it.subscriber, it.row));
    let all = sims.len();
    let mut own: Vec<Sim> = Vec::new();
    sims.retain(|sim| {
        if own.first().is_some_and(|it| it.subscriber != sim.subscriber) {
            own.clear();
        }
        let is_first = own.iter().all(|it| !overlap(it.tenure, sim.tenure));
        own.extend(is_first.then_some(*sim));
        is_first
    });
    u64::try_from(all - sims.len()).unwrap_or_default()
}

struct Folding<'door> {
    customers: &'door Customers<'door>,
    changes: Changes,
    out: Exclusions,
}

impl Folding<'_> {
    fn account(&mut self, sims: &[Sim]) {
        let mut holder: Vec<&Sim> = Vec::new();
        for sim in sims {
            match sim.exclusion() {
                Some(why) => self.exclude(sim.subscriber, &[sim], why),
                None if sim.holder => holder.push(sim),
                None if sim.account == sim.subscriber => self.person(sim.subscriber, &[sim]),
                None => {
                    let name = self.customers.pseudonymiser.user(sim.subscriber, sim.account);
                    self.person(name, &[sim]);
                }
            }
        }
        if let Some(first) = holder.first() {
            self.person(first.account, &holder);
        }
    }

    /// Settles one person, named by a pseudonym, with one SIM or more.
    fn person(&mut self, name: u128, sims: &[&Sim]) {
        let known = self.known(name, sims);
        let objected = sims.iter().any(|it| it.opt_out) || known.contains(&Standing::OUT);
        let phone = sims.iter().find(|it| it.role == Role::Phone).or(sims.first());
        let Some(phone) = phone else { return };
        let age_band = match self.customers.age_band(phone) {
            _ if objected => return self.exclude(name, sims, "opt_out"),
            Ok(band) => band.index(),
            Err(why) => return self.exclude(name, sims, why),
        };
        let mut ordinals: Vec<u32> = known.iter().filter_map(|it| it.ordinal()).collect();
        ordinals.sort_unstable();
        ordinals.dedup();
        let position = self.changes.fresh.len();
        let before = ordinals.first().copied();
        self.changes.suppressed.extend(ordinals.iter().skip(1));
        if before.is_none() {
            let attributes = Attributes { gender: phone.gender, age_band, sector: phone.sector };
            self.changes.fresh.push((name, attributes));
        }
        let point = |consent| match before {
            Some(ordinal) => Target::Known(Standing::person(ordinal, consent)),
            None => Target::Fresh { position, consent },
        };
        let of_sims = sims.iter().map(|it| (it.subscriber, it.tenure, point(it.consent)));
        self.changes.targets.extend(of_sims);
        if sims.iter().all(|it| it.subscriber != name) {
            self.changes.targets.push((name, ALWAYS, point(false)));
        }
    }

    /// Leaves SIMs out; a person who was loaded before is suppressed and stays out.
    fn exclude(&mut self, name: u128, sims: &[&Sim], why: &'static str) {
        *self.out.entry(why).or_default() += u64::try_from(sims.len()).unwrap_or_default();
        let known = self.known(name, sims);
        let ordinals = known.iter().filter_map(|it| it.ordinal());
        let was_person = ordinals.clone().count() > 0 || known.contains(&Standing::OUT);
        self.changes.suppressed.extend(ordinals);
        let out = was_person || why == "opt_out";
        let target = Target::Known(if out { Standing::OUT } else { Standing::EXCLUDED });
        self.changes.targets.extend(sims.iter().map(|it| (it.subscriber, it.tenure, target)));
        if sims.iter().all(|it| it.subscriber != name) {
            self.changes.targets.push((name, ALWAYS, target));
        }
    }

    /// Everybody who stood behind a person's pseudonyms until now. A number whose contract began inside
    /// the period or the one before may have been somebody else's.
    fn known(&self, name: u128, sims: &[&Sim]) -> Vec<Standing> {
        let register = self.customers.register;
        let apart = sims.iter().all(|it| it.subscriber != name);
        let of_name = apart.then(|| register.find(name)).into_iter().flatten().map(|it| it.1);
        let of_sims = sims.iter().flat_map(|sim| {
            let standings = register.find(sim.subscriber).into_iter();
            standings.filter(|it| {
                let same = sim.tenure.0 == ALWAYS.0 || it.0 == sim.tenure || it.1 == Standing::OUT;
                same && overlap(it.0, sim.tenure)
            })
        });
        of_name.chain(of_sims.map(|it| it.1)).collect()
    }
}

/// Whether two tenures share a day.
const fn overlap(left: Tenure, right: Tenure) -> bool {
    let (from, to) = (
        if left.0 > right.0 { left.0 } else { right.0 },
        if left.1 < right.1 { left.1 } else { right.1 },
    );
    from <= to
}
