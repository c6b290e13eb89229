//! Bytes that are nearly what clients say, on each wire, before a login and behind one: no panic, no charge.
//!
//! Seeded; `QUORATE_NOISE` says how many of each are sent.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{Action, FlightData, FlightDescriptor, Ticket};
use fastrand::Rng;
use futures::StreamExt;
use postgres_protocol::authentication::sasl::{ChannelBinding, ScramSha256};
use prost::Message;
use tonic::transport::Endpoint;

use super::hostile::{lives, message, startup};
use super::http::basic;
use super::serving::{PASSWORD, Serving};

/// Panics of threads that serve, but for those of the reader of messages, which are caught.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Counts panics of the server's threads from now on.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let serves = std::thread::current().name().is_some_and(|it| it.starts_with("tokio"));
            let reads = panic.location().is_some_and(|it| it.file().contains("/bytes-"));
            if serves && !reads {
                PANICS.fetch_add(1, Ordering::Relaxed);
            }
            before(panic);
        }));
    });
}

fn rounds() -> usize {
    std::env::var("QUORATE_NOISE").ok().and_then(|it| it.parse().ok()).unwrap_or(60)
}

/// Nobody stopped, nothing was charged.
fn unharmed(serving: &Serving) {
    lives(serving);
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
    assert!(engine::run::read_ledger(&serving.operator.instance).unwrap().charges().is_empty());
}

/// Bytes with a few of them changed, lost, doubled, put in, or made a length that cannot be.
fn damaged(seeded: &mut Rng, bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..seeded.usize(1..5) {
        if bytes.len() < 8 {
            break;
        }
        let at = seeded.usize(..bytes.len() - 4);
        let to = (at + seeded.usize(1..40)).min(bytes.len());
        match seeded.u8(..5) {
            0 => bytes[at] = seeded.u8(..),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            3 => {
                let more: Vec<u8> = (at..to).map(|_| seeded.u8(..)).collect();
                bytes.splice(at..at, more);
            }
            _ => {
                let lengths = [0, 1, 4, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX];
                let length = lengths[seeded.usize(..lengths.len())];
                bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
            }
        }
    }
    bytes
}

/// Sends bytes and reads to the end of what is said.
fn send(mut socket: &TcpStream, bytes: &[u8]) {
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    // It may hang up while it is still being told.
    drop(socket.write_all(bytes));
    drop(socket.shutdown(Shutdown::Write));
    let mut said = Vec::new();
    drop(socket.take(10_000_000).read_to_end(&mut said));
}

fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).unwrap()
}

#[test]
fn noise_before_a_login_ends_a_connection_and_nothing_else() {
    count_panics();
    let serving = Serving::new();
    let mut seeded = Rng::with_seed(8);
    let login = startup(&[("user", "analyst"), ("database", "quorate")]);
    let shown = message(b'p', b"SCRAM-SHA-256\0\0\0\0\x14n,,n=,r=rOprNGfwEbeRWg");
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let line =
        b"POST /v1/query HTTP/1.1\r\nHost: q\r\nContent-Length: 9\r\n\r\n{\"sql\":1}".to_vec();
    for _ in 0..rounds() {
        send(&connect(serving.flight), &damaged(&mut seeded, &preface));
        send(&connect(serving.http), &damaged(&mut seeded, &line));
        // A login that is refused takes a second: nobody waits for it.
        let said = damaged(&mut seeded, &[login.clone(), shown.clone()].concat());
        drop(connect(serving.address).write_all(&said));
    }
    unharmed(&serving);
}

/// A connection of the analyst's over the PostgreSQL protocol, logged in by hand.
fn session(serving: &Serving) -> TcpStream {
    let mut socket = connect(serving.address);
    socket.write_all(&startup(&[("user", "analyst"), ("database", "quorate")])).unwrap();
    let mut scram = ScramSha256::new(PASSWORD.as_bytes(), ChannelBinding::unsupported());
    loop {
        let mut head = [0; 5];
        socket.read_exact(&mut head).unwrap();
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        socket.read_exact(&mut body).unwrap();
        match (head[0], body.get(3)) {
            (b'R', Some(10)) => {
                let first = scram.message();
                let length = u32::try_from(first.len()).unwrap().to_be_bytes();
                let first = [b"SCRAM-SHA-256\0", &length[..], first].concat();
                socket.write_all(&message(b'p', &first)).unwrap();
            }
            (b'R', Some(11)) => {
                scram.update(&body[4..]).unwrap();
                socket.write_all(&message(b'p', scram.message())).unwrap();
            }
            (b'Z', _) => return socket,
            (b'E', _) => panic!("{}", String::from_utf8_lossy(&body)),
            _ => {}
        }
    }
}

