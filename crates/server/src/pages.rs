//! Serves published pages on loopback: a folder of files, read-only.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use axum::Router;
use axum::http::{HeaderValue, header};
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Pages bring their own style and script and may load nothing from elsewhere.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; \
     script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// A server that has a port and is not yet answering.
pub struct Pages {
    listener: tokio::net::TcpListener,
    routes: Router,
}

impl Pages {
    /// Takes `port` on loopback (0 for any free one) for the page at `home` and the folders
    /// `releases` below it.
    ///
    /// # Errors
    /// The system's, when the port is taken.
    pub async fn bind(home: &Path, releases: &Path, port: u16) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let header =
            |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
        let routes = Router::new()
            .route_service("/", ServeFile::new(home))
            .nest_service("/releases", ServeDir::new(releases))
            .layer(header(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY))
            .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(header(header::CACHE_CONTROL, "no-cache"));
        Ok(Self { listener, routes })
    }

    /// The address that it will answer.
    ///
    /// # Errors
    /// The system's, when the socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop` is done, then finishes what was begun.
    ///
    /// # Errors
    /// The system's, when the socket fails.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        axum::serve(self.listener, self.routes).with_graceful_shutdown(stop).await
    }
}
