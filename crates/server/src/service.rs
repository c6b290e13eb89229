//! One service behind every wire: who asks, what a statement comes to, and what is told beside the answer.
//!
//! Statements go to the desk of questions on threads of their own: a client that leaves or cancels ends its
//! waiting, and never a count that was begun. Agreements are checked on every answer, also on one that stands.
//! Fresh answers, and failures, are told at ticks, so that how long one took tells little of rows.
//! Source: privacy model §12 (timing); client rules 1 and 2; governance (roles).

use std::time::{Duration, Instant};

use access::{AccessError, Accounts, Act, Agreements, Use, User};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use engine::query::{Database, Decision, Described, Desk, Paid};
use engine::run::{Partner, Run};
use engine::{Error, Kind, Result};
use privacy::{Budget, Delta, OutOfRange, Rho};

use crate::catalog::Catalog;

/// 250 ms: fresh answers, and failures of them, are told at multiples of it.
const TICK: Duration = Duration::from_millis(250);

/// 2 s: so old may be what a catalog says of released tables.
const CATALOG_AGE: Duration = Duration::from_secs(2);

/// The service: lives as long as the program.
pub struct Service {
    run: &'static Run<'static>,
    accounts: Accounts,
    agreements: Agreements,
    catalogs: [(Database, Catalog, tokio::sync::Mutex<Option<Instant>>); 2],
}

/// Who asks, of which database, and what for.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Who is logged in.
    pub user: User,
    /// What is asked.
    pub database: Database,
    /// The purpose that was declared; empty when none was.
    pub purpose: String,
}

/// The rows of a statement, and what is told beside them.
pub struct Told {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub rows: Vec<RecordBatch>,
    /// What it cost, and what is hidden.
    pub notices: Vec<String>,
}

