//! The months of an agreement.

use std::fmt;

use crate::error::{AccessError, Result};
use crate::name::excerpt;

/// Months from one to another, both included, or from one on.
///
/// Months are text such as `2026-10`, which sorts as they follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Periods {
    from: String,
    to: Option<String>,
}

impl Periods {
    /// Checks the months of an agreement.
    ///
    /// # Errors
    /// `A06` when one is no month, or the last is before the first.
    pub(super) fn new(from: String, to: Option<String>) -> Result<Self> {
        check("periods.from", &from)?;
        to.iter().try_for_each(|it| check("periods.to", it))?;
        match &to {
            Some(to) if *to < from => {
                let what = format!("`periods` ends in {to}, before it begins in {from}");
                Err(AccessError::input("A06", what).allowed("`to` not before `from`, or no `to`"))
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// The first month.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.from
    }

    /// The last month; `None` when there is none.
    #[must_use]
    pub fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    /// Whether the month `period`, e.g. `2026-10`, is one of them.
    #[must_use]
    pub fn contains(&self, period: &str) -> bool {
        let late = self.to.as_ref().is_some_and(|to| period > to.as_str());
        is_month(period) && period >= self.from.as_str() && !late
    }
}

impl fmt::Display for Periods {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            Some(to) => write!(out, "the months {} to {to}", self.from),
            None => write!(out, "the months from {} on", self.from),
        }
    }
}

fn check(key: &str, text: &str) -> Result<()> {
    if is_month(text) {
        return Ok(());
    }
    Err(AccessError::input("A06", format!("`{key}` is {}", excerpt(text)))
        .allowed("a month, e.g. \"2026-10\""))
}

/// Four digits, a dash, and 01 to 12.
fn is_month(text: &str) -> bool {
    match text.split_once('-') {
        Some((year, month)) => {
            let digits = |it: &str| it.bytes().all(|byte| byte.is_ascii_digit());
            let in_a_year = ("01"..="12").contains(&month);
            year.len() == 4 && month.len() == 2 && digits(year) && digits(month) && in_a_year
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_from_the_first_to_the_last() {
        let check = |to: Option<&str>, inside: &[&str], outside: &[&str]| {
            let periods = Periods::new("2026-10".to_owned(), to.map(str::to_owned)).unwrap();
            for month in inside {
                assert!(periods.contains(month), "{month} {periods}");
            }
            for month in outside {
                assert!(!periods.contains(month), "{month} {periods}");
            }
        };
        let odd = ["", "2026", "2026-1", "2026-13", "2026-00", "2027-1x", "2026-10-01", "20261-0"];
        check(None, &["2026-10", "2026-12", "2027-01", "9999-12"], &["2026-09", "2025-12"]);
        check(None, &[], &odd);
        check(Some("2026-12"), &["2026-10", "2026-12"], &["2026-09", "2027-01", "2026-13"]);
        check(Some("2026-10"), &["2026-10"], &["2026-09", "2026-11"]);
    }

    #[test]
    fn months_that_are_none_are_refused() {
        let check = |from: &str, to: Option<&str>, what: &str| {
            let refused = Periods::new(from.to_owned(), to.map(str::to_owned)).unwrap_err();
            assert_eq!((refused.code, refused.what.as_str()), ("A06", what));
        };
        check("2026-1", None, "`periods.from` is `2026-1`");
        check("2026-10", Some("soon"), "`periods.to` is `soon`");
        let what = "`periods` ends in 2026-09, before it begins in 2026-10";
        check("2026-10", Some("2026-09"), what);
    }
}
