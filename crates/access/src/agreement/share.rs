//! A part of a month's reserve.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::error::{AccessError, Result};
use crate::name::excerpt;

/// A part of a whole, from none to all, stored exactly in billionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    billionths: u64,
}

/// Digits after the point: a billionth is the last that is told apart.
const DIGITS: usize = 9;

const ALLOWED: &str =
    "a decimal from 0 to 1 in quotes, with at most 9 digits after the point, e.g. \"0.25\"";

impl Share {
    /// Billionths in a whole.
    pub const WHOLE: u64 = 1_000_000_000;

    /// This part in billionths of the whole.
    #[must_use]
    pub const fn billionths(self) -> u64 {
        self.billionths
    }

    /// This part of `whole`, rounded down.
    #[must_use]
    pub fn of(self, whole: u64) -> u64 {
        let part = u128::from(whole) * u128::from(self.billionths) / u128::from(Self::WHOLE);
        // A part is at most the whole.
        u64::try_from(part).unwrap_or(whole)
    }

    /// Reads a decimal exactly; what has more digits than can be held is refused, never rounded.
    ///
    /// # Errors
    /// `A06` when the text is no decimal from 0 to 1 with at most nine digits after its point.
    pub fn parse(text: &str) -> Result<Self> {
        exactly(text).map(|billionths| Self { billionths }).ok_or_else(|| {
            AccessError::input("A06", format!("`share` is {}", excerpt(text))).allowed(ALLOWED)
        })
    }
}

fn exactly(text: &str) -> Option<u64> {
    let (whole, decimals) = match text.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return None,
        None => (text, ""),
    };
    let digits = decimals.bytes().all(|it| it.is_ascii_digit());
    if !digits || decimals.len() > DIGITS || !matches!(whole, "0" | "1") {
        return None;
    }
    let billionths = format!("{whole}{decimals:0<DIGITS$}").parse::<u64>().ok()?;
    (billionths <= Share::WHOLE).then_some(billionths)
}

impl fmt::Display for Share {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.billionths / Self::WHOLE, self.billionths % Self::WHOLE);
        let decimals = format!("{part:0DIGITS$}");
        match decimals.trim_end_matches('0') {
            "" => write!(out, "{whole}"),
            decimals => write!(out, "{whole}.{decimals}"),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let refused =
            |_| serde::de::Error::invalid_value(serde::de::Unexpected::Str(&text), &ALLOWED);
        Self::parse(&text).map_err(refused)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_share_is_read_exactly_or_not_at_all() {
        let check = |text: &str, billionths: u64, again: &str| {
            let share = Share::parse(text).unwrap();
            assert_eq!(share.billionths(), billionths, "{text}");
            assert_eq!(share.to_string(), again, "{text}");
        };
        check("0", 0, "0");
        check("1", 1_000_000_000, "1");
        check("1.000000000", 1_000_000_000, "1");
        check("0.25", 250_000_000, "0.25");
        check("0.1", 100_000_000, "0.1");
        check("0.333333333", 333_333_333, "0.333333333");
        check("0.000000001", 1, "0.000000001");
        check("0.999999999", 999_999_999, "0.999999999");
        let wrong = [
            "",
            ".",
            "0.",
            ".5",
            "1.",
            "-0",
            "+0.5",
            "-0.1",
            "1.000000001",
            "2",
            "00.5",
            "01",
            "1e-1",
            "0,5",
            "0.1234567890",
            "0.0000000001",
            " 0.5",
            "0.5 ",
            "0.5.5",
            "NaN",
            "1/3",
            "٠",
            "0.٥",
        ];
        for text in wrong {
            assert_eq!(Share::parse(text).unwrap_err().code, "A06", "{text}");
        }
    }

    #[test]
    fn a_part_is_rounded_down() {
        let third = Share::parse("0.333333333").unwrap();
        assert_eq!(third.of(1_000_000_000), 333_333_333);
        assert_eq!(third.of(3), 0);
        assert_eq!(Share::parse("1").unwrap().of(u64::MAX), u64::MAX);
        assert_eq!(Share::default().of(u64::MAX), 0);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(billionths in 0..=Share::WHOLE) {
            let share = Share { billionths };
            prop_assert_eq!(Share::parse(&share.to_string()).unwrap(), share);
        }

        #[test]
        fn the_parts_of_shares_that_fill_a_whole_never_exceed_it(
            whole in any::<u64>(),
            one in 0..=Share::WHOLE,
        ) {
            let parts = [one, Share::WHOLE - one].map(|billionths| Share { billionths }.of(whole));
            prop_assert!(parts[0].checked_add(parts[1]).is_some_and(|sum| sum <= whole));
        }
    }
}
