//! What one customer does on one day: calls, texts, data sessions and pages, hour by hour.
//!
//! Drawn from the seed and the customer's name alone; whoever asks gets the same.

use reference::{AgeBand, SiteList};

use crate::chance::{Purpose, stream, times};
use crate::customers::Customer;
use crate::day::{Day, HOUR_MS, share};
use crate::land::Land;
use crate::place::{Plan, Stay};
use crate::sites::{Habits, Tastes};
use crate::world::World;

/// A call, text or data session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// Moment of the day whose file it is in.
    pub at: u32,
    /// Position of the customer in the block, or number of the visitor.
    pub who: u32,
    pub cell: u32,
    pub volume: u32,
    pub duration_s: u16,
    pub kind: u8,
    /// Of a number without a contract.
    pub is_stray: bool,
}

/// The types of events, in the order of [`Event::kind`].
pub(crate) const KINDS: [&str; 5] = ["call_mo", "call_mt", "sms_mo", "sms_mt", "data_start"];

/// A web record of a listed site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub at: u32,
    /// Position of the customer in the block.
    pub who: u32,
    pub cell: u32,
    pub bytes: u32,
    pub duration_s: u16,
    pub site: u16,
    /// Of a number without a contract.
    pub is_stray: bool,
}

/// A generated world, ready to be asked what happens.
pub(crate) struct Life<'world> {
    pub world: &'world World,
    pub land: &'world Land,
    pub tastes: Tastes,
    pub sites: &'static SiteList,
}

impl Life<'_> {
    /// The year by which ages are told.
    pub fn year(&self) -> u32 {
        u32::try_from(self.world.first_day.year()).unwrap_or_default()
    }

    /// What a customer looks at again and again.
    pub fn habits(&self, customer: &Customer) -> Habits {
        let born = customer.birth_year;
        let band = born.and_then(|born| AgeBand::from_birth_year(born, self.year()));
        // A tablet's owner has the same habits on both devices.
        self.tastes.habits(customer.account, customer.gender, band)
    }

    /// Calls `seen` for each event of a customer on a day, hour by hour, with the local hour.
    pub fn events(
        &self,
        (who, customer): (u32, &Customer),
        day: &Day,
        plan: &Plan,
        mut seen: impl FnMut(Event, u8),
    ) {
        let (index, number) = (u64::from(customer.index), u64::from(day.position));
        let mut rng = stream(self.world.seed, Purpose::Events, index, number);
        let per_day = self.world.events_per_day * f64::from(customer.activity);
        for (start, hour) in day.slots() {
            let times = times(per_day * share(hour), &mut rng);
            if times == 0 {
                continue;
            }
            let stay = plan.stay(hour);
            for _ in 0..times {
                let (at, cell) = self.moment(stay, start, &mut rng);
                let kind = match rng.u8(0..100) {
                    share @ 0..12 => share % 2,
                    share @ 12..24 => 2 + share % 2,
                    _ => 4,
                };
                let (duration_s, volume) = match kind {
                    0 | 1 => (rng.u16(5..600), 0),
                    4 => (rng.u16(1..1800), rng.u32(1_000..5_000_000)),
                    _ => (0, 0),
                };
                seen(Event { at, who, cell, volume, duration_s, kind, is_stray: false }, hour);
            }
        }
    }

    /// Calls `seen` for each web record of a customer on a day that names a listed site.
    pub fn pages(
        &self,
        (who, customer, habits): (u32, &Customer, &Habits),
        day: &Day,
        plan: &Plan,
        mut seen: impl FnMut(Page),
    ) {
        let (index, number) = (u64::from(customer.index), u64::from(day.position));
        let mut rng = stream(self.world.seed, Purpose::Web, index, number);
        let per_day = self.world.web_per_day * f64::from(customer.activity);
        for (start, hour) in day.slots() {
            let times = times(per_day * share(hour), &mut rng);
            if times == 0 {
                continue;
            }
            let stay = plan.stay(hour);
            for _ in 0..times {
                let (at, cell) = self.moment(stay, start, &mut rng);
                let site = self.tastes.site(habits, &mut rng);
                let (duration_s, bytes) = (rng.u16(1..900), rng.u32(2_000..20_000_000));
                seen(Page { at, who, cell, bytes, duration_s, site, is_stray: false });
            }
        }
    }

    /// Calls `seen` for each event of a visitor from abroad on a day.
    pub fn visit(&self, visitor: u32, day: &Day, mut seen: impl FnMut(Event)) {
        let (name, number) = (u64::from(visitor), u64::from(day.position));
        let mut rng = stream(self.world.seed, Purpose::Visitor, name, number);
        let homes = u64::try_from(self.land.homes.len()).unwrap_or(1);
        let place = u32::try_from(name * 7_919 % homes).unwrap_or_default();
        for (start, _) in day.slots() {
            for _ in 0..times(self.world.events_per_day / 24.0, &mut rng) {
                let (at, cell) = self.moment(Stay { place, from_ms: 0 }, start, &mut rng);
                let (duration_s, volume) = (rng.u16(1..1800), rng.u32(1_000..5_000_000));
                let who = visitor;
                seen(Event { at, who, cell, volume, duration_s, kind: 4, is_stray: false });
            }
        }
    }

    /// What a number does on a day on which it is nobody's: an event and a page, of as many as wanted.
    pub fn stray(&self, who: u32, customer: &Customer, day: &Day) -> (Event, Page) {
        let (index, number) = (u64::from(customer.index), u64::from(day.position));
        let mut rng = stream(self.world.seed, Purpose::Contract, index, 1 + number);
        let stay = Stay { place: customer.home, from_ms: 0 };
        // At noon: on its own day in every zone.
        let (at, cell) = self.moment(stay, 13 * HOUR_MS, &mut rng);
        let event = Event { at, who, cell, volume: 1_000, duration_s: 60, kind: 4, is_stray: true };
        let page = Page { at, who, cell, bytes: 2_000, duration_s: 1, site: 0, is_stray: true };
        (event, page)
    }

    /// A moment of a stay and the cell that serves it then.
    fn moment(&self, stay: Stay, start: u32, rng: &mut fastrand::Rng) -> (u32, u32) {
        let at = start + rng.u32(stay.from_ms..HOUR_MS);
        let cells = usize::try_from(stay.place).ok().and_then(|at| self.land.cells_of_home.get(at));
        (at, rng.u32(cells.cloned().unwrap_or(0..1)))
    }
}
