//! Local civil days and hours of the operator, periods, and the clock as an argument.
//!
//! Inputs are instants; days and hours are local: the repeated hour of a clock change is one
//! cell, the missing one is absent. A period is a calendar month (interfaces: time).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::error::Error;

/// Tells the time; the ambient clock enters only through [`SystemClock`].
pub trait Clock: Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A calendar month, written `2026-10`: the unit of snapshots, keys and budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    first: Date,
}

impl Period {
    /// The month that holds `day`.
    #[must_use]
    pub fn of(day: Date) -> Self {
        Self { first: day.first_of_month() }
    }

    /// The first day.
    #[must_use]
    pub const fn first_day(self) -> Date {
        self.first
    }

    /// Its days, ascending.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| self.contains(*day))
    }

    /// The month before.
    ///
    /// # Errors
    /// A fault when it lies beyond the calendar.
    pub fn before(self) -> Result<Self, Error> {
        let day = self.first.yesterday();
        day.map(Self::of).map_err(|cause| Error::fault("F02", format!("period {self}: {cause}")))
    }

    /// Whether `day` lies in this month.
    #[must_use]
    pub fn contains(self, day: Date) -> bool {
        day.first_of_month() == self.first
    }

    /// The instants from the first midnight to the last, half open, in epoch milliseconds.
    ///
    /// # Errors
    /// A fault when the zone cannot place the month, which needs a year beyond the calendar.
    pub fn bounds_ms(self, zone: &TimeZone) -> Result<(i64, i64), Error> {
        let edge = |date: Date| {
            zone.to_timestamp(date.at(0, 0, 0, 0))
                .map(Timestamp::as_millisecond)
                .map_err(|cause| Error::fault("F02", format!("period {self}: {cause}")))
        };
        let next = self
            .first
            .checked_add(1.month())
            .map_err(|cause| Error::fault("F02", format!("period {self}: {cause}")))?;
        Ok((edge(self.first)?, edge(next)?))
    }
}

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::input("I01", format!("`{text}` is not a period"))
                .allowed("a calendar month such as 2026-10")
        };
        if text.len() != 7 {
            return Err(wrong());
        }
        format!("{text}-01").parse::<Date>().map(Self::of).map_err(|_| wrong())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.first.year(), self.first.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_a_calendar_month_and_nothing_else() {
        assert_eq!("2026-10".parse::<Period>().unwrap().to_string(), "2026-10");
        for text in ["2026-13", "2026-1", "202610", "2026-10-01", "October", ""] {
            assert_eq!(text.parse::<Period>().unwrap_err().code(), "I01", "{text}");
        }
    }

    #[test]
    fn the_month_of_a_clock_change_is_an_hour_longer() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let (start, end) = "2026-10".parse::<Period>().unwrap().bounds_ms(&zone).unwrap();
        assert_eq!(end - start, (31 * 24 + 1) * 3_600_000);
    }
}
