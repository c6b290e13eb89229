//! The local days and hours of a period and of the one before, for one instant a row.
//!
//! Rows of the period before may come late. A table of quarter hours answers in one look: every
//! zone's offset since 1972 is a multiple of 15 minutes. The repeated hour of a clock change is one
//! hour; seconds since midnight run on.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::key::FIRST_DAY;
use super::register::{ALWAYS, Tenure};
use crate::error::{Error, Result};
use crate::time::Period;

const QUARTER_MS: i64 = 15 * 60 * 1_000;

/// A set of days by their numbers, bit by bit.
pub type DaySet = u64;

/// Where an instant falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Number of the day: [`FIRST_DAY`] is the first of the period, those below are of the one before.
    pub day: u8,
    /// Local hour.
    pub hour: u8,
    /// Seconds since the local day began, counted through a clock change.
    pub second: u32,
}

/// A local day.
#[derive(Clone, Copy, Debug)]
struct Day {
    number: u8,
    date: Date,
    start_ms: i64,
}

/// The quarter hours of two months.
pub struct Calendar {
    period: Period,
    start_ms: i64,
    end_ms: i64,
    days: Vec<Day>,
    days_before: usize,
    /// Position of the day, and the local hour.
    quarters: Vec<(u8, u8)>,
}

impl Calendar {
    /// The calendar of `period` and the month before in `zone`.
    ///
    /// # Errors
    /// A fault when the zone cannot place them.
    pub fn new(period: Period, zone: &TimeZone) -> Result<Self> {
        let fault = |cause: jiff::Error| Error::fault("F02", format!("period {period}: {cause}"));
        let (start_ms, _) = period.before()?.bounds_ms(zone)?;
        let (_, end_ms) = period.bounds_ms(zone)?;
        let (mut days, mut quarters) = (Vec::<Day>::new(), Vec::new());
        let mut at = start_ms;
        while at < end_ms {
            let local = zone.to_datetime(Timestamp::from_millisecond(at).map_err(fault)?);
            let date = local.date();
            if days.last().is_none_or(|it| it.date != date) {
                let of_month = u8::try_from(date.day() - 1).unwrap_or_default();
                let number = of_month + if period.contains(date) { FIRST_DAY } else { 0 };
                days.push(Day { number, date, start_ms: at });
            }
            let position = u8::try_from(days.len() - 1).unwrap_or(u8::MAX);
            quarters.push((position, u8::try_from(local.hour()).unwrap_or_default()));
            at += QUARTER_MS;
        }
        let days_before = days.iter().filter(|it| it.number < FIRST_DAY).count();
        Ok(Self { period, start_ms, end_ms, days, days_before, quarters })
    }

    /// Where `instant`, epoch milliseconds, falls; `None` outside both months.
    #[must_use]
    pub fn locate(&self, instant: i64) -> Option<Moment> {
        if !(self.start_ms..self.end_ms).contains(&instant) {
            return None;
        }
        let quarter = usize::try_from((instant - self.start_ms) / QUARTER_MS).ok()?;
        let (position, hour) = *self.quarters.get(quarter)?;
        let day = self.days.get(usize::from(position))?;
        let second = u32::try_from((instant - day.start_ms) / 1_000).ok()?;
        Some(Moment { day: day.number, hour, second })
    }

    /// The local hour of a second of a day.
    #[must_use]
    pub fn hour(&self, day: u8, second: u32) -> u8 {
        let midnight = self.day(day).map_or(self.start_ms, |it| it.start_ms);
        self.locate(midnight + i64::from(second) * 1_000).map_or(23, |it| it.hour)
    }

    /// The length of a day in seconds: 86,400, but for the days of a clock change.
    #[must_use]
    pub fn seconds(&self, day: u8) -> u32 {
        let edge = |day: Option<&Day>| day.map_or(self.end_ms, |it| it.start_ms);
        let after = self.days.iter().find(|it| it.number > day);
        u32::try_from((edge(after) - edge(self.day(day))) / 1_000).unwrap_or_default()
    }

