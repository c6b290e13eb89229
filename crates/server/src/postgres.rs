//! The PostgreSQL protocol: connections, TLS, login, and what each of them is limited to.
//!
//! Without TLS only loopback is served; a TLS set-up that fails stops the program, it never falls back. Source:
//! interfaces (credentials), PostgreSQL 16, chapter 55.

mod copy;
mod handler;
mod login;
mod parameters;
mod session;
mod statement;
mod wrong;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use pgwire::api::auth::StartupHandler;
use pgwire::api::auth::sasl::SASLAuthStartupHandler;
use pgwire::api::auth::sasl::scram::ScramAuth;
use pgwire::api::cancel::{CancelHandler, DefaultCancelHandler};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::{ConnectionManager, PgWireServerHandlers};
use pgwire::tokio::process_socket;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use self::handler::Handler;
use self::login::{Accounts, Parameters, Startup};
use crate::service::Service;

/// 1,100 connections at once; whoever comes then is turned away.
const CONNECTIONS_MOST: usize = 1_100;

/// A certificate and its key, ready for connections.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    /// PEM: clients bind the login to it.
    certificate: Vec<u8>,
}

impl Tls {
    /// From PEM.
    ///
    /// # Errors
    /// What is no certificate, no key, or no pair.
    pub fn new(certificate: Vec<u8>, key: &[u8]) -> io::Result<Self> {
        let chain = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(io::Error::other)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(io::Error::other)?;
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }
}

/// What the protocol is called in a TLS handshake that comes first.
const ALPN: &[u8] = b"postgresql";

/// A server that has a port and is not yet answering.
pub struct Postgres {
    listener: TcpListener,
    service: &'static Service,
    tls: Option<Tls>,
    handler: Arc<Handler>,
    connections: Arc<ConnectionManager>,
}

impl Postgres {
    /// Takes a port.
    ///
    /// # Errors
    /// The system's, when the port is taken; an address off loopback without TLS.
    pub async fn bind(
        service: &'static Service,
        address: SocketAddr,
        tls: Option<Tls>,
    ) -> io::Result<Self> {
        if tls.is_none() && !address.ip().is_loopback() {
            let what = format!("{address} is not loopback: a certificate is needed");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        let listener = TcpListener::bind(address).await?;
        let handler = Arc::new(Handler::new(service));
        Ok(Self { listener, service, tls, handler, connections: Arc::default() })
    }

    /// The address that it will answer.
    ///
    /// # Errors
    /// The system's, when the socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is done; connections end with it.
    ///
    /// # Errors
    /// The system's, when the socket fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) -> io::Result<()> {
        let room = Arc::new(Semaphore::new(CONNECTIONS_MOST));
        let mut open = JoinSet::new();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => return Ok(()),
                Some(_) = open.join_next(), if !open.is_empty() => continue,
                accepted = self.listener.accept() => accepted,
            };
            // A connection that is gone before it is taken is nobody's fault.
            let Ok((socket, _)) = accepted else { continue };
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
            let connection = self.connection()?;
            let tls = self.tls.as_ref().map(|it| it.acceptor.clone());
            open.spawn(async move {
                serve(socket, tls, connection).await;
                drop(place);
            });
        }
    }

    fn connection(&self) -> io::Result<Connection> {
        let startup = Startup { plain: self.login(None)?, bound: self.login(self.tls.as_ref())? };
        Ok(Connection {
            startup: Arc::new(startup),
            handler: Arc::clone(&self.handler),
            cancel: Arc::new(DefaultCancelHandler::new(Arc::clone(&self.connections))),
        })
    }
}

impl Postgres {
    /// A login, bound to the channel where it has a certificate.
    fn login(&self, tls: Option<&Tls>) -> io::Result<SASLAuthStartupHandler<Parameters>> {
        let mut scram = ScramAuth::new(Arc::new(Accounts(self.service)));
        scram.set_iterations(usize::try_from(access::ITERATIONS).unwrap_or(usize::MAX));
        if let Some(tls) = tls {
            let bound = scram.configure_certificate(&tls.certificate);
            bound.map_err(|cause| io::Error::other(cause.to_string()))?;
        }
        Ok(SASLAuthStartupHandler::new(Arc::new(Parameters))
            .with_scram(scram)
            .with_connection_manager(Arc::clone(&self.connections)))
    }
}

async fn serve(socket: TcpStream, tls: Option<TlsAcceptor>, connection: Connection) {
    // What a client does to its own connection is its own affair.
    drop(process_socket(socket, tls, connection).await);
}

/// What handles one connection: a login has state of its own.
struct Connection {
    startup: Arc<Startup>,
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
