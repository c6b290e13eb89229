//! The registered dimensions of cells and their public code lists.
//!
//! A cell's key is always a member of a code list that exists before any data is read: keys are
//! data (privacy model §12). A value outside the list belongs to no cell.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use reference::{AgeBand, Gender, Geography, SiteList};
use serde::{Deserialize, Serialize};

use crate::time::Period;

/// The position of a value that belongs to no cell.
pub const NOWHERE: u32 = u32::MAX;

/// The bin of those of whom a value is not known; NULL in SQL.
pub const UNKNOWN: &str = "";

/// Something that people are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Gender of the customer record: F, M, X.
    Gender,
    /// Gender with everybody who is neither F nor M distributed over the two: F+, M+.
    GenderPlus,
    /// Age band of the customer record: 18-24 to 75+.
    AgeBand,
    /// Home postcode sector.
    Sector,
    /// Home postcode district.
    District,
    /// Home postcode area.
    Area,
    /// Home region.
    Region,
    /// Home local authority: whole sectors, across districts.
    Lad,
    /// District where a person was present.
    PresentIn,
    /// Local hour, 0 to 23.
    Hour,
    /// Weekday, or weekend and public holidays.
    DayType,
    /// Registrable domain on the public site list.
    Site,
    /// Category of a site on the public site list.
    Category,
    /// Local civil day of the period.
    Day,
}

impl Dimension {
    /// The name in files, plans and SQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gender => "gender",
            Self::GenderPlus => "gender_plus",
            Self::AgeBand => "age_band",
            Self::Sector => "sector",
            Self::District => "district",
            Self::Area => "area",
            Self::Region => "region",
            Self::Lad => "lad",
            Self::PresentIn => "present_in",
            Self::Hour => "hour",
            Self::DayType => "day_type",
            Self::Site => "site",
            Self::Category => "category",
            Self::Day => "day",
        }
    }

    /// Whether every person has exactly one value in a period (privacy model §6).
    #[must_use]
    pub const fn partitions_people(self) -> bool {
        matches!(
            self,
            Self::Gender
                | Self::GenderPlus
                | Self::AgeBand
                | Self::Sector
                | Self::District
                | Self::Area
                | Self::Region
                | Self::Lad
        )
    }

    /// Whether each value lies inside one value of `other`: itself, or an area around the home sector.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        let around = match self {
            Self::Sector => &[Self::District, Self::Area, Self::Region, Self::Lad][..],
            Self::District => &[Self::Area],
            _ => &[],
        };
        self == other || around.contains(&other)
    }

    /// Whether values are places of the home; places of two dimensions need not cross.
    #[must_use]
    pub const fn is_home(self) -> bool {
        matches!(self, Self::Sector | Self::District | Self::Area | Self::Region | Self::Lad)
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// The values of [`Dimension::GenderPlus`], in code-list order.
pub const GENDERS_PLUS: [&str; 2] = ["F+", "M+"];

/// The two kinds of day, in code-list order; a public holiday is of the weekend.
pub const DAY_TYPES: [&str; 2] = ["weekday", "weekend"];

/// The public values of one dimension, and where each value of the vault stands among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeList {
    labels: Arc<[String]>,
    positions: Arc<[u32]>,
}

impl CodeList {
    /// All `values` of the vault, in order, as they are.
    fn whole(values: impl IntoIterator<Item = String>) -> Self {
        Self::filtered(values.into_iter().map(Some))
    }

    /// Keeps the values that are `Some`; the others stand nowhere.
    fn filtered(values: impl IntoIterator<Item = Option<String>>) -> Self {
        let (mut labels, mut positions) = (Vec::new(), Vec::new());
        for value in values {
            positions.push(match value {
                Some(label) => {
                    labels.push(label);
                    u32::try_from(labels.len() - 1).unwrap_or(NOWHERE)
                }
                None => NOWHERE,
            });
        }
        Self { labels: labels.into(), positions: positions.into() }
    }