    /// A day by its number.
    #[must_use]
    pub fn date(&self, day: u8) -> Option<Date> {
        self.day(day).map(|it| it.date)
    }

    /// The number of a day.
    #[must_use]
    pub fn number(&self, date: Date) -> Option<u8> {
        self.days.iter().find(|it| it.date == date).map(|it| it.number)
    }

    /// Days of both months of which `is_in` is true.
    pub fn set(&self, mut is_in: impl FnMut(Date) -> bool) -> DaySet {
        let chosen = self.days.iter().filter(|it| is_in(it.date));
        chosen.fold(0, |set, it| set | 1 << it.number)
    }

    /// The days of the period, in order, with their numbers.
    pub fn days(&self) -> impl Iterator<Item = (u8, Date)> {
        self.days.iter().filter(|it| self.period.contains(it.date)).map(|it| (it.number, it.date))
    }

    /// The days on which something holds from one date to another (days since 1970; without end where
    /// absent): none when the first is after the last. `None` for dates beyond the calendar.
    #[must_use]
    pub fn tenure(&self, (from, to): (Option<i32>, Option<i32>)) -> Option<Tenure> {
        let date = |days: i32| Date::new(1970, 1, 1).ok()?.checked_add(days.days()).ok();
        let (first, last) = (self.days.first()?.date, self.days.last()?.date);
        let from = from.map_or(Some(Date::MIN), date)?;
        let to = to.map_or(Some(Date::MAX), date)?;
        if from > last || to < first || to < from {
            return Some((1, 0));
        }
        let from = if from < first { ALWAYS.0 } else { self.number(from)? };
        let to = if to > last { ALWAYS.1 } else { self.number(to)? };
        Some((from, to))
    }

    fn day(&self, number: u8) -> Option<&Day> {
        let number = usize::from(number);
        let first = usize::from(FIRST_DAY);
        let position = if number < first { number } else { self.days_before + number - first };
        self.days.get(position)
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
        check("2026-10", "2026-10-25T00:30:00Z", Some((32 + 24, 1, 5_400)));
        check("2026-10", "2026-10-25T01:30:00Z", Some((32 + 24, 1, 9_000)));
        check("2026-10", "2026-10-25T02:30:00Z", Some((32 + 24, 2, 12_600)));
        // 29 March 2026: 01:00 to 02:00 never comes.
        check("2026-03", "2026-03-29T00:59:59Z", Some((32 + 28, 0, 3_599)));
        check("2026-03", "2026-03-29T01:00:00Z", Some((32 + 28, 2, 3_600)));
    }

    #[test]
    fn a_period_begins_and_ends_at_local_midnight() {
        check("2026-10", "2026-08-31T22:59:59Z", None);
        check("2026-10", "2026-08-31T23:00:00Z", Some((0, 0, 0)));
        check("2026-10", "2026-09-30T22:59:59Z", Some((29, 23, 86_399)));
        check("2026-10", "2026-09-30T23:00:00Z", Some((32, 0, 0)));
        check("2026-10", "2026-10-31T23:59:59.999Z", Some((62, 23, 86_399)));
        check("2026-10", "2026-11-01T00:00:00Z", None);
    }

    #[test]
    fn every_day_has_one_number() {
        let zone = TimeZone::get("Europe/London").unwrap();
        for period in ["2026-01", "2026-03", "2028-03"] {
            let calendar = Calendar::new(period.parse().unwrap(), &zone).unwrap();
            let numbers: Vec<u8> = calendar.days.iter().map(|it| it.number).collect();
            assert!(numbers.windows(2).all(|it| it[0] < it[1]), "{period}: {numbers:?}");
            for day in &calendar.days {
                assert_eq!(calendar.number(day.date), Some(day.number));
                assert!(day.number < 63);
            }
        }
    }
}
