//! The PostgreSQL protocol: connections, TLS, login, and what each of them is limited to.
//!
//! Source: interfaces (credentials), PostgreSQL 16, chapter 55.

mod connection;
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

use pgwire::api::auth::sasl::SASLAuthStartupHandler;
use pgwire::api::auth::sasl::scram::ScramAuth;
use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::api::{ConnectionManager, RandomPidSecretKeyGenerator};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use self::connection::{Handlers, serve};
use self::handler::Handler;
use self::login::{Accounts, Parameters, Startup};
use crate::listen::{CONNECTIONS_MOST, Counted, Port, Tls};
use crate::service::Service;

/// 50 ms: how long nobody is let in when the system has no more files to open.
const BUSY: Duration = Duration::from_millis(50);

/// What answers every connection of a port.
struct Server {
    service: &'static Service,
    tls: Option<Tls>,
    handler: Arc<Handler>,
    connections: Arc<ConnectionManager>,
    /// Numbers of connections, and what cancels them.
    keys: Arc<RandomPidSecretKeyGenerator>,
}

/// Answers a port until `stop` is done; connections end with it, after what they are being told.
///
/// # Errors
/// What a login cannot be set up with.
pub async fn run(port: Port, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
    let Port { listener, service, tls } = port;
    let handler = Arc::new(Handler::new(service));
    let (connections, keys) = (Arc::default(), Arc::default());
    let server = Server { service, tls, handler, connections, keys };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MOST));
    let open_now = server.service.metrics.open("postgres");
    let mut open = JoinSet::new();
    let (stops, stopping) = watch::channel(false);
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next(), if !open.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            // A connection that is gone is nobody's fault; no more files to open, everybody's.
            tokio::time::sleep(BUSY).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            server.service.metrics.turned_away.inc();
            continue;
        };
        let handlers = server.handlers()?;
        let tls = server.tls.as_ref().map(Tls::acceptor);
        let counted = Counted::new(open_now.clone(), place);
        let stopping = stopping.clone();
        open.spawn(async move {
            serve(socket, tls, handlers, stopping).await;
            drop(counted);
        });
    }
    drop(listener);
    // Who is being answered reads it to its end; who is idle is told, and let go.
    stops.send_replace(true);
    while open.join_next().await.is_some() {}
    Ok(())
}

impl Server {
    fn handlers(&self) -> io::Result<Handlers> {
        let startup = Startup {
            plain: self.login(None)?,
            bound: self.tls.as_ref().map(|it| self.login(Some(it))).transpose()?,
            service: self.service,
        };
        Ok(Handlers {
            startup: Arc::new(startup),
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
        let keys = Arc::<RandomPidSecretKeyGenerator>::clone(&self.keys);
        Ok(SASLAuthStartupHandler::new(Arc::new(Parameters))
            .with_scram(scram)
            .with_pid_secret_key_generator(keys)
            .with_connection_manager(Arc::clone(&self.connections)))
    }
}
