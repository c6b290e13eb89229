//! Gender and age bands of the customer record.

/// Gender as the customer record states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gender {
    /// Female.
    F,
    /// Male.
    M,
    /// Another, or not stated.
    X,
}

impl Gender {
    /// All, in code-list order.
    pub const ALL: [Self; 3] = [Self::F, Self::M, Self::X];

    /// The position in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> u8 {
        match self {
            Self::F => 0,
            Self::M => 1,
            Self::X => 2,
        }
    }

    /// The gender at that position of [`Self::ALL`].
    #[must_use]
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    /// The code in files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::F => "F",
            Self::M => "M",
            Self::X => "X",
        }
    }

    /// The gender with that code, in either case.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.code().eq_ignore_ascii_case(code.trim()))
    }
}

/// An age band of adults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgeBand {
    /// 18 to 24.
    A18To24,
    /// 25 to 34.
    A25To34,
    /// 35 to 44.
    A35To44,
    /// 45 to 54.
    A45To54,
    /// 55 to 64.
    A55To64,
    /// 65 to 74.
    A65To74,
    /// 75 and older.
    A75Plus,
}

impl AgeBand {
    /// All, in code-list order.
    pub const ALL: [Self; 7] = [
        Self::A18To24,
        Self::A25To34,
        Self::A35To44,
        Self::A45To54,
        Self::A55To64,
        Self::A65To74,
        Self::A75Plus,
    ];

    /// The band of an age in years; `None` under 18 and over 120.
    #[must_use]
    pub const fn from_age(years: u32) -> Option<Self> {
        match years {
            18..=24 => Some(Self::A18To24),
            25..=34 => Some(Self::A25To34),
            35..=44 => Some(Self::A35To44),
            45..=54 => Some(Self::A45To54),
            55..=64 => Some(Self::A55To64),
            65..=74 => Some(Self::A65To74),
            75..=120 => Some(Self::A75Plus),
            _ => None,
        }
    }

    /// The band of the youngest age that somebody born in `birth_year` can have in `year`.
    ///
    /// A child is never taken for an adult: who may still be 17 has no band.
    #[must_use]
    pub const fn from_birth_year(birth_year: u32, year: u32) -> Option<Self> {
        match year.checked_sub(birth_year) {
            Some(years @ 1..) => Self::from_age(years - 1),
            _ => None,
        }
    }

    /// The position in [`Self::ALL`].
    #[must_use]
    pub const fn index(self) -> u8 {
        match self {
            Self::A18To24 => 0,
            Self::A25To34 => 1,
            Self::A35To44 => 2,
            Self::A45To54 => 3,
            Self::A55To64 => 4,
            Self::A65To74 => 5,
            Self::A75Plus => 6,
        }
    }

    /// The band at that position of [`Self::ALL`].
    #[must_use]
    pub fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    /// The band with that label.
    #[must_use]
    pub fn parse(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.label() == label)
    }

    /// The label in files.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::A18To24 => "18-24",
            Self::A25To34 => "25-34",
            Self::A35To44 => "35-44",
            Self::A45To54 => "45-54",
            Self::A55To64 => "55-64",
            Self::A65To74 => "65-74",
            Self::A75Plus => "75+",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighteen_is_the_first_age_and_120_the_last() {
        let check = |years, expected| assert_eq!(AgeBand::from_age(years), expected, "{years}");
        check(17, None);
        check(18, Some(AgeBand::A18To24));
        check(24, Some(AgeBand::A18To24));
        check(25, Some(AgeBand::A25To34));
        check(74, Some(AgeBand::A65To74));
        check(75, Some(AgeBand::A75Plus));
        check(120, Some(AgeBand::A75Plus));
        check(121, None);
    }

    #[test]
    fn who_may_still_be_seventeen_has_no_band() {
        let check = |born, year, expected| {
            assert_eq!(AgeBand::from_birth_year(born, year), expected, "{born} in {year}");
        };
        check(2008, 2026, None);
        check(2007, 2026, Some(AgeBand::A18To24));
        check(2026, 2026, None);
        check(2027, 2026, None);
    }

    #[test]
    fn numbers_lead_back_to_what_they_stand_for() {
        for (index, band) in (0..).zip(AgeBand::ALL) {
            assert_eq!((band.index(), AgeBand::from_index(index)), (index, Some(band)));
            assert_eq!(AgeBand::parse(band.label()), Some(band));
        }
        for (index, gender) in (0..).zip(Gender::ALL) {
            assert_eq!((gender.index(), Gender::from_index(index)), (index, Some(gender)));
            assert_eq!(Gender::parse(gender.code()), Some(gender));
        }
        assert_eq!((AgeBand::from_index(7), Gender::from_index(255)), (None, None));
        assert_eq!((Gender::parse(" f "), Gender::parse("female")), (Some(Gender::F), None));
    }
}
