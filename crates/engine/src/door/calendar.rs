//! The local days and hours of a period, for one instant a row.
//!
//! A table of quarter hours answers in one look: every zone's offset since 1972 is a multiple of
//! 15 minutes. The repeated hour of a clock change is one hour; seconds since midnight run on.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::error::{Error, Result};
use crate::time::Period;

const QUARTER_MS: i64 = 15 * 60 * 1_000;

/// Where an instant falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Day of the period, from 0.
    pub day: u8,
    /// Local hour.
    pub hour: u8,
    /// Seconds since the local day began, counted through a clock change.
    pub second: u32,
}

/// The quarter hours of one period.
pub struct Calendar {
    start_ms: i64,
    end_ms: i64,
    days: Vec<(Date, i64)>,
    quarters: Vec<(u8, u8)>,
}

impl Calendar {
    /// The calendar of `period` in `zone`.
    ///
    /// # Errors
    /// A fault when the zone cannot place the period.
    pub fn new(period: Period, zone: &TimeZone) -> Result<Self> {
        let (start_ms, end_ms) = period.bounds_ms(zone)?;
        let fault = |cause: jiff::Error| Error::fault("F02", format!("period {period}: {cause}"));
        let (mut days, mut quarters) = (Vec::<(Date, i64)>::new(), Vec::new());
        let mut at = start_ms;
        while at < end_ms {
            let local = zone.to_datetime(Timestamp::from_millisecond(at).map_err(fault)?);
            if days.last().is_none_or(|it| it.0 != local.date()) {
                days.push((local.date(), at));
            }
            let day = u8::try_from(days.len() - 1).unwrap_or(u8::MAX);
            quarters.push((day, u8::try_from(local.hour()).unwrap_or_default()));
            at += QUARTER_MS;
        }
        Ok(Self { start_ms, end_ms, days, quarters })
    }

    /// Where `instant`, epoch milliseconds, falls; `None` outside the period.
    #[must_use]
    pub fn locate(&self, instant: i64) -> Option<Moment> {
        if !(self.start_ms..self.end_ms).contains(&instant) {
            return None;
        }
        let quarter = usize::try_from((instant - self.start_ms) / QUARTER_MS).ok()?;
        let (day, hour) = *self.quarters.get(quarter)?;
        let (_, midnight) = *self.days.get(usize::from(day))?;
        let second = u32::try_from((instant - midnight) / 1_000).ok()?;
        Some(Moment { day, hour, second })
    }

    /// The local hour of a second of a day.
    #[must_use]
    pub fn hour(&self, day: u8, second: u32) -> u8 {
        let midnight = self.days.get(usize::from(day)).map_or(self.start_ms, |it| it.1);
        self.locate(midnight + i64::from(second) * 1_000).map_or(23, |it| it.hour)
    }

    /// The length of a day in seconds: 86,400, but for the days of a clock change.
    #[must_use]
    pub fn seconds(&self, day: u8) -> u32 {
        let edge = |at: usize| self.days.get(at).map_or(self.end_ms, |it| it.1);
        let length = (edge(usize::from(day) + 1) - edge(usize::from(day))) / 1_000;
        u32::try_from(length).unwrap_or_default()
    }

    /// A day of the period by its number.
    #[must_use]
    pub fn date(&self, day: u8) -> Option<Date> {
        self.days.get(usize::from(day)).map(|it| it.0)
    }

    /// The days, in order.
    pub fn dates(&self) -> impl Iterator<Item = Date> {
        self.days.iter().map(|it| it.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(period: &str, instant: &str, expected: Option<(u8, u8, u32)>) {
        let zone = TimeZone::get("Europe/London").unwrap();
        let calendar = Calendar::new(period.parse().unwrap(), &zone).unwrap();
        let instant = instant.parse::<Timestamp>().unwrap().as_millisecond();
        let found = calendar.locate(instant).map(|it| (it.day, it.hour, it.second));
        assert_eq!(found, expected, "{period} {instant}");
    }

    #[test]
    fn the_hours_of_a_clock_change_are_one_cell_and_no_cell() {
        // 25 October 2026: 01:00 to 02:00 comes twice.
        check("2026-10", "2026-10-25T00:30:00Z", Some((24, 1, 5_400)));
        check("2026-10", "2026-10-25T01:30:00Z", Some((24, 1, 9_000)));
        check("2026-10", "2026-10-25T02:30:00Z", Some((24, 2, 12_600)));
        // 29 March 2026: 01:00 to 02:00 never comes.
        check("2026-03", "2026-03-29T00:59:59Z", Some((28, 0, 3_599)));
        check("2026-03", "2026-03-29T01:00:00Z", Some((28, 2, 3_600)));
    }

    #[test]
    fn a_period_begins_and_ends_at_local_midnight() {
        check("2026-10", "2026-09-30T22:59:59Z", None);
        check("2026-10", "2026-09-30T23:00:00Z", Some((0, 0, 0)));
        check("2026-10", "2026-10-31T23:59:59.999Z", Some((30, 23, 86_399)));
        check("2026-10", "2026-11-01T00:00:00Z", None);
    }
}
