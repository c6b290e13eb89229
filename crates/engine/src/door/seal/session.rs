//! Visits: hits of one person at one site on one day, no more than half an hour apart.
//!
//! A visit lasts from its first hit to the end of its last, and 30 seconds more for reading;
//! minutes are rounded up, the hour is that of the start. Nothing crosses local midnight. Records whose
//! hosts were encrypted are hits of one site.

use crate::door::calendar::Calendar;
use crate::door::key::Key;

/// 30 minutes: the gap after which a visit is another one.
const GAP_SECONDS_MAX: u32 = 30 * 60;

/// 30 seconds: what is read after the last hit.
const TAIL_SECONDS: u32 = 30;

/// One visit as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The person.
    pub person: u32,
    /// The site.
    pub site: u32,
    /// Local hour of the start.
    pub hour: u8,
    /// Whole minutes, at least one.
    pub minutes: u16,
}

/// A visit that may go on.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    first: Key,
    last: Key,
    end: u32,
}

impl Session {
    /// A visit of one hit that lasted `lasted` seconds.
    #[must_use]
    pub const fn start(first: Key, lasted: u32) -> Self {
        Self { first, last: first, end: first.second.saturating_add(lasted) }
    }

    /// Goes on with a hit when it belongs here; `false` when it begins another visit.
    pub fn extend(&mut self, hit: Key, lasted: u32) -> bool {
        let same = Key { second: self.first.second, ..hit } == self.first;
        if !same || hit.second > self.end.saturating_add(GAP_SECONDS_MAX) {
            return false;
        }
        self.last = hit;
        self.end = self.end.max(hit.second.saturating_add(lasted));
        true
    }

    /// Whether a hit is the last one again.
    #[must_use]
    pub fn is_last(&self, hit: Key) -> bool {
        self.last == hit
    }

    /// The day.
    #[must_use]
    pub const fn day(&self) -> u8 {
        self.first.day
    }

    /// The visit as stored.
    #[must_use]
    pub fn visit(&self, calendar: &Calendar) -> Visit {
        let Key { day, person, what: site, second } = self.first;
        let end = self.end.saturating_add(TAIL_SECONDS).min(calendar.seconds(day));
        let minutes = end.saturating_sub(second).div_ceil(60).max(1);
        Visit {
            person,
            site,
            hour: calendar.hour(day, second),
            minutes: u16::try_from(minutes).unwrap_or(u16::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    /// Hits as (second, lasted) to visits as (hour, minutes).
    fn check(hits: &[(u32, u32)], expected: &[(u8, u16)]) {
        let calendar = Calendar::new("2026-10".parse().unwrap(), &TimeZone::UTC).unwrap();
        let mut visits = Vec::new();
        let mut open: Option<Session> = None;
        for &(second, lasted) in hits {
            let hit = Key { day: 35, person: 7, what: 2, second };
            if !open.as_mut().is_some_and(|it| it.extend(hit, lasted)) {
                visits.extend(open.replace(Session::start(hit, lasted)));
            }
        }
        visits.extend(open);
        let visits = visits.iter().map(|it| it.visit(&calendar)).map(|it| (it.hour, it.minutes));
        assert_eq!(visits.collect::<Vec<_>>(), expected, "{hits:?}");
    }

    #[test]
    fn half_an_hour_of_silence_ends_a_visit() {
        check(&[(3_600, 0)], &[(1, 1)]);
        check(&[(3_600, 30)], &[(1, 1)]);
        check(&[(3_600, 31)], &[(1, 2)]);
        check(&[(3_600, 0), (5_400, 0)], &[(1, 31)]);
        check(&[(3_600, 0), (5_401, 0)], &[(1, 1), (1, 1)]);
        check(&[(3_600, 600), (5_900, 0)], &[(1, 39)]);
        check(&[(3_600, 600), (3_700, 0)], &[(1, 11)]);
        check(&[(86_399, u32::MAX)], &[(23, 1)]);
    }
}
