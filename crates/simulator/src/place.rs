//! Where a customer is in an hour: at home, at work, on an errand, at the match; one place at a time.
//!
//! Nobody is in two places at once, and the way between them takes its time: events of an hour begin
//! when the way from the place before is over, at 40 m/s. A way of more than an hour is not taken.

use crate::chance::{Purpose, stream};
use crate::customers::{Customer, Role};
use crate::day::Slot;
use crate::land::Land;
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

/// Where `customer`, by index, is in a slot.
pub(crate) fn stay(
    world: &World,
    land: &Land,
    index: u32,
    customer: &Customer,
    slot: &Slot,
) -> Stay {
    let day = Plan::of(world, land, index, customer, slot);
    let place = day.place(slot.hour);
    let before = if slot.hour == 0 { place } else { day.place(slot.hour - 1) };
    if place == before {
        return Stay { place, from_ms: 0 };
    }
    let seconds = (land.distance_m(before, place) + PLACE_M) / METRES_PER_SECOND;
    Stay { place, from_ms: crate::land::whole(seconds * 1_000.0) }
}

/// What a customer does on a day.
struct Plan {
    home: u32,
    /// Where to, from which hour, until which; home when nowhere.
    outing: (u32, u8, u8),
    /// Whether the outing is in the hours outside of these.
    at_night: bool,
}

impl Plan {
    fn of(world: &World, land: &Land, index: u32, customer: &Customer, slot: &Slot) -> Self {
        let home = customer.home;
        let mut plan = Self { home, outing: (home, 0, 0), at_night: false };
        if customer.role == Role::Tablet {
            return plan;
        }
        let mut rng = stream(world.seed, Purpose::Place, u64::from(index), slot.day);
        let rates = &world.rates;
        let near = |to: u32| (land.distance_m(home, to) + PLACE_M) / METRES_PER_SECOND < WAY_MAX_S;
        let goes = |share: f64, to: u32, rng: &mut fastrand::Rng| rng.f64() < share && near(to);
        if slot.weekday == SATURDAY && goes(rates.shopping, land.centre, &mut rng) {
            plan.outing = (land.centre, 10 + rng.u8(0..4), 15 + rng.u8(0..3));
        } else if slot.weekday == WEDNESDAY && goes(rates.stadium, land.stadium, &mut rng) {
            plan.outing = (land.stadium, 19, 22);
        } else if rng.f64() < if slot.weekend { 0.35 } else { 0.15 } {
            let to = land.neighbour(home, rng.u32(0..6));
            if near(to) {
                let from = 10 + rng.u8(0..9);
                plan.outing = (to, from, from + 1 + rng.u8(0..3));
            }
        }
        let works = !slot.weekend && customer.work != home && rng.f64() < 0.93;
        if works && near(customer.work) && plan.outing.0 == home {
            plan.at_night = customer.night_shift;
            let (leave, back) =
                if plan.at_night { (7, 21) } else { (7 + rng.u8(0..3), 15 + rng.u8(0..4)) };
            plan.outing = (customer.work, leave, back);
        }
        plan
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
