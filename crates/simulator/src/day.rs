//! The days of the calendar, and how activity is spread over one.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::world::SimulateError;

/// A local day of the world.
///
/// Moments of a day are milliseconds since an hour before its first, so that what comes late of the day
/// before has its place.
#[derive(Clone, Debug)]
pub(crate) struct Day {
    pub date: Date,
    /// Place among the world's days, from 0.
    pub position: u16,
    pub is_last: bool,
    pub weekend: bool,
    /// Day of the week, Monday is 1.
    pub weekday: i8,
    /// The instant of moment 0.
    pub base_ms: i64,
    /// The local hour of each of its hours: 23, 24 or 25 of them.
    pub hours: Vec<u8>,
}

/// Milliseconds of an hour.
pub(crate) const HOUR_MS: u32 = 3_600_000;

impl Day {
    /// The hours, each with its first moment.
    pub fn slots(&self) -> impl Iterator<Item = (u32, u8)> {
        (1_u32..).map(|it| it * HOUR_MS).zip(self.hours.iter().copied())
    }

    /// The first moment of the last hour.
    pub fn last_hour(&self) -> u32 {
        HOUR_MS * u32::try_from(self.hours.len()).unwrap_or_default()
    }
}

/// Share of a day's activity in each local hour.
const CURVE: [f64; 24] = [
    0.010, 0.006, 0.004, 0.003, 0.004, 0.010, 0.025, 0.045, 0.055, 0.050, 0.050, 0.052, 0.058,
    0.055, 0.052, 0.052, 0.058, 0.065, 0.068, 0.066, 0.064, 0.060, 0.052, 0.036,
];

/// The share of a local hour.
pub(crate) fn share(hour: u8) -> f64 {
    CURVE.get(usize::from(hour)).copied().unwrap_or_default()
}

/// The world's days.
pub(crate) fn days(dates: &[Date], zone: &TimeZone) -> Result<Vec<Day>, SimulateError> {
    let wrong = |cause: jiff::Error| SimulateError::Calendar(cause.to_string());
    let midnight =
        |day: Date| Ok(zone.to_timestamp(day.at(0, 0, 0, 0)).map_err(wrong)?.as_millisecond());
    let day = |(position, &date): (u16, &Date)| {
        let (start, end) = (midnight(date)?, midnight(date.tomorrow().map_err(wrong)?)?);
        let hour = |start_ms: i64| {
            let instant = jiff::Timestamp::from_millisecond(start_ms).map_err(wrong)?;
            Ok(u8::try_from(zone.to_datetime(instant).hour()).unwrap_or_default())
        };
        Ok(Day {
            date,
            position,
            is_last: dates.len() == usize::from(position) + 1,
            weekend: matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday),
            weekday: date.weekday().to_monday_one_offset(),
            base_ms: start - i64::from(HOUR_MS),
            hours: (start..end).step_by(3_600_000).map(hour).collect::<Result<_, _>>()?,
        })
    };
    (0..).zip(dates).map(day).collect()
}
