//! Runs the release of a product, or the answer of a question: plan → check → count → charge → draw → write → publish.
//!
//! A release that exists already for the same plan is returned as it is, at no cost. Nothing is
//! charged before the folder can be written and the count is done; nothing is drawn before the
//! charge is durable.

mod desk;
mod earlier;
mod incident;
mod partner;
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
pub use partner::{Months, Partner, Places};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use ledger::disk::{Machine, Patience};
use ledger::{ChargeRequest, History, Ledger, LedgerError, PlanHash, Reader, Verified};
use privacy::{BoundingKey, Budget, SystemEntropy};

use self::desk::{Desk, Page};
use self::standing::Standing;
use crate::count::bound_and_count;
use crate::door::population::Census;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys::{BoundingSecret, checkpoint_signer};
use crate::plan::{PrivatePlan, QUESTION};
use crate::policy::Policy;
use crate::publish::{Account, Manifest, Publication, overview, recover};
use crate::report;
use crate::time::{Clock, Period, SystemClock};
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
    pub waiting: &'run (dyn Fn() + Sync),
    /// Called when a question was counted, with when its count began: returns when that may be seen.
    pub pace: &'run (dyn Fn(Instant) + Sync),
    /// Reads the ledger.
    pub books: Reader,
}

/// What a plan is released for, and with what beside its cells.
struct Asked<'asked> {
    partner: &'asked Partner,
    census: Option<Census>,
    /// None for a question.
    page: Option<Page<'asked>>,
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

