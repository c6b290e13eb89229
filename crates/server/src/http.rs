//! HTTP: statements, tables, releases and their files; health and metrics; the description of itself.
//!
//! Source: clients (formats), governance (operations); OpenAPI 3.1; RFC 7617, RFC 6750, RFC 9457.

mod answer;
mod login;
mod written;

use std::io;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tower_http::services::ServeFile;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use self::answer::{Format, Problem};
use self::login::{Caller, Schemes};
use crate::guarded::LoggedIn;
use crate::listen::{Connections, Port};
use crate::literal::written_into;
use crate::service::{PublishedRelease, Service};

/// 1 MB: what one request may be.
const BODY_MOST: usize = 1_000_000;

/// 30 s: what its body may take to come.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Answers a port until `stop` is done, then finishes what was begun.
///
/// # Errors
/// The system's, when the socket fails.
pub async fn run(port: Port, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let routes = routes(port.service);
    let come = Connections::of(port, "http")?;
    let routes = routes.into_make_service_with_connect_info::<LoggedIn>();
    axum::serve(come, routes).with_graceful_shutdown(stop).await
}

type Served = State<&'static Service>;
type Answer = std::result::Result<Response, Problem>;

/// What is described at `/openapi.json`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Quorate",
        description = "Statistics about groups of fifty people or more: released tables for nothing, questions for a \
                       charge. Log in with Basic (user and password) or Bearer (a token)."
    ),
    modifiers(&Schemes),
    security(("password" = []), ("token" = []))
)]
struct Description;

fn routes(service: &'static Service) -> Router {
    let (described, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(query))
        .routes(routes!(tables))
        .routes(routes!(releases))
        .routes(routes!(release_file))
        .split_for_parts();
    let header =
        |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    described
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(service)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", description))
        .fallback(|| async { Problem::not_found("there is nothing here; /docs says what is") })
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
}

async fn ready(State(service): Served) -> Answer {
    service.ready().await?;
    Ok("ready\n".into_response())
}

async fn metrics(State(service): Served, caller: Caller) -> Answer {
    login::operator(service, &caller).await?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], service.metrics.text()).into_response())
}

/// A statement.
#[derive(Debug, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// One statement.
    #[schema(example = "SELECT * FROM released.presence LIMIT 10")]
    sql: String,
    /// `quorate`, where nothing is charged, or `protected`.
    #[serde(default)]
    database: Option<String>,
    /// What the numbers are for, in the words of the agreement; needed for a question.
    #[serde(default)]
    purpose: Option<String>,
    /// The values of `$1`, `$2` and so on.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    parameters: Vec<serde_json::Value>,
}

/// Answers a statement; in JSON, CSV, an Arrow stream or Parquet, as `Accept` says.
///
/// What was charged, and how many cells are not published, is told in the header `Quorate-Notice`, and in JSON as
/// `notices`.
#[utoipa::path(
    post,
    path = "/v1/query",
    request_body = Asked,
    responses(
        (status = 200, description = "The answer", content(
            (answer::Rows = "application/json"),
            (String = "text/csv"),
            (Vec<u8> = "application/vnd.apache.arrow.stream"),
            (Vec<u8> = "application/vnd.apache.parquet"),
        )),
        (status = 400, description = "Not understood", body = Problem),
        (status = 401, description = "Nobody is logged in", body = Problem),
        (status = 403, description = "Refused by a rule, the policy, a role or an agreement", body = Problem),
        (status = 429, description = "The budget does not allow it", body = Problem),
        (status = 500, description = "It failed; the operator knows why", body = Problem),
    )
)]
async fn query(State(service): Served, caller: Caller, request: Request) -> Answer {
    let format = Format::of(request.headers())?;
    let login = login::partner(service, &caller).await?;
    let body = tokio::time::timeout(BODY_TIME, Bytes::from_request(request, &service)).await;
    let body = body.map_err(|_| Problem::late(BODY_TIME))?;
    let body = body.map_err(|cause| Problem::unread(&cause))?;
    let asked: Asked = serde_json::from_slice(&body).map_err(|cause| Problem::body(&cause))?;
    let asker = login.asker(asked.database.as_deref(), asked.purpose.as_deref(), &caller)?;
    let values = asked.parameters.iter().map(answer::value).collect::<Result<Vec<_>, _>>()?;
    let sql = written_into(&asked.sql, &values)?;
    let told = service.read(&asker, &asker, sql).await?;
    answer::response(told, format)
}

/// The tables that a statement may name, with columns and what they are.
#[utoipa::path(
    get,
    path = "/v1/tables",
    params(("database" = Option<String>, Query, description = "`quorate` or `protected`")),
    responses((status = 200, description = "The tables"), (status = 401, description = "Nobody is logged in"))
)]
async fn tables(
    State(service): Served,
    caller: Caller,
    axum::extract::Query(of): axum::extract::Query<Database>,
) -> Answer {
    let login = login::partner(service, &caller).await?;
    let asker = login.asker(of.database.as_deref(), None, &caller)?;
    let tables = service.tables(asker.database).await?;
    let tables: Vec<_> = tables.iter().map(answer::table).collect();
    Ok(Json(json!({ "tables": tables })).into_response())
}

/// Of which database.
#[derive(serde::Deserialize)]
struct Database {
    database: Option<String>,
}

/// The published releases that the agreement names.
#[utoipa::path(
    get,
    path = "/v1/releases",
    responses((status = 200, description = "Releases"), (status = 401, description = "Nobody is logged in"))
)]
async fn releases(State(service): Served, caller: Caller) -> Answer {
    let asker = login::partner(service, &caller).await?.asker(None, None, &caller)?;
    let releases = service.releases(&asker).await?;
    let listed = |it: &PublishedRelease| {
        let files = answer::files(&service.releases_dir().join(&it.id));
        json!({ "id": it.id, "product": it.product, "period": it.period, "files": files })
    };
    let listed: Vec<_> = releases.iter().map(listed).collect();
    Ok(Json(json!({ "releases": listed })).into_response())
}

/// A file of a release, as it was published.
#[utoipa::path(
    get,
    path = "/v1/releases/{id}/{file}",
    params(("id" = String, Path, description = "The release"), ("file" = String, Path, description = "One of its files")),
    responses(
        (status = 200, description = "The file"),
        (status = 404, description = "No such release or file for this login", body = Problem),
    )
)]
async fn release_file(
    State(service): Served,
    caller: Caller,
    Path((id, file)): Path<(String, String)>,
) -> Answer {
    let asker = login::partner(service, &caller).await?.asker(None, None, &caller)?;
    let known = service.releases(&asker).await?;
    let missing = || Problem::not_found("there is no such release or file for this login");
    // Only names that the ledger and the folder have are ever opened.
    let release = known.iter().find(|it| it.id == id).ok_or_else(missing)?;
    let folder = service.releases_dir().join(&release.id);
    let name = answer::files(&folder).into_iter().find(|it| *it == file).ok_or_else(missing)?;
    // Part by part: a file may be larger than what many clients together should hold in memory.
    let mut file = ServeFile::new(folder.join(&name));
    let asked = Request::new(axum::body::Body::empty());
    let mut response = file.try_call(asked).await.map_err(|_| missing())?.into_response();
    let kind = HeaderValue::from_static(answer::content_type(&name));
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
