//! How much a table will show, told before anything is counted.
//!
//! Only what is public already is looked at: the same table of an earlier release, or how many people the
//! operator says it serves and where a census says that people live. Nothing here reads the vault's people.

use std::collections::BTreeMap;

use privacy::consistency::Gate;
use reference::{AgeBand, Gender, Geography, Level, Pyramid};

use crate::dimension::{Dimension, GENDERS_PLUS};
use crate::door::population::Population;
use crate::plan::{Family, Marginal, Mechanism, PrivatePlan};
use crate::publish::Publication;

/// What a forecast stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The same table of an earlier release, by id. Cells that it hid count as hidden.
    Release(String),
    /// People as a census spreads them, each place alike.
    Population,
}

/// How much of a table is expected to be published, before cells are withdrawn to protect others.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The share of the code list, 0 to 1.
    pub shown: f64,
    /// What it stands on.
    pub ground: Ground,
}

/// People by place and by group, as far as that is public.
pub struct Expected<'land> {
    geography: &'land Geography,
    /// People of each zone, by level and number.
    zones: BTreeMap<Level, Vec<f64>>,
    people: f64,
    /// The share of a gender and age band in any place.
    shares: Vec<(Gender, AgeBand, f64)>,
}

impl<'land> Expected<'land> {
    /// `people` spread as the census has adults, or as the built-in geography has postcodes; over covered
    /// areas alone when there are any.
    #[must_use]
    pub fn new(
        people: u32,
        geography: &'land Geography,
        census: Option<&Population>,
        coverage: &[String],
    ) -> Self {
        let mut sectors = census.map_or_else(
            || geography.sectors.iter().map(|it| f64::from(it.postcodes)).collect(),
            |it| it.by_sector(geography),
        );
        for (weight, sector) in sectors.iter_mut().zip(&geography.sectors) {
            let area = geography.areas.get(usize::from(sector.area));
            let covered = coverage.is_empty() || area.is_some_and(|it| coverage.contains(&it.code));
            *weight *= f64::from(u8::from(covered));
        }
        let whole: f64 = sectors.iter().sum();
        let people = f64::from(people);
        let mut zones = BTreeMap::<Level, Vec<f64>>::new();
        for (at, (weight, sector)) in (0_u16..).zip(sectors.iter().zip(&geography.sectors)) {
            let places = [
                (Level::Sector, at),
                (Level::District, sector.district),
                (Level::Area, sector.area),
                (Level::Region, sector.region),
                (Level::Lad, sector.lad),
            ];
            for (level, number) in places {
                let zones = zones.entry(level).or_default();
                let at = usize::from(number);
                zones.resize(zones.len().max(at + 1), 0.0);
                if let Some(zone) = zones.get_mut(at) {
                    *zone += people * weight / whole.max(1.0);
                }
            }
        }
        let told = census.map(Population::shares).unwrap_or_default();
        let of_all = |gender, band| {
            if told.is_empty() {
                Pyramid::built_in().adult_share(gender, band)
            } else {
                told.get(&(gender, band)).copied().unwrap_or_default()
            }
        };
        let groups = Gender::ALL.into_iter().flat_map(|it| AgeBand::ALL.map(|band| (it, band)));
        let shares = groups.map(|(gender, band)| (gender, band, of_all(gender, band))).collect();
        Self { geography, zones, people, shares }
    }

    /// The expected people of a cell; `None` for a dimension that no census tells of.
    fn people(&self, dimensions: &[Dimension], labels: &[&str]) -> Option<f64> {
        // How much of F, M and X is in the group.
        let (mut place, mut genders, mut band) = (None, [1.0; 3], None);
        for (dimension, label) in dimensions.iter().zip(labels) {
            match dimension {
                Dimension::Sector => place = Some((Level::Sector, *label)),
                Dimension::District => place = Some((Level::District, *label)),
                Dimension::Area => place = Some((Level::Area, *label)),
                Dimension::Region => place = Some((Level::Region, *label)),
                Dimension::Lad => place = Some((Level::Lad, *label)),
                Dimension::Gender => genders = Gender::ALL.map(|it| share(it.code() == *label)),
                Dimension::GenderPlus => {
                    let [of_women, of_men] = GENDERS_PLUS.map(|it| share(it == *label));
                    genders = [of_women, of_men, 0.5];
                }
                Dimension::AgeBand => band = Some(AgeBand::parse(label)?),
                _ => return None,
            }
        }
        let residents: f64 = match place {
            None => self.people,
            Some((level, code)) => {
                let number = self.geography.zone_in(level, code)?;
                *self.zones.get(&level)?.get(usize::from(number))?
            }
        };
        let of_group = |it: &(Gender, AgeBand, f64)| {
            let gender = genders.get(usize::from(it.0.index())).copied().unwrap_or_default();
            gender * share(band.is_none_or(|band| band == it.1)) * it.2
        };
        Some(residents * self.shares.iter().map(of_group).sum::<f64>())
    }
}

