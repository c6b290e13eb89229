//! Functions that clients call of a server, as far as the catalog's library has none or another one.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int32Array, StringArray, new_null_array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int32Type};
use datafusion::common::{DataFusionError, Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use engine::query::Database;

use super::SERVER_VERSION;
use super::relations::Known;

/// No statement sleeps longer, whatever it asks for.
const SLEEP_MOST: f64 = 60.0;

/// Whose everything is that is shown.
const OWNER: &str = "quorate";

type Of = dyn Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync;

/// A function of any arguments.
struct Plain {
    name: &'static str,
    signature: Signature,
    returns: DataType,
    of: Box<Of>,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name)
    }
}

impl PartialEq for Plain {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Plain {}

impl std::hash::Hash for Plain {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Plain {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = arguments.number_rows;
        let arrays: Vec<ArrayRef> =
            arguments.args.iter().map(|it| it.to_array(rows)).collect::<Result<_>>()?;
        Ok(ColumnarValue::Array((self.of)(&arrays, rows)?))
    }
}

fn plain(
    name: &'static str,
    returns: DataType,
    volatility: Volatility,
    of: impl Fn(&[ArrayRef], usize) -> Result<ArrayRef> + Send + Sync + 'static,
) -> ScalarUDF {
    let any = datafusion::logical_expr::TypeSignature::OneOf(vec![
        datafusion::logical_expr::TypeSignature::Nullary,
        datafusion::logical_expr::TypeSignature::VariadicAny,
    ]);
    let signature = Signature::new(any, volatility);
    ScalarUDF::new_from_impl(Plain { name, signature, returns, of: Box::new(of) })
}

/// The same for every row.
fn always(name: &'static str, value: ScalarValue) -> ScalarUDF {
    plain(name, value.data_type(), Volatility::Stable, move |_, rows| value.to_array_of_size(rows))
}

/// What stands for something that no row here has; a row that asks for it is told so.
fn never(name: &'static str, returns: DataType) -> ScalarUDF {
    let kind = returns.clone();
    plain(name, returns, Volatility::Stable, move |_, rows| {
        if rows == 0 { Ok(new_null_array(&kind, 0)) } else { exec_err!("{name} is not supported") }
    })
}

fn text(value: &str) -> ScalarValue {
    ScalarValue::Utf8(Some(value.to_owned()))
}

/// All of them.
pub fn all(database: Database, known: &Arc<Known>) -> Vec<ScalarUDF> {
    let (boolean, null) = (|it| ScalarValue::Boolean(Some(it)), || ScalarValue::Utf8(None));
    let version = concat!("PostgreSQL 16.6 (Quorate ", env!("CARGO_PKG_VERSION"), ")");
    debug_assert!(version.contains(SERVER_VERSION));
    let schemas = ScalarValue::new_list(&[text(database.default_schema())], &DataType::Utf8, true);
    let schemas = ScalarValue::List(schemas);
    let member = |name: &str, of| Field::new(name, of, true);
    let pair = Fields::from(vec![member("x", DataType::Int16), member("n", DataType::Int32)]);
    let (of_columns, of_tables, of_names) =
        (Arc::clone(known), Arc::clone(known), Arc::clone(known));
    vec![
        always("version", text(version)),
        always("current_schema", text(database.default_schema())),
        always("current_schemas", schemas),
        always("pg_get_userbyid", text(OWNER)),
        always("pg_my_temp_schema", ScalarValue::Int32(Some(0))),
        always("pg_type_is_visible", boolean(true)),
        always("pg_function_is_visible", boolean(true)),
        always("pg_collation_is_visible", boolean(true)),
        always("pg_operator_is_visible", boolean(true)),
        always("pg_opclass_is_visible", boolean(true)),
        always("pg_is_in_recovery", boolean(false)),
        always("pg_is_other_temp_schema", boolean(false)),
        always("has_column_privilege", boolean(true)),
        always("has_database_privilege", boolean(true)),
        always("has_function_privilege", boolean(false)),
        always("has_sequence_privilege", boolean(false)),
        always("has_type_privilege", boolean(true)),
        always("pg_has_role", boolean(true)),
        always("row_security_active", boolean(false)),
        always("txid_current", ScalarValue::Int64(Some(1))),
        always("pg_table_size", ScalarValue::Int64(Some(0))),
        always("pg_indexes_size", ScalarValue::Int64(Some(0))),
        always("pg_database_size", ScalarValue::Int64(Some(0))),
        always("pg_size_pretty", text("0 bytes")),
        always("pg_get_indexdef", null()),
        always("pg_get_serial_sequence", null()),
        always("pg_get_viewdef", null()),
        always("pg_get_triggerdef", null()),
        always("pg_get_ruledef", null()),
        always("pg_get_functiondef", null()),
        always("pg_get_function_result", null()),
        always("pg_get_function_arguments", null()),
        always("pg_get_function_identity_arguments", null()),
        always("pg_get_statisticsobjdef", null()),
        always("pg_tablespace_location", null()),
        always("shobj_description", null()),
        always("inet_server_addr", null()),
        always("inet_client_addr", null()),
        always("pg_client_encoding", text("UTF8")),
        never("_pg_expandarray", DataType::Struct(pair)),
        never("generate_subscripts", DataType::Int32),
        never("json_build_object", DataType::Utf8),
        never("row_to_json", DataType::Utf8),
        plain("col_description", DataType::Utf8, Volatility::Stable, move |of, rows| {
            let (relations, columns) = (integers(of, 0, rows)?, integers(of, 1, rows)?);
            let pairs = relations.iter().zip(columns.iter());
            let found = pairs.map(|(relation, column)| of_columns.comment(relation?, column?));
            Ok(Arc::new(found.collect::<StringArray>()))
        }),
        plain("obj_description", DataType::Utf8, Volatility::Stable, move |of, rows| {
            let found = integers(of, 0, rows)?
                .iter()
                .map(|it| of_tables.comment(it?, 0))
                .collect::<StringArray>();
            Ok(Arc::new(found))
        }),
        plain("to_regclass", DataType::Int32, Volatility::Stable, move |of, rows| {
            let Some(names) = of.first() else { return exec_err!("to_regclass takes a name") };
            let names = cast(names, &DataType::Utf8)?;
            let found = names
                .as_string::<i32>()
                .iter()
                .map(|it| of_names.number(it?))
                .collect::<Int32Array>();
            debug_assert_eq!(names.len(), rows);
            Ok(Arc::new(found))
        }),
        plain("pg_sleep", DataType::Utf8, Volatility::Volatile, sleep),
    ]
}

fn integers(of: &[ArrayRef], at: usize, rows: usize) -> Result<Int32Array> {
    match of.get(at) {
        Some(array) => Ok(cast(array, &DataType::Int32)?.as_primitive::<Int32Type>().clone()),
        None => Ok(new_null_array(&DataType::Int32, rows).as_primitive::<Int32Type>().clone()),
    }
}

fn sleep(of: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let Some(seconds) = of.first() else { return exec_err!("pg_sleep takes seconds") };
    let seconds = cast(seconds, &DataType::Float64)?;
    let seconds: Option<&Float64Array> = seconds.as_any().downcast_ref();
    // Once for all rows, so that no statement sleeps longer than this says.
    let longest = seconds.into_iter().flatten().flatten().fold(0.0, f64::max);
    let wait = Duration::try_from_secs_f64(longest.clamp(0.0, SLEEP_MOST))
        .map_err(|cause| DataFusionError::Execution(cause.to_string()))?;
    std::thread::sleep(wait);
    text("").to_array_of_size(rows)
}
