//! Runs the release of a product: plan → check → count → charge → draw → write → publish.
//!
//! A release that exists already for the same plan is returned as it is, at no cost. Nothing is
//! charged before the folder can be written and the count is done; nothing is drawn before the
//! charge is durable.

use std::path::PathBuf;

use ledger::{ChargeError, ChargeRequest, History, Ledger, LedgerError, PlanHash, State};
use privacy::{BoundingKey, Meter, Overspent, SystemEntropy};

use crate::count::bound_and_count;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys::BoundingSecret;
use crate::plan::PrivatePlan;
use crate::policy::Policy;
use crate::publish::{Account, Draft, Manifest, Publication, Sheet, overview, recover};
use crate::release::release;
use crate::report;
use crate::time::{Clock, Period};
use crate::vault::{Snapshot, Vault};

/// What to run a release with.
pub struct Run<'run> {
    /// The data folder.
    pub instance: &'run Instance,
    /// What is allowed.
    pub policy: &'run Policy,
    /// Digest of the program.
    pub code_hash: &'run str,
    /// Program and version, for pages.
    pub program: &'run str,
    /// Whether the people were simulated.
    pub synthetic: bool,
    /// Tells the time of the charge.
    pub clock: &'run dyn Clock,
}

/// A release that can be read.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The release.
    pub publication: Publication,
    /// Whether it existed before: nothing was charged then.
    pub existed: bool,
}

impl Run<'_> {
    /// Releases `product` for `period`.
    ///
    /// # Errors
    /// [`Error`] `P…` what the policy does not allow, `L…` what the budget or the ledger does not,
    /// `I05` a period that the vault does not hold, a fault when the machine fails. A fault after
    /// the charge leaves it in the ledger as abandoned; running again is a new charge.
    pub fn product(&self, product: &str, period: Period) -> Result<Outcome> {
        self.snapshot(product, &Vault::open(self.instance)?.snapshot(period)?)
    }

    /// Releases `product` from one snapshot.
    ///
    /// # Errors
    /// As [`Self::product`].
    pub fn snapshot(&self, product: &str, snapshot: &Snapshot) -> Result<Outcome> {
        let period = snapshot.period;
        let plan = self.policy.plan(product, snapshot)?;
        let hash = plan.hash()?;
        let mut ledger = open_ledger(self.instance)?;
        let releases = self.instance.releases_dir();
        recover(&releases, ledger.history())?;
        if let Some(path) = self.published(ledger.history(), &PlanHash(hash)) {
            return Ok(Outcome { publication: Publication::read(&path)?, existed: true });
        }
        let request = self.request(&plan, hash)?;
        check_budget(ledger.history(), &request)?;
        let draft = Draft::start(&releases, &format!("{product}-{period}"))?;
        let secret = BoundingSecret::of(self.instance, period)?;
        let key = BoundingKey::from_bytes(secret.for_plan(&hash));
        let sealed = bound_and_count(&plan, snapshot, key, self.instance.config.threads)?;
        let now = self.clock.now().to_string();
        let mut entropy =
            SystemEntropy::new().map_err(|cause| Error::fault("F07", cause.to_string()))?;
        let receipt = ledger.charge(request, &now).map_err(charge_refused)?;
        let released = release(plan, sealed, receipt, &mut entropy)?;
        let id = format!("{product}-{period}-{}", released.charge);
        let draft = draft.named(&id)?;
        let sheet = Sheet::of(&released);
        let mut manifest = Manifest::of(&released, &id, self.code_hash, &now)?;
        draft.write_data(&sheet, &mut manifest)?;
        let publication = Publication { path: releases.join(&id), manifest, sheet };
        let (page, sites) = (format!("{product} {period}"), &snapshot.sites);
        let account = Account {
            instance: &self.instance.config.name,
            program: self.program,
            policy: self.policy,
            history: ledger.history(),
            sites,
            synthetic: self.synthetic,
            truth: None,
        };
        let page = report::render(&overview(&page, std::slice::from_ref(&publication), account));
        let mut manifest = publication.manifest;
        draft.write("report.html", page.as_bytes(), &mut manifest)?;
        let digest = draft.seal(&manifest)?;
        ledger
            .publish(&released.charge, &id, &digest, &now)
            .map_err(|cause| ledger_error(&cause))?;
        let path = draft.publish(&id)?;
        Ok(Outcome {
            publication: Publication { path, manifest, sheet: publication.sheet },
            existed: false,
        })
    }

    fn request(&self, plan: &PrivatePlan, hash: [u8; 32]) -> Result<ChargeRequest> {
        Ok(ChargeRequest {
            plan: PlanHash(hash),
            product: plan.product.clone(),
            period: plan.period.to_string(),
            snapshot: plan.snapshot.clone(),
            partner: "public".to_owned(),
            cost: plan.cost()?,
            caps: self.policy.caps,
        })
    }

    /// The folder of a release that answers the same plan.
    fn published(&self, history: &History, plan: &PlanHash) -> Option<PathBuf> {
        let plan = plan.to_string();
        let same = history.charges().into_iter().filter(|it| it.charge.plan_hash == plan);
        let folders = same.filter_map(|it| match it.state {
            State::Published(it) => Some(self.instance.releases_dir().join(it.release)),
            State::Abandoned => None,
        });
        folders.into_iter().find(|it| it.is_dir())
    }
}

/// The ledger of a data folder, for writing.
///
/// # Errors
/// As [`ledger_error`].
pub fn open_ledger(instance: &Instance) -> Result<Ledger> {
    Ledger::open(&instance.ledger_dir(), &instance.anchor_path()?)
        .map_err(|cause| ledger_error(&cause))
}

/// The ledger of a data folder, for reading.
///
/// # Errors
/// As [`ledger_error`].
pub fn read_ledger(instance: &Instance) -> Result<History> {
    History::read(&instance.ledger_dir(), &instance.anchor_path()?)
        .map_err(|cause| ledger_error(&cause))
}

/// What is wrong with the ledger, as an error of the product.
#[must_use]
pub fn ledger_error(cause: &LedgerError) -> Error {
    let (code, text) = (cause.code(), cause.to_string());
    match cause {
        LedgerError::Disk { .. } | LedgerError::Busy(_) => Error::fault(code, text),
        _ => Error::check(code, text),
    }
}

/// Refuses what the caps do not allow, before any row is read.
fn check_budget(history: &History, request: &ChargeRequest) -> Result<()> {
    let mut meter = Meter::new(request.caps, history.spent(&request.period));
    meter.charge(request.cost).map_err(|cause| budget_spent(&cause))
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
