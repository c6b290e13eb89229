//! Where people live, as the operator divides it: zones in place of the built-in ones.
//!
//! All or nothing: a list with one wrong zone would send that zone's people nowhere. Kept as
//! `vault/reference/zones-<digest>.csv`; the first batch of a vault freezes it, since stored numbers point
//! into it.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use reference::{Geography, Level, Ring, Zone, ring};
use serde::{Deserialize, Serialize};
use wkt::Wkt;
use wkt::types::{Coord, LineString, Polygon};

use super::facts;
use super::rows::{Chunk, text_of, value_of};
use super::source::SourceFile;
use super::tally::Tally;
use crate::error::{Error, Result};
use crate::vault::batch::Batch;
use crate::vault::manifest::{Stored, damaged};

/// 1 MB: an outline finer than that is no outline for a map.
const GEOMETRY_MAX: usize = 1_000_000;

/// A zone as the vault keeps it.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    level: String,
    name: String,
    parent: Option<String>,
    lad: Option<String>,
    longitude: Option<f64>,
    latitude: Option<f64>,
    /// Rings, `|` between them, of corners `lon lat`, `,` between them.
    outline: String,
}

/// Takes the rows of a list of zones.
///
/// # Errors
/// `I58` naming the first row that is no zone.
pub fn take(
    zones: &mut Vec<Zone>,
    chunk: &Chunk,
    file: &SourceFile,
    tally: &mut Tally,
) -> Result<()> {
    for (row, number) in chunk.numbered() {
        let zone = zone(chunk, row).map_err(|(what, allowed)| {
            Error::input("I58", format!("row {number} is no zone: {what}"))
                .at(file.path.display())
                .allowed(allowed)
        })?;
        zones.extend(tally.add(number, Ok(zone)));
    }
    Ok(())
}

fn zone(chunk: &Chunk, row: usize) -> Result<Zone, (&'static str, &'static str)> {
    let text = |column: usize| {
        text_of(chunk.text(column), row).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
    };
    let id = text(0).ok_or(("the id is empty", "a code, each once in its level"))?;
    let level = text(1).and_then(|it| it.to_ascii_lowercase().parse::<Level>().ok());
    let level = level
        .ok_or(("the level is not known", "sector, district, area, region, country or lad"))?;
    let point = value_of(chunk.real(6), row).zip(value_of(chunk.real(5), row));
    let shape = text(7).map_or(Some(Shape::default()), |it| shape(&it)).ok_or((
        "the geometry cannot be read",
        "POINT, POLYGON or MULTIPOLYGON as well-known text of at most 1 MB, in degrees",
    ))?;
    Ok(Zone {
        id,
        name: text(2).unwrap_or_default(),
        level,
        parent: text(3),
        lad: text(4),
        point: point.or(shape.point),
        outline: shape.outline,
    })
}

#[derive(Default)]
struct Shape {
    point: Option<(f64, f64)>,
    outline: Vec<Ring>,
}

/// Reads a geometry; `None` when it is none, or of another kind.
fn shape(text: &str) -> Option<Shape> {
    // Kinds that nest are not looked at: their depth would be the reader's.
    let nests = text.to_ascii_uppercase().contains("COLLECTION");
    if nests || text.len() > GEOMETRY_MAX {
        return None;
    }
    let corner = |it: &Coord<f64>| (it.x, it.y);
    let corners = |it: &LineString<f64>| it.coords().iter().map(corner).collect::<Ring>();
    let rings = |it: &Polygon<f64>| -> Option<Vec<Ring>> {
        let turned = |(at, it): (usize, &LineString<f64>)| ring(corners(it), at == 0);
        it.rings().iter().enumerate().map(turned).collect()
    };
    let outline = match text.parse::<Wkt<f64>>().ok()? {
        Wkt::Point(point) => {
            return Some(Shape { point: point.coord().map(corner), outline: Vec::new() });
        }
        Wkt::Polygon(polygon) => rings(&polygon)?,
        Wkt::MultiPolygon(all) => {
            all.polygons().iter().map(rings).collect::<Option<Vec<_>>>()?.concat()
        }
        _ => return None,
    };
    let on_globe = |it: &(f64, f64)| it.0.abs() <= 180.0 && it.1.abs() <= 90.0;
    outline.iter().flatten().all(on_globe).then_some(Shape { point: None, outline })
}

/// The geography of a list that a batch brings, and where it is kept.
///
/// # Errors
/// `I58` when the list leaves a gap, or two zones overlap.
pub fn seal(zones: &[Zone], file: &SourceFile, batch: &Batch) -> Result<(Arc<Geography>, Stored)> {
    let geography = Geography::of_zones(zones).map_err(|cause| {
        Error::input("I58", format!("the zones do not fit together: {cause}"))
            .at(file.path.display())
            .allowed(
                "sectors with a point or an outline, each in a district, each of those in an area, a \
                 region and a country; and each in a lad when the list has any; no two of a level on the same place",
            )
    })?;
    let stored = facts::write(batch, "zones", zones.iter().map(keep))?;
    Ok((Arc::new(geography), stored))
}

fn keep(zone: &Zone) -> Kept {
    let mut outline = String::new();
    for (at, ring) in zone.outline.iter().enumerate() {
        outline.push_str(if at == 0 { "" } else { "|" });
        for (at, (lon, lat)) in ring.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            // Writing to memory cannot fail.
            let _ = write!(outline, "{comma}{lon} {lat}");
        }
    }
    Kept {
        id: zone.id.clone(),
        level: zone.level.to_string(),
        name: zone.name.clone(),
        parent: zone.parent.clone(),
        lad: zone.lad.clone(),
        longitude: zone.point.map(|it| it.0),
        latitude: zone.point.map(|it| it.1),
        outline,
    }
}

/// The geography of a stored list.
///
/// # Errors
/// `F10` when the file is damaged.
pub fn read(path: &Path) -> Result<Geography> {
    let broken = || damaged(path, "the zones cannot be read");
    let zones = facts::read::<Kept>(path)?.into_iter().map(kept).collect::<Option<Vec<_>>>();
    Geography::of_zones(&zones.ok_or_else(broken)?).map_err(|_| broken())
}

fn kept(kept: Kept) -> Option<Zone> {
    let corner = |it: &str| {
        let (lon, lat) = it.split_once(' ')?;
        Some((lon.parse().ok()?, lat.parse().ok()?))
    };
    let ring = |it: &str| it.split(',').map(corner).collect::<Option<Ring>>();
    let rings = kept.outline.split('|').filter(|it| !it.is_empty()).map(ring);
    Some(Zone {
        id: kept.id,
        name: kept.name,
        level: kept.level.parse().ok()?,
        parent: kept.parent,
        lad: kept.lad,
        point: kept.longitude.zip(kept.latitude),
        outline: rings.collect::<Option<_>>()?,
    })
}
