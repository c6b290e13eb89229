//! The planner: decides what a statement is, from its words, the schema and the policy.
//!
//! Takes SQL; gives what is free and what is asked, priced, or one refusal. It looks at the unoptimised plan: what an
//! optimiser makes of it comes later and sees slots alone.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::{CatalogProviderList, MemoryCatalogProviderList};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, SchemaError};
use datafusion::execution::FunctionRegistry;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::functions::{crypto, encoding};
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;

use super::bins::Lists;
use super::catalog::{self, Database, Described, RELEASED, catalog};
use super::cube::Readings;
use super::interval::with_intervals;
use super::memory::OfStatement;
use super::price::{Priced, price};
use super::question::{Asked, Question};
use super::released::Released;
use super::rule::{period, unknown};
use super::shelf::Ground;
use super::split::{split, uncarry};
use super::statement::{is_person, of_first_table, parse};
use super::tables::Slot;
use super::{Asking, explain, functions};
use crate::dimension::Dimension;
use crate::error::{Error, Result};
use crate::plan::View;
use crate::policy::Policy;
use crate::publish::Publication;
use crate::run::Places;
use crate::time::Period;

/// Decides statements over one database.
pub struct Planner<'run> {
    policy: &'run Policy,
    /// The month of questions that name no day; the newest held when absent.
    period: Option<Period>,
    database: Database,
    released: Arc<Released>,
    ground: Arc<Ground>,
    pub(super) state: SessionState,
    pub(super) runtime: tokio::runtime::Runtime,
}

/// What a statement comes to: nothing was charged or read yet.
pub struct Decision {
    pub(super) sql: String,
    pub(super) free: LogicalPlan,
    pub(super) questions: Vec<Planned>,
    products: BTreeSet<String>,
    /// Whether the plan and the cost are wanted, and not the answer.
    pub explain: bool,
}

/// A question of a statement.
pub(super) struct Planned {
    pub asked: Asked,
    pub priced: Priced,
    pub slot: Arc<Slot>,
    /// Its answer, when it was found to stand: it stands from then on.
    pub stands: OnceLock<(Publication, Readings)>,
}

impl<'run> Planner<'run> {
    /// A planner over `database`, for the months of `ground`.
    ///
    /// # Errors
    /// A fault when there are no threads to plan with.
    pub(super) fn new(
        policy: &'run Policy,
        ground: &Arc<Ground>,
        (database, released): (Database, &Arc<Released>),
        period: Option<Period>,
    ) -> Result<Self> {
        let state = state(database, &ground.lists, released).map_err(|cause| uncarry(&cause))?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build();
        let runtime = runtime.map_err(|cause| Error::fault("F06", cause.to_string()))?;
        let (ground, released) = (Arc::clone(ground), Arc::clone(released));
        Ok(Self { policy, period, database, released, ground, state, runtime })
    }

    /// Decides a statement: what is free, what is asked, what it costs; nothing is read or charged.
    ///
    /// # Errors
    /// `Q…` naming the rule, the place and a way out.
    pub(super) fn decide(&self, sql: &str) -> Result<Decision> {
        let parsed = parse(sql)?;
        let asking = self.asking(sql);
        let plan = self.plan(parsed.query, sql)?;
        let parts = split(plan, &asking)?;
        let mut questions = Vec::new();
        for (asked, slot) in parts.questions {
            let month = asked.question.period;
            let snapshot = self.ground.snapshots.get(&month);
            let snapshot = snapshot.ok_or_else(|| period::not_held(month, &asking.lists.held))?;
            let priced = price(&asked.question, &snapshot.id, self.policy, &asking)?;
            questions.push(Planned { asked, priced, slot, stands: OnceLock::new() });
        }
        let free = with_intervals(parts.free).map_err(|cause| uncarry(&cause))?;
        let products = self.products(&free);
        Ok(Decision { sql: sql.to_owned(), free, questions, products, explain: parsed.explain })
    }

    /// The month of questions that name no day.
    ///
    /// # Errors
    /// `Q13` when the vault holds none.
    pub(super) fn month(&self) -> Result<Period> {
        self.period.or(self.ground.lists.held.last().copied()).ok_or_else(period::none_held)
    }

    /// What a statement is read against.
    pub(super) fn asking<'ask>(&'ask self, sql: &'ask str) -> Asking<'ask> {
        Asking { sql, lists: &self.ground.lists, period: self.period }
    }

    /// The products whose released tables a plan reads.
    fn products(&self, free: &LogicalPlan) -> BTreeSet<String> {
        let default = self.database.default_schema();
        let mut products = BTreeSet::new();
        let walked = free.apply_with_subqueries(|plan| {
            if let LogicalPlan::TableScan(scan) = plan
                && scan.table_name.schema().unwrap_or(default) == RELEASED
            {
                products.insert(scan.table_name.table().to_owned());
            }
            Ok(TreeNodeRecursion::Continue)
        });
        // Nothing in the walk fails.
        drop(walked);
        products
    }

