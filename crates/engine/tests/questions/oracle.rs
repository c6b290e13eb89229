//! The statements of people who look for a way in, each with what it must come to.
//!
//! They are read from the folder of oracles where there is one: `R` is refused, `D`, `C` and `P` are asked, and
//! where a line allows both, either. Every one of them stands in `tests/slt` too, in this schema.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::world::Operator;

/// What a statement may come to.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    number: String,
    statements: Vec<String>,
    may_be_refused: bool,
    may_be_asked: bool,
}

/// Reads a line; `None` when it is none of a statement.
fn line(text: &str) -> Option<Line> {
    let (number, rest) = text.split_once(' ')?;
    number.parse::<u32>().ok()?;
    let (words, expected) = rest.rsplit_once("-- ")?;
    let begins = ["SELECT", "select", "EXPLAIN", "PREPARE"];
    let start = begins.iter().filter_map(|it| words.find(it)).min()?;
    let statements = words.get(start..)?.split(';').map(|it| in_our_names(it.trim()));
    let letters: BTreeSet<&str> = expected.split(|it: char| !it.is_alphanumeric()).collect();
    let may_be_refused = letters.contains("R") || expected.starts_with("D only");
    let may_be_asked = !may_be_refused || ["D", "C", "P"].iter().any(|it| letters.contains(it));
    Some(Line {
        number: number.to_owned(),
        statements: statements.filter(|it| !it.is_empty()).collect(),
        may_be_refused,
        may_be_asked,
    })
}

fn in_our_names(sql: &str) -> String {
    let sql = sql.replace("postcode_sector", "sector");
    sql.replace(".ts", ".day").replace(" ts ", " day ")
}

#[test]
fn every_statement_of_the_oracle_is_refused_or_asked_as_it_says() {
    let shared = std::env::var_os("QUORATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = shared.join("oracles/adversarial.sql");
    let Ok(text) = std::fs::read_to_string(&file) else {
        eprintln!("skipped: no {}", file.display());
        return;
    };
    let operator = Operator::fresh();
    let lines: Vec<Line> = text.lines().filter_map(line).collect();
    assert!(lines.len() > 60, "{}", lines.len());
    for line in lines {
        for sql in &line.statements {
            let (number, said) = (&line.number, operator.decide(sql));
            match said {
                Ok(_) => assert!(line.may_be_asked, "{number} is asked: {sql}"),
                Err(refusal) => {
                    assert!(line.may_be_refused, "{number}: {sql}\n{refusal}");
                    assert!(refusal.code().starts_with('Q'), "{number}: {sql}\n{refusal}");
                }
            }
        }
    }
}

#[test]
fn a_line_is_read_with_all_that_it_allows() {
    let read = |text: &str| {
        let line = line(text).unwrap();
        (line.statements.len(), line.may_be_refused, line.may_be_asked)
    };
    assert_eq!(read("1  SELECT 1;   -- R (why)"), (1, true, false));
    assert_eq!(read("2  SELECT 1; SHOW ALL;  -- R"), (2, true, false));
    assert_eq!(read("3  SELECT 1;  -- x10000: C, one charge"), (1, false, true));
    assert_eq!(read("4  SELECT 1;  -- D two charged sums or R"), (1, true, true));
    assert_eq!(read("5  SELECT 1;  -- answered from cube; row F"), (1, false, true));
    assert_eq!(line("94 kill -9 between  -- C"), None);
    assert_eq!(line("-- keys"), None);
}
