//! HTTP: formats, logins, tables, releases, the description of itself.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::StreamReader;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::serving::{PASSWORD, PURPOSE, Serving};

/// What came back: status, headers in small letters, body.
pub struct Came {
    pub status: u16,
    pub headers: String,
    pub body: Vec<u8>,
}

/// One request, and the connection closed.
pub fn request(serving: &Serving, head: &str, body: &[u8]) -> Came {
    let mut socket = TcpStream::connect(serving.http).unwrap();
    let length = body.len();
    let text =
        format!("{head}Host: quorate\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    socket.write_all(text.as_bytes()).unwrap();
    socket.write_all(body).unwrap();
    let mut all = Vec::new();
    socket.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let headers = String::from_utf8_lossy(&all[..end]).to_lowercase();
    let status = headers.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = all[end + 4..].to_vec();
    if headers.contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    Came { status, headers, body }
}

fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|it| it == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        whole.extend(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
    whole
}

pub fn basic(user: &str) -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{user}:{PASSWORD}")))
}

fn query(serving: &Serving, user: &str, accept: &str, asked: &Value) -> Came {
    let head = format!("POST /v1/query HTTP/1.1\r\n{}Accept: {accept}\r\n", basic(user));
    request(serving, &head, asked.to_string().as_bytes())
}

/// The rows of a statement about people, or the words of what was refused.
pub fn ask(serving: &Serving, sql: &str) -> Result<(SchemaRef, Vec<RecordBatch>), String> {
    let asked = json!({ "sql": sql, "database": "protected", "purpose": PURPOSE });
    let head = format!(
        "POST /v1/query HTTP/1.1\r\nAuthorization: Bearer {}\r\nAccept: application/vnd.apache.arrow.stream\r\n",
        serving.token
    );
    let came = request(serving, &head, asked.to_string().as_bytes());
    if came.status == 200 {
        let reader = StreamReader::try_new(came.body.as_slice(), None).unwrap();
        let schema = reader.schema();
        return Ok((schema, reader.map(Result::unwrap).collect()));
    }
    let told: Value = serde_json::from_slice(&came.body).unwrap();
    let part = |name: &str| told["error"][name].as_str();
    let family = if came.status == 500 { "error" } else { "refused" };
    let (code, what) = (part("code").unwrap_or("?"), part("what").unwrap_or_default());
    let mut text = format!("{family}[{code}]: {what}");
    for place in part("place").into_iter().flat_map(str::lines) {
        text += &format!("\n{place}");
    }
    for (name, label) in [("where", "where"), ("allowed", "allowed"), ("do", "do")] {
        if let Some(value) = part(name) {
            text += &format!("\n  {label}: {value}");
        }
    }
    Err(text)
}

#[test]
fn an_answer_comes_in_each_format() {
    let serving = Arc::new(Serving::new());
    let sql =
        "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender";
    let asked = json!({ "sql": sql, "database": "protected", "purpose": PURPOSE });
    let first = query(&serving, "analyst", "application/json", &asked);
    assert_eq!(first.status, 200);
    assert!(first.headers.contains("quorate-notice: ") && first.headers.contains("charged rho"));
    let told: Value = serde_json::from_slice(&first.body).unwrap();
    let rows = told["rows"].as_array().unwrap().len();
    assert!(
        rows > 0
            && told["columns"][0]["name"] == "gender"
            && told["columns"][1]["type"] == "bigint"
    );
    assert!(String::from_utf8(first.body).unwrap().contains("[{\"gender\":"), "in their order");
    let csv = query(&serving, "analyst", "text/csv", &asked);
    let csv = String::from_utf8(csv.body).unwrap();
    assert!(csv.starts_with("gender,people,people_lo,people_hi\n"), "{csv}");
    assert_eq!(csv.lines().count(), rows + 1);
    let parquet = query(&serving, "analyst", "application/vnd.apache.parquet", &asked);
    assert!(parquet.body.starts_with(b"PAR1"));
    assert_eq!(
        ask(&serving, sql).unwrap().1.iter().map(RecordBatch::num_rows).sum::<usize>(),
        rows
    );
    assert_eq!(query(&serving, "analyst", "image/png", &asked).status, 406);
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges().len();
    assert_eq!(charges, 1);
}

#[test]
fn who_may_not_is_told_so_by_status() {
    let serving = Serving::new();
    let sql =
        "SELECT gender, COUNT(DISTINCT subscriber_id) AS people FROM subscriber GROUP BY gender";
    let asked = json!({ "sql": sql, "database": "protected", "purpose": PURPOSE });
    for (user, status) in [("stranger", 403), ("buyer", 403), ("engineer", 403), ("nobody", 401)] {
        assert_eq!(query(&serving, user, "*/*", &asked).status, status, "{user}");
    }
    assert_eq!(request(&serving, "POST /v1/query HTTP/1.1\r\n", b"{}").status, 401);
    assert_eq!(query(&serving, "analyst", "*/*", &json!({ "sql": 1 })).status, 400);
    assert_eq!(query(&serving, "analyst", "*/*", &json!({ "sql": "nonsense" })).status, 400);
    assert_eq!(
        query(&serving, "analyst", "*/*", &json!({ "sql": "SELECT 1", "database": "x" })).status,
        404
    );
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges();
    assert!(charges.is_empty());
}

#[test]
fn health_is_open_and_metrics_are_the_operators() {
    let serving = Serving::new();
    assert_eq!(request(&serving, "GET /healthz HTTP/1.1\r\n", b"").status, 200);
    assert_eq!(request(&serving, "GET /readyz HTTP/1.1\r\n", b"").status, 200);
    let metrics =
        |user: &str| request(&serving, &format!("GET /metrics HTTP/1.1\r\n{}", basic(user)), b"");
    assert_eq!(metrics("analyst").status, 403);
    query(&serving, "analyst", "*/*", &json!({ "sql": "SELECT 1" }));
    let told = metrics("engineer");
    let text = String::from_utf8(told.body).unwrap();
    assert!(text.contains("quorate_statements_total{outcome=\"free\"} 1"), "{text}");
    assert!(text.contains("quorate_connections{wire=\"http\"} 1"), "{text}");
    assert!(!text.contains("partner") && !text.contains("analyst"), "nobody is named: {text}");
}

#[test]
fn the_service_describes_itself_offline() {
    let serving = Serving::new();
    let told = request(&serving, "GET /openapi.json HTTP/1.1\r\n", b"");
    let told: Value = serde_json::from_slice(&told.body).unwrap();
    for path in ["/v1/query", "/v1/tables", "/v1/releases", "/v1/releases/{id}/{file}"] {
        assert!(told["paths"][path].is_object(), "{path}");
    }
    let page = request(&serving, "GET /docs/ HTTP/1.1\r\n", b"");
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("swagger-ui") && !page.contains("https://"), "{page}");
    let tables = request(
        &serving,
        &format!("GET /v1/tables?database=protected HTTP/1.1\r\n{}", basic("analyst")),
        b"",
    );
    let tables: Value = serde_json::from_slice(&tables.body).unwrap();
    assert!(tables["tables"].as_array().unwrap().iter().any(|it| it["name"] == "visit"));
}
