//! One service behind every wire: who asks, what a statement comes to, and what is told beside the answer.
//!
//! Statements go to the desk of questions on threads of their own: a client that leaves or cancels ends its
//! waiting, and never a count that was begun. Agreements are checked on every answer, also on one that stands.
//! Fresh answers, and failures, are told at ticks, so that how long one took tells little of rows.
//! Source: privacy model §12 (timing); client rules 1 and 2; governance (roles).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use access::{AccessError, Accounts, Act, Agreements, Scope, Use, User};
use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DataFusionError;
use engine::query::{Database, Decision, Described, Desk, Paid, Shelf};
use engine::run::{Months, Partner, Places, Run};
use engine::{Error, Kind, Result};
use ledger::State;
use privacy::{Budget, Delta, OutOfRange, Rho};
use tokio::sync::Semaphore;

use crate::catalog::{Catalog, SETTINGS, Surroundings};
use crate::limits::{Held, Limits};
use crate::literal::check_length;
use crate::metrics::Metrics;
use crate::route::is_of_catalog;

/// 250 ms: fresh answers, and failures of them, are told at multiples of it.
const TICK: Duration = Duration::from_millis(250);

/// Passwords that are checked at a time.
const LOGINS: usize = 2;

/// 1 s: what a refused password is told after.
pub const REFUSAL: Duration = Duration::from_secs(1);

/// 2 s: so old may be what a catalog says of released tables.
const CATALOG_AGE: Duration = Duration::from_secs(2);

/// The service: lives as long as the program.
pub struct Service {
    run: &'static Run<'static>,
    accounts: Accounts,
    agreements: Agreements,
    catalogs: [(Database, Catalog, tokio::sync::Mutex<Option<Instant>>); 2],
    logins: Arc<Semaphore>,
    limits: Limits,
    shelf: Shelf,
    ready: tokio::sync::Mutex<Option<Instant>>,
    /// What it has done.
    pub metrics: Metrics,
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
    /// Whether this login is for charged questions at all.
    pub questions: bool,
}

/// What a session of a wire says of itself, where nothing else is set.
impl Surroundings for Asker {
    fn user(&self) -> String {
        self.user.name.to_string()
    }

    fn setting(&self, name: &str) -> Option<String> {
        match name {
            "quorate.purpose" => Some(self.purpose.clone()),
            "search_path" => Some(self.database.default_schema().to_owned()),
            name => SETTINGS.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()),
        }
    }
}

/// The rows of a statement, and what is told beside them.
pub struct Told {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub rows: Vec<RecordBatch>,
    /// What it cost, and what is hidden.
    pub notices: Vec<String>,
    /// Whether anything was charged for it now.
    pub charged: bool,
    /// The memory of its rows: to be kept until they are taken.
    pub held: Held,
}

