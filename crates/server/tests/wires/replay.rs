//! What thirteen client programs sent to a PostgreSQL, sent to us: simple and extended, each statement is understood
//! and costs nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::serving::Serving;

/// Statements of a log of a server: `statement: …` and `execute NAME: …`, with the lines that follow.
fn statements(log: &str) -> Vec<String> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for line in log.lines() {
        let entry = line.split_once("| ").filter(|it| !it.0.contains('\t')).map(|it| it.1);
        if let Some(entry) = entry.and_then(|it| it.strip_prefix("LOG:  ")) {
            let sql = entry.split_once(": ").map_or("", |it| it.1);
            found.push((sql.to_owned(), Vec::new()));
        } else if let (Some(entry), Some(last)) = (entry, found.last_mut()) {
            let values = entry.split_once("parameters: ").map_or("", |it| it.1);
            last.1 = values
                .split(", $")
                .filter_map(|it| it.split_once(" = "))
                .map(|it| it.1.to_owned())
                .collect();
        } else if let Some(last) = found.last_mut() {
            last.0 += &format!("\n{line}");
        }
    }
    found
        .into_iter()
        .map(|(mut sql, values)| {
            for (at, value) in values.iter().enumerate().rev() {
                sql = sql.replace(&format!("${}", at + 1), value);
            }
            sql
        })
        .collect()
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn what_client_programs_send_is_understood_and_free() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures/client-queries");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    };
    let serving = Serving::new();
    let mut logs: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).collect();
    logs.sort();
    let mut asked = 0;
    for log in logs {
        let client = serving.client(&serving.config("analyst", "quorate")).unwrap();
        let text = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
        let all: BTreeSet<String> = statements(&text).into_iter().collect();
        for sql in all {
            // Nothing is published here, and what makes a view is refused; the rest must do.
            let other =
                ["footfall", "CREATE", "DROP", "ERROR:", "FETCH", "CLOSE"].iter().any(|it| {
                    sql.contains(it)
                        && !sql.contains("pg_catalog")
                        && !sql.contains("information_schema")
                });
            if other || sql.trim().is_empty() {
                continue;
            }
            let told = serving.block_on(client.simple_query(&sql));
            assert!(told.is_ok(), "{}: {sql}\n{:?}", log.display(), told.err());
            if !sql.trim().trim_end_matches(';').contains(';') {
                let told = serving.block_on(client.prepare(&sql));
                assert!(told.is_ok(), "{} prepared: {sql}\n{:?}", log.display(), told.err());
            }
            asked += 1;
        }
    }
    assert!(asked > 60, "{asked}");
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges();
    assert!(charges.is_empty());
}
