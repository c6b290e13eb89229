//! Who connects: SCRAM-SHA-256, and SCRAM-SHA-256-PLUS where there is TLS.
//!
//! An unknown user goes through the same exchange as a known one. Source: RFC 5802, RFC 7677; client rule 4.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use futures::Sink;
use pgwire::api::auth::sasl::SASLAuthStartupHandler;
use pgwire::api::auth::{AuthSource, LoginInfo, Password, ServerParameterProvider, StartupHandler};
use pgwire::api::{ClientInfo, METADATA_USER};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::wrong;
use crate::catalog::SERVER_VERSION;
use crate::service::{REFUSAL, Service, of_access};

/// The accounts of the service.
pub struct Accounts(pub &'static Service);

impl fmt::Debug for Accounts {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Accounts")
    }
}

#[async_trait]
impl AuthSource for Accounts {
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Password> {
        let scram = self.0.accounts().scram(login.user().unwrap_or_default());
        let scram = scram.map_err(|cause| wrong::of_ours(&of_access(cause)))?;
        Ok(Password::new(Some(scram.salt), scram.salted_password.to_vec()))
    }
}

/// What a client is told of the server when it has logged in.
pub struct Parameters;

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let user = client.metadata().get(METADATA_USER).cloned().unwrap_or_default();
        let application = client.metadata().get("application_name").cloned().unwrap_or_default();
        let fixed = [
            ("server_version", SERVER_VERSION),
            ("server_encoding", "UTF8"),
            ("client_encoding", "UTF8"),
            ("integer_datetimes", "on"),
            ("standard_conforming_strings", "on"),
            ("in_hot_standby", "off"),
            ("is_superuser", "off"),
            ("default_transaction_read_only", "on"),
            ("DateStyle", "ISO, YMD"),
            ("IntervalStyle", "postgres"),
            ("TimeZone", "UTC"),
        ];
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let own = [
            ("scram_iterations".to_owned(), access::ITERATIONS.to_string()),
            ("session_authorization".to_owned(), user),
            ("application_name".to_owned(), application),
        ];
        Some(fixed.into_iter().chain(own).collect())
    }
}

/// The login of one connection: a channel is offered to be bound only where there is one.
pub struct Startup {
    /// Without TLS.
    pub plain: SASLAuthStartupHandler<Parameters>,
    /// With it, where there is a certificate.
    pub bound: Option<SASLAuthStartupHandler<Parameters>>,
    /// Whom it is a login of.
    pub service: &'static Service,
}

#[async_trait]
impl StartupHandler for Startup {
    async fn on_startup<C>(
        &self,
        client: &mut C,
        message: PgWireFrontendMessage,
    ) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let login = match &self.bound {
            Some(bound) if client.is_secure() => bound,
            Some(_) if !client.socket_addr().ip().is_loopback() => {
                return self.refuse(wrong::fatal("28000", "this server wants TLS")).await;
            }
            _ => &self.plain,
        };
        match login.on_startup(client, message).await {
            Ok(()) => Ok(()),
            Err(cause) => self.refuse(cause).await,
        }
    }
}

impl Startup {
    /// Tells a refusal after a second, as on the other wires.
    async fn refuse(&self, cause: PgWireError) -> PgWireResult<()> {
        self.service.metrics.logins_refused.inc();
        tokio::time::sleep(REFUSAL).await;
        let mut info: ErrorInfo = cause.into();
        "FATAL".clone_into(&mut info.severity);
        Err(PgWireError::UserError(Box::new(info)))
    }
}
