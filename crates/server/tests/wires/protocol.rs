//! What the protocol has beside questions: settings, cursors, COPY, cancelling, times, the catalog.

use std::time::{Duration, Instant};

use futures::TryStreamExt;
use tokio_postgres::SimpleQueryMessage;

use super::serving::Serving;

/// The first column of what a text says.
fn column(serving: &Serving, client: &tokio_postgres::Client, sql: &str) -> Vec<String> {
    let told = serving.block_on(client.simple_query(sql)).unwrap();
    let rows = told.iter().filter_map(|it| match it {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    rows.collect()
}

#[test]
fn a_text_of_several_statements_has_an_answer_for_each() {
    let serving = Serving::new();
    let client = serving.analyst();
    let told =
        column(&serving, &client, "BEGIN; SELECT 1; SELECT 'a;b'; SHOW server_version_num; COMMIT");
    assert_eq!(told, ["1", "a;b", "160006"]);
    let version = column(&serving, &client, "select pg_catalog.version()");
    assert!(version[0].starts_with("PostgreSQL 16."), "{version:?}");
    assert!(column(&serving, &client, " ; ").is_empty());
}

#[test]
fn the_catalog_lists_tables_and_reaches_nobody() {
    let serving = Serving::new();
    let client = serving.analyst();
    let names = column(
        &serving,
        &client,
        "SELECT relname FROM pg_catalog.pg_class WHERE relkind IN ('r', 'v') AND relname IN ('visit', 'subscriber') ORDER BY 1",
    );
    assert_eq!(names, ["subscriber", "visit"]);
    let charges = || engine::run::read_ledger(&serving.operator.instance).unwrap().charges().len();
    assert_eq!(charges(), 0);
}

#[test]
fn rows_come_by_cursors_of_both_kinds_and_by_copy() {
    let serving = Serving::new();
    let mut client = serving.analyst();
    let asked =
        "SELECT hour, COUNT(DISTINCT subscriber_id) AS n FROM visit GROUP BY hour ORDER BY hour";
    let whole = column(&serving, &client, asked);
    assert_eq!(whole.len(), 2);
    serving.block_on(client.simple_query(&format!("BEGIN; DECLARE c CURSOR FOR {asked}"))).unwrap();
    assert_eq!(column(&serving, &client, "FETCH 1 FROM c"), whole[..1]);
    assert_eq!(column(&serving, &client, "FETCH ALL FROM c"), whole[1..]);
    assert!(column(&serving, &client, "FETCH NEXT FROM c").is_empty());
    serving.block_on(client.simple_query("CLOSE c; COMMIT")).unwrap();
    let gone = serving.block_on(client.simple_query("FETCH 1 FROM c")).unwrap_err();
    assert_eq!(gone.code().unwrap().code(), "34000");
    serving.block_on(async {
        let transaction = client.transaction().await.unwrap();
        let portal = transaction.bind(asked, &[]).await.unwrap();
        let first = transaction.query_portal(&portal, 1).await.unwrap();
        let rest = transaction.query_portal(&portal, 0).await.unwrap();
        assert_eq!((first.len(), rest.len()), (1, 1));
    });
    let copied = |layout: &str| {
        let sql = format!("COPY ({asked}) TO STDOUT {layout}");
        let stream = serving.block_on(client.copy_out(&sql)).unwrap();
        let parts: Vec<_> = serving.block_on(stream.try_collect()).unwrap();
        parts.concat()
    };
    let csv = String::from_utf8(copied("WITH (FORMAT csv, HEADER)")).unwrap();
    assert!(csv.starts_with("hour,n,n_lo,n_hi\n"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let text = String::from_utf8(copied("")).unwrap();
    assert_eq!(text.lines().next().unwrap().split('\t').count(), 4);
    assert!(copied("WITH BINARY").starts_with(b"PGCOPY\n\xff\r\n\0"));
}

#[test]
fn bound_values_are_the_question_in_other_words() {
    let serving = Serving::new();
    let client = serving.analyst();
    let free = "SELECT $1::int8 + 1";
    let row = serving.block_on(client.query_one(free, &[&41_i64])).unwrap();
    assert_eq!(row.get::<_, i64>(0), 42);
}

#[test]
fn a_statement_ends_when_its_time_is_over_or_it_is_cancelled() {
    let serving = Serving::new();
    let client = serving.analyst();
    serving.block_on(client.simple_query("SET statement_timeout = '50ms'")).unwrap();
    let late = serving.block_on(client.simple_query("SELECT pg_sleep(2)")).unwrap_err();
    assert_eq!(late.code().unwrap().code(), "57014");
    serving.block_on(client.simple_query("SET statement_timeout = 0")).unwrap();
    let token = client.cancel_token();
    let cancelled = serving.block_on(async {
        let asked = client.simple_query("SELECT pg_sleep(5)");
        let cancel = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            token.cancel_query(tokio_postgres::NoTls).await.unwrap();
        };
        futures::join!(asked, cancel).0.unwrap_err()
    });
    assert_eq!(cancelled.code().unwrap().code(), "57014");
    assert_eq!(column(&serving, &client, "SELECT 1"), ["1"]);
}

#[test]
fn who_is_being_answered_reads_it_to_its_end_when_the_server_stops() {
    let serving = Serving::new();
    let client = serving.analyst();
    serving.block_on(client.simple_query("SELECT 1")).unwrap();
    let idle = serving.config("analyst", "quorate");
    let (_idle, ending) = serving.block_on(idle.connect(tokio_postgres::NoTls)).unwrap();
    let told = serving.block_on(async {
        let asked = client.simple_query("SELECT pg_sleep(0.5), 'whole'");
        let stop = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            serving.stop.send_replace(true);
        };
        futures::join!(asked, stop).0.unwrap()
    });
    assert!(told.iter().any(|it| matches!(it, SimpleQueryMessage::Row(_))));
    let ended = serving.block_on(ending).unwrap_err();
    assert_eq!(ended.code().unwrap().code(), "57P01", "who is idle is told");
    assert!(serving.client(&serving.config("analyst", "quorate")).is_err(), "nobody new");
}

/// A count is charged at a tick of 250 ms behind its begin, and told at the next: neither says how long it took.
#[test]
fn fresh_answers_are_charged_and_told_at_ticks() {
    let serving = Serving::new();
    let client = serving.analyst();
    let begun = Instant::now();
    serving
        .block_on(client.simple_query("SELECT COUNT(DISTINCT id) AS n FROM subscriber"))
        .unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(500), "{:?}", begun.elapsed());
}

#[test]
fn what_is_not_done_is_said_and_the_connection_lives() {
    let serving = Serving::new();
    let client = serving.analyst();
    for (sql, state) in [
        ("CREATE LOCAL TEMPORARY TABLE \"#Tableau_1\" (a int)", "0A000"),
        ("INSERT INTO visit VALUES (1)", "0A000"),
        ("SELECT * FROM visit", "42501"),
        ("SELECT DISTINCT site FROM visit LIMIT 1000", "42501"),
        ("SET no_such_setting = 1", "0A000"),
        ("SELECT * FROM nothing", "42P01"),
        ("COPY visit TO STDOUT", "42501"),
    ] {
        let told = serving.block_on(client.simple_query(sql)).unwrap_err();
        assert_eq!(told.code().unwrap().code(), state, "{sql}: {told:?}");
    }
    assert_eq!(column(&serving, &client, "SELECT 1"), ["1"]);
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges();
    assert!(charges.is_empty());
}
