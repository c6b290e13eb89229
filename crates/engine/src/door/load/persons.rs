//! The three sources of people: who objects, who is a customer, whose rows are there.

use super::Load;
use crate::door::customers::{Customers, Exclusions, drop_repeated};
use crate::door::people::{Attributes, Changes, Target};
use crate::door::postcodes::Postcodes;
use crate::door::register::{ALWAYS, Standing};
use crate::door::rows::text_of;
use crate::door::shelves::{SHELVES, Shelves};
use crate::door::source::SourceFile;
use crate::door::tally::Reason;
use crate::error::Result;

impl Load<'_> {
    /// Whoever objects is never loaded from now on, and suppressed when loaded already.
    pub(super) fn objections<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<()> {
        for file in files {
            let mut changes = Changes::default();
            let tally = self.read("objections", file, |load, chunk, tally| {
                for (row, number) in chunk.numbered() {
                    let id = text_of(chunk.text(0), row).ok_or(Reason::NullId);
                    if let Some(id) = tally.add(number, id) {
                        let pseudonym = load.pseudonymiser.subscriber(id);
                        let known = load.people.register.find(pseudonym);
                        changes.suppressed.extend(known.iter().filter_map(|it| it.1.ordinal()));
                        changes.targets.push((pseudonym, ALWAYS, Target::Known(Standing::OUT)));
                    }
                }
                Ok(())
            })?;
            self.book.add(file, tally);
            self.people.apply(changes, &mut self.record)?;
        }
        Ok(())
    }

    /// The customer record: shelved by subscriber, so that nobody is there twice, then by account, so that the
    /// SIMs of a person are together.
    pub(super) fn customers<'file>(
        &mut self,
        files: impl Iterator<Item = &'file SourceFile>,
        postcodes: &Postcodes,
    ) -> Result<Exclusions> {
        // At most two sets of shelves are filled at a time.
        let memory = self.instance.config.memory / 8;
        let spill = self.batch.spill_dir();
        let mut by_subscriber = Shelves::new(&spill, "subscribers", memory);
        let mut whole = None;
        for file in files {
            let tally = self.read("customers", file, |load, chunk, tally| {
                load.customer_reader(postcodes).take(chunk, tally, &mut by_subscriber)
            })?;
            self.book.add(file, tally);
            whole = Some(file);
        }
        let Some(file) = whole else { return Ok(Exclusions::new()) };
        let mut by_account = Shelves::new(&spill, "accounts", memory);
        let mut repeated = 0;
        for shelf in 0..SHELVES {
            let mut sims = by_subscriber.take(shelf)?;
            repeated += drop_repeated(&mut sims);
            sims.into_iter().try_for_each(|sim| by_account.put(sim.account, sim))?;
        }
        self.book.take_back(file.mapping.class, Reason::Duplicate, repeated);
        let mut arrivals = self.people.arrivals(&self.record, memory);
        let mut exclusions = Exclusions::new();
        for shelf in 0..SHELVES {
            let (changes, left_out) = self.customer_reader(postcodes).fold(by_account.take(shelf)?);
            arrivals.add(changes)?;
            for (why, sims) in left_out {
                *exclusions.entry(why).or_default() += sims;
            }
        }
        self.people.take_in(arrivals, &mut self.record)?;
        Ok(exclusions)
    }

    fn customer_reader<'load>(&'load self, postcodes: &'load Postcodes) -> Customers<'load> {
        Customers {
            pseudonymiser: &self.pseudonymiser,
            register: &self.people.register,
            postcodes,
            objectors: &self.objectors,
            period: self.period,
            calendar: &self.calendar,
        }
    }

    /// Every id is a person where a mapping says so; such rows are read twice.
    pub(super) fn people_of_rows<'file>(
        &mut self,
        web: impl Iterator<Item = &'file SourceFile>,
    ) -> Result<()> {
        let mut names: Vec<u128> = Vec::new();
        let mut distinct = 0;
        for file in web.filter(|it| it.mapping.people_from_rows) {
            self.read("people", file, |load, chunk, _| {
                let ids = (0..chunk.rows).filter_map(|row| text_of(chunk.text(0), row));
                let ids = ids.filter(|it| !load.objectors.hold(it));
                let pseudonyms = ids.map(|it| load.pseudonymiser.subscriber(it));
                names.extend(pseudonyms.filter(|it| load.people.register.find(*it).is_empty()));
                // Sorting only when the list has doubled keeps it at twice the people.
                if names.len() > 2 * distinct + chunk.rows {
                    names.sort_unstable();
                    names.dedup();
                    distinct = names.len();
                }
                Ok(())
            })?;
        }
        names.sort_unstable();
        names.dedup();
        let target = |(position, name): (usize, &u128)| {
            (*name, ALWAYS, Target::Fresh { position, consent: false })
        };
        let changes = Changes {
            targets: names.iter().enumerate().map(target).collect(),
            fresh: names.iter().map(|it| (*it, Attributes::UNKNOWN)).collect(),
            suppressed: Vec::new(),
        };
        self.people.apply(changes, &mut self.record)
    }
}
