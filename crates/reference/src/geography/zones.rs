//! A geography of an operator's own: zones in two trees, from a list.
//!
//! Sectors lie in districts, those in areas, regions and countries; a sector may lie in a local authority
//! too. A list that leaves a gap anywhere is refused whole, since numbers of people would fall into it.

mod overlap;

use std::fmt;
use std::str::FromStr;

use overlap::overlapping;

use super::grid::Grid;
use super::{District, Geography, Place, Ring, Sector};

/// How fine a zone is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The finest: where people live.
    Sector,
    /// Sectors together: where people are seen.
    District,
    /// Districts together: what a policy covers.
    Area,
    /// Areas together.
    Region,
    /// Regions together.
    Country,
    /// Sectors together, by who governs them.
    Lad,
}

impl Level {
    /// All, the finest first.
    pub const ALL: [Self; 6] =
        [Self::Sector, Self::District, Self::Area, Self::Region, Self::Country, Self::Lad];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sector => "sector",
            Self::District => "district",
            Self::Area => "area",
            Self::Region => "region",
            Self::Country => "country",
            Self::Lad => "lad",
        }
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|it| it.name() == text).ok_or(())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// One zone of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its code, unique within its level.
    pub id: String,
    /// Its name; the code when empty.
    pub name: String,
    /// How fine it is.
    pub level: Level,
    /// The code of the zone of the next level that it lies in.
    pub parent: Option<String>,
    /// Of a sector: the code of its local authority.
    pub lad: Option<String>,
    /// (longitude, latitude) in degrees, WGS 84: the middle of where people are.
    pub point: Option<(f64, f64)>,
    /// Its outline, by [`ring`].
    pub outline: Vec<Ring>,
}

/// Why a list of zones is no geography.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GeographyError {
    /// There is nothing that people could live in.
    #[error("the list has no {0}")]
    Empty(Level),
    /// A code twice in one level.
    #[error("the {level} `{id}` is listed twice")]
    Twice {
        /// Of what level.
        level: Level,
        /// Its code.
        id: String,
    },
    /// A zone that lies in nothing.
    #[error("the {level} `{id}` lies in no {parent} of the list")]
    NoParent {
        /// Of what level.
        level: Level,
        /// Its code.
        id: String,
        /// What is missing.
        parent: Level,
    },
    /// A sector that is nowhere.
    #[error("the sector `{0}` has neither a point nor an outline on the globe")]
    NoPlace(String),
    /// A coarser zone without sectors, which nobody could ever be in.
    #[error("no sector lies in the {level} `{id}`")]
    Childless {
        /// Of what level.
        level: Level,
        /// Its code.
        id: String,
    },
    /// Two zones of one level that cover the same place.
    #[error("the {level}s `{one}` and `{other}` overlap")]
    Overlap {
        /// Of what level.
        level: Level,
        /// The one whose sector has its point in both.
        one: String,
        /// The other.
        other: String,
    },
    /// More zones than numbers.
    #[error("the list has {count} zones of level {level}, and at most 65,535 can be told apart")]
    TooMany {
        /// Of what level.
        level: Level,
        /// How many.
        count: usize,
    },
}

/// A ring of (longitude, latitude) as outlines have it, however it was drawn: closed, counter-clockwise
/// around land and clockwise around a hole; `None` when it is no area.
#[must_use]
pub fn ring(mut corners: Ring, is_land: bool) -> Option<Ring> {
    if corners.first() != corners.last() {
        corners.extend(corners.first().copied());
    }
    let doubled_area: f64 = corners.array_windows().map(|[a, b]| a.0 * b.1 - b.0 * a.1).sum();
    if (doubled_area > 0.0) != is_land {
        corners.reverse();
    }
    (doubled_area != 0.0 && doubled_area.is_finite()).then_some(corners)
}

