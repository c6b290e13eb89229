//! For whom a question is asked, and of what the answers may be.

use std::collections::{BTreeMap, BTreeSet};

use privacy::Budget;
use reference::{Geography, Level, Place, Sector};

use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::time::Period;

/// For whom a question is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The name that the ledger notes with each charge.
    pub name: String,
    /// What the questions of a month may cost each person for this partner; the whole reserve when absent.
    pub allowance: Option<Budget>,
    /// The months whose releases it may read; all when absent.
    pub months: Option<Months>,
    /// The places that rows and questions may be about; all when absent.
    pub places: Option<Places>,
}

impl Partner {
    /// Somebody without limits but those of everybody.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), allowance: None, months: None, places: None }
    }
}

/// Months from one on, to the end of another where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Months {
    /// The first.
    pub from: Period,
    /// The last.
    pub to: Option<Period>,
}

impl Months {
    /// Whether a month is one of them.
    #[must_use]
    pub fn contains(self, month: Period) -> bool {
        self.from <= month && self.to.is_none_or(|last| month <= last)
    }
}

/// Places by their codes, and every zone that lies in them whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Places {
    codes: Vec<String>,
    /// Codes of zones of a level all of whose sectors are in them.
    within: BTreeMap<Level, BTreeSet<String>>,
}

impl Places {
    /// The places with these codes, of whichever level.
    ///
    /// # Errors
    /// `A06` for a code that no place has.
    pub fn new(geography: &Geography, codes: &[String]) -> Result<Self> {
        let mut own = vec![false; geography.sectors.len()];
        for code in codes {
            let (level, number) = geography.zone(code).ok_or_else(|| {
                Error::input("A06", format!("an agreement names the place `{code}`, which is not there"))
                    .allowed("codes of sectors, districts, postcode areas, regions, countries and local authorities")
                    .remedy("ask the operator to correct the agreement")
            })?;
            for (at, _) in geography.sectors_of(level, number) {
                if let Some(own) = own.get_mut(usize::from(at)) {
                    *own = true;
                }
            }
        }
        let codes_of =
            |all: &[Place]| -> Vec<String> { all.iter().map(|it| it.code.clone()).collect() };
        let districts = geography.districts.iter().map(|it| it.code.clone()).collect();
        let within = BTreeMap::from([
            (Level::District, whole(geography, &own, |it| it.district, districts)),
            (Level::Area, whole(geography, &own, |it| it.area, codes_of(&geography.areas))),
            (Level::Region, whole(geography, &own, |it| it.region, codes_of(&geography.regions))),
            (Level::Lad, whole(geography, &own, |it| it.lad, codes_of(&geography.lads))),
            (
                Level::Sector,
                geography
                    .sectors
                    .iter()
                    .zip(&own)
                    .filter(|it| *it.1)
                    .map(|it| it.0.code.clone())
                    .collect(),
            ),
        ]);
        Ok(Self { codes: codes.to_vec(), within })
    }

    /// The codes that they were named by.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        &self.codes
    }

    /// Whether a bin of a dimension is a place that lies in them whole.
    #[must_use]
    pub fn hold(&self, dimension: Dimension, label: &str) -> bool {
        let level = match dimension {
            Dimension::Sector => Level::Sector,
            Dimension::District | Dimension::PresentIn => Level::District,
            Dimension::Area => Level::Area,
            Dimension::Region => Level::Region,
            Dimension::Lad => Level::Lad,
            _ => return false,
        };
        self.within.get(&level).is_some_and(|it| it.contains(label))
    }
}

/// The zones all of whose sectors are `own`.
fn whole(
    geography: &Geography,
    own: &[bool],
    zone: impl Fn(&Sector) -> u16,
    codes: Vec<String>,
) -> BTreeSet<String> {
    // A zone without sectors is in nothing.
    let mut state: Vec<Option<bool>> = vec![None; codes.len()];
    for (sector, is_own) in geography.sectors.iter().zip(own) {
        if let Some(state) = state.get_mut(usize::from(zone(sector))) {
            *state = Some(state.unwrap_or(true) && *is_own);
        }
    }
    codes.into_iter().zip(state).filter(|it| it.1 == Some(true)).map(|it| it.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_holds_what_lies_in_it_whole() {
        let geography = Geography::built_in();
        let places = |codes: &[&str]| {
            Places::new(geography, &codes.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
        };
        let one = places(&["AB10"]).unwrap();
        assert!(one.hold(Dimension::District, "AB10") && one.hold(Dimension::PresentIn, "AB10"));
        assert!(one.hold(Dimension::Sector, "AB10 1"));
        for (dimension, label) in [
            (Dimension::Area, "AB"),
            (Dimension::District, "AB1"),
            (Dimension::PresentIn, "AB11"),
            (Dimension::Sector, "AB11 5"),
            (Dimension::Region, ""),
            (Dimension::Gender, "AB10"),
            (Dimension::District, "all"),
        ] {
            assert!(!one.hold(dimension, label), "{dimension} {label}");
        }
        // All districts of an area are the area; a country holds its regions and authorities.
        let districts = geography.districts.iter().map(|it| it.code.as_str());
        let is_of_area = |it: &&str| {
            it.strip_prefix("AB").is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()))
        };
        let own: Vec<&str> = districts.filter(is_of_area).collect();
        assert!(own.len() > 5);
        assert!(places(&own).unwrap().hold(Dimension::Area, "AB"));
        assert!(!places(&own[1..]).unwrap().hold(Dimension::Area, "AB"));
        let country = &geography.countries[0];
        let whole = places(&[&country.code]).unwrap();
        let (_, number) = geography.zone(&country.code).unwrap();
        let sector = geography.sectors.iter().find(|it| it.country == number).unwrap();
        assert!(whole.hold(Dimension::Region, &geography.regions[usize::from(sector.region)].code));
        assert!(whole.hold(Dimension::Sector, &sector.code));
        assert_eq!(places(&["nowhere"]).unwrap_err().code(), "A06");
    }
}
