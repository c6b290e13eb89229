//! Clients that mean no good: the server lives, says what is wrong or hangs up, and the ledger is right.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::http::{basic, request};
use super::serving::Serving;
use super::world::Operator;

/// What the server says to bytes, until it hangs up or has said nothing for a while.
fn told(address: std::net::SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    // It may hang up while it is still being told.
    drop(socket.write_all(bytes));
    drop(socket.shutdown(Shutdown::Write));
    let mut said = Vec::new();
    let mut part = [0; 4096];
    while let Ok(more @ 1..) = socket.read(&mut part) {
        said.extend(&part[..more]);
        assert!(said.len() < 1_000_000, "it talks on and on");
    }
    said
}

pub fn lives(serving: &Serving) {
    let client = serving.client(&serving.config("analyst", "quorate")).unwrap();
    serving.block_on(client.simple_query("SELECT 1")).unwrap();
    assert_eq!(request(serving, "GET /healthz HTTP/1.1\r\n", b"").status, 200);
    super::flight::ask(serving, "SELECT 1").unwrap();
}

/// Start-up messages and packets that are cut, too long, or of no kind.
#[test]
fn malformed_packets_end_a_connection_and_nothing_else() {
    let serving = Serving::new();
    let startup = |length: u32, rest: &[u8]| [&length.to_be_bytes()[..], rest].concat();
    let version = 196_608_u32.to_be_bytes();
    let cases: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        startup(0, &version),
        startup(4, &[]),
        startup(u32::MAX, &version),
        startup(0x7fff_ffff, &version),
        startup(8, &80_877_103_u32.to_be_bytes()),
        startup(16, &[&80_877_102_u32.to_be_bytes()[..], &[0xff; 8]].concat()),
        startup(9, &[&version[..], &[0]].concat()),
        startup(40, &[&version[..], b"user\0analyst\0database\0quorate"].concat()),
        startup(30, &[&version[..], b"user\0analyst\0\0p\xff\xff\xff\xff"].concat()),
        startup(22, &[&version[..], b"user\0analyst\0\0Q\0\0\0\x05\0"].concat()),
        vec![0xff; 70_000],
    ];
    for case in &cases {
        told(serving.address, case);
        told(serving.flight, case);
        told(serving.http, case);
    }
    lives(&serving);
}

#[test]
fn a_thousand_idle_sessions_leave_room_for_more() {
    let serving = Serving::new();
    let idle: Vec<TcpStream> =
        (0..1_000).map(|_| TcpStream::connect(serving.address).unwrap()).collect();
    lives(&serving);
    // Who comes when all places are taken is turned away, and comes in when there is room again.
    let more: Vec<TcpStream> =
        (0..150).map(|_| TcpStream::connect(serving.address).unwrap()).collect();
    assert!(serving.client(&serving.config("analyst", "quorate")).is_err());
    drop((idle, more));
    let back = (0..200).any(|_| {
        std::thread::yield_now();
        serving.client(&serving.config("analyst", "quorate")).is_ok()
    });
    assert!(back);
}

#[test]
fn floods_of_cancels_and_wrong_keys_touch_nobody() {
    let serving = Serving::new();
    let client = serving.analyst();
    for key in 0..300_u32 {
        let body = [16_u32, 80_877_102, key, key].map(u32::to_be_bytes).concat();
        told_nothing(serving.address, &body);
    }
    let token = client.cancel_token();
    serving.block_on(async {
        for _ in 0..50 {
            token.cancel_query(tokio_postgres::NoTls).await.unwrap();
        }
    });
    // A cancel of nothing is for nothing; the next statement is answered.
    let answered = (0..3).any(|_| serving.block_on(client.simple_query("SELECT 1")).is_ok());
    assert!(answered);
    lives(&serving);
}

