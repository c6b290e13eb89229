//! What client programs read of a database before they ask: `pg_catalog` and `information_schema`.
//!
//! Every table in it is empty and has the columns of the real one; no row of anybody can be reached from here, so
//! statements about the catalog cost nothing and need no planner. Source: client rules 1 and 7.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{
    CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider,
};
use datafusion::common::{DataFusionError, ParamValues};
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::setup_pg_catalog;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use engine::query::{Database, Described};
use engine::{Error, Result};

/// 16: the version that the protocol and the catalog follow.
pub const SERVER_VERSION: &str = "16.6";

/// 64 MB: what one statement about the catalog may hold.
const MEMORY: usize = 64_000_000;

/// 30 s: what one statement about the catalog may take, sleep of its own beside.
const TIME: Duration = Duration::from_secs(30);

/// The catalog of one database. It lives as long as the program: clients keep the numbers of what they saw in it.
pub struct Catalog {
    context: SessionContext,
    tables: Arc<MemoryCatalogProvider>,
    parser: PostgresCompatibilityParser,
}

impl Catalog {
    /// A catalog without tables.
    ///
    /// # Errors
    /// A fault when it cannot be set up.
    pub fn new(database: Database) -> Result<Self> {
        let config = SessionConfig::new()
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(database.name(), database.default_schema())
            .with_information_schema(true)
            .with_target_partitions(1);
        let limited = RuntimeEnvBuilder::new().with_memory_limit(MEMORY, 1.0).build_arc();
        let limited = limited.map_err(|cause| wrong(&cause))?;
        let context = SessionContext::new_with_config_rt(config, limited);
        let tables = Arc::new(MemoryCatalogProvider::new());
        context.register_catalog(database.name(), Arc::clone(&tables) as _);
        setup_pg_catalog(&context, database.name(), EmptyContextProvider)
            .map_err(|cause| Error::fault("F03", cause.to_string()))?;
        for function in functions::known() {
            context.register_udf(function);
        }
        Ok(Self { context, tables, parser: PostgresCompatibilityParser::new() })
    }

    /// Lets the catalog have these tables; one that is there already keeps its numbers.
    ///
    /// # Errors
    /// A fault when it cannot be changed.
    pub fn show(&self, tables: &[Described]) -> Result<()> {
        for table in tables {
            let schema = if let Some(schema) = self.tables.schema(table.schema) {
                schema
            } else {
                let schema: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
                let added = self.tables.register_schema(table.schema, Arc::clone(&schema));
                added.map_err(|cause| wrong(&cause))?;
                schema
            };
            if !schema.table_exist(&table.name) {
                let empty = Arc::new(EmptyTable::new(Arc::clone(&table.columns)));
                let added = schema.register_table(table.name.clone(), empty);
                added.map_err(|cause| wrong(&cause))?;
            }
        }
        Ok(())
    }

    /// The plan of a statement about the catalog.
    ///
    /// # Errors
    /// What of it is not understood.
    pub async fn plan(&self, sql: &str) -> std::result::Result<LogicalPlan, DataFusionError> {
        let mut statements =
            self.parser.parse(sql).map_err(|cause| DataFusionError::SQL(Box::new(cause), None))?;
        let statement: Statement = statements
            .pop()
            .filter(|_| statements.is_empty())
            .ok_or_else(|| DataFusionError::Plan("one statement at a time".to_owned()))?;
        let statement = datafusion::sql::parser::Statement::Statement(Box::new(statement));
        self.context.state().statement_to_plan(statement).await
    }

    /// The rows of a plan.
    ///
    /// # Errors
    /// What cannot be computed.
    pub async fn rows(
        &self,
        plan: LogicalPlan,
        values: ParamValues,
    ) -> std::result::Result<(SchemaRef, Vec<RecordBatch>), DataFusionError> {
        let plan = plan.replace_params_with_values(&values)?;
        let context = self.context.clone();
        // On a thread that may wait: a function that sleeps holds up nobody else.
        let runtime = tokio::runtime::Handle::current();
        let rows = tokio::task::spawn_blocking(move || {
            let rows = async {
                let frame = context.execute_logical_plan(plan).await?;
                let schema = Arc::new(frame.schema().as_arrow().clone());
                Ok((schema, frame.collect().await?))
            };
            let in_time = runtime.block_on(async { tokio::time::timeout(TIME, rows).await });
            let late = || format!("a statement about the catalog took over {} s", TIME.as_secs());
            in_time.unwrap_or_else(|_| Err(DataFusionError::ResourcesExhausted(late())))
        });
        rows.await.map_err(|cause| DataFusionError::External(Box::new(cause)))?
    }
}

fn wrong(cause: &DataFusionError) -> Error {
    Error::fault("F03", cause.to_string())
}

mod functions {
    //! Functions that clients call of a server, as far as the catalog's library has none.

    use std::sync::Arc;
    use std::time::Duration;

    use arrow::array::{ArrayRef, Float64Array, StringArray};
    use arrow::datatypes::DataType;
    use datafusion::common::{DataFusionError, Result, exec_err};
    use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
    use datafusion::scalar::ScalarValue;

    /// What the server says it is: clients read the number.
    pub const VERSION: &str = concat!("PostgreSQL 16.6 (Quorate ", env!("CARGO_PKG_VERSION"), ")");

    /// No statement sleeps longer, whatever it asks for.
    const SLEEP_MOST: f64 = 60.0;

    pub fn known() -> Vec<ScalarUDF> {
        let version = |_: &[ColumnarValue]| {
            Ok(ColumnarValue::Scalar(ScalarValue::Utf8(Some(VERSION.to_owned()))))
        };
        vec![
            create_udf(
                "version",
                Vec::new(),
                DataType::Utf8,
                Volatility::Stable,
                Arc::new(version),
            ),
            create_udf(
                "pg_sleep",
                vec![DataType::Float64],
                DataType::Utf8,
                Volatility::Volatile,
                Arc::new(sleep),
            ),
        ]
    }

    fn sleep(arguments: &[ColumnarValue]) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let Some(seconds) =
            arrays.first().and_then(|it| it.as_any().downcast_ref::<Float64Array>())
        else {
            return exec_err!("pg_sleep takes seconds");
        };
        for seconds in seconds.iter().flatten() {
            let wait = Duration::try_from_secs_f64(seconds.clamp(0.0, SLEEP_MOST))
                .map_err(|cause| DataFusionError::Execution(cause.to_string()))?;
            std::thread::sleep(wait);
        }
        let none: ArrayRef = Arc::new(StringArray::from(vec![Some(""); seconds.len()]));
        Ok(ColumnarValue::Array(none))
    }
}
