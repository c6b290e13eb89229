//! Where a customer is in an hour: at home, at work, on an errand, at the match; one place at a time.
//!
//! Nobody is in two places at once, and the way between them takes its time: what happens in an hour
//! begins when the way from the place before is over, at 40 m/s. A way of more than an hour is not taken.

use crate::chance::{Purpose, stream};
use crate::customers::{Customer, Role};
use crate::day::Day;
use crate::land::{Land, whole};
use crate::world::World;

/// 40 m/s, 144 km/h: faster than people travel, slower than what a door takes for a jump.
const METRES_PER_SECOND: f64 = 40.0;

/// 2 km: how far apart the cells of one place may be, twice.
const PLACE_M: f64 = 2_000.0;

/// The longest way, seconds.
const WAY_MAX_S: f64 = 3_400.0;

/// Where a customer is in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    /// Position among the land's homes.
    pub place: u32,
    /// Milliseconds of the hour until the customer is there.
    pub from_ms: u32,
}

/// What a customer does on a day.
pub(crate) struct Plan {
    home: u32,
    /// Where to, from which hour, until which; home when nowhere.
    outing: (u32, u8, u8),
    /// Whether the outing is in the hours outside of these.
    at_night: bool,
    /// How long the way there takes.
    way_ms: u32,
}

impl Plan {
    pub fn of(world: &World, land: &Land, customer: &Customer, day: &Day) -> Self {
        let home = customer.home;
        let mut plan = Self { home, outing: (home, 0, 0), at_night: false, way_ms: 0 };
        if customer.role == Role::Tablet {
            return plan;
        }
        let (index, number) = (u64::from(customer.index), u64::from(day.position));
        let mut rng = stream(world.seed, Purpose::Place, index, number);
        let rates = &world.rates;
        let way_s = |to: u32| (land.distance_m(home, to) + PLACE_M) / METRES_PER_SECOND;
        let near = |to: u32| way_s(to) < WAY_MAX_S;
        let goes = |share: f64, to: u32, rng: &mut fastrand::Rng| rng.f64() < share && near(to);
        if day.weekday == SATURDAY && goes(rates.shopping, land.centre, &mut rng) {
            plan.outing = (land.centre, 10 + rng.u8(0..4), 15 + rng.u8(0..3));
        } else if day.weekday == WEDNESDAY && goes(rates.stadium, land.stadium, &mut rng) {
            plan.outing = (land.stadium, 19, 22);
        } else if rng.f64() < if day.weekend { 0.35 } else { 0.15 } {
            let to = land.neighbour(home, rng.u32(0..6));
            if near(to) {
                let from = 10 + rng.u8(0..9);
                plan.outing = (to, from, from + 1 + rng.u8(0..3));
            }
        }
        let works = !day.weekend && customer.work != home && rng.f64() < 0.93;
        if works && plan.outing.0 == home && near(customer.work) {
            plan.at_night = customer.night_shift;
            let (leave, back) =
                if plan.at_night { (7, 21) } else { (7 + rng.u8(0..3), 15 + rng.u8(0..4)) };
            plan.outing = (customer.work, leave, back);
        }
        if plan.outing.0 != home {
            plan.way_ms = whole(way_s(plan.outing.0) * 1_000.0);
        }
        plan
    }

    /// Where the customer is in a local hour.
    pub fn stay(&self, hour: u8) -> Stay {
        let place = self.place(hour);
        let moved = hour > 0 && self.place(hour - 1) != place;
        Stay { place, from_ms: if moved { self.way_ms } else { 0 } }
    }

    fn place(&self, hour: u8) -> u32 {
        let (to, from, until) = self.outing;
        let inside = (from..until).contains(&hour);
        if to != self.home && inside != self.at_night { to } else { self.home }
    }
}

/// Days of the week from Monday, 1.
const WEDNESDAY: i8 = 3;
const SATURDAY: i8 = 6;
