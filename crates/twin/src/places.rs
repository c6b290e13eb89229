//! Which zone lies in which: public facts, by which the levels of a place belong together.
//!
//! `data.csv` says how many live in a sector and in a region, not that the one lies in the other. Great
//! Britain by postcode is built in; an operator elsewhere publishes its list of zones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use reference::{Geography, Level, Place, Zone};

use crate::error::{Error, Result};

/// Zones by their codes.
pub(crate) struct Places<'zones> {
    geography: Cow<'zones, Geography>,
    /// Positions of districts by code; sectors are sorted already.
    districts: BTreeMap<String, usize>,
}

/// The levels of homes from the coarsest to the finest, for sorting.
pub(crate) const COARSE_FIRST: [Level; 6] =
    [Level::Country, Level::Region, Level::Lad, Level::Area, Level::District, Level::Sector];

impl Places<'_> {
    /// The built-in zones.
    pub fn built_in() -> Self {
        Self::of(Cow::Borrowed(Geography::built_in()))
    }

    /// Reads a list of zones with the columns `id`, `level`, `parent` and, if wanted, `lad`; others may
    /// stand beside them (docs/mapping.md, public facts of your own).
    ///
    /// # Errors
    /// T08 for a list that leaves a gap or has no such columns.
    pub fn read(path: &Path) -> Result<Self> {
        let wrong = |what: String| {
            Error::new("T08", format!("the list of zones cannot be used: {what}"))
                .at(path.display())
                .allowed("a CSV file with the columns id, level, parent and, if wanted, lad")
                .remedy("give the list of zones that the operator publishes")
        };
        let mut reader =
            csv::Reader::from_path(path).map_err(|cause| Error::disk("read", path, &cause))?;
        let header = reader.headers().map_err(|cause| wrong(cause.to_string()))?.clone();
        let column = |name: &str| header.iter().position(|it| it == name);
        let required = |name: &str| column(name).ok_or_else(|| wrong(format!("no column {name}")));
        let (id, level, parent) = (required("id")?, required("level")?, required("parent")?);
        let lad = column("lad");
        let mut zones = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|cause| wrong(cause.to_string()))?;
            let text = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let some = |at: usize| Some(text(at)).filter(|it| !it.is_empty());
            zones.push(Zone {
                id: text(id),
                name: String::new(),
                level: text(level).parse().map_err(|()| wrong(format!("level {}", text(level))))?,
                parent: some(parent),
                lad: lad.and_then(some),
                // Where a zone is does not matter here, only what it lies in.
                point: Some((0.0, 0.0)),
                outline: Vec::new(),
            });
        }
        let geography = Geography::of_zones(&zones).map_err(|cause| wrong(cause.to_string()))?;
        Ok(Self::of(Cow::Owned(geography)))
    }

    fn of(geography: Cow<'_, Geography>) -> Places<'_> {
        let districts = geography.districts.iter().map(|it| it.code.clone());
        Places { districts: districts.zip(0..).collect(), geography }
    }

    /// Whether every zone of `fine` lies in one zone of `coarse` and this list says in which.
    pub fn nests(fine: Level, coarse: Level) -> bool {
        match fine {
            Level::Sector => coarse != Level::Sector,
            Level::District => matches!(coarse, Level::Area | Level::Region | Level::Country),
            _ => false,
        }
    }

    /// The zone of level `coarse` in which the zone `code` of level `fine` lies; `None` for a code
    /// that is not listed.
    pub fn above(&self, fine: Level, code: &str, coarse: Level) -> Option<&str> {
        let here = &*self.geography;
        let (district, area, region, country, lad) = if fine == Level::Sector {
            let it = here.sectors.get(usize::from(here.sector_index(code)?))?;
            (Some(it.district), it.area, it.region, it.country, Some(it.lad))
        } else {
            let it = here.districts.get(*self.districts.get(code)?)?;
            (None, it.area, it.region, it.country, None)
        };
        match coarse {
            Level::Sector => None,
            Level::District => {
                here.districts.get(usize::from(district?)).map(|it| it.code.as_str())
            }
            Level::Area => code_of(&here.areas, Some(area)),
            Level::Region => code_of(&here.regions, Some(region)),
            Level::Country => code_of(&here.countries, Some(country)),
            Level::Lad => code_of(&here.lads, lad),
        }
    }
}

fn code_of(list: &[Place], at: Option<u16>) -> Option<&str> {
    list.get(usize::from(at?)).map(|it| it.code.as_str())
}
