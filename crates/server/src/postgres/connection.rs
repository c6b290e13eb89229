//! One connection of the PostgreSQL protocol: TLS, a login in time, message after message, and a word at the end.
//!
//! Nothing that follows a login that failed is read, and nothing that came in plain text before TLS
//! (CVE-2021-23214). Source: PostgreSQL 16, 55.2.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::api::{ClientInfo, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::PgWireFrontendMessage as Message;
use pgwire::tokio::server::{
    MaybeTls, PgWireMessageServerCodec, negotiate_tls, process_error, process_message,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::codec::{Framed, FramedParts};

use super::handler::{Handler, Prepared};
use super::login::Startup;
use super::wrong;
use crate::guarded::Guarded;
use crate::listen::HANDSHAKE;

/// 1 MB: what one message may be.
const MESSAGE_MOST: usize = 1_000_000;

/// 200 ms: for a last word to be read before its connection ends.
const READ: Duration = Duration::from_millis(200);

/// A second: for the end of a series of messages to come when the server stops.
const SERIES: Duration = Duration::from_secs(1);

type Codec = PgWireMessageServerCodec<Prepared>;
type Socket = Framed<Guarded<MaybeTls>, Codec>;

/// What handles one connection: a login has state of its own.
pub struct Handlers {
    /// Who comes in.
    pub startup: Arc<Startup>,
    /// What is asked.
    pub handler: Arc<Handler>,
    /// Who asks no more.
    pub cancel: Arc<DefaultCancelHandler>,
}

/// Answers a connection until its client leaves, does what ends it, or the server stops.
pub async fn serve(
    socket: TcpStream,
    tls: Option<TlsAcceptor>,
    handlers: Handlers,
    mut stopping: watch::Receiver<bool>,
) {
    let shaken = tokio::select! {
        _ = stopping.wait_for(|it| *it) => return,
        shaken = tokio::time::timeout(HANDSHAKE, negotiate_tls(socket, tls)) => shaken,
    };
    // What a client does to its own connection is its own affair.
    let Ok(Ok(Some(socket))) = shaken else { return };
    if socket.is_secure() && !socket.read_buffer().is_empty() {
        return;
    }
    let mut socket = guarded(socket);
    let Some(last) = answer(&mut socket, &handlers, &mut stopping).await else { return };
    drop(process_error(&mut socket, last, false).await);
    // An end with anything unread would take the last word away from who is told it.
    socket.get_mut().next_message();
    let rest = async { while let Ok(1..) = socket.get_mut().read(&mut [0; 1024]).await {} };
    drop(tokio::time::timeout(READ, rest).await);
}

fn guarded(socket: Framed<MaybeTls, Codec>) -> Socket {
    let parts = socket.into_parts();
    let stream = Guarded::new(parts.io, MESSAGE_MOST);
    let mut guarded = FramedParts::new(stream, parts.codec);
    (guarded.read_buf, guarded.write_buf) = (parts.read_buf, parts.write_buf);
    Framed::from_parts(guarded)
}

/// Answers message after message; the last word, where there is anybody to tell it to.
async fn answer(
    socket: &mut Socket,
    handlers: &Handlers,
    stopping: &mut watch::Receiver<bool>,
) -> Option<PgWireError> {
    // Whoever is in the middle of a series of messages is answered to its end.
    let mut in_series = false;
    loop {
        let came = tokio::select! {
            biased;
            () = stopped(stopping, in_series) => {
                return Some(wrong::fatal("57P01", "the server stops"));
            }
            // A message that is shorter than what it says it holds is read past its end: that stops the reader.
            came = AssertUnwindSafe(socket.next()).catch_unwind() => came,
        };
        let message = match came {
            Ok(None) => return None,
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(cause))) => return unreadable(cause),
            Err(_) => return Some(wrong::fatal("08P01", "this is no message: it is cut short")),
        };
        if matches!(message, Message::Terminate(_)) {
            return None;
        }
        let is_cancel = matches!(message, Message::CancelRequest(_));
        let was_in = is_in(socket.state());
        let of_series = message.is_extended_query();
        in_series = of_series && !matches!(message, Message::Sync(_));
        let done = process_message(
            message,
            socket,
            Arc::clone(&handlers.startup),
            Arc::clone(&handlers.handler),
            Arc::clone(&handlers.handler),
            Arc::new(NoopHandler),
            Arc::clone(&handlers.cancel),
        );
        let done = AssertUnwindSafe(done).catch_unwind().await;
        let done =
            done.unwrap_or_else(|_| Err(wrong::fatal("XX000", "this message stopped the server")));
        if let Err(cause) = done {
            let told = ErrorInfo::from(cause);
            // What was sent behind a login that failed is nobody's.
            if !was_in || told.is_fatal() {
                return Some(PgWireError::UserError(Box::new(told)));
            }
            let told = PgWireError::UserError(Box::new(told));
            process_error(socket, told, of_series).await.ok()?;
        }
        if is_cancel {
            return None;
        }
        let state = socket.state();
        let guard = socket.get_mut();
        if is_in(state) {
            guard.logged_in().set();
            guard.next_message();
        }
    }
}

/// Until the server stops, and a series of messages has had a second to end.
async fn stopped(stopping: &mut watch::Receiver<bool>, in_series: bool) {
    drop(stopping.wait_for(|it| *it).await);
    if in_series {
        tokio::time::sleep(SERIES).await;
    }
}

/// Whether a login is done.
const fn is_in(state: PgWireConnectionState) -> bool {
    !matches!(
        state,
        PgWireConnectionState::AwaitingSslRequest
            | PgWireConnectionState::AwaitingStartup
            | PgWireConnectionState::AuthenticationInProgress
    )
}

/// What is said of bytes that are no message; nothing to a client that is gone or late.
fn unreadable(cause: PgWireError) -> Option<PgWireError> {
    match cause {
        PgWireError::IoError(cause) if cause.kind() != io::ErrorKind::QuotaExceeded => None,
        cause => Some(wrong::fatal("08P01", format!("this is no message: {cause}"))),
    }
}