/// Statements that are cancelled work on, each in a turn of its user's: nobody has more than sixteen, others have theirs.
#[test]
fn cancelled_statements_keep_their_turns() {
    let serving = Serving::new();
    let client = serving.analyst();
    serving.block_on(client.simple_query("SET statement_timeout = '50ms'")).unwrap();
    for sql in std::iter::repeat_n("SELECT pg_sleep(5)", 16).chain(["SELECT 1"]) {
        let late = serving.block_on(client.simple_query(sql)).unwrap_err();
        assert_eq!(late.code().unwrap().code(), "57014", "{sql}");
    }
    let other = serving.client(&serving.config("stranger", "quorate")).unwrap();
    serving.block_on(other.simple_query("SELECT 1")).unwrap();
}

fn told_nothing(address: std::net::SocketAddr, bytes: &[u8]) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(bytes).unwrap();
    drop(socket.shutdown(Shutdown::Write));
}

/// A client that asks for much and never reads is let go when it leaves.
#[test]
fn a_client_that_stops_reading_holds_up_nobody() {
    let serving = Serving::new();
    let head = format!("POST /v1/query HTTP/1.1\r\nHost: q\r\n{}", basic("analyst"));
    let sql = "{\"sql\":\"SELECT * FROM pg_catalog.pg_proc a CROSS JOIN pg_catalog.pg_am b\"}";
    let asked = format!("{head}Content-Length: {}\r\n\r\n{sql}", sql.len());
    let silent: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut socket = TcpStream::connect(serving.http).unwrap();
            socket.write_all(asked.as_bytes()).unwrap();
            socket
        })
        .collect();
    lives(&serving);
    drop(silent);
    lives(&serving);
}

#[test]
fn a_result_too_large_for_memory_is_refused_in_words() {
    let serving = Serving::new();
    let client = serving.analyst();
    let sql = "SELECT a.proname, b.proname, c.proname FROM pg_catalog.pg_proc a, pg_catalog.pg_proc b, \
               pg_catalog.pg_proc c ORDER BY 1, 2, 3";
    let told = serving.block_on(client.simple_query(sql)).unwrap_err();
    assert_eq!(told.code().unwrap().code(), "53000", "{told:?}");
    lives(&serving);
}

/// The bytes of a start-up message with these options.
pub fn startup(options: &[(&str, &str)]) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for (name, value) in options {
        body.extend(name.bytes().chain([0]).chain(value.bytes()).chain([0]));
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap();
    [&length.to_be_bytes()[..], &body].concat()
}

pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// What is not logged in may send little, and a message is of some length: more ends the connection, in words.
#[test]
fn messages_that_never_end_are_not_read_to_their_end() {
    let serving = Serving::new();
    let endless = || {
        let head = [&[b'Q'][..], &0x3fff_0000_u32.to_be_bytes()].concat();
        head.into_iter().chain(std::iter::repeat_n(b'x', 4_000_000))
    };
    let options = [("user", "analyst"), ("database", "quorate")];
    let said =
        told(serving.address, &startup(&options).into_iter().chain(endless()).collect::<Vec<_>>());
    assert!(says(&said, "08P01"), "{}", String::from_utf8_lossy(&said));
    // Behind a login a statement of a megabyte ends its connection; a smaller one is refused in it.
    let client = serving.analyst();
    let long = format!("SELECT '{}'", "x".repeat(3_000_000));
    let refused = serving.block_on(client.simple_query(&long)).unwrap_err();
    assert!(refused.code().is_none_or(|it| it.code() == "08P01"), "{refused:?}");
    assert!(serving.block_on(client.simple_query("SELECT 1")).is_err(), "it has ended");
    // Over HTTP nobody's body is read at all.
    let head = "POST /v1/query HTTP/1.1\r\nHost: q\r\nContent-Length: 4000000\r\n\r\n";
    let said = told(serving.http, &head.bytes().chain(endless()).collect::<Vec<_>>());
    assert!(said.starts_with(b"HTTP/1.1 401"), "{}", String::from_utf8_lossy(&said));
    told(serving.flight, &endless().collect::<Vec<_>>());
    lives(&serving);
}

fn says(said: &[u8], what: &str) -> bool {
    said.windows(what.len()).any(|it| it == what.as_bytes())
}