/// A release that was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRelease {
    /// Its folder.
    pub id: String,
    /// Its product.
    pub product: String,
    /// Its month.
    pub period: String,
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
        Ok(Box::leak(Box::new(Self {
            run,
            accounts,
            agreements,
            catalogs,
            logins: Arc::new(Semaphore::new(LOGINS)),
            limits: Limits::default(),
            shelf: Shelf::default(),
            ready: tokio::sync::Mutex::default(),
            metrics: Metrics::default(),
        })))
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
        if user.disabled.is_some() {
            let what = format!("the user {name} is disabled");
            return Err(Error::policy("A08", what).remedy("ask the operator"));
        }
        user.role.check(Act::Released).map_err(of_access)?;
        Ok(user)
    }

    /// What a client program may know of a database.
    async fn catalog(&'static self, database: Database) -> Result<&'static Catalog> {
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

    /// The tables of a database, with what they are.
    ///
    /// # Errors
    /// A fault when vault or ledger cannot be read.
    pub async fn tables(&'static self, database: Database) -> Result<Vec<Described>> {
        self.at_desk(database, nobody(), |desk| desk.planner.described()).await
    }

    /// The columns that a statement would have, and the types of its parameters; nothing is charged.
    ///
    /// # Errors
    /// `Q…` and `A…` as the statement would be refused.
    pub async fn described(
        &'static self,
        asker: &Asker,
        around: &(dyn Surroundings + Sync),
        sql: String,
    ) -> Result<(SchemaRef, Vec<Option<DataType>>)> {
        check_length(&sql)?;
        let asker = &self.still(asker)?;
        if is_of_catalog(&sql) {
            let catalog = self.catalog(asker.database).await?;
            let planned = catalog.plan(&sql, around).await.map_err(|it| not_understood(&it))?;
            let parameters = planned.parameters().map_err(|cause| not_understood(&cause))?;
            return Ok((planned.columns(), parameters));
        }
        let own = asker.clone();
        let partner = self.partner(&asker.user)?;
        self.at_desk(asker.database, partner, move |desk| {
            let decision = desk.decide(&sql)?;
            self.allow(&own, &decision)?;
            Ok((decision.columns(), decision.parameters()?))
        })
        .await
    }

    /// The rows of a statement: of the catalog, or an answer; a fresh answer, or a failure, at the next tick.
    ///
    /// # Errors
    /// `Q…`, `A…`, `L…`, or a fault.
    pub async fn read(
        &'static self,
        asker: &Asker,
        around: &(dyn Surroundings + Sync),
        sql: String,
    ) -> Result<Told> {
        let told = self.told(asker, around, sql).await;
        self.metrics.asked(&told);
        told
    }

    async fn told(
        &'static self,
        asker: &Asker,
        around: &(dyn Surroundings + Sync),
        sql: String,
    ) -> Result<Told> {
        check_length(&sql)?;
        let asker = self.still(asker)?;
        let turn = self.limits.turn(asker.user.name.as_str()).await;
        // It goes on when nobody waits for it any more, and gives its turn back when it is told, at a tick where there
        // is one: whoever cancels neither has more than his turns at work nor sees when a count ended.
        let told = if is_of_catalog(&sql) {
            let catalog = self.catalog(asker.database).await?;
            let planned = catalog.plan(&sql, around).await.map_err(|it| not_understood(&it))?;
            tokio::spawn(async move {
                let found = catalog.rows(planned).await.map_err(|it| not_understood(&it));
                drop(turn);
                let (schema, rows) = found?;
                let (rows, held) = self.limits.hold(asker.user.name.as_str(), rows)?;
                Ok(Told { schema, rows, notices: Vec::new(), charged: false, held })
            })
        } else {
            tokio::spawn(async move {
                let answer = self.answer(&asker, sql).await;
                drop(turn);
                answer
            })
        };
        told.await.map_err(|_| stopped())?
    }

    /// Who asks, as accounts have it now: a session may be older than what was decided of its user.
    fn still(&self, asker: &Asker) -> Result<Asker> {
        let user = self.user(asker.user.name.as_str())?;
        Ok(Asker { user, ..asker.clone() })
    }

    /// Who has shown a password; nobody learns whether it was the name or the password that was wrong.
    ///
    /// # Errors
    /// `A08` when statements are not for that user; a fault when accounts cannot be read.
    pub async fn by_password(&'static self, name: &str, password: &str) -> Result<Option<User>> {
        let (name, password) = (name.to_owned(), password.to_owned());
        let begun = Instant::now();
        // A check is work for a core: no more at a time than leave one for others, whoever waits for them.
        let turn = Arc::clone(&self.logins).acquire_owned().await;
        let checked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            self.accounts.check_password(&name, &password).map_err(of_access)
        });
        let user = checked.await.map_err(|_| stopped())??;
        if user.is_none() {
            self.metrics.logins_refused.inc();
            tokio::time::sleep_until((begun + REFUSAL).into()).await;
        }
        Ok(user)
    }

    /// Who bears a token, and whether it is for charged questions.
    ///
    /// # Errors
    /// A fault when accounts cannot be read.
    pub fn by_token(&self, token: &str) -> Result<Option<(User, bool)>> {
        let bearer = self.accounts.check_token(token, self.run.clock.now()).map_err(of_access)?;
        if bearer.is_none() {
            self.metrics.logins_refused.inc();
        }
        Ok(bearer.map(|it| (it.user, it.scopes.contains(&Scope::Questions))))
    }

    /// Whether the instance can be read: its vault and its ledger.
    ///
    /// # Errors
    /// A fault that says what is wrong.
    pub async fn ready(&'static self) -> Result<()> {
        // Anybody may ask, so it is looked at no more often than a catalog is.
        let mut seen = self.ready.lock().await;
        if seen.is_none_or(|it| it.elapsed() > CATALOG_AGE) {
            self.at_desk(Database::Released, nobody(), |_| Ok(())).await?;
            *seen = Some(Instant::now());
        }
        Ok(())
    }

    /// The published releases that a user may read, newest last: product, month and folder.
    ///
    /// # Errors
    /// A fault when the ledger cannot be read.
    pub async fn releases(&'static self, asker: &Asker) -> Result<Vec<PublishedRelease>> {
        let own = self.still(asker)?;
        if let Some(places) = self.partner(&own.user)?.places {
            let what = "the agreement is for some places, and files of releases are of all";
            return Err(Error::policy("A07", what)
                .allowed(format!("rows of {}", places.codes().join(", ")))
                .remedy("read released tables in SQL: they have those rows"));
        }
        let listed = tokio::task::spawn_blocking(move || {
            let history = self.run.history()?;
            let published = history.charges().into_iter().filter_map(|it| match it.state {
                State::Published(of) => Some(PublishedRelease {
                    id: of.release,
                    product: it.charge.product,
                    period: it.charge.period,
                }),
                State::Abandoned => None,
            });
            Ok(published.filter(|it| self.may_read(&own, it).is_ok()).collect())
        });
        listed.await.map_err(|_| stopped())?
    }

    /// Refuses a release that the user's agreement does not name, as if it were not there.
    fn may_read(&self, asker: &Asker, release: &PublishedRelease) -> Result<()> {
        engine::product::named(&release.product)?;
        let wanted = Use {
            purpose: &asker.purpose,
            products: &[&release.product],
            question: false,
            periods: &[&release.period],
        };
        self.agreements.check(&asker.user, &wanted, self.today()).map_err(of_access)
    }

    /// The folder of releases.
    #[must_use]
    pub fn releases_dir(&self) -> PathBuf {
        self.run.instance.releases_dir()
    }

    fn today(&self) -> jiff::civil::Date {
        self.run.instance.zone().to_datetime(self.run.clock.now()).date()
    }

    async fn answer(&'static self, asker: &Asker, sql: String) -> Result<Told> {
        let begun = Instant::now();
        let own = asker.clone();
        let partner = self.partner(&asker.user)?;
        let confined = partner.places.is_some();
        let answer = self
            .at_desk(asker.database, partner, move |desk| {
                let decision = desk.decide(&sql)?;
                self.allow(&own, &decision)?;
                // Whatever it comes to, it came to it after counting.
                let counts = desk.cost(&decision)?.due != Budget::ZERO;
                Ok((counts, desk.answer(&decision)))
            })
            .await;
        let (at_ticks, answer) = match answer {
            Ok((counts, answer)) => (counts, answer),
            Err(cause) => (cause.kind() == Kind::Fault, Err(cause)),
        };
        if at_ticks {
            tokio::time::sleep_until(tick(begun).into()).await;
        }
        let answer = answer?;
        let notices = answer.paid.iter().map(|it| notice(it, confined)).collect();
        let charged = answer.paid.iter().any(|it| it.charged != Budget::ZERO);
        let (rows, held) = self.limits.hold(asker.user.name.as_str(), answer.rows)?;
        Ok(Told { schema: answer.schema, rows, notices, charged, held })
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
        if wanted.question && !asker.questions {
            return Err(Error::policy("A08", "this token is for released tables alone")
                .remedy("log in with a token made with --questions, or with a password"));
        }
        self.agreements.check(&asker.user, &wanted, self.today()).map_err(of_access)
    }

    /// For whom the ledger has a charge, and what of the reserve may be spent.
    fn partner(&self, user: &User) -> Result<Partner> {
        let Some(name) = &user.partner else { return Ok(nobody()) };
        let agreement = self.agreements.get(name.as_str()).map_err(of_access)?;
        let places = match agreement.areas.as_slice() {
            [] => None,
            areas => Some(Places::new(&self.run.policy.geography, areas)?),
        };
        let reserve = self.run.policy.reserve;
        let rho = Rho::from_nano(agreement.share.of(reserve.rho.nano()));
        let delta = Delta::from_atto(agreement.share.of(reserve.delta.atto()));
        let wrong = |cause: OutOfRange| Error::fault("F03", cause.to_string());
        let allowance = Budget { rho: rho.map_err(wrong)?, delta: delta.map_err(wrong)? };
        let months = Months {
            from: agreement.periods.from().parse()?,
            to: agreement.periods.to().map(str::parse).transpose()?,
        };
        let (allowance, months) = (Some(allowance), Some(months));
        Ok(Partner { name: name.to_string(), allowance, months, places })
    }

    /// Does something at a desk, on a thread that may wait.
    async fn at_desk<T: Send + 'static>(
        &'static self,
        database: Database,
        partner: Partner,
        work: impl FnOnce(&Desk<'static>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = tokio::task::spawn_blocking(move || {
            let desk = Desk::open(self.run, &self.shelf, (database, None), partner)?;
            work(&desk)
        });
        done.await.map_err(|_| stopped())?
    }
}

