//! Great Britain by postcode: sectors, districts, areas, regions, countries, local authorities.
//!
//! The order of every list is the order of the pack and is what the vault's numbers mean; `hash`
//! tells whether two packs agree.

mod grid;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::pack;
use grid::Grid;

/// A postcode sector, e.g. `AB1 2`. Numbers are positions in the lists of [`Geography`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sector {
    /// `AB1 2`.
    pub code: String,
    /// Its district.
    pub district: u16,
    /// Its area.
    pub area: u16,
    /// Its region, by most postcodes.
    pub region: u16,
    /// Its country.
    pub country: u16,
    /// Its local authority, by most postcodes.
    pub lad: u16,
    /// Latitude of the mean of its postcodes, degrees.
    pub lat: f64,
    /// Longitude of the mean of its postcodes, degrees.
    pub lon: f64,
    /// Live postcodes.
    pub postcodes: u32,
}

/// A ring of (longitude, latitude) in degrees, closed.
pub type Ring = Vec<(f64, f64)>;

/// A postcode district, e.g. `AB1`.
#[derive(Clone, Debug, PartialEq)]
pub struct District {
    /// `AB1`.
    pub code: String,
    /// Its area.
    pub area: u16,
    /// Its region, by most postcodes.
    pub region: u16,
    /// Its country.
    pub country: u16,
    /// Latitude of the mean of its postcodes, degrees.
    pub lat: f64,
    /// Longitude of the mean of its postcodes, degrees.
    pub lon: f64,
    /// Live postcodes.
    pub postcodes: u32,
    /// Approximate outline: exterior rings of a tessellation of sector points.
    pub outline: Vec<Ring>,
}

/// A coded place with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// All places, each list sorted by code.
#[derive(Clone, Debug)]
pub struct Geography {
    /// Postcode sectors.
    pub sectors: Vec<Sector>,
    /// Postcode districts.
    pub districts: Vec<District>,
    /// Postcode areas.
    pub areas: Vec<Place>,
    /// Regions of England, Scotland, Wales.
    pub regions: Vec<Place>,
    /// Countries.
    pub countries: Vec<Place>,
    /// Local authorities.
    pub lads: Vec<Place>,
    grid: Grid,
    hash: String,
}

static BUILT_IN: LazyLock<Geography> = LazyLock::new(|| {
    Geography::parse(&pack::text(pack::SECTORS), pack::PLACES, &pack::text(pack::OUTLINES))
});

/// One line of the sectors' table.
struct Row<'text> {
    code: &'text str,
    lat: f64,
    lon: f64,
    postcodes: u32,
    lad: &'text str,
    region: &'text str,
    country: &'text str,
}

impl<'text> Row<'text> {
    fn parse(line: &'text str) -> Option<Self> {
        let mut fields = line.split(',');
        Some(Self {
            code: fields.next()?,
            lat: fields.next()?.parse().ok()?,
            lon: fields.next()?.parse().ok()?,
            postcodes: fields.next()?.parse().ok()?,
            lad: fields.next()?,
            region: fields.next()?,
            country: fields.next()?,
        })
    }

    fn district(&self) -> &'text str {
        self.code.split(' ').next().unwrap_or_default()
    }

    fn area(&self) -> &'text str {
        let end = self.code.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or_default();
        &self.code[..end]
    }
}

impl Geography {
    /// The pack that the product ships.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    fn parse(sectors: &str, places: &str, outlines: &str) -> Self {
        let names: BTreeMap<&str, &str> =
            places.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
        let rows: Vec<Row<'_>> = sectors.lines().skip(1).filter_map(Row::parse).collect();
        let list = |of: fn(&Row<'_>) -> String| {
            let mut codes: Vec<String> = rows.iter().map(of).collect();
            codes.sort();
            codes.dedup();
            let name = |code: &String| {
                names.get(code.as_str()).map_or(code.clone(), |it| (*it).to_owned())
            };
            codes.into_iter().map(|code| Place { name: name(&code), code }).collect::<Vec<_>>()
        };
        let areas = list(|it| it.area().to_owned());
        let regions = list(|it| it.region.to_owned());
        let countries = list(|it| it.country.to_owned());
        let lads = list(|it| it.lad.to_owned());
        let district_codes = list(|it| it.district().to_owned());
        let sectors: Vec<Sector> = rows
            .iter()
            .map(|row| Sector {
                code: row.code.to_owned(),
                district: position(&district_codes, row.district()),
                area: position(&areas, row.area()),
                region: position(&regions, row.region),
                country: position(&countries, row.country),
                lad: position(&lads, row.lad),
                lat: row.lat,
                lon: row.lon,
                postcodes: row.postcodes,
            })
            .collect();
        let outlines: BTreeMap<&str, Vec<Ring>> = outlines
            .lines()
            .filter_map(|line| line.split_once(';'))
            .map(|(code, rings)| (code, rings.split('|').map(ring).collect()))
            .collect();
        let mut members: Vec<Vec<&Sector>> = vec![Vec::new(); district_codes.len()];
        for sector in &sectors {
            if let Some(members) = members.get_mut(usize::from(sector.district)) {
                members.push(sector);
            }
        }
        let districts = district_codes
            .into_iter()
            .zip(members)
            .map(|(place, members)| {
                let outline = outlines.get(place.code.as_str()).cloned().unwrap_or_default();
                district(place.code, &members, outline)
            })
            .collect();
        let hash = blake3::hash(&[pack::SECTORS, pack::OUTLINES].concat()).to_hex().to_string();
        let grid = Grid::new(&sectors);
        Self { sectors, districts, areas, regions, countries, lads, grid, hash }
    }

    /// The number of a sector by its code, e.g. `AB1 2`.
    #[must_use]
    pub fn sector_index(&self, code: &str) -> Option<u16> {
        let at = self.sectors.binary_search_by(|it| it.code.as_str().cmp(code)).ok()?;
        u16::try_from(at).ok()
    }

    /// The number of the sector of a postcode in any spacing and case; `None` when there is none.
    #[must_use]
    pub fn sector_of_postcode(&self, postcode: &str) -> Option<u16> {
        let mut compact = [0_u8; 7];
        let mut length = 0;
        for byte in postcode.bytes().filter(|it| !it.is_ascii_whitespace()) {
            *compact.get_mut(length)? = byte.to_ascii_uppercase();
            length += 1;
        }
        let text = std::str::from_utf8(compact.get(..length)?).ok()?;
        let (outward, inward) = text.split_at_checked(length.checked_sub(3)?)?;
        self.sector_index(&format!("{outward} {}", inward.get(..1)?))
    }

    /// The sector whose point is nearest; `None` when none is within about 50 km.
    #[must_use]
    pub fn nearest_sector(&self, lat: f64, lon: f64) -> Option<u16> {
        self.grid.nearest(&self.sectors, lat, lon)
    }

    /// Digest of the pack, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

