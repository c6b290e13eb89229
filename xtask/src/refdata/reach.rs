//! Where people live: all that is near a postcode, so that sea and moor stay empty on a map.

use std::collections::BTreeMap;

use geo::{Area, BooleanOps, Buffer, MultiPolygon, Point, Polygon, Simplify, unary_union};

use super::postcodes::Sector;

/// No part of an outline is farther than this from a postcode, in metres.
const REACH: f64 = 5_000.0;

/// What is taken off again along coast and moor once the discs are joined, in metres.
const RECEDE: f64 = 2_500.0;

/// Holes smaller than this are filled, in square metres.
const HOLE_MIN: f64 = 4e7;

/// Corners may move by this much, in metres.
const TOLERANCE: f64 = 150.0;

/// Postcodes are taken by squares of this width, in metres.
const SQUARE: f64 = 2_000.0;

/// Corners of a disc.
const CORNERS: u8 = 16;

/// The inhabited land.
pub(crate) fn inhabited(sectors: &BTreeMap<String, Sector>) -> MultiPolygon {
    let mut squares = BTreeMap::<(i32, i32), (f64, f64)>::new();
    for &point in sectors.values().flat_map(|it| &it.points) {
        squares.entry((square(point.0), square(point.1))).or_insert(point);
    }
    let around = |&(x, y): &(i32, i32)| {
        (-1..=1).flat_map(move |dx| (-1..=1).map(move |dy| (x + dx, y + dy)))
    };
    // Amid inhabited squares the discs of every fourth one cover all.
    let needed = |at: &(i32, i32)| {
        let sparse = at.0 % 2 == 0 && at.1 % 2 == 0;
        sparse || !around(at).all(|near| squares.contains_key(&near))
    };
    let discs: Vec<Polygon> =
        squares.iter().filter(|it| needed(it.0)).map(|it| disc(*it.1)).collect();
    let joined = unary_union(&discs).buffer(-RECEDE);
    let whole = joined.into_iter().map(|polygon| {
        let (shell, mut holes) = polygon.into_inner();
        holes.retain(|hole| Polygon::new(hole.clone(), Vec::new()).unsigned_area() > HOLE_MIN);
        Polygon::new(shell, holes)
    });
    MultiPolygon::new(whole.collect()).simplify(TOLERANCE)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the national grid has fewer than a thousand squares a side"
)]
fn square(metres: f64) -> i32 {
    (metres / SQUARE).floor() as i32
}

fn disc((east, north): (f64, f64)) -> Polygon {
    let corner = |step: u8| {
        let angle = f64::from(step) / f64::from(CORNERS) * std::f64::consts::TAU;
        Point::new(east + REACH * angle.cos(), north + REACH * angle.sin())
    };
    Polygon::new((0..CORNERS).map(corner).collect(), Vec::new())
}

/// The part of `rings` on `land`: outer rings counter-clockwise, holes clockwise, none closed.
pub(crate) fn cut(rings: &[super::tessellation::Ring], land: &MultiPolygon) -> MultiPolygon {
    // Rings are told apart by the even-odd rule, whatever their order.
    let district = MultiPolygon::new(
        rings.iter().map(|ring| Polygon::new(ring.clone().into(), Vec::new())).collect(),
    );
    district.intersection(land)
}