/// Bytes that came in plain text before the handshake are not taken for the client's (CVE-2021-23214).
#[test]
fn what_comes_before_tls_is_nobodys() {
    let (tls, connector) = super::serving::tls();
    let serving = Serving::of(Operator::fresh(), Some(tls));
    let greeted = |before: &[u8]| {
        let asks = [&8_u32.to_be_bytes()[..], &80_877_103_u32.to_be_bytes(), before].concat();
        let connector = connector.clone();
        serving.block_on(async {
            let mut socket = tokio::net::TcpStream::connect(serving.address).await.unwrap();
            socket.write_all(&asks).await.unwrap();
            assert_eq!(socket.read_u8().await.unwrap(), b'S');
            let name = "localhost".try_into().unwrap();
            let mut socket = connector.connect(name, socket).await.unwrap();
            // Either may be too late.
            drop(socket.write_all(&startup(&[("user", "analyst")])).await);
            socket.read_u8().await.ok()
        })
    };
    assert_eq!(greeted(b""), Some(b'R'), "a login is asked for");
    assert_eq!(greeted(&startup(&[("user", "engineer")])), None);
    lives(&serving);
}

/// Statements that follow a login that fails are not read, whatever is sent with them.
#[test]
fn statements_behind_a_refused_login_are_nobodys() {
    let serving = Serving::new();
    let sql = b"SELECT gender, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY gender\0";
    for first in [
        message(b'p', b"SCRAM-SHA-256\0\0\0\0\x14n,,n=,r=rOprNGfwEbeRWg"),
        message(b'p', b"nonsense\0"),
        message(b'Q', sql),
    ] {
        let options = [
            ("user", "analyst"),
            ("database", "protected"),
            ("options", "-c quorate.purpose=transport"),
        ];
        let wrong = message(b'p', b"c=biws,r=rOprNGfwEbeRWg,p=AAAA");
        let asked = message(b'Q', sql);
        let bytes = [startup(&options), first, wrong, asked.clone(), asked].concat();
        let mut socket = TcpStream::connect(serving.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        drop(socket.write_all(&bytes));
        let mut said = Vec::new();
        drop(socket.read_to_end(&mut said));
        // No columns of anything: nobody was answered.
        assert!(!said.windows(6).any(|it| it == b"gender"), "{}", String::from_utf8_lossy(&said));
    }
    // Whatever was begun of it would be charged by the time that another question is.
    let own = "SELECT hour, COUNT(*) FROM visit GROUP BY hour";
    serving.block_on(serving.analyst().simple_query(own)).unwrap();
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges();
    assert_eq!(charges.len(), 1);
    lives(&serving);
}

/// A login that was taken away since is no login, and a handshake makes no more of a token than it is.
#[test]
fn sessions_end_with_their_user_and_tokens_stay_what_they_are() {
    let serving = Serving::new();
    let client = serving.analyst();
    serving.block_on(client.simple_query("SELECT 1")).unwrap();
    super::flight::a_token_of_released_tables_stays_one(&serving);
    serving.disable("analyst");
    let told = serving.block_on(client.simple_query("SELECT 1")).unwrap_err();
    assert_eq!(told.code().unwrap().code(), "42501");
    assert!(super::flight::ask(&serving, "SELECT 1").is_err());
    assert!(super::http::ask(&serving, "SELECT 1").is_err());
}

/// A statement of the longest kind, deep or wide, is refused or answered, and the program lives.
#[test]
fn long_and_deep_statements_are_refused() {
    let serving = Serving::new();
    let client = serving.analyst();
    for sql in [
        format!("SELECT {}1", "1+".repeat(400_000)),
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT '{}'", "x".repeat(70_000)),
    ] {
        assert!(serving.block_on(client.simple_query(&sql)).is_err());
        assert!(super::http::ask(&serving, &sql).is_err());
    }
    serving.block_on(client.simple_query("SELECT 1")).unwrap();
    let into = "SELECT a.oid INTO described.x FROM pg_catalog.pg_class a";
    assert!(serving.block_on(client.simple_query(into)).is_err());
    lives(&serving);
}
