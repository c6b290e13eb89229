//! How good a batch is: what could be read, placed and seen, and how its days compare with earlier ones.
//!
//! Exact figures for the operator alone; they never leave (interfaces: nothing unpaid).

use std::collections::BTreeMap;

use serde::Serialize;

use super::countries::Countries;
use super::schema::Class;
use super::tally::{Reason, Tally};

/// 7 days: what a day is compared with.
const DAYS_BEFORE: usize = 7;

/// The quality of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Quality {
    /// Share of values that are absent or cannot be read, by class and column.
    pub nulls: BTreeMap<&'static str, BTreeMap<&'static str, f64>>,
    /// Share of events, of those whose cell was looked up, that can be placed on the map.
    pub placed: Option<f64>,
    /// Share of web records that show a host.
    pub visible: Option<f64>,
    /// Share of web records with a host whose site is on the public list.
    pub listed: Option<f64>,
    /// Rows of visitors from abroad, by country.
    pub visitors: BTreeMap<String, u64>,
    /// People of the period beside the census, by region.
    pub coverage: Vec<Coverage>,
    /// Rows of each sealed day beside the days before it, by table.
    pub days: BTreeMap<&'static str, Vec<Day>>,
}

/// A sealed day beside the days before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Day {
    /// ISO date.
    pub day: String,
    /// Rows sealed.
    pub rows: u64,
    /// Mean rows of the sealed days among the seven before; none when there is no such day.
    pub mean_before: Option<f64>,
    /// Change against that mean: 0.1 is ten percent more.
    pub change: Option<f64>,
}

/// The people of a region beside its adult residents.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The code of the region.
    pub region: String,
    /// People of the period who live there.
    pub people: u64,
    /// Adult residents by the census.
    pub residents: u64,
    /// People of one resident; above 1 something is wrong.
    pub share: Option<f64>,
}

impl Coverage {
    /// Of one region.
    #[must_use]
    pub fn new(region: String, people: u64, residents: u64) -> Self {
        Self { region, people, residents, share: share(people, residents) }
    }
}

impl Quality {
    /// What the tallies of a batch tell.
    #[must_use]
    pub fn of(classes: &BTreeMap<Class, Tally>, countries: &Countries) -> Self {
        let nulls = classes.iter().map(|(class, tally)| {
            let share = |(column, nulls): (&&'static str, &u64)| {
                (*column, share(*nulls, tally.read).unwrap_or_default())
            };
            (class.name(), tally.nulls().iter().map(share).collect())
        });
        let sum = |tally: &Tally, reasons: &[Reason]| {
            reasons.iter().map(|it| tally.count(*it)).sum::<u64>()
        };
        let placed = classes.get(&Class::Events).and_then(|it| {
            let placed = it.kept
                + sum(
                    it,
                    &[
                        Reason::SensitivePlace,
                        Reason::SameTimeElsewhere,
                        Reason::SuspiciousJump,
                        Reason::Duplicate,
                    ],
                );
            share(placed, placed + sum(it, &[Reason::UnknownCell, Reason::CellNotValid]))
        });
        let web = classes.get(&Class::Web);
        let visible = web.and_then(|it| {
            let hidden = sum(it, &[Reason::HostNotVisible]);
            share(it.read - hidden.min(it.read), it.read)
        });
        let listed = web.and_then(|it| {
            let listed = it.kept + sum(it, &[Reason::SensitiveSite, Reason::Duplicate]);
            let hosts = [Reason::UnlistedSite, Reason::BadHost, Reason::HostWithPath];
            share(listed, listed + sum(it, &hosts))
        });
        let mut visitors = BTreeMap::new();
        for (mcc, rows) in classes.get(&Class::Events).map(Tally::visitors).into_iter().flatten() {
            *visitors.entry(countries.name(*mcc)).or_default() += rows;
        }
        let nulls = nulls.collect();
        let (days, coverage) = (BTreeMap::new(), Vec::new());
        Self { nulls, placed, visible, listed, visitors, coverage, days }
    }

    /// Compares the days of a table that were `sealed` now with all days and their rows, ascending.
    pub fn compare(&mut self, table: &'static str, all: &[(String, u64)], sealed: &[String]) {
        let days = all.iter().enumerate().filter(|it| sealed.contains(&it.1.0));
        let days = days.map(|(at, (day, rows))| {
            let before = &all[at.saturating_sub(DAYS_BEFORE)..at];
            let mean_before = mean(before.iter().map(|it| it.1));
            let change = mean_before.filter(|it| *it > 0.0).map(|it| float(*rows) / it - 1.0);
            Day { day: day.clone(), rows: *rows, mean_before, change }
        });
        self.days.insert(table, days.collect());
    }
}

fn mean(values: impl ExactSizeIterator<Item = u64>) -> Option<f64> {
    let count = u64::try_from(values.len()).unwrap_or_default();
    share(values.sum(), count)
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a share, not a count")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_compared_with_the_seven_before() {
        let all: Vec<(String, u64)> =
            (1..=9).map(|day| (format!("2026-10-{day:02}"), 100 * day)).collect();
        let mut quality = Quality::default();
        quality.compare("visit", &all, &["2026-10-01".to_owned(), "2026-10-09".to_owned()]);
        let [first, ninth] = &quality.days["visit"][..] else { panic!("{quality:?}") };
        assert_eq!((first.mean_before, first.change), (None, None));
        assert_eq!((ninth.rows, ninth.mean_before), (900, Some(500.0)));
        assert!((ninth.change.unwrap() - 0.8).abs() < 1e-12);
    }
}