    /// Sends each source value to the position that `parent` has for it, dropping unused parents.
    fn grouped(source: impl IntoIterator<Item = Option<usize>>, parents: &[String]) -> Self {
        let source: Vec<Option<usize>> = source.into_iter().collect();
        let mut used = vec![false; parents.len()];
        for parent in source.iter().flatten() {
            if let Some(flag) = used.get_mut(*parent) {
                *flag = true;
            }
        }
        let kept = Self::filtered(
            parents.iter().zip(&used).map(|(label, used)| used.then(|| label.clone())),
        );
        let position = |parent: usize| kept.positions.get(parent).copied().unwrap_or(NOWHERE);
        let positions = source.iter().map(|parent| parent.map_or(NOWHERE, position)).collect();
        Self { labels: kept.labels, positions }
    }

    /// The same with one more label, [`UNKNOWN`], for every value below `values` that stood nowhere.
    fn with_unknown(self, values: usize) -> Self {
        let unknown = u32::try_from(self.labels.len()).unwrap_or(NOWHERE);
        let known = self.positions.iter().map(|it| if *it == NOWHERE { unknown } else { *it });
        let beyond = values.saturating_sub(self.positions.len());
        let positions = known.chain(std::iter::repeat_n(unknown, beyond)).collect();
        let labels = self.labels.iter().cloned().chain([UNKNOWN.to_owned()]).collect();
        Self { labels, positions }
    }

    /// The same without the labels that are not `kept`; their values stand nowhere.
    fn only(&self, kept: &BTreeSet<String>) -> Self {
        let labels = || self.labels.iter().filter(|it| kept.contains(*it));
        let place = |position: &u32| {
            let own = usize::try_from(*position).ok().and_then(|at| self.labels.get(at));
            let at = own.and_then(|own| labels().position(|it| it == own));
            at.and_then(|at| u32::try_from(at).ok()).unwrap_or(NOWHERE)
        };
        let places: Vec<u32> = (0_u32..).zip(self.labels.iter()).map(|it| place(&it.0)).collect();
        let moved = |it: &u32| {
            let at = usize::try_from(*it).ok();
            at.and_then(|at| places.get(at)).copied().unwrap_or(NOWHERE)
        };
        Self {
            labels: labels().cloned().collect(),
            positions: self.positions.iter().map(moved).collect(),
        }
    }

    /// The public labels, in cell order.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// For each value as the vault stores it: its position among the labels, or [`NOWHERE`].
    #[must_use]
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }
}

/// All code lists of one operator: its geography cut to its coverage, and its site list.
#[derive(Clone, Debug)]
pub struct Codes {
    gender: CodeList,
    gender_plus: CodeList,
    age_band: CodeList,
    sector: CodeList,
    district: CodeList,
    area: CodeList,
    region: CodeList,
    lad: CodeList,
    present_in: CodeList,
    hour: CodeList,
    day_type: CodeList,
    site: CodeList,
    category: CodeList,
    /// Empty where nothing is asked by day.
    day: CodeList,
}

impl Codes {
    /// The lists for the postcode areas in `coverage` (all when empty) and `sites`.
    ///
    /// Home dimensions are indexed by the vault's sector number, `present_in` by its district
    /// number, `site` and `category` by its site number, `gender_plus` by gender, X once for each side
    /// of the person's coin. Sensitive sites are in no list.
    #[must_use]
    pub fn new(geography: &Geography, sites: &SiteList, coverage: &[String]) -> Self {
        let covered: Vec<bool> = geography
            .areas
            .iter()
            .map(|area| coverage.is_empty() || coverage.contains(&area.code))
            .collect();
        let inside = |area: u16| covered.get(usize::from(area)).copied().unwrap_or(false);
        let home = |parent: fn(&reference::Sector) -> u16, labels: Vec<String>| {
            let of = |sector: &reference::Sector| {
                inside(sector.area).then(|| usize::from(parent(sector)))
            };
            CodeList::grouped(geography.sectors.iter().map(of), &labels)
        };
        let districts: Vec<String> = geography.districts.iter().map(|it| it.code.clone()).collect();
        let codes = |places: &[reference::Place]| places.iter().map(|it| it.code.clone()).collect();
        let open = |site: &reference::Site| !site.sensitive;
        Self {
            gender: CodeList::whole(Gender::ALL.iter().map(|it| it.code().to_owned())),
            gender_plus: CodeList::grouped(
                [0, 1, 0, 1].map(Some),
                &GENDERS_PLUS.map(str::to_owned),
            ),
            age_band: CodeList::whole(AgeBand::ALL.iter().map(|it| it.label().to_owned())),
            sector: CodeList::filtered(
                geography.sectors.iter().map(|it| inside(it.area).then(|| it.code.clone())),
            ),
            district: home(|it| it.district, districts),
            area: home(|it| it.area, codes(&geography.areas)),
            region: home(|it| it.region, codes(&geography.regions)),
            // A geography without authorities has every sector in none.
            lad: home(|it| it.lad, codes(&geography.lads)),
            present_in: CodeList::filtered(
                geography.districts.iter().map(|it| inside(it.area).then(|| it.code.clone())),
            ),
            hour: CodeList::whole((0..24).map(|hour| hour.to_string())),
            day_type: CodeList::whole(DAY_TYPES.iter().map(|&it| it.to_owned())),
            site: CodeList::filtered(
                sites.sites.iter().map(|it| open(it).then(|| it.domain.clone())),
            ),
            category: CodeList::grouped(
                sites.sites.iter().zip(0..).map(|(site, index)| {
                    open(site).then(|| usize::from(sites.category_index(index)))
                }),
                &sites.categories,
            ),
            day: CodeList::default(),
        }
    }