impl Geography {
    /// The geography of a list of zones, in any order.
    ///
    /// # Errors
    /// [`GeographyError`] when a code is there twice, a zone lies in none of the next level, a sector has no
    /// place, a coarser zone has no sector, or two zones overlap.
    pub fn of_zones(zones: &[Zone]) -> Result<Self, GeographyError> {
        let mut sorted: Vec<&Zone> = zones.iter().collect();
        sorted.sort_by(|a, b| (a.level, &a.id).cmp(&(b.level, &b.id)));
        let twice = sorted.array_windows().find(|[a, b]| (a.level, &a.id) == (b.level, &b.id));
        if let Some([twice, _]) = twice {
            return Err(GeographyError::Twice { level: twice.level, id: twice.id.clone() });
        }
        let lists = Lists { sorted: &sorted };
        lists.check_sizes()?;
        let sectors = lists.sectors()?;
        lists.check_used(&sectors)?;
        let districts = lists.districts(&sectors)?;
        let overlap = overlapping(lists.of(Level::Sector), lists.of(Level::District));
        if let Some((level, one, other)) = overlap {
            let (one, other) = (one.id.clone(), other.id.clone());
            return Err(GeographyError::Overlap { level, one, other });
        }
        let mut hasher = blake3::Hasher::new();
        for zone in &sorted {
            hasher.update(format!("{zone:?}\n").as_bytes());
        }
        Ok(Self {
            areas: lists.places(Level::Area),
            regions: lists.places(Level::Region),
            countries: lists.places(Level::Country),
            lads: lists.places(Level::Lad),
            grid: Grid::new(&sectors),
            sectors,
            districts,
            attribution: "Zones: a list of the operator's own.",
            hash: hasher.finalize().to_hex().to_string(),
        })
    }
}

/// Zones by level and code.
struct Lists<'list> {
    sorted: &'list [&'list Zone],
}

