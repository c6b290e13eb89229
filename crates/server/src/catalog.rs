//! What client programs read of a database before they ask: `pg_catalog` and `information_schema`.
//!
//! It holds names, types and comments of tables and no row of anybody; no table of people can be reached from here,
//! so statements about the catalog cost nothing and need no planner. Source: client rules 1 and 7.

mod functions;
mod nothing;
mod relations;
mod rewrite;
mod settings;
mod views;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider, TableProvider,
};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::MemTable;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::setup_pg_catalog;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use engine::query::{Database, Described};
use engine::{Error, Result};

use self::relations::Relations;
pub use self::rewrite::Surroundings;
pub use self::settings::SETTINGS;

/// 16: the version that the protocol and the catalog follow.
pub const SERVER_VERSION: &str = "16.6";

/// 64 MB: what one statement about the catalog may hold.
const MEMORY: usize = 64_000_000;

/// 90 s: what one statement about the catalog may take, a sleep of its own included.
const TIME: Duration = Duration::from_secs(90);

/// The catalog of one database.
pub struct Catalog {
    database: Database,
    context: SessionContext,
    relations: Relations,
    parser: PostgresCompatibilityParser,
}

/// A statement that was understood.
#[derive(Clone)]
pub struct Planned {
    plan: LogicalPlan,
    names: rewrite::Names,
}

impl Catalog {
    /// A catalog that shows nothing yet.
    ///
    /// # Errors
    /// A fault when it cannot be set up.
    pub async fn new(database: Database) -> Result<Self> {
        Self::set_up(database).await.map_err(|cause| wrong(&cause))
    }

    async fn set_up(database: Database) -> datafusion::common::Result<Self> {
        let mut config = SessionConfig::new()
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(database.name(), database.default_schema())
            .with_information_schema(false)
            .with_target_partitions(1);
        config.options_mut().sql_parser.dialect = datafusion::config::Dialect::PostgreSQL;
        // Nothing of a statement goes to disk: what does not fit is refused at once.
        let disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
        let limited = RuntimeEnvBuilder::new()
            .with_memory_limit(MEMORY, 1.0)
            .with_disk_manager_builder(disk)
            .build_arc()?;
        let context = SessionContext::new_with_config_rt(config, limited);
        let relations = Relations::new()?;
        let catalog = Arc::new(MemoryCatalogProvider::new());
        let described = MemorySchemaProvider::new();
        let tables: Arc<dyn TableProvider> = Arc::<MemTable>::clone(&relations.tables);
        let columns: Arc<dyn TableProvider> = Arc::<MemTable>::clone(&relations.columns);
        described.register_table("relation".to_owned(), tables)?;
        described.register_table("field".to_owned(), columns)?;
        described.register_table("setting".to_owned(), Arc::new(settings::table()?))?;
        catalog.register_schema("described", Arc::new(described))?;
        let whole: Arc<dyn CatalogProvider> = Arc::<MemoryCatalogProvider>::clone(&catalog);
        context.register_catalog(database.name(), whole);
        setup_pg_catalog(&context, database.name(), EmptyContextProvider).map_err(|it| *it)?;
        for function in functions::all(database, &relations.known) {
            context.register_udf(function);
        }
        // What makes much of little is not needed to look around.
        for name in
            ["repeat", "lpad", "rpad", "array_repeat", "array_resize", "range", "generate_series"]
        {
            context.deregister_udf(name);
        }
        let mut own: BTreeMap<(&str, String), Arc<dyn TableProvider>> = BTreeMap::new();
        for (schema, name, definition) in views::VIEWS {
            let view = context.sql(definition).await?.into_view();
            own.insert((schema, (*name).to_owned()), view);
        }
        for (schema, name, columns) in views::EMPTY {
            let columns = columns.split(", ").flat_map(|it| it.split(",\n")).map(|column| {
                let column = column.trim();
                let (name, kind) = column.split_once(' ').unwrap_or((column, "text"));
                format!("CAST(NULL AS {kind}) AS \"{name}\"")
            });
            let definition =
                format!("SELECT {} WHERE false", columns.collect::<Vec<_>>().join(", "));
            let view = context.sql(&definition).await?.into_view();
            own.insert((schema, (*name).to_owned()), view);
        }
        for name in ["pg_catalog", "information_schema"] {
            let known = own.iter().filter(|it| it.0.0 == name);
            let known = known.map(|((_, name), it)| (name.clone(), Arc::clone(it))).collect();
            let rest = catalog.schema(name);
            catalog.register_schema(name, Arc::new(Overlaid { known, rest }))?;
        }
        let parser = PostgresCompatibilityParser::new();
        Ok(Self { database, context, relations, parser })
    }

    /// Shows these tables.
    ///
    /// # Errors
    /// A fault when they cannot be shown.
    pub async fn show(&self, tables: &[Described]) -> Result<()> {
        let shown = self.relations.show(self.database, tables).await;
        shown.map_err(|cause| wrong(&cause))
    }

