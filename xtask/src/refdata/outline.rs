//! Outlines of districts, and how the pack writes them.
//!
//! One line a district: `code;ring|ring`. A ring is a list of steps in ten-thousandths of a
//! degree, longitude before latitude, the first from (0, 0); the last corner is not repeated.
//! Rings around land run counter-clockwise, rings around a hole clockwise.

use std::collections::BTreeMap;

use geo::{Area, LineString, MultiPolygon, Polygon};

use super::postcodes::Sector;
use super::window::window;
use super::{Failure, grid, reach, tessellation};

/// Scraps of a district smaller than this are left out, in square metres.
const SCRAP_MAX: f64 = 1e5;

/// The outlines' member of the pack.
pub(crate) fn lines(sectors: &BTreeMap<String, Sector>) -> Result<String, Failure> {
    let land = reach::inhabited(sectors);
    let mut text = String::new();
    for (code, rings) in tessellation::districts(sectors)? {
        let near = window(&land, &rings);
        let rings: Vec<String> = kept(reach::cut(&rings, &near)).iter().map(steps).collect();
        text.push_str(&format!("{code};{}\n", rings.join("|")));
    }
    Ok(text)
}

/// All rings worth drawing, those of the largest part first.
fn kept(outline: MultiPolygon) -> Vec<LineString> {
    let mut parts: Vec<Polygon> = outline.into_iter().collect();
    parts.sort_by(|a, b| b.unsigned_area().total_cmp(&a.unsigned_area()));
    let worth = |(at, part): &(usize, Polygon)| *at == 0 || part.unsigned_area() > SCRAP_MAX;
    let parts = parts.into_iter().enumerate().filter(worth).map(|it| it.1.into_inner());
    parts.flat_map(|(shell, holes)| std::iter::once(shell).chain(holes)).collect()
}

fn steps(ring: &LineString) -> String {
    let mut corners: Vec<(i32, i32)> = ring
        .points()
        .map(|point| {
            let (lat, lon) = grid::to_degrees((point.x(), point.y()));
            (tenthousandths(lon), tenthousandths(lat))
        })
        .collect();
    corners.dedup();
    if corners.len() > 1 && corners.first() == corners.last() {
        corners.pop();
    }
    let mut before = (0, 0);
    let steps = corners.into_iter().map(|here| {
        let step = format!("{} {}", here.0 - before.0, here.1 - before.1);
        before = here;
        step
    });
    steps.collect::<Vec<_>>().join(" ")
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a coordinate in degrees is below 1800000 ten-thousandths"
)]
fn tenthousandths(degrees: f64) -> i32 {
    (degrees * 1e4).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_sectors_give_the_same_lines() {
        let sectors: BTreeMap<String, Sector> = (0..40)
            .map(|at| {
                let points = (0..30).map(|it| {
                    let (x, y) = (f64::from(at % 7 * 30 + it), f64::from(at / 7 * 30 + it % 5));
                    (400_000.0 + x * 100.0, 300_000.0 + y * 100.0)
                });
                (format!("ZZ{} {}", at / 5, at % 5), Sector::at(points.collect()))
            })
            .collect();
        let (once, again) = (lines(&sectors).unwrap(), lines(&sectors).unwrap());
        assert_eq!(once, again);
        assert_eq!(once.lines().count(), 8);
        assert!(once.lines().all(|line| line.split_once(';').is_some_and(|it| it.1.len() > 20)));
    }

    #[test]
    fn a_ring_is_written_as_steps_without_repeating_its_first_corner() {
        let corners = [(530_000.0, 180_000.0), (531_000.0, 180_000.0), (530_000.0, 181_000.0)];
        let ring = LineString::from([corners.as_slice(), &corners[..1]].concat());
        assert_eq!(steps(&ring), "-1284 515040 144 -2 -140 92");
    }
}
