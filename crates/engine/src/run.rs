//! Runs the release of a product: plan → check → count → charge → draw → write → publish.
//!
//! A release that exists already for the same plan is returned as it is, at no cost. Nothing is
//! charged before the folder can be written and the count is done; nothing is drawn before the
//! charge is durable.

mod desk;
mod earlier;
mod series;
mod standing;

#[cfg(test)]
mod beside;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod fixture;

pub use earlier::Earlier;

use std::sync::Arc;

use ledger::disk::{Machine, Patience};
use ledger::{ChargeRequest, History, Ledger, LedgerError, PlanHash, Verified};
use privacy::{BoundingKey, SystemEntropy};

use self::desk::Desk;
use self::standing::Standing;
use crate::count::bound_and_count;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys::{BoundingSecret, checkpoint_signer};
use crate::plan::PrivatePlan;
use crate::policy::Policy;
use crate::publish::{Account, Publication, overview, recover};
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
    /// Tells the time of the charge.
    pub clock: &'run dyn Clock,
    /// Called when another command holds the ledger and this one waits for it.
    pub waiting: &'run dyn Fn(),
}

/// A release that can be read.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The release.
    pub publication: Publication,
    /// Whether it existed before: nothing was charged then.
    pub existed: bool,
    /// Why it has no weighted totals; told only where a census is loaded and the release is new.
    pub unweighted: Option<String>,
}

impl Run<'_> {
    /// Releases `product` for `period`.
    ///
    /// # Errors
    /// [`Error`] `P09` code lists that are not those of the series, other `P…` what the policy does not allow, `L…` what the budget or the ledger does not,
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
        let ledger = self.open_ledger()?;
        recover(&Machine, &self.instance.releases_dir(), ledger.history())?;
        let earlier = Earlier::of(self.instance, ledger.history(), product);
        let earlier = earlier.weighing(snapshot.period, &snapshot.id)?;
        let plan = self.policy.plan(product, snapshot, earlier.as_ref())?;
        let hash = plan.hash()?;
        let request = self.request(&plan, hash)?;
        let census = Vault::open(self.instance)?.population()?;
        let synthetic = self.instance.config.synthetic;
        let secret = BoundingSecret::of(self.instance, snapshot.period)?;
        let key = BoundingKey::from_bytes(secret.for_plan(&hash));
        let mut entropy =
            SystemEntropy::new().map_err(|cause| Error::fault("F07", cause.to_string()))?;
        let mut desk = Desk {
            disk: Arc::new(Machine),
            ledger,
            releases: self.instance.releases_dir(),
            code_hash: self.code_hash,
            census: census.map(|it| it.census(&snapshot.geography)),
            synthetic,
            clock: self.clock,
            entropy: &mut entropy,
        };
        let title = format!("{product} {}", snapshot.period);
        desk.release(
            plan,
            request,
            |plan| bound_and_count(plan, snapshot, key, self.instance.config.threads),
            |publication, history| {
                let account = Account {
                    instance: &self.instance.config.name,
                    program: self.program,
                    policy: self.policy,
                    history,
                    sites: &snapshot.sites,
                    synthetic,
                    truth: None,
                };
                report::render(&overview(&title, std::slice::from_ref(publication), account))
            },
        )
    }

    /// STUB
    pub fn question(&self, snapshot: &Snapshot, plan: PrivatePlan, partner: &str) -> Result<Outcome> {
        let _ = (snapshot, plan, partner);
        Err(Error::fault("F03", "stub"))
    }
    /// STUB
    pub fn answered(&self, plan: &PrivatePlan) -> Result<Option<Publication>> {
        let _ = plan;
        Ok(None)
    }
    /// STUB
    pub fn affords(&self, period: Option<Period>, due: privacy::Budget) -> Result<()> {
        let _ = (period, due);
        Ok(())
    }

    /// The ledger, for writing; waits until no other command holds it.
    fn open_ledger(&self) -> Result<Ledger> {
        let (dir, anchor) = (self.instance.ledger_dir(), self.instance.anchor_path()?);
        let signer = checkpoint_signer(self.instance)?;
        let open =
            |patience| Ledger::open_on(Arc::new(Machine), &dir, &anchor, signer.clone(), patience);
        let opened = match open(Patience::None) {
            Err(LedgerError::Busy(_)) => {
                (self.waiting)();
                open(Patience::Endless)
            }
            opened => opened,
        };
        opened.map_err(|cause| ledger_error(&cause))
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
}

/// Says whether a plan would be refused because its code lists are not those of its series.
///
/// # Errors
/// `P09` then; a fault when an earlier release is not what was published.
pub fn check_series(instance: &Instance, history: &History, plan: &PrivatePlan) -> Result<()> {
    let releases = instance.releases_dir();
    let standing = Standing { disk: &Machine, releases: &releases, history };
    series::check(plan, &standing)
}

/// The ledger of a data folder, for reading.
///
/// # Errors
/// As [`ledger_error`].
pub fn read_ledger(instance: &Instance) -> Result<History> {
    let key = checkpoint_signer(instance)?.verifier();
    History::read(&instance.ledger_dir(), &instance.anchor_path()?, &key)
        .map_err(|cause| ledger_error(&cause))
}

/// Checks every byte of the ledger of a data folder.
///
/// # Errors
/// As [`ledger_error`].
pub fn verify_ledger(instance: &Instance) -> Result<Verified> {
    let key = checkpoint_signer(instance)?.verifier();
    ledger::verify(&instance.ledger_dir(), &instance.anchor_path()?, &key)
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
