//! Makes one block: its customers, then day by day what they do, the rows of it and the truth of it.
//!
//! (1) The customers of whole homes are drawn from the seed. (2) For each day, each customer's plan is
//! made once; what happens goes to compact rows and, when it is a person's whom a correct door admits, to
//! the witness. (3) The rows of a day are put in order of time, wrong ones are planted, and the columns
//! are encoded. (4) At the end of the block, the witness' people are added to the tally.

use super::SimulateError;
use super::events::{EventRows, Names};
use super::files::{Encoded, Tables};
use super::order::Order;
use super::pages::PageRows;
use super::record::{self, Record};
use super::wrong::{Place, Planted};
use crate::blocks::{Block, Who};
use crate::chance::{Purpose, stream};
use crate::customers::{Customer, Population};
use crate::day::Day;
use crate::life::{Event, Life, Page};
use crate::place::Plan;
use crate::sites::Habits;
use crate::table::Part;
use crate::truth::{Basis, Tally, Witness};

/// What a worker counted, over all blocks that it made.
pub(super) struct Made {
    pub customers: u64,
    pub events: u64,
    pub web_records: u64,
    pub planted: Planted,
    pub tally: Tally,
}

/// Makes one block after another, in the same memory.
pub(super) struct Maker<'world> {
    life: &'world Life<'world>,
    population: &'world Population<'world>,
    basis: &'world Basis<'world>,
    tables: &'world Tables,
    days: &'world [Day],
    customers: Vec<Customer>,
    habits: Vec<Habits>,
    witness: Witness,
    happened: Happened,
    order: Order,
    record: Record,
    event_rows: EventRows,
    page_rows: PageRows,
    made: Made,
}

/// What happened in a block on a day, in no order.
#[derive(Default)]
struct Happened {
    events: Vec<Event>,
    pages: Vec<Page>,
    /// Events of the last hour that come in the file of the next day.
    late: Vec<Event>,
}

impl<'world> Maker<'world> {
    pub fn new(
        life: &'world Life<'world>,
        population: &'world Population<'world>,
        basis: &'world Basis<'world>,
        tables: &'world Tables,
        days: &'world [Day],
    ) -> Self {
        let tally = Tally::new(basis);
        let made = Made { customers: 0, events: 0, web_records: 0, planted: Planted::new(), tally };
        Self {
            life,
            population,
            basis,
            tables,
            days,
            customers: Vec::new(),
            habits: Vec::new(),
            witness: Witness::default(),
            happened: Happened::default(),
            order: Order::default(),
            record: Record::default(),
            event_rows: EventRows::default(),
            page_rows: PageRows::default(),
            made,
        }
    }

    /// What was counted.
    pub fn made(self) -> Made {
        self.made
    }

    /// Makes a block.
    pub fn make(&mut self, block: &Block) -> Result<Encoded, SimulateError> {
        let mut encoded = Encoded::default();
        if let Who::Homes { homes, first } = &block.who {
            self.move_in(homes.clone(), *first);
            self.made.customers += number(self.customers.len());
            self.record.clear();
            for row in &self.customers {
                self.record.push(row, self.life.world, self.life.land, self.basis.geography);
            }
            encoded.customers = Some(self.record.encode(&self.tables.customers)?);
            encoded.opt_out = Some(record::opt_out(&self.customers, &self.tables.opt_out)?);
        }
        self.happened.late.clear();
        for day in self.days {
            let place =
                Place { seed: self.life.world.seed, day: day.position, block: block.number };
            self.happened.begin();
            match &block.who {
                Who::Homes { .. } => self.live(day, place),
                Who::Visitors(visitors) => {
                    let mut late = Late::new(self.life, day, place);
                    for visitor in visitors.clone() {
                        self.life.visit(visitor, day, |it| self.happened.add(it, &mut late));
                    }
                }
            }
            encoded.events.push(self.events(block, day, place)?);
            encoded.web.push(self.pages(day, place)?);
        }
        if matches!(block.who, Who::Homes { .. }) {
            self.witness.end(self.basis, &mut self.made.tally);
        }
        Ok(encoded)
    }

