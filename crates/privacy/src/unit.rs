//! The currencies of privacy: ρ, δ, the quorum, and contribution limits, each with one checked entrance.
//!
//! Budgets are integers. Parsing is exact or refused, so nothing is ever rounded in our favour.
//! Source: privacy model §2, §3, §5; zCDP after Bun & Steinke 2016, Definition 1.1.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// The quorum: no measured cell of fewer distinct people is ever published.
pub const QUORUM: u32 = 50;

/// A number that a unit does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{unit} cannot be `{found}`; allowed: {allowed}")]
pub struct OutOfRange {
    /// The unit that refused.
    pub unit: &'static str,
    /// What was given.
    pub found: String,
    /// What would have been accepted.
    pub allowed: &'static str,
}

/// A zero-concentrated privacy cost, stored exactly in billionths of one ρ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rho {
    nano: u64,
}

impl Rho {
    /// Billionths in one ρ.
    pub const NANO: u64 = 1_000_000_000;
    /// No cost.
    pub const ZERO: Self = Self { nano: 0 };
    /// The largest cost that can be written down: 1000 ρ, far above any meaningful guarantee.
    pub const MAX: Self = Self { nano: 1_000_000_000_000 };

    /// A cost of `nano` billionths of one ρ.
    ///
    /// # Errors
    /// [`OutOfRange`] when `nano` is above [`Rho::MAX`].
    pub fn from_nano(nano: u64) -> Result<Self, OutOfRange> {
        if nano > Self::MAX.nano {
            return Err(OutOfRange { unit: "rho", found: format!("{nano}e-9"), allowed: RHO });
        }
        Ok(Self { nano })
    }

    /// This cost in billionths of one ρ.
    #[must_use]
    pub const fn nano(self) -> u64 {
        self.nano
    }

    /// Both costs together; `None` above [`Rho::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_nano(self.nano.checked_add(other.nano)?).ok()
    }

    /// What is left of this budget after `cost`; `None` when not enough is left.
    #[must_use]
    pub fn checked_sub(self, cost: Self) -> Option<Self> {
        Some(Self { nano: self.nano.checked_sub(cost.nano)? })
    }
}

/// A probability of failure, stored exactly in units of 10⁻¹⁸.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Delta {
    atto: u64,
}

impl Delta {
    /// No failure.
    pub const ZERO: Self = Self { atto: 0 };
    /// Certain failure: one.
    pub const ONE: Self = Self { atto: 1_000_000_000_000_000_000 };

    /// A probability of `atto` · 10⁻¹⁸.
    ///
    /// # Errors
    /// [`OutOfRange`] when `atto` is above one.
    pub fn from_atto(atto: u64) -> Result<Self, OutOfRange> {
        if atto > Self::ONE.atto {
            return Err(OutOfRange { unit: "delta", found: format!("{atto}e-18"), allowed: DELTA });
        }
        Ok(Self { atto })
    }

    /// This probability in units of 10⁻¹⁸.
    #[must_use]
    pub const fn atto(self) -> u64 {
        self.atto
    }

    /// The union bound of both; `None` above one.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::from_atto(self.atto.checked_add(other.atto)?).ok()
    }

    /// What is left of this budget after `cost`; `None` when not enough is left.
    #[must_use]
    pub fn checked_sub(self, cost: Self) -> Option<Self> {
        Some(Self { atto: self.atto.checked_sub(cost.atto)? })
    }
}

/// What a release costs every person, or what a cap allows: ρ and δ kept apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Budget {
    /// The zero-concentrated part.
    pub rho: Rho,
    /// The probability that the zero-concentrated part does not hold.
    pub delta: Delta,
}

impl Budget {
    /// Nothing.
    pub const ZERO: Self = Self { rho: Rho::ZERO, delta: Delta::ZERO };
    /// The most that a policy may allow one person and period: ten times the default ρ, a hundred
    /// times the default δ.
    pub const CEILING: Self =
        Self { rho: Rho { nano: 500_000_000 }, delta: Delta { atto: 10_000_000_000 } };
    /// The most that can be written down.
    pub const MAX: Self = Self { rho: Rho::MAX, delta: Delta::ONE };

    /// Both together (basic composition in each currency); `None` on overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            rho: self.rho.checked_add(other.rho)?,
            delta: self.delta.checked_add(other.delta)?,
        })
    }

    /// The lesser of both, in each currency.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        Self { rho: self.rho.min(other.rho), delta: self.delta.min(other.delta) }
    }

    /// What is left after `cost`; `None` when either currency runs short.
    #[must_use]
    pub fn checked_sub(self, cost: Self) -> Option<Self> {
        Some(Self {
            rho: self.rho.checked_sub(cost.rho)?,
            delta: self.delta.checked_sub(cost.delta)?,
        })
    }
}

/// The smallest group that may be published: [`QUORUM`] or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Floor(u32);

impl Floor {
    /// The quorum itself.
    pub const QUORUM: Self = Self(QUORUM);

