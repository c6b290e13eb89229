//! A connection that is let go when its client sends too much, or takes too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::time::{Sleep, sleep};

/// A minute for a login, from when a client came.
const LOGIN_TIME: Duration = Duration::from_mins(1);

/// A minute: a client that takes nothing of what it is told for so long is let go.
const STALLED: Duration = Duration::from_mins(1);

/// 256 kB: what a client may send before anybody has logged in.
const BEFORE_LOGIN_MOST: usize = 256_000;

/// Whether anybody has logged in over a connection.
#[derive(Clone, Debug, Default)]
pub struct LoggedIn(Arc<AtomicBool>);

impl LoggedIn {
    /// Somebody has.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether somebody has.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A stream with its limits: until a login a minute and 256 kB, then so many bytes a message; a minute for each write.
pub struct Guarded<S> {
    stream: S,
    logged_in: LoggedIn,
    /// The end of the time for a login.
    until: Pin<Box<Sleep>>,
    /// Bytes that came since the last message was whole, or since the client did.
    read: usize,
    /// What a message may have.
    message_most: usize,
    /// The end of the time for a write that waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Guarded<S> {
    /// Guards a stream from now on.
    pub fn new(stream: S, message_most: usize) -> Self {
        let until = Box::pin(sleep(LOGIN_TIME));
        let logged_in = LoggedIn::default();
        Self { stream, logged_in, until, read: 0, message_most, stalled: None }
    }

    /// Whether anybody has logged in over it; to be set by who sees it.
    pub const fn logged_in(&self) -> &LoggedIn {
        &self.logged_in
    }

    /// A message is whole: the next may be as long.
    pub const fn next_message(&mut self) {
        self.read = 0;
    }

    /// What may come before the connection ends.
    fn most(&self) -> usize {
        if self.logged_in.is_set() { self.message_most } else { BEFORE_LOGIN_MOST }
    }

    /// Gives a write its time.
    fn in_time<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(STALLED)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.logged_in.is_set() && self.until.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let most = self.most();
        if self.read >= most {
            let what = format!("a message of {most} bytes or more");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::QuotaExceeded, what)));
        }
        let before = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        self.read = self.read.saturating_add(into.filled().len().saturating_sub(before));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, from);
        self.in_time(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.in_time(context, shut)
    }
}

/// Items that wait to be taken, each for a minute; then they are let go, and the end is `late`.
///
/// Where many streams share a connection a write does not wait for any of them.
pub fn taken<T: Send + 'static, E: Send + 'static>(
    items: impl Stream<Item = Result<T, E>> + Send + 'static,
    late: impl FnOnce() -> E + Send + 'static,
) -> impl Stream<Item = Result<T, E>> + Send {
    let (send, mut come) = mpsc::channel(1);
    let fed = tokio::spawn(async move {
        let mut items = std::pin::pin!(items);
        while let Some(item) = items.next().await {
            match send.send_timeout(item, STALLED).await {
                Ok(()) => {}
                Err(SendTimeoutError::Timeout(_)) => return true,
                // Nobody wants more.
                Err(SendTimeoutError::Closed(_)) => return false,
            }
        }
        false
    });
    let items = stream::poll_fn(move |context| come.poll_recv(context));
    let end = stream::once(async move { fed.await.unwrap_or(true).then(late) });
    items.chain(end.filter_map(async |it| it.map(Err)))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Time that passes by itself when all wait.
    fn paused() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    }

    #[test]
    fn a_client_that_does_not_log_in_is_let_go() {
        paused().block_on(async {
            let (_client, server) = duplex(16);
            let begun = tokio::time::Instant::now();
            let late = Guarded::new(server, 9).read_u8().await.unwrap_err();
            assert_eq!(late.kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed().as_secs(), LOGIN_TIME.as_secs());
        });
    }

    #[test]
    fn one_that_has_logged_in_may_be_idle() {
        paused().block_on(async {
            let (mut client, server) = duplex(16);
            let mut server = Guarded::new(server, 9);
            server.logged_in().set();
            let said = async {
                sleep(LOGIN_TIME * 100).await;
                client.write_all(b"x").await.unwrap();
            };
            let (read, ()) = tokio::join!(server.read_u8(), said);
            assert_eq!(read.unwrap(), b'x');
        });
    }

    #[test]
    fn what_comes_is_limited_before_a_login_and_in_each_message() {
        paused().block_on(async {
            let (mut client, server) = duplex(2 * BEFORE_LOGIN_MOST);
            client.write_all(&vec![0; 2 * BEFORE_LOGIN_MOST]).await.unwrap();
            let mut server = Guarded::new(server, 3);
            let mut came = vec![0; 2 * BEFORE_LOGIN_MOST];
            // Told by the message and not by the login: it may go on in smaller ones.
            server.read_exact(&mut came[..BEFORE_LOGIN_MOST]).await.unwrap();
            let much = server.read_u8().await.unwrap_err();
            assert_eq!(much.kind(), io::ErrorKind::QuotaExceeded);
            server.next_message();
            server.logged_in().set();
            server.read_exact(&mut came[..3]).await.unwrap();
            assert!(server.read_u8().await.is_err());
            server.next_message();
            assert!(server.read_u8().await.is_ok());
        });
    }

    #[test]
    fn what_is_not_taken_is_let_go_and_says_so() {
        paused().block_on(async {
            let items = |many: u8| taken(stream::iter((0..many).map(Ok)), || "late");
            assert_eq!(items(5).collect::<Vec<_>>().await, [0, 1, 2, 3, 4].map(Ok));
            let mut slow = std::pin::pin!(items(9));
            assert_eq!(slow.next().await, Some(Ok(0)));
            sleep(STALLED * 2).await;
            let rest: Vec<_> = slow.collect().await;
            assert!(rest.len() < 8 && rest.last() == Some(&Err("late")), "{rest:?}");
        });
    }

    #[test]
    fn a_client_that_stops_reading_is_let_go() {
        paused().block_on(async {
            let (_client, server) = duplex(16);
            let mut server = Guarded::new(server, 9);
            server.write_all(&[0; 16]).await.unwrap();
            let begun = tokio::time::Instant::now();
            let late = server.write_all(&[0; 1]).await.unwrap_err();
            assert_eq!(late.kind(), io::ErrorKind::TimedOut);
            assert_eq!(begun.elapsed().as_secs(), STALLED.as_secs());
            // A slow one is not: each byte that it takes gives it a minute more.
            let (mut client, server) = duplex(16);
            let mut server = Guarded::new(server, 9);
            server.write_all(&[0; 16]).await.unwrap();
            let slow = async {
                for _ in 0..3 {
                    sleep(STALLED * 9 / 10).await;
                    client.read_u8().await.unwrap();
                }
            };
            let (written, ()) = tokio::join!(server.write_all(&[0; 3]), slow);
            written.unwrap();
        });
    }
}
