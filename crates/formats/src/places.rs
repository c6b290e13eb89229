//! Outlines and points of places, from the geography, as geometries.
//!
//! Longitude first, WGS 84. Everything here is public and known before any data is read.

use geo_types::{Coord, LineString, MultiPolygon, Point, Polygon};
use reference::{District, Geography, Ring};
use wkb::Endianness;
use wkb::writer::{WriteOptions, write_multi_polygon, write_point};

use crate::tables::Level;

/// The spatial reference of all places: WGS 84 in degrees.
pub(crate) const EPSG: i32 = 4326;

/// What places of a level are drawn as; `None` for levels that are not drawn.
pub(crate) const fn geometry_type(level: Level) -> Option<&'static str> {
    match level {
        Level::Sector => Some("Point"),
        Level::District => Some("MultiPolygon"),
        Level::Area | Level::Region | Level::Lad => None,
    }
}

/// The geometry of a place as well-known binary; `None` when it is not known.
pub(crate) fn wkb(geography: &Geography, level: Level, code: &str) -> Option<Vec<u8>> {
    let options = WriteOptions { endianness: Endianness::LittleEndian };
    let mut bytes = Vec::new();
    match level {
        Level::Sector => {
            let at = geography.sector_index(code)?;
            let sector = geography.sectors.get(usize::from(at))?;
            write_point(&mut bytes, &Point::new(sector.lon, sector.lat), &options).ok()?;
        }
        Level::District => {
            let outline = outline(&district(geography, code)?.outline)?;
            write_multi_polygon(&mut bytes, &outline, &options).ok()?;
        }
        Level::Area | Level::Region | Level::Lad => return None,
    }
    Some(bytes)
}

/// West, south, east, north of all these places; `None` when none is known.
pub(crate) fn bounds<'code>(
    geography: &Geography,
    level: Level,
    codes: impl Iterator<Item = &'code str>,
) -> Option<[f64; 4]> {
    let points = |code: &'code str| -> Vec<(f64, f64)> {
        match level {
            Level::Sector => {
                let at = geography.sector_index(code).map(usize::from);
                let sector = at.and_then(|at| geography.sectors.get(at));
                sector.map(|it| (it.lon, it.lat)).into_iter().collect()
            }
            Level::District => {
                district(geography, code).map(|it| it.outline.concat()).unwrap_or_default()
            }
            Level::Area | Level::Region | Level::Lad => Vec::new(),
        }
    };
    codes.flat_map(points).fold(None, |bounds, (x, y)| {
        let [west, south, east, north] = bounds.unwrap_or([x, y, x, y]);
        Some([west.min(x), south.min(y), east.max(x), north.max(y)])
    })
}

fn district<'land>(geography: &'land Geography, code: &str) -> Option<&'land District> {
    let all = &geography.districts;
    let at = all.binary_search_by(|it| it.code.as_str().cmp(code)).ok()?;
    all.get(at)
}

/// Polygons of rings: each counter-clockwise ring is land, each clockwise one a hole in the
/// smallest land around it. `None` when there is no land.
fn outline(rings: &[Ring]) -> Option<MultiPolygon> {
    let (mut land, holes): (Vec<_>, Vec<_>) =
        rings.iter().map(|it| (it, Vec::new())).partition(|(it, _)| doubled_area(it) > 0.0);
    for (hole, _) in holes {
        let point = hole.first().copied()?;
        let around = land.iter_mut().filter(|(it, _)| contains(it, point));
        let smallest = around.min_by(|a, b| doubled_area(a.0).total_cmp(&doubled_area(b.0)));
        if let Some((_, holes)) = smallest {
            holes.push(line(hole));
        }
    }
    let polygons: Vec<Polygon> =
        land.into_iter().map(|(it, holes)| Polygon::new(line(it), holes)).collect();
    (!polygons.is_empty()).then_some(MultiPolygon(polygons))
}

fn line(ring: &Ring) -> LineString {
    ring.iter().map(|&(x, y)| Coord { x, y }).collect()
}

/// Twice the area; positive when counter-clockwise.
fn doubled_area(ring: &Ring) -> f64 {
    ring.windows(2)
        .map(|pair| match pair {
            [a, b] => a.0 * b.1 - b.0 * a.1,
            _ => 0.0,
        })
        .sum()
}

/// Whether a ray to the east of `point` crosses the ring an odd number of times.
fn contains(ring: &Ring, point: (f64, f64)) -> bool {
    let crosses = |pair: &&[(f64, f64)]| match pair {
        [a, b] if (a.1 > point.1) != (b.1 > point.1) => {
            point.0 < a.0 + (point.1 - a.1) / (b.1 - a.1) * (b.0 - a.0)
        }
        _ => false,
    };
    ring.windows(2).filter(crosses).count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_the_pack_can_be_drawn() {
        let geography = Geography::built_in();
        for it in &geography.districts {
            let outline = outline(&it.outline).unwrap();
            let rings = outline.0.iter().map(|it| 1 + it.interiors().len()).sum::<usize>();
            assert_eq!(rings, it.outline.len(), "{}", it.code);
            assert!(wkb(geography, Level::District, &it.code).is_some());
        }
        assert!(
            geography.sectors.iter().all(|it| wkb(geography, Level::Sector, &it.code).is_some())
        );
    }

    #[test]
    fn a_hole_goes_into_the_smallest_land_around_it() {
        let square = |x: f64, size: f64, clockwise: bool| -> Ring {
            let mut ring = vec![(x, x), (x + size, x), (x + size, x + size), (x, x + size), (x, x)];
            if clockwise {
                ring.reverse();
            }
            ring
        };
        // A lake with an island with a pond.
        let rings = [square(0.0, 10.0, false), square(1.0, 8.0, true), square(3.0, 4.0, false), {
            square(4.0, 1.0, true)
        }];
        let outline = outline(&rings).unwrap();
        let holes = |at: usize| outline.0[at].interiors().len();
        assert_eq!((outline.0.len(), holes(0), holes(1)), (2, 1, 1));
        assert!(outline.0[1].interiors()[0].0[0].x > 3.0);
    }

    #[test]
    fn an_unknown_place_has_no_geometry() {
        assert_eq!(wkb(Geography::built_in(), Level::District, "ZZ99"), None);
        assert_eq!(wkb(Geography::built_in(), Level::Region, "E12000001"), None);
    }
}
