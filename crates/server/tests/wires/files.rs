//! The statements of the engine's `tests/slt`, unchanged, over every wire.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{FieldRef, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use sqllogictest::{DB, DBOutput, DefaultColumnType, Runner, strict_column_validator};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, SimpleQueryMessage};

use super::serving::Serving;

/// Which way statements go.
#[derive(Clone, Copy, Debug)]
enum Protocol {
    Simple,
    Extended,
    Flight,
    Http,
}

/// A connection as the driver of files knows one.
#[derive(Clone)]
struct Wire {
    serving: Arc<Serving>,
    client: Arc<Client>,
    protocol: Protocol,
}

/// Rows of a batch as the files write them.
fn of_batches(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|it| ArrayFormatter::try_new(it, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let value = |(column, values): (&ArrayFormatter<'_>, &ArrayRef)| {
                let text = column.value(row).to_string();
                match text.parse::<f64>() {
                    Ok(number) if values.data_type().is_floating() => format!("{number:.3}"),
                    _ if text.is_empty() => "(empty)".to_owned(),
                    _ => text,
                }
            };
            rows.push(columns.iter().zip(batch.columns()).map(value).collect());
        }
    }
    rows
}

fn of_schema(schema: &Schema) -> Vec<DefaultColumnType> {
    let kind = |it: &FieldRef| match it.data_type() {
        it if it.is_floating() => DefaultColumnType::FloatingPoint,
        it if it.is_integer() => DefaultColumnType::Integer,
        _ => DefaultColumnType::Text,
    };
    schema.fields().iter().map(kind).collect()
}

/// A refusal or fault in the words of every other wire.
#[derive(Debug)]
struct Told(String);

impl std::fmt::Display for Told {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Told {}

impl From<tokio_postgres::Error> for Told {
    fn from(cause: tokio_postgres::Error) -> Self {
        let Some(cause) = cause.as_db_error() else { return Self(cause.to_string()) };
        let (code, what) = cause.message().split_once(": ").unwrap_or(("?", cause.message()));
        let refused = ["42501", "0A000", "42601", "42P01", "53400"].contains(&cause.code().code());
        let family = if refused { "refused" } else { "error" };
        let mut text = format!("{family}[{code}]: {what}");
        for line in cause.detail().into_iter().flat_map(str::lines) {
            let indented = line.starts_with("where: ") || line.starts_with("allowed: ");
            text += &format!("\n{}{line}", if indented { "  " } else { "" });
        }
        if let Some(hint) = cause.hint() {
            text += &format!("\n  do: {hint}");
        }
        Self(text)
    }
}

impl DB for Wire {
    type Error = Told;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Told> {
        let answered = match self.protocol {
            Protocol::Flight => Some(super::flight::ask(&self.serving, sql)),
            Protocol::Http => Some(super::http::ask(&self.serving, sql)),
            Protocol::Simple | Protocol::Extended => None,
        };
        if let Some(answered) = answered {
            let (schema, batches) = answered.map_err(Told)?;
            return Ok(DBOutput::Rows { types: of_schema(&schema), rows: of_batches(&batches) });
        }
        let statement = self.serving.block_on(self.client.prepare(sql))?;
        let types: Vec<Type> = statement.columns().iter().map(|it| it.type_().clone()).collect();
        let rows = if matches!(self.protocol, Protocol::Extended) {
            let rows = self.serving.block_on(self.client.query(&statement, &[]))?;
            rows.iter().map(|it| binary(it, &types)).collect()
        } else {
            let told = self.serving.block_on(self.client.simple_query(sql))?;
            let rows = told.iter().filter_map(|it| match it {
                SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            });
            let text = |row: &tokio_postgres::SimpleQueryRow| {
                let values = types.iter().enumerate();
                values.map(|(at, of)| shown(row.get(at).map(str::to_owned), of)).collect()
            };
            rows.map(text).collect()
        };
        Ok(DBOutput::Rows { types: types.iter().map(kind).collect(), rows })
    }

    fn engine_name(&self) -> &'static str {
        match self.protocol {
            Protocol::Simple | Protocol::Extended => "postgres",
            Protocol::Flight | Protocol::Http => "quorate",
        }
    }
}

fn kind(of: &Type) -> DefaultColumnType {
    match *of {
        Type::FLOAT8 => DefaultColumnType::FloatingPoint,
        Type::INT2 | Type::INT4 | Type::INT8 => DefaultColumnType::Integer,
        _ => DefaultColumnType::Text,
    }
}

fn binary(row: &Row, types: &[Type]) -> Vec<String> {
    let value = |(at, of): (usize, &Type)| {
        let text = match *of {
            Type::FLOAT8 => row.get::<_, Option<f64>>(at).map(|it| it.to_string()),
            Type::INT8 => row.get::<_, Option<i64>>(at).map(|it| it.to_string()),
            Type::INT4 => row.get::<_, Option<i32>>(at).map(|it| it.to_string()),
            Type::BOOL => row.get::<_, Option<bool>>(at).map(|it| it.to_string()),
            Type::DATE => row.get::<_, Option<chrono::NaiveDate>>(at).map(|it| it.to_string()),
            Type::NUMERIC => {
                row.get::<_, Option<rust_decimal::Decimal>>(at).map(|it| it.to_string())
            }
            _ => row.try_get::<_, Option<String>>(at).unwrap_or_else(|it| panic!("{of}: {it}")),
        };
        shown(text, of)
    };
    types.iter().enumerate().map(value).collect()
}

/// A value as the files write it.
fn shown(text: Option<String>, of: &Type) -> String {
    match text {
        None => "NULL".to_owned(),
        Some(text) if *of == Type::FLOAT8 => format!("{:.3}", text.parse::<f64>().unwrap()),
        Some(text) if *of == Type::BOOL && text == "t" => "true".to_owned(),
        Some(text) if *of == Type::BOOL && text == "f" => "false".to_owned(),
        Some(text) if text.is_empty() => "(empty)".to_owned(),
        Some(text) => text,
    }
}

fn check(kind: &str, protocol: Protocol) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/tests/slt");
    let all = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let named = |it: &PathBuf| it.file_name().unwrap().to_string_lossy().starts_with(kind);
    let mut all: Vec<PathBuf> = all.filter(named).collect();
    all.sort();
    assert!(!all.is_empty(), "{kind}");
    for file in all {
        let serving = Arc::new(Serving::new());
        let client = Arc::new(serving.analyst());
        let wire = Wire { serving, client, protocol };
        let mut runner = Runner::new(|| async { Ok(wire.clone()) });
        runner.with_column_validator(strict_column_validator);
        if let Err(wrong) = runner.run_file(&file) {
            panic!("{protocol:?}: {}", wrong.display(false));
        }
    }
}

#[test]
fn plans_are_the_same_over_every_wire() {
    for protocol in [Protocol::Extended, Protocol::Simple, Protocol::Flight, Protocol::Http] {
        check("plan_", protocol);
    }
}

#[test]
fn refusals_are_the_same_over_the_postgresql_protocol() {
    check("refuse_", Protocol::Extended);
}

#[test]
fn refusals_are_the_same_over_flight() {
    check("refuse_", Protocol::Flight);
}

#[test]
fn refusals_are_the_same_over_http() {
    check("refuse_", Protocol::Http);
}

#[test]
fn answers_are_the_same_over_the_postgresql_protocol() {
    check("answer_", Protocol::Extended);
    check("answer_", Protocol::Simple);
}

#[test]
fn answers_are_the_same_over_flight_and_http() {
    check("answer_", Protocol::Flight);
    check("answer_", Protocol::Http);
}
