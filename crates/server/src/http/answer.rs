//! Answers and problems, as bytes.

use std::io;
use std::path::Path;
use std::time::Duration;

use arrow::datatypes::{FieldRef, Schema};
use arrow::error::ArrowError;
use axum::Json;
use axum::body::Body;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use datafusion::common::ScalarValue;
use engine::query::{Described, sql_type};
use engine::{Error, Kind};
use futures::stream;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::written::Written;
use crate::guarded::taken;
use crate::service::Told;

/// In what an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Objects by name of column.
    Json,
    /// RFC 4180, with names of columns.
    Csv,
    /// An Arrow IPC stream.
    Arrow,
    /// One Parquet file.
    Parquet,
}

const FORMATS: [(Format, &str); 4] = [
    (Format::Json, "application/json"),
    (Format::Csv, "text/csv"),
    (Format::Arrow, "application/vnd.apache.arrow.stream"),
    (Format::Parquet, "application/vnd.apache.parquet"),
];

impl Format {
    /// The first that a client accepts; JSON when it does not say.
    ///
    /// # Errors
    /// 406, where none of ours is accepted.
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let accepted = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or("*/*");
        let mut accepted = accepted.split(',').filter_map(|it| it.split(';').next()).map(str::trim);
        let known = |it: &str| match it {
            "*/*" | "application/*" => Some(Self::Json),
            "text/*" => Some(Self::Csv),
            it => FORMATS.iter().find(|known| known.1 == it).map(|known| known.0),
        };
        accepted.find_map(known).ok_or_else(|| Problem {
            status: StatusCode::NOT_ACCEPTABLE,
            told: json!({ "what": "none of the accepted formats is written",
                          "allowed": FORMATS.map(|it| it.1) }),
        })
    }

    fn content_type(self) -> &'static str {
        FORMATS.iter().find(|it| it.0 == self).map_or("application/octet-stream", |it| it.1)
    }
}

fn failed(cause: &ArrowError) -> Error {
    Error::fault("F03", cause.to_string())
}

/// The rows of an answer in JSON.
#[derive(ToSchema)]
#[expect(dead_code, clippy::struct_field_names, reason = "it describes what is written")]
pub struct Rows {
    /// Names and types of the columns.
    columns: Vec<Column>,
    /// An object by name of column for each row.
    #[schema(value_type = Vec<Object>)]
    rows: Value,
    /// What was charged, and how many cells are not published.
    notices: Vec<String>,
}

/// A column of an answer.
#[derive(serde::Serialize, ToSchema)]
pub struct Column {
    name: String,
    r#type: &'static str,
}

impl Column {
    /// The columns of rows.
    pub fn all(schema: &Schema) -> Vec<Self> {
        let column =
            |it: &FieldRef| Self { name: it.name().clone(), r#type: sql_type(it.data_type()) };
        schema.fields().iter().map(column).collect()
    }
}

/// An answer in a format.
///
/// # Errors
/// What cannot be written.
pub fn response(told: Told, format: Format) -> Result<Response, Problem> {
    let notices = told.notices.clone();
    let written = Written::new(told, format).map_err(|cause| failed(&cause))?;
    let late = || io::Error::from(io::ErrorKind::TimedOut);
    let body = Body::from_stream(taken(stream::iter(written), late));
    let mut response = ([(header::CONTENT_TYPE, format.content_type())], body).into_response();
    for notice in notices {
        if let Ok(value) = HeaderValue::try_from(notice) {
            response.headers_mut().append(HeaderName::from_static("quorate-notice"), value);
        }
    }
    Ok(response)
}

/// A table, described.
pub fn table(of: &Described) -> Value {
    let columns = of.columns.fields().iter().zip(&of.comments).map(|(field, comment)| {
        json!({ "name": field.name(), "type": sql_type(field.data_type()), "comment": comment })
    });
    let kind = if of.is_released() { "released" } else { "question" };
    json!({ "schema": of.schema, "name": of.name, "kind": kind, "comment": of.summary,
            "columns": columns.collect::<Vec<_>>() })
}

/// The files of a release.
pub fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|it| it.file_type().is_ok_and(|it| it.is_file()));
    let mut names: Vec<String> = files.filter_map(|it| it.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// What a file is, by its name.
pub fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        Some("parquet") => "application/vnd.apache.parquet",
        _ => "application/octet-stream",
    }
}

/// A parameter.
///
/// # Errors
/// What is no value of a statement.
pub fn value(of: &Value) -> Result<ScalarValue, Problem> {
    Ok(match of {
        Value::Null => ScalarValue::Null,
        Value::Bool(it) => ScalarValue::Boolean(Some(*it)),
        Value::String(it) => ScalarValue::Utf8(Some(it.clone())),
        Value::Number(it) => match it.as_i64() {
            Some(whole) => ScalarValue::Int64(Some(whole)),
            None => ScalarValue::Float64(it.as_f64()),
        },
        Value::Array(_) | Value::Object(_) => {
            let wrong = Error::input("I68", "a parameter is a list or an object");
            return Err(wrong.allowed("null, true, false, numbers and texts").into());
        }
    })
}

/// What went wrong: what, where, what is allowed and what to do.
#[derive(Debug, ToSchema)]
pub struct Problem {
    #[schema(value_type = u16)]
    status: StatusCode,
    #[schema(value_type = Object)]
    told: Value,
}

impl Problem {
    /// Nothing is there.
    pub fn not_found(what: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, told: json!({ "what": what }) }
    }

    /// Nobody is logged in.
    pub fn nobody() -> Self {
        let told = json!({ "what": "the login failed: user, password or token",
                           "do": "send Authorization: Basic or Bearer" });
        Self { status: StatusCode::UNAUTHORIZED, told }
    }

    /// A body that takes too long to come.
    pub fn late(limit: Duration) -> Self {
        let told = json!({ "what": "the request was not read: its body did not come",
                           "allowed": format!("{} s", limit.as_secs()) });
        Self { status: StatusCode::REQUEST_TIMEOUT, told }
    }

    /// A body that was not read to its end.
    pub fn unread(cause: &BytesRejection) -> Self {
        let told = json!({ "what": format!("the request was not read: {cause}"),
                           "allowed": "at most 1 MB" });
        Self { status: cause.status(), told }
    }

    /// A body that is no request.
    pub fn body(cause: &serde_json::Error) -> Self {
        let told = json!({ "what": format!("the request cannot be read: {cause}"),
                           "allowed": "{\"sql\": …, \"database\": …, \"purpose\": …, \"parameters\": […]}" });
        Self { status: StatusCode::BAD_REQUEST, told }
    }
}

impl From<Error> for Problem {
    fn from(cause: Error) -> Self {
        let status = match (cause.kind(), cause.code()) {
            (Kind::Policy, "Q01" | "Q02") | (Kind::Input, _) => StatusCode::BAD_REQUEST,
            (Kind::Policy, _) => StatusCode::FORBIDDEN,
            (Kind::Budget, _) => StatusCode::TOO_MANY_REQUESTS,
            (_, "F15") => StatusCode::PAYLOAD_TOO_LARGE,
            (Kind::Fault | Kind::Check, _) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let told = if cause.is_for_clients() {
            cause.to_json()["error"].clone()
        } else {
            json!({ "code": cause.code(),
                    "what": "the service cannot answer now; tell the operator this code" })
        };
        Self { status, told }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.told }))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let ways = HeaderValue::from_static("Basic realm=\"quorate\", Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
        }
        response
    }
}
