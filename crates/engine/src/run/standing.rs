//! Releases that stand already: what the ledger recorded as published and is in the folder.
//!
//! Takes history and folder, both public; reads no row of anybody.

use std::path::{Path, PathBuf};

use ledger::disk::Disk;
use ledger::{Charge, History, PlanHash, State};

use crate::error::Result;
use crate::plan::{PrivatePlan, QUESTION};
use crate::publish::Publication;

/// The published releases of an instance.
pub(super) struct Standing<'desk> {
    pub disk: &'desk dyn Disk,
    pub releases: &'desk Path,
    pub history: &'desk History,
}

/// A published folder, and the digest of its manifest in the ledger.
pub(super) type Folder = (PathBuf, String);

/// The product whose people the weights compare with the census.
const RESIDENTS: &str = "residents";

impl Standing<'_> {
    /// The release that answers the same plan.
    ///
    /// # Errors
    /// A fault when it is not what was published.
    pub fn answer(&self, plan: &PlanHash) -> Result<Option<Publication>> {
        let plan = plan.to_string();
        let own = self.folders(move |it| it.plan_hash == plan).next();
        own.map(|(path, digest)| Publication::read_recorded(self.disk, &path, &digest)).transpose()
    }

    /// The answers of a snapshot, the oldest first.
    pub fn of_snapshot(&self, snapshot: &str) -> impl Iterator<Item = Folder> {
        let snapshot = snapshot.to_owned();
        self.folders(move |it| it.product == QUESTION && it.snapshot == snapshot)
    }

    /// The newest release of residents of the plan's period.
    ///
    /// # Errors
    /// A fault when it is not what was published.
    pub fn residents(&self, plan: &PrivatePlan) -> Result<Option<Publication>> {
        let period = plan.period.to_string();
        let own = self.folders(move |it| it.product == RESIDENTS && it.period == period).last();
        own.map(|(path, digest)| Publication::read_recorded(self.disk, &path, &digest)).transpose()
    }

    /// The releases of the plan's product in the calendar year of its period, the oldest first.
    pub fn of_year(&self, plan: &PrivatePlan) -> impl DoubleEndedIterator<Item = Folder> {
        let period = plan.period.to_string();
        let year = period.split('-').next().map(|it| format!("{it}-")).unwrap_or_default();
        let product = plan.product.clone();
        self.folders(move |it| it.product == product && it.period.starts_with(&year))
    }

    fn folders(&self, wanted: impl Fn(&Charge) -> bool) -> impl DoubleEndedIterator<Item = Folder> {
        let charges = self.history.charges().into_iter().filter(move |it| wanted(&it.charge));
        let published = charges.filter_map(|it| match it.state {
            State::Published(it) => Some((self.releases.join(it.release), it.manifest_hash)),
            State::Abandoned => None,
        });
        published.filter(|it| self.disk.list(&it.0).is_ok())
    }
}