impl<'list> Lists<'list> {
    fn of(&self, level: Level) -> &'list [&'list Zone] {
        let from = self.sorted.partition_point(|it| it.level < level);
        let to = self.sorted.partition_point(|it| it.level <= level);
        self.sorted.get(from..to).unwrap_or_default()
    }

    fn check_sizes(&self) -> Result<(), GeographyError> {
        for level in Level::ALL {
            match self.of(level).len() {
                0 if level != Level::Lad => return Err(GeographyError::Empty(level)),
                count if count > usize::from(u16::MAX) => {
                    return Err(GeographyError::TooMany { level, count });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The zone of `level` that a zone lies in, and its number.
    fn parent(&self, zone: &Zone, level: Level) -> Result<(u16, &'list Zone), GeographyError> {
        let code = if level == Level::Lad { &zone.lad } else { &zone.parent };
        let found = code.as_ref().and_then(|code| {
            let all = self.of(level);
            let at = all.binary_search_by(|it| it.id.cmp(code)).ok()?;
            Some((u16::try_from(at).ok()?, *all.get(at)?))
        });
        found.ok_or_else(|| GeographyError::NoParent {
            level: zone.level,
            id: zone.id.clone(),
            parent: level,
        })
    }

    fn places(&self, level: Level) -> Vec<Place> {
        let place = |it: &Zone| Place {
            code: it.id.clone(),
            name: if it.name.is_empty() { it.id.clone() } else { it.name.clone() },
        };
        self.of(level).iter().map(|it| place(it)).collect()
    }

    fn sectors(&self) -> Result<Vec<Sector>, GeographyError> {
        let above = self.above()?;
        let has_lads = !self.of(Level::Lad).is_empty();
        let sector = |zone: &&Zone| {
            let (district, _) = self.parent(zone, Level::District)?;
            let (area, region, country) =
                above.get(usize::from(district)).copied().unwrap_or_default();
            let lad = if has_lads { self.parent(zone, Level::Lad)?.0 } else { 0 };
            let place = zone.point.or_else(|| centre(&zone.outline));
            let on_globe = |it: &(f64, f64)| it.0.abs() <= 180.0 && it.1.abs() <= 90.0;
            let (lon, lat) =
                place.filter(on_globe).ok_or_else(|| GeographyError::NoPlace(zone.id.clone()))?;
            let code = zone.id.clone();
            Ok(Sector { code, district, area, region, country, lad, lat, lon, postcodes: 1 })
        };
        self.of(Level::Sector).iter().map(sector).collect()
    }

    /// For each district: its area, region and country.
    fn above(&self) -> Result<Vec<(u16, u16, u16)>, GeographyError> {
        let chain = |district: &&Zone| {
            let (area, zone) = self.parent(district, Level::Area)?;
            let (region, zone) = self.parent(zone, Level::Region)?;
            Ok((area, region, self.parent(zone, Level::Country)?.0))
        };
        self.of(Level::District).iter().map(chain).collect()
    }

    /// A zone that nobody can be in would be an empty cell for ever.
    fn check_used(&self, sectors: &[Sector]) -> Result<(), GeographyError> {
        for level in Level::ALL.into_iter().filter(|it| *it != Level::Sector) {
            let mut used = vec![false; self.of(level).len()];
            for sector in sectors {
                let at = match level {
                    Level::Sector | Level::District => sector.district,
                    Level::Area => sector.area,
                    Level::Region => sector.region,
                    Level::Country => sector.country,
                    Level::Lad => sector.lad,
                };
                if let Some(flag) = used.get_mut(usize::from(at)) {
                    *flag = true;
                }
            }
            if let Some((zone, _)) = self.of(level).iter().zip(used).find(|it| !it.1) {
                return Err(GeographyError::Childless { level, id: zone.id.clone() });
            }
        }
        Ok(())
    }

    fn districts(&self, sectors: &[Sector]) -> Result<Vec<District>, GeographyError> {
        let above = self.above()?;
        let mut own: Vec<(Vec<&Sector>, Vec<Ring>)> = vec![Default::default(); above.len()];
        for (sector, zone) in sectors.iter().zip(self.of(Level::Sector)) {
            if let Some((members, rings)) = own.get_mut(usize::from(sector.district)) {
                members.push(sector);
                rings.extend(zone.outline.iter().cloned());
            }
        }
        let whole = self.of(Level::District).iter().zip(above).zip(own);
        let mut districts = Vec::new();
        for ((zone, (area, region, country)), (members, rings)) in whole {
            let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
            let mean = |of: fn(&Sector) -> f64| {
                members.iter().map(|it| of(it)).sum::<f64>() / f64::from(count.max(1))
            };
            let outline = if zone.outline.is_empty() { rings } else { zone.outline.clone() };
            districts.push(District {
                code: zone.id.clone(),
                area,
                region,
                country,
                lat: mean(|it| it.lat),
                lon: mean(|it| it.lon),
                postcodes: count,
                outline,
            });
        }
        Ok(districts)
    }
}

/// The middle of the box around an outline; `None` for no outline.
fn centre(outline: &[Ring]) -> Option<(f64, f64)> {
    let mut corners = outline.iter().flatten().copied();
    let (x, y) = corners.next()?;
    let [west, south, east, north] =
        corners.fold([x, y, x, y], |[w, s, e, n], (x, y)| [w.min(x), s.min(y), e.max(x), n.max(y)]);
    Some((f64::midpoint(west, east), f64::midpoint(south, north)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [(f64, f64); 4] = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)];

    #[test]
    fn rings_are_closed_and_turned_by_what_they_enclose() {
        let land = ring(SQUARE.to_vec(), true).unwrap();
        assert_eq!((land.len(), land[1]), (5, (2.0, 0.0)));
        let hole = ring(land.clone(), false).unwrap();
        assert_eq!((hole.len(), hole[1]), (5, (0.0, 2.0)));
        assert_eq!(ring(hole, true).unwrap(), land);
        for flat in
            [vec![], vec![(1.0, 1.0)], vec![(0.0, 0.0), (1.0, 1.0)], vec![(f64::NAN, 0.0); 4]]
        {
            assert_eq!(ring(flat, true), None);
        }
    }

    fn zone(id: &str, level: Level, parent: Option<&str>) -> Zone {
        Zone {
            id: id.to_owned(),
            name: String::new(),
            level,
            parent: parent.map(str::to_owned),
            lad: None,
            point: (level == Level::Sector).then_some((1.0, 50.0)),
            outline: Vec::new(),
        }
    }

    #[test]
    fn the_order_of_the_list_does_not_matter_and_its_content_does() {
        let mut zones = vec![
            zone("s1", Level::Sector, Some("d")),
            zone("s2", Level::Sector, Some("d")),
            zone("d", Level::District, Some("a")),
            zone("a", Level::Area, Some("r")),
            zone("r", Level::Region, Some("c")),
            zone("c", Level::Country, None),
        ];
        let geography = Geography::of_zones(&zones).unwrap();
        zones.reverse();
        let reversed = Geography::of_zones(&zones).unwrap();
        assert_eq!(geography, reversed);
        assert_eq!((geography.sector_index("s2"), geography.lads.len()), (Some(1), 0));
        assert_eq!(geography.regions[0].name, "r");
        assert_eq!(geography.nearest_sector(50.01, 1.0), Some(0));
        zones[4].point = Some((1.5, 50.0));
        assert_ne!(Geography::of_zones(&zones).unwrap().hash(), geography.hash());
    }
}
