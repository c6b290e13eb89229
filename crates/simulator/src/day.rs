//! What one customer does in one hour: the same whoever asks, for the files and for the truth.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use reference::{AgeBand, SiteList};

use crate::chance::{Purpose, stream, times};
use crate::customers::Customer;
use crate::land::Land;
use crate::sites::Tastes;
use crate::world::{SimulateError, World};

/// An hour of the calendar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Number of the hour since the world began: names the stream.
    pub number: u64,
    /// First millisecond.
    pub start_ms: i64,
    /// Local hour.
    pub hour: u8,
    pub weekend: bool,
}

/// A call, text or data session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub at_ms: i64,
    pub customer: u32,
    pub cell: u32,
    pub kind: u8,
    pub duration_s: u32,
    pub volume: u64,
}

/// The types of events, in the order of [`Event::kind`].
pub(crate) const KINDS: [&str; 5] = ["call_mo", "call_mt", "sms_mo", "sms_mt", "data_start"];

/// A web record of a listed site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WebRecord {
    pub at_ms: i64,
    pub customer: u32,
    pub site: u32,
    pub duration_s: u32,
    pub bytes: u64,
    pub cell: u32,
}

/// Share of a day's activity in each local hour.
const CURVE: [f64; 24] = [
    0.010, 0.006, 0.004, 0.003, 0.004, 0.010, 0.025, 0.045, 0.055, 0.050, 0.050, 0.052, 0.058,
    0.055, 0.052, 0.052, 0.058, 0.065, 0.068, 0.066, 0.064, 0.060, 0.052, 0.036,
];

/// The hours of a local day: 23, 24 or 25 of them.
pub(crate) fn slots(day: Date, zone: &TimeZone) -> Result<Vec<Slot>, SimulateError> {
    let wrong = |cause: jiff::Error| SimulateError::Calendar(cause.to_string());
    let midnight =
        |day: Date| Ok(zone.to_timestamp(day.at(0, 0, 0, 0)).map_err(wrong)?.as_millisecond());
    let (start, end) = (midnight(day)?, midnight(day.tomorrow().map_err(wrong)?)?);
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    (start..end)
        .step_by(3_600_000)
        .map(|start_ms| {
            let instant = jiff::Timestamp::from_millisecond(start_ms).map_err(wrong)?;
            let hour = u8::try_from(zone.to_datetime(instant).hour()).unwrap_or_default();
            let number = u64::try_from(start_ms / 3_600_000).unwrap_or_default();
            Ok(Slot { number, start_ms, hour, weekend })
        })
        .collect()
}

/// A generated world, ready to be asked what happened.
pub(crate) struct Life<'world> {
    pub world: &'world World,
    pub land: &'world Land,
    pub customers: &'world [Customer],
    pub tastes: Tastes,
    pub sites: &'static SiteList,
}

impl Life<'_> {
    /// Calls `seen` for each event of a customer in a slot, by time within it as drawn.
    pub fn events(
        &self,
        index: u32,
        customer: &Customer,
        slot: &Slot,
        mut seen: impl FnMut(Event),
    ) {
        let mut rng = stream(self.world.seed, Purpose::Events, u64::from(index), slot.number);
        let rate = rate(customer, slot, self.world.events_per_day);
        for _ in 0..times(rate, &mut rng) {
            let cell = self.cell(customer, slot, &mut rng);
            let kind = match rng.u8(0..100) {
                share @ 0..12 => share % 2,
                share @ 12..24 => 2 + share % 2,
                _ => 4,
            };
            let at_ms = slot.start_ms + i64::from(rng.u32(0..3_600_000));
            let (duration_s, volume) = match kind {
                0 | 1 => (rng.u32(5..600), 0),
                4 => (rng.u32(1..1800), rng.u64(1_000..5_000_000)),
                _ => (0, 0),
            };
            seen(Event { at_ms, customer: index, cell, kind, duration_s, volume });
        }
    }

    /// Calls `seen` for each web record of a customer in a slot that names a listed site.
    pub fn web(
        &self,
        index: u32,
        customer: &Customer,
        slot: &Slot,
        mut seen: impl FnMut(WebRecord),
    ) {
        let mut rng = stream(self.world.seed, Purpose::Web, u64::from(index), slot.number);
        let rate = rate(customer, slot, self.world.web_per_day);
        let band = self.taste_band(customer);
        for _ in 0..times(rate, &mut rng) {
            let at_ms = slot.start_ms + i64::from(rng.u32(0..3_600_000));
            // A tablet's owner has the same habits on both devices.
            let site = self.tastes.site(customer.account, customer.gender, band, &mut rng);
            let (duration_s, bytes) = (rng.u32(1..900), rng.u64(2_000..20_000_000));
            let cell = self.cell(customer, slot, &mut rng);
            seen(WebRecord { at_ms, customer: index, site, duration_s, bytes, cell });
        }
    }

    fn taste_band(&self, customer: &Customer) -> Option<AgeBand> {
        let year = u32::try_from(self.world.first_day.year()).unwrap_or_default();
        customer.birth_year.and_then(|born| AgeBand::from_birth_year(born, year))
    }

    /// The cell that serves a customer: at home, at work, or somewhere else.
    fn cell(&self, customer: &Customer, slot: &Slot, rng: &mut fastrand::Rng) -> u32 {
        let working = !slot.weekend && (9..17).contains(&slot.hour);
        let (home, work) = match (working, slot.hour) {
            (true, _) => (0.15, 0.75),
            (false, 0..6 | 22..) => (0.96, 0.0),
            (false, _) if slot.weekend => (0.60, 0.02),
            (false, _) => (0.70, 0.12),
        };
        let place = match rng.f64() {
            share if share < home => customer.home,
            share if share < home + work => customer.work,
            _ => {
                let around = [customer.home, customer.work][rng.usize(0..2)];
                let homes = u32::try_from(self.land.homes.len()).unwrap_or(1);
                (around + rng.u32(0..6)).min(homes - 1)
            }
        };
        let cells = usize::try_from(place).ok().and_then(|at| self.land.cells_of_home.get(at));
        let cells = cells.cloned().unwrap_or(0..1);
        u32::try_from(rng.usize(cells)).unwrap_or(0)
    }
}

/// How often something happens to a customer in a slot, on average.
fn rate(customer: &Customer, slot: &Slot, per_day: f64) -> f64 {
    per_day * f64::from(customer.activity) * CURVE[usize::from(slot.hour)]
}