    /// The code list of `dimension`.
    #[must_use]
    pub const fn list(&self, dimension: Dimension) -> &CodeList {
        match dimension {
            Dimension::Gender => &self.gender,
            Dimension::GenderPlus => &self.gender_plus,
            Dimension::AgeBand => &self.age_band,
            Dimension::Sector => &self.sector,
            Dimension::District => &self.district,
            Dimension::Area => &self.area,
            Dimension::Region => &self.region,
            Dimension::Lad => &self.lad,
            Dimension::PresentIn => &self.present_in,
            Dimension::Hour => &self.hour,
            Dimension::DayType => &self.day_type,
            Dimension::Site => &self.site,
            Dimension::Category => &self.category,
            Dimension::Day => &self.day,
        }
    }

    /// The same lists for questions: the days of `period`, and everybody whose value is unknown or outside the
    /// coverage in a bin of their own, the last of each list, which is called [`UNKNOWN`]. Gender has none: whose
    /// gender is not known is X.
    #[must_use]
    pub fn for_questions(self, period: Period) -> Self {
        // As many values as the vault's columns can hold.
        let bytes = |it: CodeList| it.with_unknown(1 << 8);
        let words = |it: CodeList| it.with_unknown(1 << 16);
        Self {
            age_band: bytes(self.age_band),
            sector: words(self.sector),
            district: words(self.district),
            area: words(self.area),
            region: words(self.region),
            lad: words(self.lad),
            ..self
        }
        .with_days(period)
    }

    /// The same lists, one of them with these labels alone.
    #[must_use]
    pub fn confined(mut self, dimension: Dimension, labels: &BTreeSet<String>) -> Self {
        let list = match dimension {
            Dimension::Gender => &mut self.gender,
            Dimension::GenderPlus => &mut self.gender_plus,
            Dimension::AgeBand => &mut self.age_band,
            Dimension::Sector => &mut self.sector,
            Dimension::District => &mut self.district,
            Dimension::Area => &mut self.area,
            Dimension::Region => &mut self.region,
            Dimension::Lad => &mut self.lad,
            Dimension::PresentIn => &mut self.present_in,
            Dimension::Hour => &mut self.hour,
            Dimension::DayType => &mut self.day_type,
            Dimension::Site => &mut self.site,
            Dimension::Category => &mut self.category,
            Dimension::Day => &mut self.day,
        };
        *list = list.only(labels);
        self
    }

    /// The same lists with the days of another month.
    #[must_use]
    pub fn with_days(self, period: Period) -> Self {
        Self { day: CodeList::whole(period.days().map(|it| it.to_string())), ..self }
    }

    /// A digest of every list, so that a plan names the cells that it is about.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        // Days were not always a list; plans of before keep their digests.
        let listed = |it: &Dimension| *it != Dimension::Day || !self.day.labels.is_empty();
        for dimension in ALL.into_iter().filter(listed) {
            hasher.update(dimension.name().as_bytes());
            for label in self.list(dimension).labels() {
                hasher.update(b"\0");
                hasher.update(label.as_bytes());
            }
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }

    /// A digest of the values of `dimension` and of what each takes together (a place its sectors, a category
    /// its sites), whatever their order: another digest, other cells under the same name.
    #[must_use]
    pub fn hash_of(&self, dimension: Dimension) -> String {
        let list = self.list(dimension);
        let parts = match dimension {
            Dimension::Category => Some(&self.site),
            place if place.is_home() => Some(&self.sector),
            _ => None,
        };
        let mut values: Vec<(&str, Vec<&str>)> =
            list.labels.iter().map(|it| (it.as_str(), Vec::new())).collect();
        for (own, part) in list.positions.iter().zip(parts.map_or(&[][..], CodeList::positions)) {
            let at = |position: &u32| usize::try_from(*position).unwrap_or(usize::MAX);
            let part = parts.and_then(|it| it.labels.get(at(part)));
            if let (Some(value), Some(part)) = (values.get_mut(at(own)), part) {
                value.1.push(part);
            }
        }
        for it in &mut values {
            it.1.sort_unstable();
        }
        values.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        for (label, parts) in values {
            for text in std::iter::once(label).chain(parts) {
                hasher.update(text.as_bytes());
                hasher.update(b"\0");
            }
            hasher.update(b"\n");
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// Every dimension, in the order in which hashes and files name them.
pub const ALL: [Dimension; 14] = [
    Dimension::Sector,
    Dimension::District,
    Dimension::Area,
    Dimension::PresentIn,
    Dimension::Day,
    Dimension::Hour,
    Dimension::DayType,
    Dimension::Site,
    Dimension::Category,
    Dimension::Gender,
    Dimension::GenderPlus,
    Dimension::AgeBand,
    Dimension::Region,
    Dimension::Lad,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_a_list_is_of_its_values_and_their_parts_in_any_order() {
        let site = |domain: &str, category: &str| reference::Site {
            domain: domain.to_owned(),
            category: category.to_owned(),
            sensitive: false,
            weight: 1.0,
            label: String::new(),
        };
        let hashes = |sites: &[(&str, &str)]| {
            let sites = sites.iter().map(|(domain, category)| site(domain, category)).collect();
            let codes = Codes::new(Geography::built_in(), &SiteList::of(sites), &[]);
            [Dimension::Site, Dimension::Category, Dimension::District].map(|it| codes.hash_of(it))
        };
        let one = hashes(&[("a.example", "News"), ("b.example", "News"), ("c.example", "Food")]);
        let turned = hashes(&[("c.example", "Food"), ("b.example", "News"), ("a.example", "News")]);
        assert_eq!(one, turned);
        let moved = hashes(&[("a.example", "News"), ("b.example", "Food"), ("c.example", "Food")]);
        assert_eq!((&one[0], &one[2]), (&moved[0], &moved[2]));
        assert_ne!(one[1], moved[1], "a site went to another category");
        let fewer = hashes(&[("a.example", "News"), ("c.example", "Food")]);
        assert!(one[0] != fewer[0] && one[1] != fewer[1]);
        let codes =
            |coverage: &[String]| Codes::new(Geography::built_in(), SiteList::built_in(), coverage);
        let (all, some) = (codes(&[]), codes(&["SG".to_owned()]));
        assert_ne!(all.hash_of(Dimension::Region), some.hash_of(Dimension::Region));
        assert_eq!(all.hash_of(Dimension::AgeBand), some.hash_of(Dimension::AgeBand));
    }

    #[test]
    fn a_value_that_is_said_to_lie_inside_another_does_for_every_sector_and_coverage() {
        for coverage in [&[][..], &["BL".to_owned(), "ZE".to_owned()]] {
            let codes = Codes::new(Geography::built_in(), SiteList::built_in(), coverage);
            let homes = || ALL.into_iter().filter(|it| it.is_home());
            for own in homes() {
                for of in homes().filter(|of| own.is_within(*of)) {
                    let (from, to) = (codes.list(own).positions(), codes.list(of).positions());
                    let mut inside = std::collections::BTreeMap::new();
                    for (own, of) in from.iter().zip(to) {
                        assert_eq!(*own == NOWHERE, *of == NOWHERE, "the same sectors are covered");
                        assert_eq!(inside.entry(own).or_insert(of), &of, "one {own} in two");
                    }
                }
            }
        }
    }
}