    /// The plan of a statement about the catalog.
    ///
    /// # Errors
    /// What of it is not understood.
    pub async fn plan(
        &self,
        sql: &str,
        around: &(dyn Surroundings + Sync),
    ) -> std::result::Result<Planned, DataFusionError> {
        let said = |cause| DataFusionError::SQL(Box::new(cause), None);
        let (sql, names) = rewrite::rewrite(sql, around).map_err(said)?;
        let mut statements = self.parser.parse(&sql).map_err(said)?;
        let statement = statements
            .pop()
            .filter(|_| statements.is_empty())
            .ok_or_else(|| DataFusionError::Plan("one statement at a time".to_owned()))?;
        let statement = datafusion::sql::parser::Statement::Statement(Box::new(statement));
        let plan = self.context.state().statement_to_plan(statement).await?;
        // It is looked at and nothing else: no table is made of it.
        let looks = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false);
        looks.with_allow_statements(false).verify_plan(&plan)?;
        let plan = nothing::cut(plan)?;
        Ok(Planned { plan, names })
    }

    /// The rows of a plan.
    ///
    /// # Errors
    /// What cannot be computed.
    pub async fn rows(
        &self,
        planned: Planned,
    ) -> std::result::Result<(SchemaRef, Vec<RecordBatch>), DataFusionError> {
        let (schema, plan) = (planned.columns(), planned.plan);
        let context = self.context.clone();
        // On a thread that may wait: a function that sleeps holds up nobody else.
        let runtime = tokio::runtime::Handle::current();
        let rows = tokio::task::spawn_blocking(move || {
            let rows = async { context.execute_logical_plan(plan).await?.collect().await };
            let in_time = runtime.block_on(async { tokio::time::timeout(TIME, rows).await });
            let late = || format!("a statement about the catalog took over {} s", TIME.as_secs());
            in_time.unwrap_or_else(|_| Err(DataFusionError::ResourcesExhausted(late())))
        });
        let rows = rows.await.map_err(|cause| DataFusionError::External(Box::new(cause)))??;
        // A text may be kept in another way than was planned.
        let first = rows.first().map(|it| renamed(it.schema_ref(), &schema));
        let schema = first.unwrap_or(schema);
        let named =
            |it: RecordBatch| Ok(RecordBatch::try_new(Arc::clone(&schema), it.columns().to_vec())?);
        let rows = rows.into_iter().map(named).collect::<std::result::Result<_, DataFusionError>>();
        Ok((Arc::clone(&schema), rows?))
    }
}

impl Planned {
    /// The types of its parameters, where it says them.
    ///
    /// # Errors
    /// Two types for one parameter.
    pub fn parameters(&self) -> std::result::Result<Vec<Option<DataType>>, DataFusionError> {
        inferred(&self.plan)
    }

    /// Its columns, called as PostgreSQL calls them.
    pub fn columns(&self) -> SchemaRef {
        let schema = self.plan.schema().as_arrow();
        let names = self.names.as_ref().filter(|it| it.len() == schema.fields().len());
        let fields = schema.fields().iter().enumerate().map(|(at, field)| {
            let name = names.and_then(|it| it.get(at).cloned().flatten());
            name.map_or_else(
                || Arc::clone(field),
                |it| Arc::new(field.as_ref().clone().with_name(it)),
            )
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

/// The types that a plan wants of its parameters, in order; none where it does not say.
fn inferred(plan: &LogicalPlan) -> datafusion::common::Result<Vec<Option<DataType>>> {
    let mut types = plan.get_parameter_types()?;
    // What is cast is of the type that it is cast to.
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|it| {
                if let Expr::Cast(cast) = it
                    && let Expr::Placeholder(placeholder) = cast.expr.as_ref()
                    && let Some(open @ None) = types.get_mut(&placeholder.id)
                {
                    *open = Some(cast.field.data_type().clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let number = |name: &String| name.strip_prefix('$').and_then(|it| it.parse::<usize>().ok());
    let most = types.keys().filter_map(number).max().unwrap_or(0);
    Ok((1..=most).map(|at| types.get(&format!("${at}")).cloned().flatten()).collect())
}

/// Columns of one schema under the names of another.
fn renamed(schema: &Schema, names: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().zip(names.fields());
    let fields =
        fields.map(|(field, name)| Arc::new(field.as_ref().clone().with_name(name.name())));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A type as PostgreSQL has it: its whole numbers have signs.
pub fn signed(of: &DataType) -> DataType {
    match of {
        DataType::UInt64 => DataType::Int64,
        other => other.clone(),
    }
}

/// A schema with tables of its own before those of another.
#[derive(Debug)]
struct Overlaid {
    known: BTreeMap<String, Arc<dyn TableProvider>>,
    rest: Option<Arc<dyn SchemaProvider>>,
}

#[async_trait]
impl SchemaProvider for Overlaid {
    fn table_names(&self) -> Vec<String> {
        self.known.keys().cloned().collect()
    }

    async fn table(
        &self,
        name: &str,
    ) -> datafusion::common::Result<Option<Arc<dyn TableProvider>>> {
        match (self.known.get(name), &self.rest) {
            (Some(own), _) => Ok(Some(Arc::clone(own))),
            (None, Some(rest)) => rest.table(name).await,
            (None, None) => Ok(None),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.known.contains_key(name) || self.rest.as_ref().is_some_and(|it| it.table_exist(name))
    }
}

fn wrong(cause: &DataFusionError) -> Error {
    Error::fault("F03", cause.to_string())
}
