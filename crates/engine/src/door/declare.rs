//! Which month and which days a batch is for: said by the caller or by the names of its files.
//!
//! Never by the rows: one person's row must not seal a day for everybody (privacy model §1, row
//! locality). Days that a batch declares are sealed by it, also when nobody was there.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::IngestOptions;
use super::schema::Class;
use super::source::SourceFile;
use crate::error::{Error, Result};
use crate::time::Period;

/// Days from one to another, both in, written `2026-10-01..2026-10-07` or `2026-10-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
}

impl FromStr for DayRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        match (first.trim().parse(), last.trim().parse()) {
            (Ok(first), Ok(last)) if first <= last => Ok(Self { first, last }),
            _ => Err(Error::input("I52", format!("`{text}` are not days"))
                .allowed("a day such as 2026-10-01, or days such as 2026-10-01..2026-10-07")),
        }
    }
}

/// What a batch is for.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The month.
    pub period: Period,
    days: Option<DayRange>,
}

impl Declaration {
    /// The declaration of `files` under `options`.
    ///
    /// # Errors
    /// `I40` when nothing says which month it is, `I52` when the days do not lie in it.
    pub fn of(files: &[SourceFile], options: &IngestOptions) -> Result<Self> {
        let days = options.days;
        let period = match (options.period, days) {
            (Some(period), _) => period,
            (None, Some(days)) => Period::of(days.first),
            (None, None) => named_period(files)?,
        };
        match days {
            Some(days) if !period.contains(days.first) || !period.contains(days.last) => {
                Err(Error::input("I52", format!("not all of the days lie in {period}"))
                    .allowed("days of one month")
                    .remedy("load each month by itself"))
            }
            days => Ok(Self { period, days }),
        }
    }

    /// The days that the files of a class are declared to hold: those said, else those that their names
    /// say, else the whole month.
    #[must_use]
    pub fn days(&self, files: &[SourceFile], class: Class) -> BTreeSet<Date> {
        let month = || self.period.first_day().series(jiff::Span::new().days(1));
        let all = || month().take_while(|it| self.period.contains(*it));
        if let Some(DayRange { first, last }) = self.days {
            return all().filter(|it| (first..=last).contains(it)).collect();
        }
        // Rows that are read again seal nothing by themselves.
        if files.iter().any(|it| it.only.is_some()) {
            return BTreeSet::new();
        }
        let named = named_days(files, |it| it == class);
        if named.is_empty() {
            return all().collect();
        }
        named.into_iter().filter(|it| self.period.contains(*it)).collect()
    }
}

fn named_period(files: &[SourceFile]) -> Result<Period> {
    let named = named_days(files, |it| matches!(it, Class::Events | Class::Web));
    let periods: BTreeSet<Period> = named.into_iter().map(Period::of).collect();
    let periods: Vec<Period> = periods.into_iter().collect();
    match periods.as_slice() {
        [period] => Ok(*period),
        [] => Err(Error::input("I40", "nothing says which month this is")
            .allowed(
                "a date such as 2026-10-01 in the names of the files of events and web records",
            )
            .remedy("say it: --period 2026-10, or --days 2026-10-01..2026-10-07")),
        [first, ..] => {
            let names: Vec<String> = periods.iter().map(Period::to_string).collect();
            Err(Error::input(
                "I40",
                format!("the files are of more than one month: {}", names.join(", ")),
            )
            .allowed("a batch of one month; late rows of the month before are welcome in it")
            .remedy(format!("say for which it is, e.g. --period {first}")))
        }
    }
}

/// The dates in the names of files of some classes.
fn named_days(files: &[SourceFile], of: impl Fn(Class) -> bool) -> BTreeSet<Date> {
    let own = files.iter().filter(|it| of(it.mapping.class));
    let of_file = |it: &SourceFile| {
        // A source without times says when all its rows are.
        let constant = it.mapping.constants.get("time").and_then(|it| it.parse::<Timestamp>().ok());
        let constant = constant.map(|it| TimeZone::UTC.to_datetime(it).date());
        dates(&it.label).into_iter().chain(constant).collect::<Vec<_>>()
    };
    own.flat_map(of_file).collect()
}

/// The dates in a text, `2026-10-01` or `20261001`, not part of a longer number.
fn dates(text: &str) -> Vec<Date> {
    let is_part = |it: char| !it.is_ascii_digit() && it != '-';
    let words = text.split(is_part).flat_map(|word| {
        let plain = (word.len() == 8 && !word.contains('-'))
            .then(|| [&word[..4], &word[4..6], &word[6..]].join("-"));
        // A name may go on after a date: 2026-10-01-00017.
        let parts: Vec<&str> = word.split('-').collect();
        let dashed = parts.windows(3).filter(|it| it[0].len() == 4).map(|it| it.join("-"));
        dashed.chain(plain).collect::<Vec<_>>()
    });
    words.filter_map(|it| it.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_dates_and_nothing_else_does() {
        let check = |name: &str, expected: &[&str]| {
            let found: Vec<String> = dates(name).iter().map(Date::to_string).collect();
            assert_eq!(found, expected, "{name}");
        };
        check("events/2026-10-01.csv", &["2026-10-01"]);
        check("events/day=2026-10-01/part-00017.parquet", &["2026-10-01"]);
        check("events_20261001_2026-10-02-7.csv", &["2026-10-01", "2026-10-02"]);
        check("events/202610011.csv", &[]);
        check("events/2026-13-01.csv", &[]);
        check("2026/10/01.csv", &[]);
    }

    #[test]
    fn days_are_read_as_they_are_written() {
        let days: DayRange = "2026-10-01..2026-10-07".parse().unwrap();
        assert_eq!((days.first.day(), days.last.day()), (1, 7));
        assert_eq!("2026-10-03".parse::<DayRange>().unwrap().last.day(), 3);
        for text in ["2026-10-07..2026-10-01", "october", "..", "2026-10-01.."] {
            assert_eq!(text.parse::<DayRange>().unwrap_err().code(), "I52", "{text}");
        }
    }
}
