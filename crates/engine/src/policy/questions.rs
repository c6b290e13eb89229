//! What one question costs every person, and how many cells of a person it may touch.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use privacy::{CellLimit, Delta, Floor, Quorum, Rho};
use serde::Deserialize;

use super::file::exact;
use crate::dimension::Dimension;
use crate::error::{Error, Result};

/// The `[questions]` of a policy.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuestionPolicy {
    /// ρ of the people of each table, and again of each sum.
    #[serde(deserialize_with = "exact")]
    pub rho: Rho,
    /// δ of each table.
    #[serde(deserialize_with = "exact")]
    pub delta: Delta,
    /// L by each dimension of rows that a question groups by.
    cells: BTreeMap<Dimension, u32>,
    /// How long a question is counted at most, in minutes.
    minutes: NonZeroU32,
}

impl Default for QuestionPolicy {
    /// A question is answered with a standard deviation of 32 people (privacy model §5).
    fn default() -> Self {
        let cells = [
            (Dimension::Site, 16),
            (Dimension::Category, 8),
            (Dimension::PresentIn, 8),
            (Dimension::Day, 8),
            (Dimension::Hour, 8),
            (Dimension::DayType, 2),
        ];
        Self {
            rho: Rho::from_nano(500_000).unwrap_or_default(),
            delta: "1e-12".parse().unwrap_or(Delta::ZERO),
            cells: cells.into(),
            minutes: NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN),
        }
    }
}

impl QuestionPolicy {
    /// How many bins of a dimension of rows a person may be counted in.
    #[must_use]
    pub fn cells(&self, dimension: Dimension) -> u32 {
        self.cells.get(&dimension).copied().unwrap_or(1)
    }

    /// How long a question is counted at most: it is told to be unanswered then.
    #[must_use]
    pub fn time_limit(&self) -> Duration {
        Duration::from_mins(self.minutes.get().into())
    }

    /// Checks that a question of one cell has a mechanism.
    ///
    /// # Errors
    /// [`Error`] `P05` when it has none, `P03` for a limit that is none.
    pub(super) fn check(&self, floor: Floor, path: &Path) -> Result<()> {
        let at = format!("{}: questions", path.display());
        for (dimension, cells) in &self.cells {
            let limit = CellLimit::new(*cells).ok().filter(|_| !dimension.partitions_people());
            if limit.is_none() {
                return Err(Error::policy(
                    "P03",
                    format!("cells.{dimension} = {cells} is no limit of rows"),
                )
                .at(at)
                .allowed("site, category, present_in, day, hour, day_type; 1 or more"));
            }
        }
        Quorum::new(floor, CellLimit::ONE, self.rho, self.delta).map(drop).map_err(|cause| {
            Error::policy("P05", cause.to_string())
                .at(at)
                .allowed("rho and delta above 0, a standard deviation up to 100000")
        })
    }
}
