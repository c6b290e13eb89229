//! Places where nobody is counted: clinics, worship, refuges, prisons, barracks.
//!
//! The operator lists them; a cell that stands within a place's radius sees nobody from then on. An
//! area most of whose cells see nobody is left out whole. Kept per period as
//! `vault/<period>/sensitive-<n>.csv`; lists add up, none is ever taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::cells::Stay;
use super::rows::{Chunk, value_of};
use super::sphere::Point;
use super::tally::{Reason, Tally};
use crate::error::{Error, Result, io_error};
use crate::vault::manifest::{Stored, damaged};

/// 300 m: how far a place reaches when its list does not say.
const RADIUS_M: f64 = 300.0;

/// The sensitive places of a period: latitude, longitude, radius in metres.
#[derive(Clone, Debug, Default)]
pub struct SensitivePlaces {
    places: Vec<(f64, f64, f64)>,
}

/// What the sensitive places shut.
#[derive(Clone, Debug, Default)]
pub struct Shut {
    /// For each stay of a cell, whether it sees nobody.
    pub stays: Vec<bool>,
    /// Districts that are left out whole.
    pub districts: BTreeSet<u16>,
}

impl SensitivePlaces {
    /// Adds a stored list.
    ///
    /// # Errors
    /// `F10` when the file is damaged.
    pub fn read(&mut self, path: &Path) -> Result<()> {
        let broken = |_| damaged(path, "the sensitive places cannot be read");
        let mut reader = csv::Reader::from_path(path).map_err(broken)?;
        for row in reader.deserialize() {
            self.places.push(row.map_err(broken)?);
        }
        Ok(())
    }

    /// Takes the rows of a list.
    pub fn take(&mut self, chunk: &Chunk, tally: &mut Tally) {
        for (row, number) in chunk.numbered() {
            let place = value_of(chunk.real(0), row).zip(value_of(chunk.real(1), row));
            let radius = value_of(chunk.real(2), row).unwrap_or(RADIUS_M);
            let place = match place {
                Some((lat, lon))
                    if lat.abs() <= 90.0 && lon.abs() <= 180.0 && (0.0..1e5).contains(&radius) =>
                {
                    Ok((lat, lon, radius))
                }
                _ => Err(Reason::BadPlace),
            };
            self.places.extend(tally.add(number, place));
        }
    }

    /// Writes the list.
    ///
    /// # Errors
    /// A fault when the file cannot be written.
    pub fn seal(&self, file: String, path: &Path) -> Result<Stored> {
        let mut text = "latitude,longitude,radius_m\n".to_owned();
        for (lat, lon, radius) in &self.places {
            writeln!(text, "{lat},{lon},{radius}")
                .map_err(|it| Error::fault("F11", it.to_string()))?;
        }
        fs::write(path, &text)
            .and_then(|()| fs::File::open(path)?.sync_all())
            .map_err(|cause| io_error("write", path, &cause))?;
        Ok(Stored { file, hash: blake3::hash(text.as_bytes()).to_hex().to_string() })
    }

    /// Which of `stays` see nobody.
    #[must_use]
    pub fn shut(&self, stays: &[Stay]) -> Shut {
        let places: Vec<_> =
            self.places.iter().map(|it| (it.0, Point::new(it.0, it.1), it.2)).collect();
        let near = |stay: &Stay| {
            let here = stay.point();
            // A degree of latitude is 111 km anywhere: most places are ruled out without a root.
            places.iter().any(|(lat, there, radius)| {
                (lat - stay.lat).abs() * 111_000.0 <= radius + 1_000.0
                    && here.distance_m(*there) <= *radius
            })
        };
        let mut shut = Shut { stays: stays.iter().map(near).collect(), ..Shut::default() };
        let mut districts = BTreeMap::<u16, (usize, usize)>::new();
        for (stay, shut) in stays.iter().zip(&shut.stays) {
            let counts = districts.entry(stay.district).or_default();
            counts.0 += usize::from(*shut);
            counts.1 += 1;
        }
        shut.districts =
            districts.into_iter().filter(|it| 2 * it.1.0 > it.1.1).map(|it| it.0).collect();
        for (stay, is_shut) in stays.iter().zip(&mut shut.stays) {
            *is_shut |= shut.districts.contains(&stay.district);
        }
        shut
    }
}
