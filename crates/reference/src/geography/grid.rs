//! Finds the nearest sector point by a grid of tenths of a degree.

use std::collections::BTreeMap;

use super::Sector;

/// Sector numbers by cell of the grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grid {
    cells: BTreeMap<(i16, i16), Vec<u16>>,
}

/// Farther than this there is no sector, in kilometres.
const REACH_KM: f64 = 50.0;

/// Kilometres of a degree of latitude.
const DEGREE_KM: f64 = 111.2;

/// Kilometres that a ring of cells is wide at least: one tenth of a degree of latitude is 11.1, two
/// tenths of longitude are 10.5 at 61.8 degrees north, beyond which no sector is in reach.
const RING_KM: f64 = 10.5;

/// Rings of cells to look through.
const RINGS_MAX: i16 = 5;
const _: () = assert!(REACH_KM < 5.0 * RING_KM);

impl Grid {
    pub(super) fn new(sectors: &[Sector]) -> Self {
        let mut cells = BTreeMap::<_, Vec<u16>>::new();
        for (index, sector) in (0_u16..).zip(sectors) {
            if let Some(cell) = cell(sector.lat, sector.lon) {
                cells.entry(cell).or_default().push(index);
            }
        }
        Self { cells }
    }

    /// The sector whose point is nearest, the first of those at one point.
    pub(super) fn nearest(&self, sectors: &[Sector], lat: f64, lon: f64) -> Option<u16> {
        let centre = cell(lat, lon)?;
        let lon_km = DEGREE_KM * lat.to_radians().cos();
        let mut best = (REACH_KM, u16::MAX);
        for ring in 0..=RINGS_MAX {
            for &index in around(centre, ring).filter_map(|it| self.cells.get(&it)).flatten() {
                let Some(sector) = sectors.get(usize::from(index)) else { continue };
                let north = (sector.lat - lat) * DEGREE_KM;
                let distance = north.hypot((sector.lon - lon) * lon_km);
                if (distance, index) < best {
                    best = (distance, index);
                }
            }
            // Nothing beyond the rings looked through can be nearer than they are wide.
            if best.0 <= f64::from(ring) * RING_KM {
                break;
            }
        }
        (best.1 < u16::MAX).then_some(best.1)
    }
}

/// The cells of one ring, which is twice as many cells wide as it is high.
fn around((row, column): (i16, i16), ring: i16) -> impl Iterator<Item = (i16, i16)> {
    let rows = row - ring..=row + ring;
    let square = rows.flat_map(move |row| {
        (column - 2 * ring..=column + 2 * ring).map(move |column| (row, column))
    });
    square
        .filter(move |near| (near.0 - row).abs() == ring || (near.1 - column).abs() >= 2 * ring - 1)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "coordinates are checked to be on the globe"
)]
fn cell(lat: f64, lon: f64) -> Option<(i16, i16)> {
    let on_globe = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon);
    on_globe.then(|| ((lat * 10.0).floor() as i16, (lon * 10.0).floor() as i16))
}