impl<'run> Run<'run> {
    /// A run of `program`, its name and digest, that waits for others without a word and shows counts at once.
    ///
    /// # Errors
    /// A fault when the key that signs the ledger cannot be read.
    pub fn new(
        instance: &'run Instance,
        policy: &'run Policy,
        (program, code_hash): (&'run str, &'run str),
    ) -> Result<Self> {
        Ok(Self {
            instance,
            policy,
            code_hash,
            program,
            clock: &SystemClock,
            waiting: &|| (),
            pace: &|_| (),
            books: books(instance)?,
        })
    }

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
        let earlier = Earlier::of(self.instance, ledger.history(), product);
        let earlier = earlier.weighing(snapshot.period, &snapshot.id)?;
        let plan = self.policy.plan(product, snapshot, earlier.as_ref())?;
        let census = Vault::open(self.instance)?.population()?;
        let census = census.map(|it| it.census(&snapshot.geography));
        let title = format!("{product} {}", snapshot.period);
        let page = |publication: &Publication, history: &History| {
            let account = Account {
                instance: &self.instance.config.name,
                program: self.program,
                policy: self.policy,
                history,
                sites: &snapshot.sites,
                synthetic: self.instance.config.synthetic,
                truth: None,
            };
            report::render(&overview(&title, std::slice::from_ref(publication), account))
        };
        let public = Partner::named("public");
        let asked = Asked { partner: &public, census, page: Some(&page) };
        self.release(snapshot, plan, ledger, asked)
    }

    /// Answers a question of `partner` from one snapshot, out of the reserve; what was asked before is returned as
    /// it is, at no cost. One whose count stopped twice is answered too: its manifest says `unanswered`.
    ///
    /// Guarantee: the same plan has one charge, one draw and the same bytes for everybody who asks.
    ///
    /// # Errors
    /// [`Error`] `L06` what the reserve does not allow, `L01` what the caps do not, `P…` what cannot be counted or
    /// drawn; a fault as in [`Self::product`].
    pub fn question(
        &self,
        snapshot: &Snapshot,
        plan: PrivatePlan,
        partner: &Partner,
    ) -> Result<Outcome> {
        if !plan.is_question() || plan.snapshot != snapshot.id || plan.period != snapshot.period {
            return Err(Error::fault("F03", "the plan is no question about this snapshot"));
        }
        // Also where the ledger cannot be read now: the writer's lock tells for sure.
        if let Ok(Some(publication)) = self.answered(&plan) {
            return Ok(Outcome { publication, existed: true, unweighted: None });
        }
        let ledger = self.open_ledger()?;
        self.release(snapshot, plan, ledger, Asked { partner, census: None, page: None })
    }

    /// The answer of a question that was asked before, if there is one; waits for nobody and charges nothing.
    ///
    /// # Errors
    /// A fault when it is not what was published, or as [`ledger_error`].
    pub fn answered(&self, plan: &PrivatePlan) -> Result<Option<Publication>> {
        let history = self.history()?;
        let folder = self.instance.answers_dir();
        let standing = Standing { disk: &Machine, releases: &folder, history: &history };
        standing.answer(&PlanHash(plan.hash()?))
    }

    /// The answers of a snapshot that stand, the oldest first: their facts, and where they are.
    ///
    /// # Errors
    /// A fault when one is not what was published, or as [`ledger_error`].
    pub fn answers(&self, snapshot: &str) -> Result<Vec<(Manifest, (PathBuf, String))>> {
        let (history, folder) = (self.history()?, self.instance.answers_dir());
        let standing = Standing { disk: &Machine, releases: &folder, history: &history };
        let folders = standing.of_snapshot(snapshot);
        folders
            .map(|(path, digest)| {
                Ok((Manifest::read_recorded(&Machine, &path, &digest)?, (path, digest)))
            })
            .collect()
    }

    /// Refuses questions of a period that would cost more, all together, than its reserve or the partner has left.
    ///
    /// # Errors
    /// [`Error`] `L06` or `L07` then; as [`ledger_error`].
    pub fn affords(&self, period: Period, cost: Budget, partner: &Partner) -> Result<()> {
        let (history, period) = (self.history()?, period.to_string());
        desk::afford(&history, &period, cost, self.policy.reserve)?;
        desk::afford_partner(&history, &period, cost, (&partner.name, partner.allowance))
    }

    /// What is left of the reserve of a period.
    ///
    /// # Errors
    /// As [`ledger_error`].
    pub fn left(&self, period: Period) -> Result<Budget> {
        let spent = self.history()?.spent_on(&period.to_string(), QUESTION);
        Ok(self.policy.reserve.checked_sub(spent).unwrap_or(Budget::ZERO))
    }

    /// The ledger as it is now.
    ///
    /// # Errors
    /// As [`ledger_error`].
    pub fn history(&self) -> Result<Arc<History>> {
        self.books.read().map_err(|cause| ledger_error(&cause))
    }

    /// Takes a plan to the desk.
    fn release(
        &self,
        snapshot: &Snapshot,
        plan: PrivatePlan,
        ledger: Ledger,
        asked: Asked<'_>,
    ) -> Result<Outcome> {
        let hash = plan.hash()?;
        let request = self.request(&plan, hash, &asked.partner.name)?;
        let secret = BoundingSecret::of(self.instance, snapshot.period)?;
        let key = BoundingKey::from_bytes(secret.for_plan(&hash));
        let mut entropy =
            SystemEntropy::new().map_err(|cause| Error::fault("F07", cause.to_string()))?;
        let mut desk = Desk {
            disk: Arc::new(Machine),
            ledger,
            releases: self.instance.published_dir(&plan.product),
            reserve: self.policy.reserve,
            allowance: asked.partner.allowance,
            code_hash: self.code_hash,
            census: asked.census,
            synthetic: self.instance.config.synthetic,
            clock: self.clock,
            entropy: &mut entropy,
        };
        let count = |plan: &PrivatePlan| {
            let threads = self.instance.config.threads;
            if plan.is_question() {
                let limit = Some(self.policy.questions.time_limit());
                let count = || bound_and_count(plan, snapshot, key, (threads, limit));
                let begun = Instant::now();
                let counted = incident::patient(self, plan, count);
                // How long it took hangs on rows, and the charge that follows can be seen (privacy model §12).
                (self.pace)(begun);
                counted
            } else {
                bound_and_count(plan, snapshot, key, (threads, None)).map(Some)
            }
        };
        desk.release(plan, request, count, asked.page)
    }

    /// The ledger, for writing, and what a killed command left finished; waits until no other command holds it.
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
        let ledger = opened.map_err(|cause| ledger_error(&cause))?;
        for folder in [self.instance.releases_dir(), self.instance.answers_dir()] {
            recover(&Machine, &folder, ledger.history())?;
        }
        Ok(ledger)
    }

    fn request(&self, plan: &PrivatePlan, hash: [u8; 32], partner: &str) -> Result<ChargeRequest> {
        Ok(ChargeRequest {
            plan: PlanHash(hash),
            product: plan.product.clone(),
            period: plan.period.to_string(),
            snapshot: plan.snapshot.clone(),
            partner: partner.to_owned(),
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

/// The ledger of a data folder, for reading now.
///
/// # Errors
/// As [`ledger_error`].
pub fn read_ledger(instance: &Instance) -> Result<Arc<History>> {
    books(instance)?.read().map_err(|cause| ledger_error(&cause))
}

/// The ledger of a data folder, for reading again and again.
///
/// # Errors
/// A fault when the key that signs it cannot be read.
pub fn books(instance: &Instance) -> Result<Reader> {
    let key = checkpoint_signer(instance)?.verifier();
    Ok(Reader::new(&instance.ledger_dir(), &instance.anchor_path()?, key))
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
