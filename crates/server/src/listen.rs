//! Ports and TLS, the same for every wire.
//!
//! Without TLS only loopback is served; a TLS set-up that fails stops the program, it never falls back. Source:
//! interfaces (credentials).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::IncomingStream;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use crate::guarded::{Guarded, LoggedIn};
use crate::service::Service;

/// 1,100 connections of a wire at once; whoever comes then is turned away.
pub const CONNECTIONS_MOST: usize = 1_100;

/// 10 s for a handshake.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// A certificate and its key, ready for connections.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
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
        config.alpn_protocols =
            [&b"postgresql"[..], b"h2", b"http/1.1"].map(<[u8]>::to_vec).to_vec();
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate })
    }

    /// What takes handshakes.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// The certificate, PEM: clients bind the login to it.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

/// A port that was taken and is not yet answered.
pub struct Port {
    /// Where connections come.
    pub listener: TcpListener,
    /// Who answers.
    pub service: &'static Service,
    /// With what, where there is a certificate.
    pub tls: Option<Tls>,
}

impl Port {
    /// Takes a port.
    ///
    /// # Errors
    /// The system's, when the port is taken; an address off loopback without TLS.
    pub async fn take(
        service: &'static Service,
        address: SocketAddr,
        tls: Option<Tls>,
    ) -> io::Result<Self> {
        if tls.is_none() && !address.ip().is_loopback() {
            let what = format!("{address} is not loopback: a certificate is needed");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
        }
        let listener = TcpListener::bind(address).await?;
        Ok(Self { listener, service, tls })
    }

    /// The address that it will answer.
    ///
    /// # Errors
    /// The system's, when the socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Connections of one wire as they come, their handshakes done; slow ones hold up nobody.
pub struct Connections {
    come: mpsc::Receiver<Connection>,
    address: SocketAddr,
}

impl Connections {
    /// Takes connections from now on.
    ///
    /// # Errors
    /// The system's, when the socket is gone.
    pub fn of(port: Port, wire: &'static str) -> io::Result<Self> {
        let Port { listener, service, tls } = port;
        let address = listener.local_addr()?;
        let (send, come) = mpsc::channel(16);
        let room = Arc::new(Semaphore::new(CONNECTIONS_MOST));
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = send.closed() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((socket, _)) = accepted else {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                };
                let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
                    service.metrics.turned_away.inc();
                    continue;
                };
                let (send, tls) = (send.clone(), tls.clone());
                let counted = Counted::new(service.metrics.open(wire), place);
                tokio::spawn(async move {
                    let Some(stream) = shaken(socket, tls).await else { return };
                    // Messages have limits of their own on these wires.
                    let stream = Guarded::new(stream, usize::MAX);
                    // Nobody takes it any more when the wire stops.
                    drop(send.send(Connection { stream, _counted: counted }).await);
                });
            }
        });
        Ok(Self { come, address })
    }

    /// The next connection; `None` when the wire stops.
    pub async fn next(&mut self) -> Option<Connection> {
        self.come.recv().await
    }
}

impl axum::serve::Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.next().await {
            Some(connection) => (connection, self.address),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A stream, with TLS or without.
type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

async fn shaken(socket: TcpStream, tls: Option<Tls>) -> Option<Stream> {
    // Answers are small: waiting to fill a packet would only delay them.
    socket.set_nodelay(true).ok()?;
    let Some(tls) = tls else { return Some(Either::Left(socket)) };
    let shaken = tokio::time::timeout(HANDSHAKE, tls.acceptor.accept(socket)).await.ok()?;
    shaken.ok().map(|it| Either::Right(Box::new(it)))
}

/// An open connection, counted as long as it lives.
pub struct Counted {
    open: Gauge,
    _place: OwnedSemaphorePermit,
}

impl Counted {
    /// One more.
    pub fn new(open: Gauge, place: OwnedSemaphorePermit) -> Self {
        open.inc();
        Self { open, _place: place }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// A connection, with TLS or without.
pub struct Connection {
    stream: Guarded<Stream>,
    _counted: Counted,
}

/// Tells who answers a call of Flight over which connection it came.
impl tonic::transport::server::Connected for Connection {
    type ConnectInfo = LoggedIn;

    fn connect_info(&self) -> LoggedIn {
        self.stream.logged_in().clone()
    }
}

/// Tells who answers a request over HTTP over which connection it came.
impl axum::extract::connect_info::Connected<IncomingStream<'_, Connections>> for LoggedIn {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Self {
        stream.io().stream.logged_in().clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