/// The next tick of what began then.
fn tick(begun: Instant) -> Instant {
    let ticks = begun.elapsed().as_nanos() / TICK.as_nanos() + 1;
    begun + TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
}

/// Waits, on the thread of a count, until its charge may be seen: whoever asks for the budget meanwhile learns when a
/// count ended by a tick as well.
pub fn pace(begun: Instant) {
    std::thread::sleep(tick(begun).saturating_duration_since(Instant::now()));
}

fn stopped() -> Error {
    Error::fault("F03", "a statement stopped the thread that it ran on")
}

/// How a refusal begins of what cannot be read as SQL at all.
pub const NO_SQL: &str = "the statement is no SQL";

/// What the catalog does not understand, as a refusal of the planner's.
fn not_understood(cause: &DataFusionError) -> Error {
    let root = cause.find_root();
    let said = root.strip_backtrace();
    match root {
        DataFusionError::SQL(..) => Error::policy("Q02", format!("{NO_SQL}: {said}")),
        DataFusionError::ResourcesExhausted(_) => Error::fault("F15", said),
        DataFusionError::NotImplemented(_) => Error::policy("Q01", said),
        _ => Error::policy("Q02", said),
    }
}

/// For whom nothing is charged.
fn nobody() -> Partner {
    Partner { allowance: Some(Budget::ZERO), ..Partner::named("") }
}

/// What is told beside an answer: its cost, and what is hidden, which tells of all places.
fn notice(paid: &Paid, confined: bool) -> String {
    let cost = match paid.charged {
        Budget::ZERO => "answered before, nothing was charged".to_owned(),
        charged => format!("charged rho {}, delta {}", charged.rho, charged.delta),
    };
    if confined {
        return format!("{}: {cost}", paid.id);
    }
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