    /// A floor of `people`.
    ///
    /// # Errors
    /// [`OutOfRange`] below the quorum, which nothing lowers, or above a million.
    pub fn new(people: u32) -> Result<Self, OutOfRange> {
        if !(QUORUM..=1_000_000).contains(&people) {
            let allowed = "50 to 1000000 people; nothing lowers the quorum of 50";
            return Err(OutOfRange { unit: "floor", found: people.to_string(), allowed });
        }
        Ok(Self(people))
    }

    /// The floor in distinct people.
    #[must_use]
    pub const fn people(self) -> u32 {
        self.0
    }
}

/// The most cells of one marginal to which one person may contribute: L of privacy model §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellLimit(NonZeroU32);

impl CellLimit {
    /// One cell a person: what a person-partitioning marginal has by nature.
    pub const ONE: Self = Self(NonZeroU32::MIN);

    /// A limit of `cells`.
    ///
    /// # Errors
    /// [`OutOfRange`] for zero or more than 4096 cells.
    pub fn new(cells: u32) -> Result<Self, OutOfRange> {
        match NonZeroU32::new(cells) {
            Some(limit) if cells <= 4096 => Ok(Self(limit)),
            _ => Err(OutOfRange {
                unit: "cell limit",
                found: cells.to_string(),
                allowed: "1 to 4096 cells",
            }),
        }
    }

    /// The limit in cells.
    #[must_use]
    pub const fn cells(self) -> u32 {
        self.0.get()
    }
}

const RHO: &str = "a decimal from 0 to 1000 with at most 9 digits after the point, e.g. 0.005";
const DELTA: &str = "a decimal from 0 to 1 that is a multiple of 1e-18, e.g. 2e-12";

impl FromStr for Rho {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        scaled(text, 9).and_then(|nano| Self::from_nano(nano).ok()).ok_or_else(|| OutOfRange {
            unit: "rho",
            found: text.to_owned(),
            allowed: RHO,
        })
    }
}

impl FromStr for Delta {
    type Err = OutOfRange;

    fn from_str(text: &str) -> Result<Self, OutOfRange> {
        scaled(text, 18).and_then(|atto| Self::from_atto(atto).ok()).ok_or_else(|| OutOfRange {
            unit: "delta",
            found: text.to_owned(),
            allowed: DELTA,
        })
    }
}

/// Reads `12.5`, `2e-12`, `1.5e-3` as an integer count of 10^-`places`; `None` unless exact.
fn scaled(text: &str, places: i32) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut value = digits.parse::<u64>().ok()?;
    let fraction = i32::try_from(fraction.len()).ok()?;
    let shift = places.checked_add(exponent)?.checked_sub(fraction)?;
    for _ in 0..shift.unsigned_abs().min(64) {
        value = match shift {
            0.. => value.checked_mul(10)?,
            _ if value % 10 == 0 => value / 10,
            _ => return None,
        };
    }
    Some(value)
}

impl fmt::Display for Rho {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.nano / 1_000_000_000, self.nano % 1_000_000_000);
        let text = format!("{whole}.{fraction:09}");
        out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Display for Delta {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.atto == 0 {
            return out.write_str("0");
        }
        let digits = self.atto.to_string();
        let exponent = 19 - i32::try_from(digits.len()).map_err(|_| fmt::Error)?;
        let digits = digits.trim_end_matches('0');
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        if exponent == 0 {
            out.write_str(first)
        } else {
            write!(out, "{first}{point}{rest}e-{exponent}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_read_and_written_exactly() {
        for text in ["0.005", "0.000000001", "0", "12.5", "1000"] {
            assert_eq!(text.parse::<Rho>().unwrap().to_string(), text);
        }
        for text in ["1e-12", "2.5e-11", "0", "1e-18", "1"] {
            assert_eq!(text.parse::<Delta>().unwrap().to_string(), text);
        }
        assert_eq!("5e-3".parse::<Rho>().unwrap().nano(), 5_000_000);
    }

    #[test]
    fn what_cannot_be_held_exactly_is_refused() {
        for text in ["", ".", "-1", "0.0000000001", "1001", "nan", "1e99", "0x1", "1e-99"] {
            assert!(text.parse::<Rho>().is_err(), "{text}");
        }
        for text in ["1e-19", "1.1", "2", "1e-18.5", "inf"] {
            assert!(text.parse::<Delta>().is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_lowers_the_quorum() {
        assert!(Floor::new(49).is_err());
        assert_eq!(Floor::new(50).unwrap(), Floor::QUORUM);
        assert!(CellLimit::new(0).is_err() && CellLimit::new(4097).is_err());
    }

    #[test]
    fn a_budget_never_goes_below_nothing() {
        let one = Budget { rho: "0.01".parse().unwrap(), delta: "1e-12".parse().unwrap() };
        let more_delta = Budget { rho: one.rho, delta: "2e-12".parse().unwrap() };
        assert_eq!(one.checked_sub(more_delta), None);
        assert_eq!(one.checked_sub(one), Some(Budget::ZERO));
    }
}
