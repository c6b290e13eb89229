//! The truth of a world: exact counts of the people whom a correct door admits.
//!
//! Noted person by person while the files are made, from the same draws. Never read by anything that
//! releases.

mod files;
mod seen;
mod tally;

use std::collections::BTreeMap;
use std::path::Path;

use crate::world::SimulateError;

pub(crate) use files::write;
pub(crate) use seen::Witness;
pub(crate) use tally::{Basis, Tally};

/// Exact people by the labels of a cell, e.g. `["BL1 1", "F", "18-24"]`.
pub type Counts = BTreeMap<Vec<String>, u64>;

/// What only a simulation knows.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// sector, gender, age band.
    pub residents: Counts,
    /// district, hour, kind of day.
    pub presence: Counts,
    /// level (base, site, category), name, gender, age band, home region.
    pub web: Counts,
}

const FILES: [&str; 3] = ["residents.csv", "presence.csv", "web.csv"];

impl Truth {
    /// Reads the truth that [`crate::simulate`] wrote to `dir`.
    ///
    /// # Errors
    /// [`SimulateError::Write`] naming the file that cannot be read.
    pub fn read(dir: &Path) -> Result<Self, SimulateError> {
        let [residents, presence, web] = FILES.map(|name| read(&dir.join(name)));
        Ok(Self { residents: residents?, presence: presence?, web: web? })
    }
}

fn read(path: &Path) -> Result<Counts, SimulateError> {
    let wrong = |cause: &dyn std::fmt::Display| SimulateError::write(path, cause);
    let mut reader = csv::Reader::from_path(path).map_err(|cause| wrong(&cause))?;
    let rows = reader.records().map(|row| {
        let row = row.map_err(|cause| wrong(&cause))?;
        let mut labels: Vec<String> = row.iter().map(str::to_owned).collect();
        let people = labels.pop().and_then(|it| it.parse().ok());
        Ok((labels, people.ok_or_else(|| wrong(&"a row without a count"))?))
    });
    rows.collect()
}
