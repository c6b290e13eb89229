//! Two zones that cover the same place: people there would be in one of them by chance.
//!
//! A sector's point that lies inside its own outline and inside another's is in both. Outlines that
//! overlap where no sector has its point are not looked for: nobody is counted there.

use super::{Level, Zone, centre};
use crate::geography::Ring;

/// The first two zones of one level that overlap, sorted as the list is; `sectors` and `districts` are all
/// zones of their level.
pub(super) fn overlapping<'list>(
    sectors: &[&'list Zone],
    districts: &[&'list Zone],
) -> Option<(Level, &'list Zone, &'list Zone)> {
    let boxes = |zones: &[&'list Zone]| -> Vec<(&'list Zone, Frame)> {
        zones.iter().filter_map(|it| Some((*it, Frame::of(&it.outline)?))).collect()
    };
    let (of_sectors, of_districts) = (boxes(sectors), boxes(districts));
    sectors.iter().find_map(|sector| {
        let point = sector.point.or_else(|| centre(&sector.outline))?;
        let around = |zones: &[(&'list Zone, Frame)]| -> Vec<&'list Zone> {
            let inside =
                |it: &&(&Zone, Frame)| it.1.holds(point) && is_inside(point, &it.0.outline);
            zones.iter().filter(inside).map(|it| it.0).collect()
        };
        let two = |level: Level, zones: &[&'list Zone], own: &str| {
            let own = zones.iter().find(|it| it.id == own)?;
            let other = zones.iter().find(|it| it.id != own.id)?;
            Some((level, *own, *other))
        };
        two(Level::Sector, &around(&of_sectors), &sector.id)
            .or_else(|| two(Level::District, &around(&of_districts), sector.parent.as_deref()?))
    })
}

/// The rectangle around an outline: west, east, south, north.
struct Frame([f64; 4]);

impl Frame {
    fn of(outline: &[Ring]) -> Option<Self> {
        let mut corners = outline.iter().flatten().copied().peekable();
        corners.peek()?;
        let infinite = [f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY];
        let grown = corners.fold(infinite, |[west, east, south, north], (lon, lat)| {
            [west.min(lon), east.max(lon), south.min(lat), north.max(lat)]
        });
        Some(Self(grown))
    }

    fn holds(&self, (lon, lat): (f64, f64)) -> bool {
        let [west, east, south, north] = self.0;
        west < lon && lon < east && south < lat && lat < north
    }
}

/// Whether a point is inside an outline: a line from it crosses the rings an odd number of times.
fn is_inside((lon, lat): (f64, f64), outline: &[Ring]) -> bool {
    let crosses = |[from, to]: &[(f64, f64); 2]| {
        (from.1 > lat) != (to.1 > lat)
            && lon < from.0 + (lat - from.1) / (to.1 - from.1) * (to.0 - from.0)
    };
    let crossings = outline.iter().flat_map(|it| it.array_windows()).filter(|it| crosses(it));
    crossings.count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(id: &str, level: Level, parent: &str, west: f64, point: bool) -> Zone {
        let (east, south, north) = (west + 1.0, 50.0, 51.0);
        Zone {
            id: id.to_owned(),
            name: String::new(),
            level,
            parent: Some(parent.to_owned()),
            lad: None,
            point: point.then_some((west + 0.5, 50.5)),
            outline: vec![vec![
                (west, south),
                (east, south),
                (east, north),
                (west, north),
                (west, south),
            ]],
        }
    }

    fn check(wests: [f64; 3], districts: [f64; 2], expected: Option<(Level, &str, &str)>) {
        let sectors: Vec<Zone> = ["a", "b", "c"]
            .into_iter()
            .zip(wests)
            .map(|(id, west)| square(id, Level::Sector, "X", west, true))
            .collect();
        let districts: Vec<Zone> = ["X", "Y"]
            .into_iter()
            .zip(districts)
            .map(|(id, west)| square(id, Level::District, "Z", west, false))
            .collect();
        let (sectors, districts): (Vec<_>, Vec<_>) =
            (sectors.iter().collect(), districts.iter().collect());
        let found = overlapping(&sectors, &districts);
        assert_eq!(found.map(|it| (it.0, it.1.id.as_str(), it.2.id.as_str())), expected);
    }

    #[test]
    fn zones_overlap_where_a_sector_s_point_is_in_two_of_them() {
        check([0.0, 1.0, 2.0], [0.0, 1.0], None);
        check([0.0, 0.4, 2.0], [0.0, 1.0], Some((Level::Sector, "a", "b")));
        check([0.0, 1.0, 2.0], [0.0, 0.4], Some((Level::District, "X", "Y")));
        // A point that is not in its own outline says nothing of where the zone is.
        check([0.0, 1.0, 2.0], [5.0, 0.0], None);
    }
}
