//! Where people live: sectors, districts, areas, regions, countries, local authorities.
//!
//! Great Britain by postcode is built in; an operator elsewhere brings its own list of zones. Every list is
//! sorted by code, and its order is what the vault's numbers mean; `hash` tells whether two geographies agree.

mod grid;
mod parse;
mod zones;

use std::sync::{Arc, LazyLock};

use crate::pack;
use grid::Grid;

pub use zones::{GeographyError, Level, Zone, ring};

/// A postcode sector, e.g. `AB1 2`. Numbers are positions in the lists of [`Geography`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sector {
    /// `AB1 2`.
    pub code: String,
    /// Its district.
    pub district: u16,
    /// Its area.
    pub area: u16,
    /// The region of its local authority.
    pub region: u16,
    /// The country of its local authority.
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

/// A closed ring of (longitude, latitude) in degrees: counter-clockwise around land, clockwise around
/// a hole, so that one path of all rings fills right under either fill rule.
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
    /// Approximate outline, from a tessellation of sector points: the ring of its largest part first.
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
#[derive(Clone, Debug, PartialEq)]
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
    attribution: &'static str,
    hash: String,
}

static BUILT_IN: LazyLock<Arc<Geography>> = LazyLock::new(|| {
    let (sectors, outlines) = (pack::text(pack::SECTORS), pack::text(pack::OUTLINES));
    Arc::new(parse::geography(&sectors, pack::PLACES, &outlines))
});

impl Geography {
    /// The pack that the product ships.
    #[must_use]
    pub fn built_in() -> &'static Arc<Self> {
        &BUILT_IN
    }

    /// The number of a sector by its code, e.g. `AB1 2`.
    #[must_use]
    pub fn sector_index(&self, code: &str) -> Option<u16> {
        let at = self.sectors.binary_search_by(|it| it.code.as_str().cmp(code)).ok()?;
        u16::try_from(at).ok()
    }

    /// The finest zone with this code: its level, and its number in that level's list.
    #[must_use]
    pub fn zone(&self, code: &str) -> Option<(Level, u16)> {
        Level::ALL.into_iter().find_map(|it| Some((it, self.zone_in(it, code)?)))
    }

    /// The number of the zone of `level` with this code.
    #[must_use]
    pub fn zone_in(&self, level: Level, code: &str) -> Option<u16> {
        let place = |all: &[Place]| all.binary_search_by(|it| it.code.as_str().cmp(code)).ok();
        let number = match level {
            Level::Sector => return self.sector_index(code),
            Level::District => {
                self.districts.binary_search_by(|it| it.code.as_str().cmp(code)).ok()
            }
            Level::Area => place(&self.areas),
            Level::Region => place(&self.regions),
            Level::Country => place(&self.countries),
            Level::Lad => place(&self.lads),
        };
        u16::try_from(number?).ok()
    }

    /// The sectors of a zone, with their numbers.
    pub fn sectors_of(&self, level: Level, number: u16) -> impl Iterator<Item = (u16, &Sector)> {
        let is_in = move |at: u16, it: &Sector| match level {
            Level::Sector => at == number,
            Level::District => it.district == number,
            Level::Area => it.area == number,
            Level::Region => it.region == number,
            Level::Country => it.country == number,
            Level::Lad => it.lad == number,
        };
        (0_u16..).zip(&self.sectors).filter(move |it| is_in(it.0, it.1))
    }

    /// The number of the sector of a postcode in any spacing and case; `None` for anything else.
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
        let (digit, unit) = inward.split_at_checked(1)?;
        let whole = unit.bytes().all(|it| it.is_ascii_uppercase());
        self.sector_index(&format!("{outward} {digit}")).filter(|_| whole)
    }

    /// The sector whose point is nearest; `None` when none is within about 50 km.
    #[must_use]
    pub fn nearest_sector(&self, lat: f64, lon: f64) -> Option<u16> {
        self.grid.nearest(&self.sectors, lat, lon)
    }

    /// Who must be named wherever a map of it is shown.
    #[must_use]
    pub const fn attribution(&self) -> &'static str {
        self.attribution
    }

    /// Digest of all places, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

#[cfg(test)]
mod tests;
