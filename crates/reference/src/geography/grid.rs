//! Finds the nearest sector point by a grid of tenths of a degree.

use std::collections::BTreeMap;

use super::Sector;

/// Sector numbers by cell of the grid.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    cells: BTreeMap<(i16, i16), Vec<u16>>,
}

/// Rings of cells to look through: 5 tenths of a degree of latitude are about 55 km.
const RINGS_MAX: i16 = 5;

/// A degree of longitude against one of latitude, about the middle of the country.
const LON_SCALE: f64 = 0.588;

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

    pub(super) fn nearest(&self, sectors: &[Sector], lat: f64, lon: f64) -> Option<u16> {
        let (row, column) = cell(lat, lon)?;
        let mut best: Option<(f64, u16)> = None;
        for ring in 0..=RINGS_MAX {
            for near in (row - ring..=row + ring).flat_map(|row| {
                (column - 2 * ring..=column + 2 * ring).map(move |column| (row, column))
            }) {
                let inner = (near.0 - row).abs() < ring && (near.1 - column).abs() < 2 * ring - 1;
                if inner {
                    continue;
                }
                for &index in self.cells.get(&near).into_iter().flatten() {
                    let Some(sector) = sectors.get(usize::from(index)) else { continue };
                    let distance = (sector.lat - lat).hypot((sector.lon - lon) * LON_SCALE);
                    if best.is_none_or(|best| (distance, index) < best) {
                        best = Some((distance, index));
                    }
                }
            }
            // Nothing outside the rings looked through can be nearer than their width.
            if best.is_some_and(|best| best.0 <= f64::from(ring) * 0.1) {
                break;
            }
        }
        best.filter(|best| best.0 < 0.45).map(|best| best.1)
    }
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