    /// Draws the customers of homes, the first of whom has the index `first`.
    fn move_in(&mut self, homes: std::ops::Range<u32>, first: u32) {
        self.customers.clear();
        homes.fold(first, |first, home| self.population.home(home, first, &mut self.customers));
        self.habits.clear();
        if self.life.world.web_per_day > 0.0 {
            self.habits.extend(self.customers.iter().map(|it| self.life.habits(it)));
        }
        self.witness.begin(&self.customers, self.life.year(), self.basis);
    }

    /// A day in the life of all customers of the block.
    fn live(&mut self, day: &Day, place: Place) {
        let Self { life, witness, happened, .. } = self;
        let mut late = Late::new(life, day, place);
        for ((at, customer), who) in self.customers.iter().enumerate().zip(0..) {
            if !customer.contract.holds(day.position) {
                if customer.stray == Some(day.position) {
                    happened.stray(life.stray(who, customer, day), life);
                }
                continue;
            }
            let plan = Plan::of(life.world, life.land, customer, day);
            let person = witness.person_of(at);
            life.events((who, customer), day, &plan, |event, hour| {
                if let Some((person, district)) = person.zip(life.land.counted_in(event.cell)) {
                    witness.was_in(person, district, hour, day);
                }
                happened.add(event, &mut late);
            });
            let person = person.filter(|_| customer.consent);
            let Some(habits) = self.habits.get(at) else { continue };
            life.pages((who, customer, habits), day, &plan, |page| {
                if let Some(person) = person {
                    witness.visited(person, page.site);
                }
                happened.pages.push(page);
            });
        }
    }

    /// The day's rows of events.
    fn events(
        &mut self,
        block: &Block,
        day: &Day,
        place: Place,
    ) -> Result<Option<Part>, SimulateError> {
        let names = match &block.who {
            Who::Homes { .. } => Names::Customers(&self.customers),
            Who::Visitors(visitors) => Names::Visitors(visitors.start),
        };
        let events = &self.happened.events;
        let ordered = self.order.of(events.iter().map(|it| it.at)).filter_map(|it| events.get(it));
        let planted = &mut self.made.planted;
        self.event_rows.fill((self.life, day, place), names, ordered, planted);
        let rows = self.event_rows.rows();
        self.made.events += number(rows);
        (rows > 0).then(|| self.event_rows.encode(&self.tables.events)).transpose()
    }

    /// The day's rows of web records.
    fn pages(&mut self, day: &Day, place: Place) -> Result<Option<Part>, SimulateError> {
        let pages = &self.happened.pages;
        let ordered = self.order.of(pages.iter().map(|it| it.at)).filter_map(|it| pages.get(it));
        let planted = &mut self.made.planted;
        self.page_rows.fill((self.life, day, place), &self.customers, ordered, planted);
        let rows = self.page_rows.rows();
        self.made.web_records += number(rows);
        (rows > 0).then(|| self.page_rows.encode(&self.tables.web)).transpose()
    }
}

impl Happened {
    /// Begins a day with what came late of the day before.
    fn begin(&mut self) {
        self.events.clear();
        self.pages.clear();
        self.events.append(&mut self.late);
    }

    /// Takes an event of the day, for its file or for that of the next.
    fn add(&mut self, event: Event, late: &mut Late) {
        if event.at >= late.last_hour && late.rng.f64() < late.share {
            // Its moment of the next day: both begin an hour before midnight.
            self.late.push(Event { at: event.at - late.last_hour, ..event });
        } else {
            self.events.push(event);
        }
    }

    /// Takes what a number without a contract does.
    fn stray(&mut self, (event, page): (Event, Page), life: &Life<'_>) {
        if life.world.events_per_day > 0.0 {
            self.events.push(event);
        }
        if life.world.web_per_day > 0.0 {
            self.pages.push(page);
        }
    }
}

/// Which events come late.
struct Late {
    rng: fastrand::Rng,
    last_hour: u32,
    share: f64,
}

impl Late {
    fn new(life: &Life<'_>, day: &Day, place: Place) -> Self {
        let (number, block) = place.name();
        let rng = stream(place.seed, Purpose::Late, number, block);
        // Nothing of the world comes after its last day.
        let last_hour = if day.is_last { u32::MAX } else { day.last_hour() };
        Self { rng, last_hour, share: life.world.rates.late_row }
    }
}

fn number(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or_default()
}
