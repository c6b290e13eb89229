//! Cuts a large map to the surroundings of one district, so that exact operations stay quick.

use geo::{LineString, MultiPolygon, Polygon};

use super::tessellation::Ring;

/// Metres around the district that stay in the window: what the cut adds along its rim lies
/// outside the district.
const MARGIN: f64 = 100.0;

/// The part of `land` in the bounding box of `rings`, with a margin.
pub(crate) fn window(land: &MultiPolygon, rings: &[Ring]) -> MultiPolygon {
    let corners = || rings.iter().flatten();
    let low = |of: fn(&(f64, f64)) -> f64| corners().map(of).fold(f64::INFINITY, f64::min) - MARGIN;
    let high =
        |of: fn(&(f64, f64)) -> f64| corners().map(of).fold(f64::NEG_INFINITY, f64::max) + MARGIN;
    let (west, east, south, north) =
        (low(|it| it.0), high(|it| it.0), low(|it| it.1), high(|it| it.1));
    let cut = |ring: &LineString| {
        let mut ring: Ring = ring.points().map(|it| (it.x(), it.y())).collect();
        ring = half(&ring, |it| it.0 - west);
        ring = half(&ring, |it| east - it.0);
        ring = half(&ring, |it| it.1 - south);
        LineString::from(half(&ring, |it| north - it.1))
    };
    let parts = land.iter().map(|polygon| {
        Polygon::new(cut(polygon.exterior()), polygon.interiors().iter().map(cut).collect())
    });
    MultiPolygon::new(parts.filter(|it| it.exterior().0.len() > 3).collect())
}

/// The part of a ring where `inside`, a distance from the line of the cut, is not negative.
///
/// Source: Sutherland and Hodgman 1974, "Reentrant polygon clipping".
fn half(ring: &[(f64, f64)], inside: impl Fn(&(f64, f64)) -> f64) -> Ring {
    let mut kept = Ring::new();
    let Some(mut before) = ring.last() else { return kept };
    for here in ring {
        let (from, to) = (inside(before), inside(here));
        if (from < 0.0) != (to < 0.0) {
            let share = from / (from - to);
            kept.push((
                before.0 + share * (here.0 - before.0),
                before.1 + share * (here.1 - before.1),
            ));
        }
        if to >= 0.0 {
            kept.push(*here);
        }
        before = here;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Area;

    #[test]
    fn a_window_keeps_the_land_inside_and_its_margin() {
        let square = |low: f64, high: f64| vec![(low, low), (high, low), (high, high), (low, high)];
        let land = MultiPolygon::new(vec![Polygon::new(square(0.0, 5_000.0).into(), Vec::new())]);
        let check = |low: f64, high: f64, expected: f64| {
            let found = window(&land, &[square(low, high)]).unsigned_area();
            assert!((found - expected).abs() < 1e-6, "{low} to {high}: {found}");
        };
        check(1_000.0, 2_000.0, 1_200.0 * 1_200.0);
        check(4_000.0, 9_000.0, 1_100.0 * 1_100.0);
        check(6_000.0, 7_000.0, 0.0);
    }
}
