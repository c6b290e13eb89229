//! docs/questions.md: made of the rules, the views and what the planner really says.
//!
//! `QUORATE_BLESS=1 cargo test -p quorate-engine --test questions` writes it again.

use std::fmt::Write;
use std::path::Path;

use engine::query::rule::ALL;
use engine::query::{Desk, view};

use super::wire::rows;
use super::world::Operator;

const INTRODUCTION: &str = "\
# Questions in SQL

<!-- Made by QUORATE_BLESS=1 cargo test -p quorate-engine --test questions; do not edit. -->

A question is one `SELECT` about groups of people. Whatever stands in an answer is of fifty people or more, is
measured with noise, and is paid for by the month it is about. What follows from an answer is free.

## What may be asked

    SELECT columns, COUNT(DISTINCT subscriber_id), COUNT(*), SUM(minutes), AVG(minutes)
    FROM   a view  [JOIN subscriber USING (subscriber_id)]  [JOIN dim_area USING (area)]  [JOIN dim_site USING (site)]
    WHERE  column IN (bins) AND day BETWEEN … AND hour BETWEEN …
    GROUP BY columns  [GROUPING SETS | ROLLUP | CUBE]

Around it anything may stand: `HAVING`, `ORDER BY`, `LIMIT`, arithmetic, `WITH`, `UNION`, window functions, joins of
answers. Behind each number that leaves as it was measured stand its 95% interval, `<name>_lo` and `<name>_hi`.
A group that is not in the answer has no quorum or nobody in it; the two look the same.

A question that was asked before, by whomever and in whatever words, costs nothing and has the same numbers. A
condition on one bin of an attribute of people is answered from the table by that attribute: ask for
`gender = 'F'`, and the other genders cost nothing more.
";

const FREE: &str = "\
## What is free

- `released.<product>`: what was published, one table for each product
- `dim_area (area, postcode_area, region)` and `dim_site (site, category)`: public lists, also to join with
- `SHOW TABLES`, `DESCRIBE visit`, `information_schema.tables` and `information_schema.columns`
- `EXPLAIN PRIVACY` of any question, and every question that was answered before

## What it costs

`EXPLAIN PRIVACY` in front of a question says what would be measured, with which noise and at which cost, and
charges nothing. Nothing in it depends on the people.
";

const RULES: &str = "\
## What is refused

A refusal is decided from the statement, the schema, the policy and the ledger, never from rows: it reads the same
whoever is in the data. It names the rule, shows the place, and says what to write instead.
";

const EXPLAINED: &str = "SELECT gender, COUNT(DISTINCT subscriber_id), SUM(minutes)
FROM visit JOIN subscriber USING (subscriber_id)
WHERE category = 'News' AND day BETWEEN DATE '2026-10-05' AND DATE '2026-10-11'
GROUP BY gender";

/// The page, by what a desk says.
fn page(desk: &Desk<'_>) -> String {
    let mut page = format!("{INTRODUCTION}\n## What there is\n");
    for spec in view::ALL {
        let _ = write!(page, "\n`{}`: {}", spec.name, spec.summary);
        page.push_str(&match (spec.rows_cap, spec.minutes_cap) {
            (1, _) => ".\n".to_owned(),
            (rows, 0) => format!("; a person counts with at most {rows} rows in a cell.\n"),
            (rows, minutes) => format!(
                "; a person counts with at most {rows} rows and {minutes} minutes in a cell.\n"
            ),
        });
        page.push_str("\n| column | what it is |\n|---|---|\n");
        for column in spec.columns {
            let _ = writeln!(page, "| `{}` | {} |", column.name, column.summary);
        }
    }
    let _ = writeln!(page, "\n{FREE}\n{}", block(&format!("EXPLAIN PRIVACY\n{EXPLAINED}")));
    let explained = desk.decide(&format!("EXPLAIN PRIVACY {EXPLAINED}")).unwrap();
    let lines = desk.answer(&explained).unwrap().rows;
    let lines: Vec<String> = lines.iter().flat_map(rows).flatten().collect();
    let _ = writeln!(page, "{}\n{RULES}", block(&lines.join("\n")));
    for rule in ALL {
        let Err(refusal) = desk.decide(rule.refused) else {
            panic!("{} is not refused: {}", rule.code, rule.refused)
        };
        let _ = writeln!(page, "### {}: {}\n\n{}\n", rule.code, rule.title, rule.why);
        let _ = writeln!(page, "{}", block(rule.refused));
        let _ = writeln!(page, "{}", block(&refusal.to_string()));
        let _ = writeln!(page, "Write instead:\n\n{}", block(rule.instead));
    }
    page.trim_end().to_owned() + "\n"
}

fn block(text: &str) -> String {
    text.lines().map(|it| format!("    {it}").trim_end().to_owned() + "\n").collect()
}

#[test]
fn the_page_says_what_the_planner_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/questions.md");
    let page = Operator::fresh().at_desk(page);
    if std::env::var_os("QUORATE_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let again = "QUORATE_BLESS=1 cargo test -p quorate-engine --test questions";
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held == page, "docs/questions.md is not what the planner says; run  {again}");
}

#[test]
fn every_rule_refuses_its_example_and_accepts_what_it_says_instead() {
    Operator::fresh().at_desk(|desk| {
        for rule in ALL {
            let code = desk.decide(rule.refused).err().map(|it| it.code());
            assert_eq!(code, Some(rule.code), "{}", rule.refused);
            if let Err(refusal) = desk.decide(rule.instead) {
                panic!("{}: {}\n{refusal}", rule.code, rule.instead);
            }
        }
    });
}
