//! Exact counts by number: one for each worker, added up at the end. Their size is that of the country.

use std::collections::BTreeMap;

use reference::{AgeBand, Gender, Geography, SiteList};

use super::seen::HOURS;
use crate::land::Land;

/// What is needed to count: places of homes, sites that may be counted, categories.
pub(crate) struct Basis<'world> {
    pub geography: &'static Geography,
    pub list: &'static SiteList,
    land: &'world Land,
    /// Sites on the list that are not sensitive, as bits.
    open: Vec<u64>,
    /// The sites of each category, as bits.
    categories: Vec<Vec<u64>>,
}

impl<'world> Basis<'world> {
    pub fn new(land: &'world Land, geography: &'static Geography, list: &'static SiteList) -> Self {
        let words = list.sites.len().div_ceil(64);
        let mut open = vec![0; words];
        let mut categories = vec![vec![0; words]; list.categories.len()];
        for ((at, site), number) in list.sites.iter().enumerate().zip(0..) {
            let bit = 1 << (at % 64);
            if !site.sensitive {
                open[at / 64] |= bit;
                if let Some(own) = categories.get_mut(usize::from(list.category_index(number))) {
                    own[at / 64] |= bit;
                }
            }
        }
        Self { geography, list, land, open, categories }
    }

    /// Words that hold a bit for each site.
    pub fn words(&self) -> usize {
        self.open.len()
    }

    /// The sector of a home.
    pub fn sector(&self, home: u32) -> u16 {
        let home = usize::try_from(home).ok().and_then(|at| self.land.homes.get(at));
        home.map_or(0, |it| it.0)
    }

    /// Everything that a group can have looked at: any, each site, each category.
    fn names(&self) -> usize {
        1 + self.list.sites.len() + self.categories.len()
    }

    fn group(&self, (sector, gender, band): (u16, u8, u8)) -> usize {
        let sector = self.geography.sectors.get(usize::from(sector));
        let region = sector.map_or(0, |it| usize::from(it.region));
        let by_region = usize::from(gender) * AgeBand::ALL.len() + usize::from(band);
        by_region * self.geography.regions.len() + region
    }
}

/// A row of the truth about web use, by numbers.
pub(super) struct WebCell {
    pub gender: usize,
    pub band: usize,
    pub region: usize,
    pub name: Name,
    pub people: u64,
}

/// What a web cell counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Base,
    Site(usize),
    Category(usize),
}

/// Exact counts.
pub(crate) struct Tally {
    pub people: u64,
    pub(super) residents: BTreeMap<(u16, u8, u8), u64>,
    /// For each district its hours.
    pub(super) presence: Vec<u64>,
    /// For each group its names.
    web: Vec<u64>,
}

impl Tally {
    pub fn new(basis: &Basis) -> Self {
        let groups = Gender::ALL.len() * AgeBand::ALL.len() * basis.geography.regions.len();
        Self {
            people: 0,
            residents: BTreeMap::new(),
            presence: vec![0; basis.geography.districts.len() * HOURS],
            web: vec![0; groups * basis.names()],
        }
    }

    pub(super) fn resident(&mut self, sector: u16, gender: u8, band: u8) {
        self.people += 1;
        *self.residents.entry((sector, gender, band)).or_default() += 1;
    }

    pub(super) fn present(&mut self, district: u16, hours: u64) {
        let first = usize::from(district) * HOURS;
        if let Some(counts) = self.presence.get_mut(first..first + HOURS) {
            for_each_bit(hours, |hour| counts[hour] += 1);
        }
    }

    pub(super) fn looked_at(&mut self, basis: &Basis, person: (u16, u8, u8), sites: &[u64]) {
        let first = basis.group(person) * basis.names();
        let Some(counts) = self.web.get_mut(first..first + basis.names()) else { return };
        let mut any = 0;
        for (word, (sites, open)) in sites.iter().zip(&basis.open).enumerate() {
            any |= sites & open;
            for_each_bit(sites & open, |site| counts[1 + word * 64 + site] += 1);
        }
        counts[0] += u64::from(any != 0);
        let categories = counts.get_mut(1 + basis.list.sites.len()..).unwrap_or_default();
        for (count, of_category) in categories.iter_mut().zip(&basis.categories) {
            let seen = sites.iter().zip(of_category).any(|(sites, own)| sites & own != 0);
            *count += u64::from(seen);
        }
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        self.people += other.people;
        for (&cell, people) in &other.residents {
            *self.residents.entry(cell).or_default() += people;
        }
        let add = |all: &mut [u64], own: &[u64]| {
            all.iter_mut().zip(own).for_each(|(all, own)| *all += own);
        };
        add(&mut self.presence, &other.presence);
        add(&mut self.web, &other.web);
    }

    /// The cells about web use in which there is anybody.
    pub(super) fn web_cells(&self, basis: &Basis) -> Vec<WebCell> {
        let (regions, sites) = (basis.geography.regions.len(), basis.list.sites.len());
        let counts = self.web.iter().enumerate().filter(|it| *it.1 > 0);
        let mut cells: Vec<WebCell> = counts
            .map(|(at, &people)| {
                let (group, name) = (at / basis.names(), at % basis.names());
                let by_region = group / regions;
                WebCell {
                    gender: by_region / AgeBand::ALL.len(),
                    band: by_region % AgeBand::ALL.len(),
                    region: group % regions,
                    name: match name {
                        0 => Name::Base,
                        name if name <= sites => Name::Site(name - 1),
                        name => Name::Category(name - 1 - sites),
                    },
                    people,
                }
            })
            .collect();
        cells.sort_by_key(|it| (it.name, it.gender, it.band, it.region));
        cells
    }
}

fn for_each_bit(mut bits: u64, mut seen: impl FnMut(usize)) {
    while bits != 0 {
        seen(usize::try_from(bits.trailing_zeros()).unwrap_or_default());
        bits &= bits - 1;
    }
}