    /// The unoptimised plan of a statement.
    fn plan(&self, statement: Statement, sql: &str) -> Result<LogicalPlan> {
        let tables = self.tables();
        let wrong = |cause: DataFusionError| match uncarry(&cause) {
            own if own.code() != "F03" => own,
            _ => unknown::not_understood(&cause, sql, &tables),
        };
        for reference in self.state.resolve_table_references(&statement).map_err(wrong)? {
            let known = self.state.schema_for_ref(reference.clone());
            if !known.is_ok_and(|it| it.table_exist(reference.table())) {
                return Err(unknown::no_table(&reference.to_string(), sql, &tables));
            }
        }
        let again = of_first_table(&statement);
        let planned = self.runtime.block_on(self.state.statement_to_plan(statement));
        match (planned, again) {
            (Err(cause), Some(again)) if is_ambiguous_person(&cause) => {
                self.runtime.block_on(self.state.statement_to_plan(again)).map_err(wrong)
            }
            (planned, _) => planned.map_err(wrong),
        }
    }

    /// The tables that a statement may name, with their columns: what may be known before anything is asked.
    ///
    /// # Errors
    /// A fault when a release is not what was published.
    pub fn described(&self) -> Result<Vec<Described>> {
        catalog::described(self.database, &self.released).map_err(|cause| uncarry(&cause))
    }

    /// The tables that a statement may name.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        let catalogs = self.state.catalog_list();
        let default = &self.state.config_options().catalog;
        let Some(catalog) = catalogs.catalog(&default.default_catalog) else { return Vec::new() };
        let schemas = catalog.schema_names().into_iter();
        let mut names: Vec<String> = schemas
            .flat_map(|schema| {
                let tables = catalog.schema(&schema).map(|it| it.table_names()).unwrap_or_default();
                let own = schema == default.default_schema;
                tables.into_iter().map(move |it| if own { it } else { format!("{schema}.{it}") })
            })
            .collect();
        names.sort();
        names
    }
}

fn is_ambiguous_person(cause: &DataFusionError) -> bool {
    let DataFusionError::SchemaError(cause, _) = cause.find_root() else { return false };
    matches!(cause.as_ref(), SchemaError::AmbiguousReference { field } if is_person(&field.name))
}

impl Decision {
    /// The questions that may have to be paid for.
    pub(super) fn paid_questions(&self) -> impl Iterator<Item = &Planned> {
        self.questions.iter().filter(|it| !it.asked.question.nothing)
    }

    /// Whether nothing of it is ever charged.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.explain || self.paid_questions().next().is_none()
    }

    /// The products whose released tables it reads.
    #[must_use]
    pub const fn products(&self) -> &BTreeSet<String> {
        &self.products
    }

    /// Refuses a question about other places than these.
    ///
    /// # Errors
    /// `A07` then.
    pub(super) fn check_places(&self, places: &Places, lists: &Lists) -> Result<()> {
        let present = lists.codes.list(Dimension::PresentIn).labels();
        let is_within = |question: &Question| {
            let mut filters = question.filters.iter();
            let confined = filters.any(|(of, bins)| bins.iter().all(|it| places.hold(*of, it)));
            // Where there are no other places there is nothing to confine.
            let are_all = || present.iter().all(|it| places.hold(Dimension::PresentIn, it));
            confined || question.view == View::Presence && are_all()
        };
        if self.paid_questions().all(|it| is_within(&it.asked.question)) {
            return Ok(());
        }
        let what = "the agreement is for some places, and a question is not confined to them";
        let allowed = format!("the places {}", places.codes().join(", "));
        Err(Error::policy("A07", what).allowed(allowed).remedy(
            "add a condition: `area` of presence, or a home column of subscriber, IN codes that lie in them",
        ))
    }

    /// The months of its questions that may be charged.
    #[must_use]
    pub fn months(&self) -> BTreeSet<String> {
        let questions = if self.explain { &[][..] } else { &self.questions[..] };
        questions.iter().map(|it| it.priced.plan.period.to_string()).collect()
    }

    /// The columns of its answer.
    #[must_use]
    pub fn columns(&self) -> SchemaRef {
        if self.explain {
            explain::columns()
        } else {
            Arc::new(self.free.schema().as_arrow().clone())
        }
    }

    /// The types of its parameters `$1`, `$2` and so on, as far as they follow from what is free of it.
    ///
    /// # Errors
    /// `Q02` when a parameter would have two types.
    pub fn parameters(&self) -> Result<Vec<Option<DataType>>> {
        let types = self.free.get_parameter_types().map_err(|cause| uncarry(&cause))?;
        let number = |name: &String| name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
        let most = types.keys().filter_map(number).max().unwrap_or(0);
        Ok((1..=most).map(|at| types.get(&format!("${at}")).cloned().flatten()).collect())
    }

    /// The month that pays, if any does.
    pub(super) fn period(&self) -> Option<Period> {
        self.paid_questions().map(|it| it.priced.plan.period).next()
    }
}

fn state(
    database: Database,
    lists: &Lists,
    released: &Arc<Released>,
) -> datafusion::common::Result<SessionState> {
    let mut config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(database.name(), database.default_schema())
        .with_information_schema(false)
        .with_target_partitions(1);
    config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(database.name().to_owned(), catalog(database, lists, released)?);
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(OfStatement::pool()).build_arc()?;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_catalog_list(Arc::new(catalogs))
        .with_default_features();
    let mut state = state.build();
    // What is compiled in for another crate of the program is not for questions.
    let others = [encoding::functions(), crypto::functions()];
    for function in others.iter().flatten() {
        state.deregister_udf(function.name())?;
    }
    for function in functions::known() {
        state.register_udf(Arc::new(function))?;
    }
    Ok(state)
}