fn share(is_in: bool) -> f64 {
    f64::from(u8::from(is_in))
}

/// The forecast by the table of this name in an earlier release; `None` when that has none.
#[must_use]
pub fn by_release(name: &str, mechanism: &Mechanism, earlier: &Publication) -> Option<Forecast> {
    let rows = earlier.sheet.rows.iter().filter(|it| it.level == name);
    let shown = (0..).zip(rows).map(|(cell, row)| {
        row.people.map_or(0.0, |it| chance(&mechanism.gate(cell), float(it.value)))
    });
    Some(Forecast { shown: mean(shown)?, ground: Ground::Release(earlier.manifest.id.clone()) })
}

/// The forecast by a census; `None` for tables whose cells no census tells of.
#[must_use]
pub fn by_census(
    plan: &PrivatePlan,
    (family, marginal): (&Family, &Marginal),
    mechanism: &Mechanism,
    expected: &Expected<'_>,
) -> Option<Forecast> {
    if family.is_on_rows(marginal) || !family.rows.is_empty() {
        return None;
    }
    let dimensions = PrivatePlan::dimensions(family, marginal);
    let chance_of = |cell: u64| {
        let people = expected.people(&dimensions, &plan.labels(&dimensions, cell))?;
        Some(chance(&mechanism.gate(cell), people))
    };
    let cells = (0..plan.cells(family, marginal)).map(chance_of).collect::<Option<Vec<_>>>()?;
    Some(Forecast { shown: mean(cells.into_iter())?, ground: Ground::Population })
}

/// The probability that a cell of so many people is published.
fn chance(gate: &Gate, people: f64) -> f64 {
    if people < f64::from(gate.floor.people()) {
        return 0.0;
    }
    let threshold = float(i64::try_from(gate.threshold).unwrap_or(i64::MAX));
    // Noise is whole: half a person makes its continuous counterpart meet it.
    let short = threshold - 0.5 - people;
    0.5 * libm::erfc(short / (2.0 * gate.variance.to_f64()).sqrt())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), it| (count + 1, sum + it));
    (count > 0).then(|| sum / f64::from(count))
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "people, far below 2^53")]
const fn float(people: i64) -> f64 {
    people as f64
}

#[cfg(test)]
mod tests {
    use privacy::{CellLimit, Floor, Quorum};

    use super::*;

    #[test]
    fn a_cell_at_the_threshold_is_shown_half_the_time_and_one_under_the_floor_never() {
        let mechanism = Quorum::new(
            Floor::QUORUM,
            CellLimit::ONE,
            "0.005".parse().unwrap(),
            "1e-12".parse().unwrap(),
        )
        .unwrap();
        let (threshold, sigma) = (121.0, 10.0);
        assert!((mechanism.sigma() - sigma).abs() < 1e-9 && mechanism.threshold() == 121);
        let check = |people: f64, expected: f64| {
            let found = chance(&(&mechanism).into(), people);
            assert!((found - expected).abs() < 0.005, "{people}: {found}");
        };
        check(threshold - 0.5, 0.5);
        check(threshold - 0.5 + 1.645 * sigma, 0.95);
        check(threshold - 0.5 - 1.96 * sigma, 0.025);
        assert!(chance(&(&mechanism).into(), 49.9) < f64::EPSILON);
    }

    #[test]
    fn expected_people_add_up_over_places_and_groups() {
        let land = Geography::built_in();
        let expected = Expected::new(400_000, land, None, &["SG".to_owned(), "AL".to_owned()]);
        let people = |dimension, label: &str| expected.people(&[dimension], &[label]).unwrap();
        let areas = people(Dimension::Area, "SG") + people(Dimension::Area, "AL");
        assert!((areas - 400_000.0).abs() < 1e-3, "{areas}");
        assert!(people(Dimension::Area, "M") < f64::EPSILON);
        let genders: f64 = ["F", "M", "X"].map(|it| people(Dimension::Gender, it)).iter().sum();
        assert!((genders - 400_000.0).abs() < 1e-3, "{genders}");
        let sectors =
            land.sectors_of(Level::District, land.zone_in(Level::District, "SG1").unwrap());
        let sum: f64 = sectors.map(|it| people(Dimension::Sector, &it.1.code)).sum();
        assert!((sum - people(Dimension::District, "SG1")).abs() < 1e-6);
        assert_eq!(expected.people(&[Dimension::Site], &["example.org"]), None);
    }
}
