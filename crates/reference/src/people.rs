//! Gender and age bands of the customer record, and the nation's age pyramid.

use crate::pack;

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

/// People of Great Britain by gender and band, children included.
#[derive(Clone, Debug)]
pub struct Pyramid {
    rows: Vec<(Gender, String, u64)>,
}

impl Pyramid {
    /// The pyramid of the pack.
    #[must_use]
    pub fn built_in() -> Self {
        let rows = pack::PYRAMID.lines().filter_map(|line| {
            let mut fields = line.split(',');
            let gender = Gender::parse(fields.next()?)?;
            Some((gender, fields.next()?.to_owned(), fields.next()?.parse().ok()?))
        });
        Self { rows: rows.collect() }
    }

    /// People of a gender and a band (`0-15`, `16-17`, then the adult bands).
    #[must_use]
    pub fn people(&self, gender: Gender, band: &str) -> u64 {
        self.rows.iter().find(|it| it.0 == gender && it.1 == band).map_or(0, |it| it.2)
    }

    /// Everybody.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.rows.iter().map(|it| it.2).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nation_has_sixty_five_million_people_and_a_fifth_are_children() {
        let pyramid = Pyramid::built_in();
        assert_eq!(pyramid.rows.len(), 18);
        assert!((64_000_000..67_000_000).contains(&pyramid.total()));
        let children: u64 = [Gender::F, Gender::M]
            .iter()
            .flat_map(|&gender| ["0-15", "16-17"].map(|band| pyramid.people(gender, band)))
            .sum();
        assert!((0.18..0.23).contains(&(children as f64 / pyramid.total() as f64)));
    }

    #[test]
    fn eighteen_is_the_first_age() {
        assert_eq!(AgeBand::from_age(17), None);
        assert_eq!(AgeBand::from_age(18), Some(AgeBand::A18To24));
        assert_eq!(AgeBand::from_age(75), Some(AgeBand::A75Plus));
        for (index, band) in (0..).zip(AgeBand::ALL) {
            assert_eq!(band.index(), index);
        }
    }
}
