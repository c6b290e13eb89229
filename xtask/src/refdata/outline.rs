//! District outlines: a tessellation of sector points, cut to where people live.

use std::collections::BTreeMap;

use geo::{BooleanOps, ConvexHull, Coord, LineString, MultiPoint, MultiPolygon, Point, Polygon};
use geo::{Simplify, unary_union};
use spade::handles::VoronoiVertex;
use spade::{DelaunayTriangulation, Point2, Triangulation};

use super::postcodes::Sector;

/// How far from a postcode a district reaches, in metres.
const REACH: f64 = 5_000.0;

/// Corners may move by this much, in metres.
const TOLERANCE: f64 = 60.0;

/// Rings in metres of the national grid, by district.
pub(crate) type Outlines = BTreeMap<String, Vec<Vec<(f64, f64)>>>;

pub(crate) fn districts(
    sectors: &BTreeMap<String, Sector>,
) -> Result<Outlines, Box<dyn std::error::Error>> {
    let mut pieces = BTreeMap::<String, Vec<Polygon>>::new();
    let mut mesh = DelaunayTriangulation::<Point2<f64>>::new();
    let mut owners = BTreeMap::new();
    for (code, sector) in sectors {
        let (x, y) = sector.mean();
        owners.entry(mesh.insert(Point2::new(x, y))?.index()).or_insert((code, sector));
    }
    for face in mesh.voronoi_faces() {
        let site = face.as_delaunay_vertex();
        let Some((code, sector)) = owners.get(&site.fix().index()) else { continue };
        let corners = face.adjacent_edges().map(|edge| match edge.from() {
            VoronoiVertex::Inner(inner) => inner.circumcenter(),
            // An open face reaches beyond the sea in the edge's direction.
            VoronoiVertex::Outer(_) => {
                let (near, away) = (site.position(), edge.direction_vector());
                let length = away.x.hypot(away.y).max(1.0);
                Point2::new(near.x - away.x / length * 2e5, near.y - away.y / length * 2e5)
            }
        });
        let corners: Vec<Point<f64>> = corners.map(|it| Point::new(it.x, it.y)).collect();
        let cell = MultiPoint::new(corners).convex_hull();
        let district = code.split(' ').next().unwrap_or_default().to_owned();
        let near = surroundings(&sector.points);
        pieces.entry(district).or_default().extend(cell.intersection(&near));
    }
    Ok(pieces.into_iter().map(|(code, pieces)| (code, rings(&unary_union(&pieces)))).collect())
}

/// The convex hull of octagons around the postcodes.
fn surroundings(points: &[(f64, f64)]) -> Polygon {
    let hull = MultiPoint::from(points.to_vec()).convex_hull();
    let around = hull.exterior().points().flat_map(|point| {
        (0..8).map(move |step| {
            let angle = f64::from(step) * std::f64::consts::FRAC_PI_4;
            Point::new(point.x() + REACH * angle.cos(), point.y() + REACH * angle.sin())
        })
    });
    MultiPoint::new(around.collect()).convex_hull()
}

fn rings(joined: &MultiPolygon) -> Vec<Vec<(f64, f64)>> {
    let ring = |line: &LineString| {
        let simple = line.simplify(TOLERANCE);
        simple.0.iter().skip(1).map(|&Coord { x, y }| (x, y)).collect::<Vec<_>>()
    };
    joined.iter().map(|it| ring(it.exterior())).filter(|it| it.len() >= 3).collect()
}
