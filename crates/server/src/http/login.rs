//! Who calls: Basic or Bearer, as on the other wires.

use std::convert::Infallible;

use access::{Act, User};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use engine::query::Database;
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::answer::Problem;
use crate::basic::name_and_password;
use crate::guarded::LoggedIn;
use crate::service::{Asker, Service, of_access};

/// The two ways to log in, as they are described.
pub struct Schemes;

impl Modify for Schemes {
    fn modify(&self, description: &mut OpenApi) {
        let components = description.components.get_or_insert_default();
        for (name, scheme) in
            [("password", HttpAuthScheme::Basic), ("token", HttpAuthScheme::Bearer)]
        {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}

/// What a request says of who calls, and over which connection.
pub struct Caller {
    headers: HeaderMap,
    connection: LoggedIn,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let connection = parts.extensions.get::<ConnectInfo<LoggedIn>>();
        let connection = connection.map(|it| it.0.clone()).unwrap_or_default();
        Ok(Self { headers: parts.headers.clone(), connection })
    }
}

/// Somebody who is logged in.
pub struct Login {
    user: User,
    questions: bool,
}

impl Login {
    /// Who asks of which database and what for; a header says it where the request does not.
    ///
    /// # Errors
    /// A database that is not there.
    pub fn asker(
        self,
        database: Option<&str>,
        purpose: Option<&str>,
        caller: &Caller,
    ) -> Result<Asker, Problem> {
        let header = |name: &str| caller.headers.get(name).and_then(|it| it.to_str().ok());
        let database = match database.or_else(|| header("quorate-database")).unwrap_or_default() {
            "" | "quorate" => Database::Released,
            "protected" => Database::Protected,
            _ => {
                return Err(Problem::not_found(
                    "there is no such database: quorate and protected are",
                ));
            }
        };
        let purpose = purpose.or_else(|| header("quorate-purpose")).unwrap_or_default().to_owned();
        Ok(Asker { user: self.user, database, purpose, questions: self.questions })
    }
}

async fn login(service: &'static Service, caller: &Caller) -> Result<Login, Problem> {
    let login = whose(service, &caller.headers).await?;
    caller.connection.set();
    Ok(login)
}

async fn whose(service: &'static Service, headers: &HeaderMap) -> Result<Login, Problem> {
    let header = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let (scheme, rest) = header.and_then(|it| it.split_once(' ')).ok_or_else(Problem::nobody)?;
    if scheme.eq_ignore_ascii_case("basic") {
        let (name, password) = name_and_password(rest).ok_or_else(Problem::nobody)?;
        let user = service.by_password(&name, &password).await?.ok_or_else(Problem::nobody)?;
        return Ok(Login { user, questions: true });
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::nobody());
    }
    let (user, questions) = service.by_token(rest.trim())?.ok_or_else(Problem::nobody)?;
    Ok(Login { user, questions })
}

/// Somebody whom statements are for.
///
/// # Errors
/// Nobody, or a role that reads nothing.
pub async fn partner(service: &'static Service, caller: &Caller) -> Result<Login, Problem> {
    let login = login(service, caller).await?;
    login.user.role.check(Act::Released).map_err(of_access)?;
    Ok(login)
}

/// Somebody of the operator's.
///
/// # Errors
/// Nobody, or a role that does not see how the service fares.
pub async fn operator(service: &'static Service, caller: &Caller) -> Result<(), Problem> {
    let login = login(service, caller).await?;
    Ok(login.user.role.check(Act::Health).map_err(of_access)?)
}
