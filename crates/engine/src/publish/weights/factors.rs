//! Expansion factors: adults of a class in a census over its printed residents.
//!
//! A class is a place of the home, a gender and an age band, each as far as it is told. Its residents are a
//! published cell, or a sum of cells of one table that are all published; its adults are those of the zones of
//! the census, spread over the sectors of a zone as its postcodes are. A place that mostly cuts zones is not
//! told by the census. A function of printed cells and public facts alone.

use std::collections::BTreeMap;

use reference::{AgeBand, Gender};

use super::project::{Projection, label};
use super::{W_MAX, number, told};
use crate::dimension::{Codes, Dimension, GENDERS_PLUS};
use crate::door::population::{Census, Zone};
use crate::publish::sheet::{OTHER, Row, Sheet};

/// Of the adults of a class by place, at least this share lives in zones that lie inside the place: else the
/// census does not tell of the place, but of places around it.
const WHOLE_SHARE: f64 = 0.9;

/// Places of the home, the finest first.
const PLACES: [Dimension; 5] =
    [Dimension::Sector, Dimension::District, Dimension::Area, Dimension::Region, Dimension::Lad];

/// What the people of a class count in the census.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factor {
    /// Its class among all: errors of one factor go together.
    pub class: usize,
    /// Adults over residents, from 1/W to W.
    pub weight: f64,
    /// Half of the 95 % interval of the residents, over the residents.
    pub relative: f64,
}

/// What classes are by, and the factor of each class that has one.
pub(super) type Classes<'release> = BTreeMap<Vec<Dimension>, BTreeMap<Vec<&'release str>, Factor>>;

/// What the people of a table by `of` can be classed by, the most telling first, everybody last.
pub(super) fn kinds(of: &[Dimension]) -> Vec<Vec<Dimension>> {
    let home = of.iter().find(|it| it.is_home());
    let around = |it: &Dimension| home.is_some_and(|home| home.is_within(*it));
    let places = || PLACES.into_iter().filter(around).map(Some).chain([None]);
    let gender =
        of.iter().copied().find(|it| matches!(it, Dimension::Gender | Dimension::GenderPlus));
    let age = of.iter().copied().find(|it| *it == Dimension::AgeBand);
    let mut kinds = Vec::new();
    for (gender, age) in [(gender, age), (None, age), (gender, None), (None, None)] {
        for place in places() {
            let kind: Vec<Dimension> = [place, gender, age].into_iter().flatten().collect();
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    kinds
}

/// The factors of the classes by each of `kinds`.
pub(super) fn of<'release>(
    codes: &'release Codes,
    residents: &'release Sheet,
    census: &Census,
    kinds: impl Iterator<Item = Vec<Dimension>>,
) -> Classes<'release> {
    let tables = tables(codes, residents);
    let mut classes = Classes::new();
    let mut class = 0;
    for kind in kinds {
        let adults = adults(codes, census, &kind);
        let mut factors = BTreeMap::new();
        for (labels, (people, half)) in printed(codes, &residents.keys, &tables, &kind) {
            let found = adults.get(&labels).filter(|it| it.people > 0.0);
            let is_told = |it: &&Adults| {
                !kind.iter().any(|it| it.is_home()) || it.inside >= WHOLE_SHARE * it.people
            };
            if let Some(adults) = found.filter(is_told) {
                let most = f64::from(W_MAX);
                let weight = (adults.people / people).clamp(1.0 / most, most);
                factors.insert(labels, Factor { class, weight, relative: half / people });
                class += 1;
            }
        }
        classes.insert(kind, factors);
    }
    classes
}

/// A table of residents: what it is by, and its rows.
type Printed<'release> = (Vec<Dimension>, Vec<&'release Row>);

/// Tables that have a row for every cell of today's code lists, the smallest first.
fn tables<'release>(codes: &Codes, sheet: &'release Sheet) -> Vec<Printed<'release>> {
    let mut levels = BTreeMap::<&str, Vec<&Row>>::new();
    for row in &sheet.rows {
        levels.entry(&row.level).or_default().push(row);
    }
    let whole = |rows: Vec<&'release Row>| {
        let by = told(sheet, rows.first()?);
        let cells: usize = by.iter().map(|it| codes.list(*it).labels().len()).product();
        let is_whole =
            rows.len() == cells && !rows.iter().any(|it| it.labels.iter().any(|it| *it == OTHER));
        is_whole.then_some((by, rows))
    };
    let mut tables: Vec<Printed<'_>> = levels.into_values().filter_map(whole).collect();
    tables.sort_by_key(|it| it.1.len());
    tables
}

