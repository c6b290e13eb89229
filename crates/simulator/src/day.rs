//! What one customer does in one hour: the same whoever asks, for the files and for the truth.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use reference::{AgeBand, SiteList};

use crate::chance::{Purpose, stream, times};
use crate::customers::Customer;
use crate::land::Land;
use crate::place::{Stay, stay};
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
    /// Day of the week, Monday is 1.
    pub weekday: i8,
    /// Number of the local day since 1970: names the day's plans.
    pub day: u64,
}

impl Slot {
    /// The last hour of the day before; none on the world's first day.
    pub fn before(&self, first_day: u64) -> Option<Self> {
        let weekday = if self.weekday == 1 { 7 } else { self.weekday - 1 };
        (self.day > first_day).then(|| Self {
            number: self.number - 1,
            start_ms: self.start_ms - 3_600_000,
            hour: 23,
            weekend: weekday >= 6,
            weekday,
            day: self.day - 1,
        })
    }
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
    /// Country code of the SIM's network.
    pub mcc: u32,
}

/// The country code of the test network, which the operator is in.
pub(crate) const HOME_MCC: u32 = 1;

/// Where visitors come from: France, Germany, Ireland, the United States.
const ABROAD: [u32; 4] = [208, 262, 272, 310];

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
            let weekday = day.weekday().to_monday_one_offset();
            let since = (day - Date::constant(1970, 1, 1)).get_days();
            let day = u64::try_from(since).unwrap_or_default();
            Ok(Slot { number, start_ms, hour, weekend, weekday, day })
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
    /// Every event of a slot: of customers, then of visitors from abroad.
    pub fn all_events(&self, slot: &Slot, mut seen: impl FnMut(Event)) {
        for (index, customer) in (0..).zip(self.customers) {
            self.events(index, customer, slot, &mut seen);
        }
        let visitors = f64::from(self.world.subscribers) * self.world.rates.visitor;
        for visitor in 0..crate::land::whole(visitors) {
            let mut rng =
                stream(self.world.seed, Purpose::Visitor, u64::from(visitor), slot.number);
            let home =
                u64::from(visitor) * 7_919 % u64::try_from(self.land.homes.len()).unwrap_or(1);
            let place = u32::try_from(home).unwrap_or_default();
            for _ in 0..times(self.world.events_per_day / 24.0, &mut rng) {
                let (at_ms, cell) = self.moment(Stay { place, from_ms: 0 }, slot, &mut rng);
                let mcc = ABROAD[usize::try_from(visitor % 4).unwrap_or_default()];
                let (duration_s, volume) = (rng.u32(1..1800), rng.u64(1_000..5_000_000));
                seen(Event { at_ms, customer: visitor, cell, kind: 4, duration_s, volume, mcc });
            }
        }
    }

    /// Whether an event of a day's last hour comes in the file of the next day.
    pub fn is_late(&self, event: &Event) -> bool {
        let moment = u64::try_from(event.at_ms).unwrap_or_default();
        let mut rng = stream(self.world.seed, Purpose::Late, moment, u64::from(event.customer));
        rng.f64() < self.world.rates.late_row
    }

    /// Numbers of the world's first and last day.
    pub fn first_day(&self) -> u64 {
        let since = (self.world.first_day - Date::constant(1970, 1, 1)).get_days();
        u64::try_from(since).unwrap_or_default()
    }

    pub fn last_day(&self) -> u64 {
        self.first_day() + u64::from(self.world.days) - 1
    }

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
        let times = times(rate, &mut rng);
        if times == 0 {
            return;
        }
        let stay = stay(self.world, self.land, index, customer, slot);
        for _ in 0..times {
            let (at_ms, cell) = self.moment(stay, slot, &mut rng);
            let kind = match rng.u8(0..100) {
                share @ 0..12 => share % 2,
                share @ 12..24 => 2 + share % 2,
                _ => 4,
            };
            let (duration_s, volume) = match kind {
                0 | 1 => (rng.u32(5..600), 0),
                4 => (rng.u32(1..1800), rng.u64(1_000..5_000_000)),
                _ => (0, 0),
            };
            seen(Event { at_ms, customer: index, cell, kind, duration_s, volume, mcc: HOME_MCC });
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
        let times = times(rate, &mut rng);
        if times == 0 {
            return;
        }
        let stay = stay(self.world, self.land, index, customer, slot);
        for _ in 0..times {
            let (at_ms, cell) = self.moment(stay, slot, &mut rng);
            // A tablet's owner has the same habits on both devices.
            let site = self.tastes.site(customer.account, customer.gender, band, &mut rng);
            let (duration_s, bytes) = (rng.u32(1..900), rng.u64(2_000..20_000_000));
            seen(WebRecord { at_ms, customer: index, site, duration_s, bytes, cell });
        }
    }

    fn taste_band(&self, customer: &Customer) -> Option<AgeBand> {
        let year = u32::try_from(self.world.first_day.year()).unwrap_or_default();
        customer.birth_year.and_then(|born| AgeBand::from_birth_year(born, year))
    }

    /// A moment of a stay and the cell that serves it then.
    fn moment(&self, stay: Stay, slot: &Slot, rng: &mut fastrand::Rng) -> (i64, u32) {
        let at_ms = slot.start_ms + i64::from(rng.u32(stay.from_ms..3_600_000));
        let cells = usize::try_from(stay.place).ok().and_then(|at| self.land.cells_of_home.get(at));
        let cells = cells.cloned().unwrap_or(0..1);
        (at_ms, u32::try_from(rng.usize(cells)).unwrap_or(0))
    }
}

/// How often something happens to a customer in a slot, on average.
fn rate(customer: &Customer, slot: &Slot, per_day: f64) -> f64 {
    per_day * f64::from(customer.activity) * CURVE[usize::from(slot.hour)]
}
