//! The desk: where a plan is paid for, drawn, written and published, in that order.
//!
//! (1) Finish what a killed command left. (2) A release of the same plan is returned as it is.
//! (3) Refuse what the series, the reserve or the caps do not allow, before any row is read. (4) Start the folder. (5) Count;
//! a question whose count stops is paid and recorded all the same, and says so.
//! (6) Charge. (7) Draw. (8) Write and make durable. (9) Record the publication. (10) Make it visible.
//! A process that dies before (6) has cost nothing; before (9) it leaves an abandoned charge and no
//! release; after (9) the next command makes the release visible. Tested by run/crash.rs.
//! Products and questions come the same way; a question is of no series, spends the reserve alone and leaves two files.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use ledger::disk::Disk;
use ledger::{ChargeError, ChargeRequest, History, Ledger};
use privacy::{Budget, Entropy, Meter, Overspent};

use super::standing::Standing;
use super::{Outcome, ledger_error, series};
use crate::count::Sealed;
use crate::door::population::Census;
use crate::error::{Error, Result};
use crate::plan::{PrivatePlan, QUESTION};
use crate::publish::{Draft, Ground, Manifest, Publication, Sheet, recover, weighted};
use crate::release::{Released, release, unanswered};
use crate::time::Clock;

/// What a release is charged to, written on and drawn with.
pub(super) struct Desk<'desk> {
    pub disk: Arc<dyn Disk>,
    pub ledger: Ledger,
    /// Where the folders of what is published stand: of products, or of answers.
    pub releases: PathBuf,
    /// What questions of a period may cost each person together.
    pub reserve: Budget,
    /// What of it questions for this partner may cost, where that is less.
    pub allowance: Option<Budget>,
    pub code_hash: &'desk str,
    /// What weights compare residents with; none without a census.
    pub census: Option<Census>,
    /// Whether the people were simulated.
    pub synthetic: bool,
    pub clock: &'desk dyn Clock,
    pub entropy: &'desk mut dyn Entropy,
}

/// Makes the page of a product's release.
pub(super) type Page<'page> = &'page dyn Fn(&Publication, &History) -> String;

impl Desk<'_> {
    /// Releases `plan`, whose exact aggregates come from `count`, and its page, if it is a product's, from `page`;
    /// where `count` has none, what is released is that there is no answer.
    ///
    /// # Errors
    /// `P09` when the code lists are not those of the series, `L06` when the reserve does not allow a question,
    /// `L07` when the partner's share of it does not, `L01` when the budget does not allow it, what `count` says, or
    /// a fault; a fault after the charge leaves it abandoned.
    pub fn release(
        &mut self,
        plan: PrivatePlan,
        request: ChargeRequest,
        count: impl FnOnce(&PrivatePlan) -> Result<Option<Sealed>>,
        page: Option<Page<'_>>,
    ) -> Result<Outcome> {
        let disk = Arc::clone(&self.disk);
        recover(&*disk, &self.releases, self.ledger.history())?;
        let (releases, history) = (&self.releases, self.ledger.history());
        let standing = Standing { disk: &*disk, releases, history };
        if let Some(publication) = standing.answer(&request.plan)? {
            return Ok(Outcome { publication, existed: true, unweighted: None });
        }
        self.admit(&plan, &request, &standing)?;
        let census = self.census.take();
        let residents = census.as_ref().map(|_| standing.residents(&plan)).transpose()?.flatten();
        let name = format!("{}-{}", plan.product, plan.period);
        let draft = Draft::start(&*disk, &self.releases, &name)?;
        // To the minute, and before a row is read: how long a count takes depends on the rows.
        let now = minute(self.clock).to_string();
        let sealed = count(&plan).inspect_err(|_| draft.clear())?;
        let receipt = self.ledger.charge(request, &now).map_err(charge_refused);
        let receipt = receipt.inspect_err(|_| draft.clear())?;
        let released = match sealed {
            Some(sealed) => release(plan, sealed, receipt, self.entropy)?,
            None => unanswered(plan, receipt)?,
        };
        let id = format!("{name}-{}", released.charge);
        let draft = draft.named(&id)?;
        let sheet = Sheet::of(&released);
        let mut manifest = Manifest::of(&released, &id, self.code_hash, &now)?;
        manifest.synthetic = self.synthetic;
        let path = self.releases.join(&id);
        let (publication, unweighted) = if let Some(page) = page {
            draft.write_data(&sheet, &released.plan.codes, &mut manifest)?;
            let ground = census.as_ref().zip(residents.as_ref());
            let ground = ground.map(|(census, residents)| Ground { residents, census });
            write_weighted(&draft, &released, &sheet, ground, &mut manifest)?;
            let unweighted = census.as_ref().and_then(|_| unweighted(ground.is_some(), &manifest));
            let mut publication = Publication { path, manifest, sheet };
            let page = page(&publication, self.ledger.history());
            draft.write("report.html", page.as_bytes(), &mut publication.manifest)?;
            (publication, unweighted)
        } else {
            draft.write_answer(&sheet, &mut manifest)?;
            (Publication { path, manifest, sheet }, None)
        };
        let digest = draft.seal(&publication.manifest)?;
        let recorded = self.ledger.publish(&released.charge, &id, &digest, &now);
        recorded.map_err(|cause| ledger_error(&cause))?;
        draft.publish(&id)?;
        Ok(Outcome { publication, existed: false, unweighted })
    }

    /// Everything that may refuse a plan, from policy, lists and ledger alone: no row was read yet.
    fn admit(
        &self,
        plan: &PrivatePlan,
        request: &ChargeRequest,
        standing: &Standing<'_>,
    ) -> Result<()> {
        let history = self.ledger.history();
        plan.check()?;
        if plan.is_question() {
            afford(history, &request.period, request.cost, self.reserve)?;
            let partner = (request.partner.as_str(), self.allowance);
            afford_partner(history, &request.period, request.cost, partner)?;
        } else {
            series::check(plan, standing)?;
        }
        let mut meter = history.meter(&request.period, request.caps);
        meter.charge(request.cost).map_err(|cause| budget_spent(&cause))
    }
}