/// Printed residents of each class and half of their 95 % interval; of the smallest table that shows all of it.
fn printed<'release>(
    codes: &'release Codes,
    keys: &[Dimension],
    tables: &[Printed<'release>],
    kind: &[Dimension],
) -> BTreeMap<Vec<&'release str>, (f64, f64)> {
    let mut classes = BTreeMap::new();
    for (by, rows) in tables {
        let Some(to_class) = Projection::new(codes, keys, by, kind) else { continue };
        let mut sums = BTreeMap::<Vec<&str>, Option<(f64, f64)>>::new();
        for row in rows {
            let Some(labels) = to_class.apply(&row.labels) else { continue };
            let sum = sums.entry(labels).or_insert(Some((0.0, 0.0)));
            let cell =
                row.people.map(|it| (number(it.value), (number(it.hi) - number(it.lo)) / 2.0));
            *sum = sum
                .zip(cell)
                .map(|((people, square), cell)| (people + cell.0, square + cell.1.powi(2)));
        }
        for (labels, sum) in sums {
            if let Some((people, square)) = sum {
                classes.entry(labels).or_insert((people, square.sqrt()));
            }
        }
    }
    classes
}

/// Adults of a class, and how many of them live in zones inside its place.
#[derive(Default)]
struct Adults {
    people: f64,
    inside: f64,
}

/// Adults of each class of the covered area; none when the census does not tell what classes are by.
fn adults<'release>(
    codes: &'release Codes,
    census: &Census,
    kind: &[Dimension],
) -> BTreeMap<Vec<&'release str>, Adults> {
    let mut classes = BTreeMap::<Vec<&str>, Adults>::new();
    for zone in &census.zones {
        let (places, is_inside) = places(codes, zone, kind);
        for (gender, band, people) in &zone.groups {
            let Some(groups) = groups(kind, *gender, *band) else { return BTreeMap::new() };
            for (place, share) in &places {
                for (labels, part) in &groups {
                    let labels = place.iter().chain(labels).copied().collect();
                    let adults = classes.entry(labels).or_default();
                    adults.people += people * share * part;
                    adults.inside += people * share * part * f64::from(u8::from(is_inside));
                }
            }
        }
    }
    classes
}

/// The covered places of the home that a zone lies in, with its share in each, and whether it lies in one alone.
fn places<'release>(
    codes: &'release Codes,
    zone: &Zone,
    kind: &[Dimension],
) -> (BTreeMap<Option<&'release str>, f64>, bool) {
    let home = kind.iter().copied().find(|it| it.is_home());
    let mut places = BTreeMap::new();
    let mut is_covered = true;
    for (sector, share) in &zone.sectors {
        match label(codes, home.unwrap_or(Dimension::Sector), usize::from(*sector)) {
            Some(place) => *places.entry(home.map(|_| place)).or_insert(0.0) += share,
            None => is_covered = false,
        }
    }
    let is_inside = is_covered && places.len() == 1;
    (places, is_inside)
}

/// The groups that people of a gender and band are in, each with their part in it; `None` when that is not told.
fn groups(
    kind: &[Dimension],
    gender: Option<Gender>,
    band: Option<AgeBand>,
) -> Option<Vec<(Vec<&'static str>, f64)>> {
    let [women, men] = GENDERS_PLUS;
    let genders: Vec<(Option<&'static str>, f64)> = if kind.contains(&Dimension::Gender) {
        vec![(Some(gender?.code()), 1.0)]
    } else if kind.contains(&Dimension::GenderPlus) {
        match gender? {
            Gender::F => vec![(Some(women), 1.0)],
            Gender::M => vec![(Some(men), 1.0)],
            Gender::X => vec![(Some(women), 0.5), (Some(men), 0.5)],
        }
    } else {
        vec![(None, 1.0)]
    };
    let band = if kind.contains(&Dimension::AgeBand) { Some(band?.label()) } else { None };
    Some(
        genders
            .into_iter()
            .map(|(it, part)| (it.into_iter().chain(band).collect(), part))
            .collect(),
    )
}
