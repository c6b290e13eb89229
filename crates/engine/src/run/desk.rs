//! The desk: where a plan is paid for, drawn, written and published, in that order.
//!
//! (1) Finish what a killed command left. (2) A release of the same plan is returned as it is.
//! (3) Refuse what the caps do not allow, before any row is read. (4) Start the folder. (5) Count.
//! (6) Charge. (7) Draw. (8) Write and make durable. (9) Record the publication. (10) Make it visible.
//! A process that dies before (6) has cost nothing; before (9) it leaves an abandoned charge and no
//! release; after (9) the next command makes the release visible. Tested by run/crash.rs.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use ledger::disk::Disk;
use ledger::{ChargeError, ChargeRequest, History, Ledger, PlanHash, State};
use privacy::{Entropy, Overspent};

use super::{Outcome, ledger_error};
use crate::count::Sealed;
use crate::error::{Error, Result};
use crate::plan::PrivatePlan;
use crate::publish::{Draft, Manifest, Publication, Sheet, recover};
use crate::release::release;
use crate::time::Clock;

/// What a release is charged to, written on and drawn with.
pub(super) struct Desk<'desk> {
    pub disk: Arc<dyn Disk>,
    pub ledger: Ledger,
    pub releases: PathBuf,
    pub code_hash: &'desk str,
    pub clock: &'desk dyn Clock,
    pub entropy: &'desk mut dyn Entropy,
}

impl Desk<'_> {
    /// Releases `plan`, whose exact aggregates come from `count` and whose page from `page`.
    ///
    /// # Errors
    /// `L01` when the budget does not allow it, what `count` says, or a fault; a fault after the
    /// charge leaves it abandoned.
    pub fn release(
        &mut self,
        plan: PrivatePlan,
        request: ChargeRequest,
        count: impl FnOnce(&PrivatePlan) -> Result<Sealed>,
        page: impl FnOnce(&Publication, &History) -> String,
    ) -> Result<Outcome> {
        let disk = Arc::clone(&self.disk);
        recover(&*disk, &self.releases, self.ledger.history())?;
        if let Some((path, digest)) = self.published(&request.plan) {
            let publication = Publication::read_recorded(&*disk, &path, &digest)?;
            return Ok(Outcome { publication, existed: true });
        }
        let mut meter = self.ledger.history().meter(&request.period, request.caps);
        meter.charge(request.cost).map_err(|cause| budget_spent(&cause))?;
        let name = format!("{}-{}", plan.product, plan.period);
        let draft = Draft::start(&*disk, &self.releases, &name)?;
        // To the minute, and before a row is read: how long a count takes depends on the rows.
        let now = minute(self.clock).to_string();
        let sealed = count(&plan).inspect_err(|_| draft.clear())?;
        let receipt = self.ledger.charge(request, &now).map_err(charge_refused);
        let receipt = receipt.inspect_err(|_| draft.clear())?;
        let released = release(plan, sealed, receipt, self.entropy)?;
        let id = format!("{name}-{}", released.charge);
        let draft = draft.named(&id)?;
        let sheet = Sheet::of(&released);
        let mut manifest = Manifest::of(&released, &id, self.code_hash, &now)?;
        draft.write_data(&sheet, &released.plan.codes, &mut manifest)?;
        let mut publication = Publication { path: self.releases.join(&id), manifest, sheet };
        let page = page(&publication, self.ledger.history());
        draft.write("report.html", page.as_bytes(), &mut publication.manifest)?;
        let digest = draft.seal(&publication.manifest)?;
        let recorded = self.ledger.publish(&released.charge, &id, &digest, &now);
        recorded.map_err(|cause| ledger_error(&cause))?;
        draft.publish(&id)?;
        Ok(Outcome { publication, existed: false })
    }

    /// The folder of a release that answers the same plan, and the digest of its manifest.
    fn published(&self, plan: &PlanHash) -> Option<(PathBuf, String)> {
        let plan = plan.to_string();
        let charges = self.ledger.history().charges();
        let same = charges.into_iter().filter(|it| it.charge.plan_hash == plan);
        let mut folders = same.filter_map(|it| match it.state {
            State::Published(it) => Some((self.releases.join(it.release), it.manifest_hash)),
            State::Abandoned => None,
        });
        folders.find(|it| self.disk.list(&it.0).is_ok())
    }
}

/// The present minute.
fn minute(clock: &dyn Clock) -> Timestamp {
    let now = clock.now();
    let to_minute = TimestampRound::new().smallest(Unit::Minute).mode(RoundMode::Trunc);
    now.round(to_minute).unwrap_or(now)
}

fn charge_refused(cause: ChargeError) -> Error {
    match cause {
        ChargeError::Overspent(cause) => budget_spent(&cause),
        ChargeError::Ledger(cause) => ledger_error(&cause),
    }
}

fn budget_spent(cause: &Overspent) -> Error {
    Error::budget("L01", cause.to_string())
        .remedy("nothing was charged; see `quorate ledger budget`, or wait for the next period")
}
