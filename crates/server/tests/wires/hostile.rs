//! Clients that mean no good: the server lives, says what is wrong or hangs up, and the ledger is right.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::http::{basic, request};
use super::serving::Serving;

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

fn lives(serving: &Serving) {
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

/// Seeded noise, and seeded damage to what a client says when it has logged in.
#[test]
fn packets_of_noise_end_a_connection_and_nothing_else() {
    let serving = Serving::new();
    let mut seeded = fastrand::Rng::with_seed(8);
    let head =
        [&22_u32.to_be_bytes()[..], &196_608_u32.to_be_bytes(), b"user\0analyst\0\0"].concat();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    let line =
        b"POST /v1/query HTTP/1.1\r\nHost: q\r\nContent-Length: 9\r\n\r\n{\"sql\":1}".to_vec();
    for _ in 0..150 {
        let (to, known) = match seeded.u8(..3) {
            0 => (serving.address, &head),
            1 => (serving.flight, &preface),
            _ => (serving.http, &line),
        };
        let mut bytes = known.clone();
        for _ in 0..seeded.usize(..6) {
            let at = seeded.usize(..bytes.len());
            bytes[at] = seeded.u8(..);
        }
        let more = seeded.usize(..200);
        bytes.extend(std::iter::repeat_with(|| seeded.u8(..)).take(more));
        bytes.truncate(seeded.usize(1..=bytes.len()));
        told(to, &bytes);
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