fn position(list: &[Place], code: &str) -> u16 {
    let at = list.binary_search_by(|it| it.code.as_str().cmp(code)).unwrap_or_default();
    u16::try_from(at).unwrap_or_default()
}

fn district(code: String, members: &[&Sector], outline: Vec<Ring>) -> District {
    let postcodes: u32 = members.iter().map(|it| it.postcodes).sum();
    let weighted = |of: fn(&Sector) -> f64| {
        let sum: f64 = members.iter().map(|it| of(it) * f64::from(it.postcodes)).sum();
        sum / f64::from(postcodes.max(1))
    };
    let mut by_region = BTreeMap::<(u16, u16), u32>::new();
    for sector in members {
        *by_region.entry((sector.region, sector.country)).or_default() += sector.postcodes;
    }
    let most = by_region.into_iter().max_by_key(|it| (it.1, std::cmp::Reverse(it.0)));
    let (region, country) = most.map_or((0, 0), |it| it.0);
    District {
        code,
        area: members.first().map_or(0, |it| it.area),
        region,
        country,
        lat: weighted(|it| it.lat),
        lon: weighted(|it| it.lon),
        postcodes,
        outline,
    }
}

/// Reads `lon lat dlon dlat …` in ten-thousandths of a degree, closing the ring.
fn ring(text: &str) -> Ring {
    let numbers: Vec<f64> = text.split(' ').filter_map(|it| it.parse().ok()).collect();
    let (mut lon, mut lat) = (0.0, 0.0);
    let mut ring: Ring = numbers
        .chunks_exact(2)
        .map(|step| {
            lon += step[0];
            lat += step[1];
            (lon / 1e4, lat / 1e4)
        })
        .collect();
    ring.extend(ring.first().copied());
    ring
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sector_has_a_place_in_every_list() {
        let land = Geography::built_in();
        assert!((9_000..10_500).contains(&land.sectors.len()), "{}", land.sectors.len());
        assert!((2_700..3_000).contains(&land.districts.len()), "{}", land.districts.len());
        assert_eq!((land.areas.len(), land.regions.len(), land.countries.len()), (120, 11, 3));
        assert!(land.sectors.is_sorted_by(|a, b| a.code < b.code));
        assert!(land.districts.is_sorted_by(|a, b| a.code < b.code));
        for sector in &land.sectors {
            assert!(sector.code.starts_with(&land.districts[usize::from(sector.district)].code));
            assert!(sector.code.starts_with(&land.areas[usize::from(sector.area)].code));
            assert!((49.0..61.5).contains(&sector.lat) && (-9.0..2.5).contains(&sector.lon));
        }
    }

    #[test]
    fn postcodes_are_read_in_any_spacing() {
        let land = Geography::built_in();
        let sector = |postcode| {
            land.sector_of_postcode(postcode).map(|it| &*land.sectors[usize::from(it)].code)
        };
        assert_eq!(sector("M1 1AD"), Some("M1 1"));
        assert_eq!(sector(" m11ad"), Some("M1 1"));
        assert_eq!(sector("SW1A 1AA"), Some("SW1A 1"));
        for wrong in ["", "M1", "ZZ99 9ZZ", "M1 1AD 5", "£££", "BT1 1AA"] {
            assert_eq!(sector(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_sector_is_nearest_to_its_own_point() {
        let land = Geography::built_in();
        for (index, sector) in (0_u16..).zip(&land.sectors) {
            let found = land.nearest_sector(sector.lat, sector.lon).unwrap();
            let other = &land.sectors[usize::from(found)];
            assert!(found == index || (other.lat, other.lon) == (sector.lat, sector.lon));
        }
        assert_eq!(land.nearest_sector(48.0, -20.0), None, "the ocean has no sector");
    }

    #[test]
    fn every_district_has_an_outline_near_its_point() {
        let land = Geography::built_in();
        for district in &land.districts {
            assert!(!district.outline.is_empty(), "{} has no outline", district.code);
            for ring in &district.outline {
                assert!(ring.len() >= 4 && ring.first() == ring.last(), "{}", district.code);
            }
            let near =
                district.outline.iter().flatten().any(|&(lon, lat)| {
                    (lat - district.lat).hypot((lon - district.lon) * 0.6) < 0.7
                });
            assert!(near, "{}", district.code);
        }
    }
}