/// Refuses questions that cost more than the reserve of a period has left.
///
/// # Errors
/// `L06` then.
pub(super) fn afford(history: &History, period: &str, cost: Budget, reserve: Budget) -> Result<()> {
    let mut meter = Meter::new(reserve, history.spent_on(period, QUESTION));
    meter.charge(cost).map_err(|cause| reserve_spent(&cause))
}

/// Refuses questions that cost more than what a partner may spend of the reserve of a period.
///
/// # Errors
/// `L07` then.
pub(super) fn afford_partner(
    history: &History,
    period: &str,
    cost: Budget,
    (partner, allowance): (&str, Option<Budget>),
) -> Result<()> {
    let Some(allowance) = allowance else { return Ok(()) };
    let mut meter = Meter::new(allowance, history.spent_for(period, QUESTION, partner));
    meter.charge(cost).map_err(|cause| share_spent(partner, &cause))
}

/// Writes the totals of the population, if there is anything for them to stand on.
fn write_weighted(
    draft: &Draft<'_>,
    released: &Released,
    sheet: &Sheet,
    ground: Option<Ground<'_>>,
    manifest: &mut Manifest,
) -> Result<()> {
    let Some(ground) = ground else { return Ok(()) };
    let Some((bytes, record)) = weighted(&released.plan, sheet, ground)? else { return Ok(()) };
    manifest.weights = Some(record);
    draft.write("weighted.csv", &bytes, manifest)
}

/// Why a release has no weighted totals, though there is a census.
fn unweighted(has_residents: bool, manifest: &Manifest) -> Option<String> {
    let period = &manifest.period;
    match (&manifest.weights, has_residents) {
        (Some(_), _) => None,
        (None, false) => Some(format!(
            "no weighted.csv: no release of residents of {period} was published before; release residents first"
        )),
        (None, true) => Some(format!(
            "no weighted.csv: the residents of {period} show no class of people in full that the census tells of"
        )),
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

fn share_spent(partner: &str, cause: &Overspent) -> Error {
    let Overspent { currency, cap, spent, cost, left } = cause;
    let what = format!(
        "the share of {partner} in the reserve does not allow it: {currency} {cost} asked, {spent} of {cap} spent, {left} left"
    );
    Error::budget("L07", what)
        .allowed(format!("{currency} up to {left} in this period"))
        .remedy("ask for fewer tables or sums; a question that was asked before costs nothing; nothing was charged")
}

fn reserve_spent(cause: &Overspent) -> Error {
    let Overspent { currency, cap, spent, cost, left } = cause;
    let what = format!(
        "the reserve for questions does not allow it: {currency} {cost} asked, {spent} of {cap} spent, {left} left"
    );
    Error::budget("L06", what).allowed(format!("{currency} up to {left} in this period")).remedy(
        "ask for fewer tables or sums, or with more noise; a question that was asked before costs nothing; \
         nothing was charged",
    )
}