impl Service {
    /// A service over an instance and its accounts, for the life of the program.
    ///
    /// # Errors
    /// A fault when its catalogs cannot be set up.
    pub async fn new(run: &'static Run<'static>, accounts: Accounts) -> Result<&'static Self> {
        let agreements = Agreements::of(&run.instance.root);
        let of = async |it| Ok((it, Catalog::new(it).await?, tokio::sync::Mutex::new(None)));
        let catalogs = [of(Database::Released).await?, of(Database::Protected).await?];
        Ok(Box::leak(Box::new(Self { run, accounts, agreements, catalogs })))
    }

    /// Who may log in.
    #[must_use]
    pub const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The user called `name`, who has shown the password, if statements are for that user at all.
    ///
    /// # Errors
    /// `A08` when they are not; a fault when accounts cannot be read.
    pub fn user(&self, name: &str) -> Result<User> {
        let user = self.accounts.user(name).map_err(of_access)?;
        user.role.check(Act::Released).map_err(of_access)?;
        Ok(user)
    }

    /// What a client program may know of a database.
    ///
    /// # Errors
    /// A fault when vault or ledger cannot be read.
    pub async fn catalog(&'static self, database: Database) -> Result<&'static Catalog> {
        let [released, protected] = &self.catalogs;
        let (_, catalog, read) = if database == released.0 { released } else { protected };
        let mut read = read.lock().await;
        if read.is_none_or(|it| it.elapsed() > CATALOG_AGE) {
            let described: Vec<Described> =
                self.at_desk(database, nobody(), |desk| desk.planner.described()).await?;
            catalog.show(&described).await?;
            *read = Some(Instant::now());
        }
        Ok(catalog)
    }

    /// The columns that a statement would have, and the types of its parameters; nothing is charged.
    ///
    /// # Errors
    /// `Q…` and `A…` as the statement would be refused.
    pub async fn described(
        &'static self,
        asker: &Asker,
        sql: String,
    ) -> Result<(SchemaRef, Vec<Option<DataType>>)> {
        let own = asker.clone();
        self.at_desk(asker.database, nobody(), move |desk| {
            let decision = desk.planner.decide(&sql)?;
            self.allow(&own, &decision)?;
            Ok((decision.columns(), decision.parameters()?))
        })
        .await
    }

    /// Answers a statement; a fresh answer, or a failure, at the next tick.
    ///
    /// # Errors
    /// `Q…`, `A…`, `L…`, or a fault.
    pub async fn answer(&'static self, asker: &Asker, sql: String) -> Result<Told> {
        let begun = Instant::now();
        let own = asker.clone();
        let partner = self.partner(&asker.user)?;
        let answer = self
            .at_desk(asker.database, partner, move |desk| {
                let decision = desk.planner.decide(&sql)?;
                self.allow(&own, &decision)?;
                desk.answer(&decision)
            })
            .await;
        let at_ticks = match &answer {
            Ok(answer) => answer.paid.iter().any(|it| it.charged != Budget::ZERO),
            Err(cause) => cause.kind() == Kind::Fault,
        };
        if at_ticks {
            let ticks = begun.elapsed().as_nanos() / TICK.as_nanos() + 1;
            let wait = TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX));
            tokio::time::sleep_until((begun + wait).into()).await;
        }
        let answer = answer?;
        let notices = answer.paid.iter().map(notice).collect();
        Ok(Told { schema: answer.schema, rows: answer.rows, notices })
    }

    /// Refuses what role or agreement does not allow: before anything is read or charged.
    fn allow(&self, asker: &Asker, decision: &Decision) -> Result<()> {
        let (products, months) = (decision.products(), decision.months());
        let wanted = Use {
            purpose: &asker.purpose,
            products: &products.iter().map(String::as_str).collect::<Vec<_>>(),
            question: !months.is_empty(),
            periods: &months.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        let today = self.run.instance.zone().to_datetime(self.run.clock.now()).date();
        self.agreements.check(&asker.user, &wanted, today).map_err(of_access)
    }

    /// For whom the ledger has a charge, and what of the reserve may be spent.
    fn partner(&self, user: &User) -> Result<Partner> {
        let Some(name) = &user.partner else { return Ok(nobody()) };
        let agreement = self.agreements.get(name.as_str()).map_err(of_access)?;
        if !agreement.areas.is_empty() {
            return Err(Error::policy("A07", "agreements confined to areas are not served")
                .remedy(
                    "ask the operator for an agreement of all areas, or for exported releases",
                ));
        }
        let reserve = self.run.policy.reserve;
        let rho = Rho::from_nano(agreement.share.of(reserve.rho.nano()));
        let delta = Delta::from_atto(agreement.share.of(reserve.delta.atto()));
        let wrong = |cause: OutOfRange| Error::fault("F03", cause.to_string());
        let allowance = Budget { rho: rho.map_err(wrong)?, delta: delta.map_err(wrong)? };
        Ok(Partner { name: name.to_string(), allowance: Some(allowance) })
    }

    /// Does something at a desk, on a thread that may wait.
    async fn at_desk<T: Send + 'static>(
        &'static self,
        database: Database,
        partner: Partner,
        work: impl FnOnce(&Desk<'static>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = tokio::task::spawn_blocking(move || {
            let desk = Desk::open(self.run, database, partner, None)?;
            work(&desk)
        });
        done.await
            .map_err(|_| Error::fault("F03", "a statement stopped the thread that it ran on"))?
    }
}

/// For whom nothing is charged.
const fn nobody() -> Partner {
    Partner { name: String::new(), allowance: Some(Budget::ZERO) }
}

/// What is told beside an answer: its cost, and what is hidden.
fn notice(paid: &Paid) -> String {
    let cost = match paid.charged {
        Budget::ZERO => "answered before, nothing was charged".to_owned(),
        charged => format!("charged rho {}, delta {}", charged.rho, charged.delta),
    };
    let hidden = paid.listed.saturating_sub(paid.published);
    format!("{}: {cost}; {hidden} of {} cells are not published", paid.id, paid.listed)
}

/// What accounts and agreements say, as an error of the product.
pub fn of_access(cause: AccessError) -> Error {
    let kind = cause.kind();
    let error = match kind {
        access::Kind::Input => Error::input(cause.code, cause.what),
        access::Kind::Policy => Error::policy(cause.code, cause.what),
        access::Kind::Fault => Error::fault(cause.code, cause.what),
    };
    let error = cause.at.into_iter().fold(error, Error::at);
    let error = cause.allowed.into_iter().fold(error, Error::allowed);
    cause.remedy.into_iter().fold(error, Error::remedy)
}
