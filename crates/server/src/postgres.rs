//! The PostgreSQL protocol: connections, TLS, login, and what each of them is limited to.
//!
//! Source: interfaces (credentials), PostgreSQL 16, chapter 55.

mod copy;
mod handler;
mod login;
mod parameters;
mod session;
mod statement;
mod wrong;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use pgwire::api::auth::StartupHandler;
use pgwire::api::auth::sasl::SASLAuthStartupHandler;
use pgwire::api::auth::sasl::scram::ScramAuth;
use pgwire::api::cancel::{CancelHandler, DefaultCancelHandler};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ConnectionManager, PgWireServerHandlers};
use pgwire::tokio::process_socket;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use self::handler::Handler;
use self::login::{Accounts, Parameters, Startup};
use crate::listen::{CONNECTIONS_MOST, Counted, Port, Tls};
use crate::service::Service;

/// 50 ms: how often a server that stops looks whether anybody is still being answered.
const LOOKS: Duration = Duration::from_millis(50);

/// What answers every connection of a port.
struct Server {
    service: &'static Service,
    tls: Option<Tls>,
    handler: Arc<Handler>,
    connections: Arc<ConnectionManager>,
}

/// Answers a port until `stop` is done; connections end with it, after what they are being told.
///
/// # Errors
/// What a login cannot be set up with.
pub async fn run(port: Port, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
    let Port { listener, service, tls } = port;
    let handler = Arc::new(Handler::new(service));
    let server = Server { service, tls, handler, connections: Arc::default() };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MOST));
    let open_now = server.service.metrics.open("postgres");
    let mut open = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            // A connection that is gone is nobody's fault; no more files to open, everybody's.
            tokio::time::sleep(LOOKS).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            server.service.metrics.turned_away.inc();
            continue;
        };
        let connection = server.connection()?;
        let tls = server.tls.as_ref().map(Tls::acceptor);
        let counted = Counted::new(open_now.clone(), place);
        open.spawn(async move {
            serve(socket, tls, connection).await;
            drop(counted);
        });
    }
    // Who is being answered reads it to its end; who is idle is let go.
    drop(listener);
    while server.handler.is_busy() {
        tokio::time::sleep(LOOKS).await;
    }
    tokio::time::sleep(LOOKS).await;
    Ok(())
}

impl Server {
    fn connection(&self) -> io::Result<Connection> {
        let refused = Arc::new(Notify::new());
        let startup = Startup {
            plain: self.login(None)?,
            bound: self.tls.as_ref().map(|it| self.login(Some(it))).transpose()?,
            refused: Arc::clone(&refused),
            service: self.service,
        };
        Ok(Connection {
            startup: Arc::new(startup),
            refused,
            handler: Arc::clone(&self.handler),
            cancel: Arc::new(DefaultCancelHandler::new(Arc::clone(&self.connections))),
        })
    }

    /// A login, bound to the channel where it has a certificate.
    fn login(&self, tls: Option<&Tls>) -> io::Result<SASLAuthStartupHandler<Parameters>> {
        let mut scram = ScramAuth::new(Arc::new(Accounts(self.service)));
        scram.set_iterations(usize::try_from(access::ITERATIONS).unwrap_or(usize::MAX));
        if let Some(tls) = tls {
            let bound = scram.configure_certificate(tls.certificate());
            bound.map_err(|cause| io::Error::other(cause.to_string()))?;
        }
        Ok(SASLAuthStartupHandler::new(Arc::new(Parameters))
            .with_scram(scram)
            .with_connection_manager(Arc::clone(&self.connections)))
    }
}

async fn serve(socket: TcpStream, tls: Option<TlsAcceptor>, connection: Connection) {
    let refused = Arc::clone(&connection.refused);
    tokio::select! {
        // What a client does to its own connection is its own affair.
        done = process_socket(socket, tls, connection) => drop(done),
        () = refused.notified() => {}
    }
}

/// What handles one connection: a login has state of its own.
struct Connection {
    startup: Arc<Startup>,
    refused: Arc<Notify>,
    handler: Arc<Handler>,
    cancel: Arc<DefaultCancelHandler>,
}

impl PgWireServerHandlers for Connection {
    fn simple_query_handler(&self) -> Arc<impl SimpleQueryHandler> {
        Arc::clone(&self.handler)
    }

    fn extended_query_handler(&self) -> Arc<impl ExtendedQueryHandler> {
        Arc::clone(&self.handler)
    }

    fn startup_handler(&self) -> Arc<impl StartupHandler> {
        Arc::clone(&self.startup)
    }

    fn cancel_handler(&self) -> Arc<impl CancelHandler> {
        Arc::clone(&self.cancel)
    }
}
