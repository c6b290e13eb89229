//! Borders of districts: the edges of the Voronoi tessellation of sector points between which the
//! district changes.
//!
//! Neighbours share the corners of their border exactly, so that no gap or overlap can arise.

use std::collections::BTreeMap;

use spade::handles::VoronoiVertex;
use spade::{DelaunayTriangulation, Point2, Triangulation};

use super::Failure;
use super::postcodes::Sector;

/// A ring of metres east and north, not closed: clockwise around land, the other way around a hole.
pub(crate) type Ring = Vec<(f64, f64)>;

/// A frame of points at sea, in kilometres of the national grid, that closes every cell of land.
const FRAME: [(i32, i32); 2] = [(-300, -300), (1_000, 1_600)];

/// Kilometres between two points of the frame.
const FRAME_STEP: usize = 50;

/// The rings of each district.
pub(crate) fn districts(
    sectors: &BTreeMap<String, Sector>,
) -> Result<BTreeMap<String, Vec<Ring>>, Failure> {
    let mut mesh = DelaunayTriangulation::<Point2<f64>>::new();
    let mut owners = BTreeMap::<usize, &str>::new();
    for (code, sector) in sectors {
        let (east, north) = sector.mean();
        let cell = mesh.insert(Point2::new(east, north))?.index();
        owners.entry(cell).or_insert_with(|| code.split(' ').next().unwrap_or_default());
    }
    for point in frame() {
        mesh.insert(point)?;
    }
    let mut borders = BTreeMap::<&str, Borders>::new();
    for face in mesh.voronoi_faces() {
        let Some(owner) = owners.get(&face.index()) else { continue };
        for edge in face.adjacent_edges() {
            let beyond = owners.get(&edge.rev().face().index());
            if let (VoronoiVertex::Inner(from), VoronoiVertex::Inner(to)) = (edge.from(), edge.to())
                && beyond != Some(owner)
            {
                let corner = from.circumcenter();
                let next = (to.fix().index(), (corner.x, corner.y));
                borders.entry(owner).or_default().insert(from.fix().index(), next);
            }
        }
    }
    Ok(borders.into_iter().map(|(code, borders)| (code.to_owned(), rings(borders))).collect())
}

/// From each corner to the next one, with the place of the former. Three cells meet in a corner,
/// so a district passes through it once at most.
type Borders = BTreeMap<usize, (usize, (f64, f64))>;

/// Follows the borders of one district round.
fn rings(mut borders: Borders) -> Vec<Ring> {
    let mut rings = Vec::new();
    while let Some((start, (mut next, place))) = borders.pop_first() {
        let mut ring = vec![place];
        while next != start
            && let Some((after, place)) = borders.remove(&next)
        {
            ring.push(place);
            next = after;
        }
        rings.push(ring);
    }
    rings
}

fn frame() -> impl Iterator<Item = Point2<f64>> {
    let [(west, south), (east, north)] = FRAME;
    let metres = |x: i32, y: i32| Point2::new(f64::from(x) * 1e3, f64::from(y) * 1e3);
    let level = (west..=east).step_by(FRAME_STEP);
    let upright = (south..=north).step_by(FRAME_STEP);
    level
        .flat_map(move |x| [metres(x, south), metres(x, north)])
        .chain(upright.flat_map(move |y| [metres(west, y), metres(east, y)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(ring: &Ring) -> f64 {
        let next = ring.iter().cycle().skip(1);
        ring.iter().zip(next).map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0
    }

    #[test]
    fn neighbours_share_the_corners_of_their_border_and_a_ring_around_another_has_a_hole() {
        let sector = |x: i32, y: i32| {
            let (east, north) = (f64::from(400 + x) * 1e3, f64::from(400 + y) * 1e3);
            Sector::at(vec![(east, north)])
        };
        let around = [(-9, -9), (-9, 1), (-9, 10), (0, 9), (9, 11), (11, 0), (10, -9), (1, -11)];
        let mut sectors: BTreeMap<String, Sector> =
            (0..).zip(around).map(|(at, (x, y))| (format!("ZZ1 {at}"), sector(x, y))).collect();
        sectors.insert("ZZ2 1".to_owned(), sector(0, 0));
        let found = districts(&sectors).unwrap();
        let (outer, inner) = (&found["ZZ1"], &found["ZZ2"]);
        assert_eq!((outer.len(), inner.len()), (2, 1));
        let hole = outer.iter().find(|it| area(it) > 0.0).unwrap();
        assert!(area(&inner[0]) < 0.0 && inner[0].len() >= 4);
        assert!((area(hole) + area(&inner[0])).abs() < 1e-3);
        assert!(inner[0].iter().all(|corner| hole.contains(corner)), "{hole:?} {inner:?}");
    }
}
