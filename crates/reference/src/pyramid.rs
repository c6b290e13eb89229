//! The nation's people by gender and age, children included: plain published figures.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::pack;
use crate::{AgeBand, Gender};

/// People of Great Britain by gender (F and M) and band.
#[derive(Clone, Debug)]
pub struct Pyramid {
    people: BTreeMap<(Gender, String), u32>,
}

/// The bands of those under 18.
const CHILDREN: [&str; 2] = ["0-15", "16-17"];

static BUILT_IN: LazyLock<Pyramid> = LazyLock::new(|| Pyramid::parse(pack::PYRAMID));

impl Pyramid {
    /// The pyramid of the pack.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads `gender,band,people`; other lines are comments.
    fn parse(text: &str) -> Self {
        let rows = text.lines().filter_map(|line| {
            let mut fields = line.split(',');
            let gender = Gender::parse(fields.next()?)?;
            Some(((gender, fields.next()?.to_owned()), fields.next()?.parse().ok()?))
        });
        Self { people: rows.collect() }
    }

    /// People of a gender and a band: `0-15`, `16-17`, or the label of an [`AgeBand`].
    #[must_use]
    pub fn people(&self, gender: Gender, band: &str) -> u64 {
        self.people.get(&(gender, band.to_owned())).copied().map_or(0, u64::from)
    }

    /// Everybody.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.people.values().copied().map(u64::from).sum()
    }

    /// The share of all adults who are of this gender and band, from 0 to 1; 0 for `X`, which the
    /// published figures do not count.
    #[must_use]
    pub fn adult_share(&self, gender: Gender, band: AgeBand) -> f64 {
        let adults = self.sum(|band| !CHILDREN.contains(&band));
        let people = self.people.get(&(gender, band.label().to_owned())).copied();
        people.map_or(0.0, f64::from) / adults.max(1.0)
    }

    /// The share of all people who are under 18, from 0 to 1.
    #[must_use]
    pub fn under_18_share(&self) -> f64 {
        self.sum(|band| CHILDREN.contains(&band)) / self.sum(|_| true).max(1.0)
    }

    fn sum(&self, of: impl Fn(&str) -> bool) -> f64 {
        self.people.iter().filter(|it| of(&it.0.1)).map(|it| f64::from(*it.1)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_five_million_people_are_counted_of_whom_a_fifth_are_children() {
        let pyramid = Pyramid::built_in();
        assert_eq!(pyramid.people.len(), Gender::ALL[..2].len() * (2 + AgeBand::ALL.len()));
        assert_eq!(pyramid.total(), 65_185_724);
        assert!((0.20..0.22).contains(&pyramid.under_18_share()), "{}", pyramid.under_18_share());
    }

    #[test]
    fn adult_shares_sum_to_one() {
        let pyramid = Pyramid::built_in();
        let share =
            |gender| AgeBand::ALL.map(|band| pyramid.adult_share(gender, band)).iter().sum();
        let (women, men, others): (f64, f64, f64) =
            (share(Gender::F), share(Gender::M), share(Gender::X));
        assert!((women + men - 1.0).abs() < 1e-12);
        assert!((0.50..0.52).contains(&women) && others.abs() < 1e-12, "{women}");
    }
}