#[test]
fn noise_of_a_session_ends_it_and_nothing_else() {
    count_panics();
    let serving = Serving::new();
    let mut seeded = Rng::with_seed(9);
    let extended = [
        message(b'P', b"s\0SELECT $1::text AS a, 1 AS b\0\0\x01\0\0\0\x19"),
        message(b'B', b"p\0s\0\0\x01\0\0\0\x01\0\0\0\x01x\0\x01\0\x01"),
        message(b'D', b"Pp\0"),
        message(b'E', b"p\0\0\0\0\x01"),
        message(b'E', b"p\0\0\0\0\0"),
        message(b'D', b"Ss\0"),
        message(b'H', b""),
        message(b'C', b"Ss\0"),
        message(b'S', b""),
    ]
    .concat();
    let simple = message(
        b'Q',
        b"BEGIN; DECLARE c CURSOR FOR SELECT 1; FETCH 1 FROM c; CLOSE c; COMMIT; SHOW TimeZone; SET TimeZone = 'UTC'\0",
    );
    let copied = [
        message(b'Q', b"COPY (SELECT typname FROM pg_type) TO STDOUT (FORMAT csv, HEADER)\0"),
        message(b'd', b"1,2\n"),
        message(b'c', b""),
        message(b'f', b"no\0"),
        message(b'X', b""),
    ]
    .concat();
    for _ in 0..rounds() {
        let said = [&extended, &simple, &copied][seeded.usize(..3)];
        send(&session(&serving), &damaged(&mut seeded, said));
    }
    unharmed(&serving);
}

/// However many rows a client says that it takes, it has those that there are, and no memory is kept for others.
#[test]
fn a_limit_of_rows_takes_no_memory() {
    let serving = Serving::new();
    let execute = |most: u32| message(b'E', &[&b"\0"[..], &most.to_be_bytes()].concat());
    for most in [0x7fff_ffff, u32::MAX, 0x8000_0000, 2, 0] {
        let said = [
            message(b'P', b"\0SELECT typname FROM pg_type LIMIT 2\0\0\0"),
            message(b'B', b"\0\0\0\0\0\0\0\0"),
            execute(most),
            execute(most),
            message(b'S', b""),
            message(b'X', b""),
        ]
        .concat();
        let mut socket = session(&serving);
        socket.write_all(&said).unwrap();
        let mut told = Vec::new();
        socket.read_to_end(&mut told).unwrap();
        let mut kinds = Vec::new();
        let mut rest = told.as_slice();
        while let [kind, a, b, c, d, ..] = *rest {
            kinds.push(char::from(kind));
            rest = &rest[1 + usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap()..];
        }
        let kinds = kinds.into_iter().collect::<String>();
        // Two rows and their end; of as many as there are, the end comes when more are asked for.
        assert_eq!(kinds, if most == 2 { "12DDsCZ" } else { "12DDCCZ" }, "{most}");
    }
    lives(&serving);
}

#[test]
fn noise_of_requests_ends_them_and_nothing_else() {
    count_panics();
    let serving = Serving::new();
    let mut seeded = Rng::with_seed(10);
    let body = br#"{"sql":"SELECT $1 AS a, 'x' AS b","database":"quorate","purpose":"transport","parameters":[1,null,"a"]}"#;
    for _ in 0..rounds() {
        let body = damaged(&mut seeded, body);
        let head = format!(
            "POST /v1/query HTTP/1.1\r\nHost: q\r\n{}Accept: text/csv\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            basic("analyst"),
            body.len()
        );
        let head =
            if seeded.bool() { head.into_bytes() } else { damaged(&mut seeded, head.as_bytes()) };
        send(&connect(serving.http), &[head, body].concat());
    }
    unharmed(&serving);
}

#[test]
fn noise_of_calls_ends_them_and_nothing_else() {
    count_panics();
    let serving = Serving::new();
    let mut seeded = Rng::with_seed(11);
    let asked = CommandStatementQuery { query: "SELECT 1 AS a".to_owned(), transaction_id: None };
    let handle = br#"{"sql":"SELECT 1 AS a","bound":true,"columns":""}"#.to_vec();
    let ticket = TicketStatementQuery { statement_handle: handle.into() };
    let (asked, ticket) = (asked.as_any().encode_to_vec(), ticket.as_any().encode_to_vec());
    serving.block_on(async {
        let to = Endpoint::new(format!("http://{}", serving.flight)).unwrap();
        let mut client = FlightServiceClient::new(to.connect().await.unwrap());
        let bearer: tonic::metadata::MetadataValue<_> =
            format!("Bearer {}", serving.token).parse().unwrap();
        macro_rules! call {
            ($what:expr) => {{
                let mut request = tonic::Request::new($what);
                request.metadata_mut().insert("authorization", bearer.clone());
                request
            }};
        }
        for _ in 0..rounds() {
            let described = FlightDescriptor::new_cmd(damaged(&mut seeded, &asked));
            drop(client.get_flight_info(call!(described.clone())).await);
            if let Ok(got) = client.do_get(call!(Ticket::new(damaged(&mut seeded, &ticket)))).await
            {
                got.into_inner().take(100).collect::<Vec<_>>().await;
            }
            let kinds = ["CreatePreparedStatement", "ClosePreparedStatement", "nothing"];
            let kind = kinds[seeded.usize(..kinds.len())];
            let action = Action::new(kind, damaged(&mut seeded, &asked));
            if let Ok(done) = client.do_action(call!(action)).await {
                done.into_inner().take(100).collect::<Vec<_>>().await;
            }
            let data = FlightData::new()
                .with_descriptor(described)
                .with_data_header(damaged(&mut seeded, &asked))
                .with_data_body(damaged(&mut seeded, &ticket));
            drop(client.do_put(call!(futures::stream::iter([data]))).await);
        }
    });
    unharmed(&serving);
}
