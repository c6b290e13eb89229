//! What is seen of the people of one block, over all days: sets of bits, one person at a time.

use reference::AgeBand;

use super::{Basis, Tally};
use crate::customers::Customer;
use crate::day::Day;

/// A person whom a correct door admits.
struct Person {
    gender: u8,
    band: u8,
    home: u32,
}

/// Sees the people of a block.
#[derive(Default)]
pub(crate) struct Witness {
    people: Vec<Person>,
    /// For each customer of the block, whose SIM it is.
    person_of: Vec<Option<usize>>,
    /// For each person: districts, with the hours of both kinds of day as bits.
    presence: Vec<Vec<(u16, u64)>>,
    /// For each person [`Basis::words`] words: sites as bits.
    sites: Vec<u64>,
    words: usize,
}

/// Hours of a weekday and of a weekend day.
pub(super) const HOURS: usize = 48;

impl Witness {
    /// Begins with the customers of another block.
    pub fn begin(&mut self, customers: &[Customer], year: u32, basis: &Basis) {
        self.people.clear();
        self.person_of.clear();
        let mut before: Option<(&Customer, Option<usize>)> = None;
        for customer in customers {
            let person = match before {
                Some((phone, person)) if customer.follows(phone) => person,
                _ => {
                    let person = customer.band(year).map(|band| self.person(customer, band));
                    before = Some((customer, person));
                    person
                }
            };
            self.person_of.push(person);
        }
        self.presence.resize_with(self.people.len().max(self.presence.len()), Vec::new);
        self.presence.iter_mut().for_each(Vec::clear);
        self.words = basis.words();
        self.sites.clear();
        self.sites.resize(self.people.len() * self.words, 0);
    }

    fn person(&mut self, customer: &Customer, band: AgeBand) -> usize {
        let (gender, home) = (customer.gender.index(), customer.home);
        self.people.push(Person { gender, band: band.index(), home });
        self.people.len() - 1
    }

    /// Whose SIM the customer at a position is; nobody's when no correct door counts it.
    pub fn person_of(&self, customer: usize) -> Option<usize> {
        self.person_of.get(customer).copied().flatten()
    }

    /// Somebody was in a district in a local hour.
    pub fn was_in(&mut self, person: usize, district: u16, hour: u8, day: &Day) {
        let bit = 1 << (hour + if day.weekend { 24 } else { 0 });
        let Some(own) = self.presence.get_mut(person) else { return };
        match own.iter_mut().find(|it| it.0 == district) {
            Some(known) => known.1 |= bit,
            None => own.push((district, bit)),
        }
    }

    /// Somebody looked at a site.
    pub fn visited(&mut self, person: usize, site: u16) {
        let word = person * self.words + usize::from(site / 64);
        if let Some(word) = self.sites.get_mut(word) {
            *word |= 1 << (site % 64);
        }
    }

    /// Adds what was seen.
    pub fn end(&self, basis: &Basis, tally: &mut Tally) {
        for (at, person) in self.people.iter().enumerate() {
            let sector = basis.sector(person.home);
            tally.resident(sector, person.gender, person.band);
            for &(district, hours) in self.presence.get(at).into_iter().flatten() {
                tally.present(district, hours);
            }
            let sites = self.sites.get(at * self.words..(at + 1) * self.words);
            tally.looked_at(basis, (sector, person.gender, person.band), sites.unwrap_or(&[]));
        }
    }
}
