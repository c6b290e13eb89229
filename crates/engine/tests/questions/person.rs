//! One person more or less changes no refusal, no decision and no price.

use sqllogictest::{DefaultColumnType, Record, parse_file};

use super::files::files;
use super::world::Operator;

/// Who is taken away: with them a group has 50, without them 49.
const SOMEBODY: &str = "canary-50-000007";

/// Every statement of the files of a kind.
pub fn statements(kind: &str) -> Vec<String> {
    let records = files(kind).into_iter().flat_map(|it| parse_file(it).unwrap());
    let sql = records.filter_map(|record: Record<DefaultColumnType>| match record {
        Record::Statement { sql, .. } | Record::Query { sql, .. } => Some(sql),
        _ => None,
    });
    sql.collect()
}

#[test]
fn refusals_decisions_and_prices_are_the_same_bytes_without_one_person() {
    let (with, without) = (Operator::fresh(), Operator::without(SOMEBODY));
    let kinds = ["refuse_", "answer_", "plan_"];
    let all: Vec<(&str, String)> = kinds
        .into_iter()
        .flat_map(|kind| statements(kind).into_iter().map(move |it| (kind, it)))
        .collect();
    with.at_desk(|one| {
        without.at_desk(|other| {
            for (kind, sql) in &all {
                let said = |desk: &engine::query::Desk<'_>| {
                    let decision = desk.decide(sql)?;
                    engine::Result::Ok(format!(
                        "{} {:?}",
                        decision.is_free(),
                        desk.cost(&decision)?
                    ))
                };
                let (one, other) = (said(one), said(other));
                assert_eq!(one.is_err(), *kind == "refuse_", "{sql}");
                let text = |it: engine::Result<String>| it.unwrap_or_else(|it| it.to_string());
                assert_eq!(text(one).as_bytes(), text(other).as_bytes(), "{sql}");
            }
        });
    });
}

#[test]
fn a_statement_about_nobody_takes_the_shape_of_one_about_somebody() {
    let operator = Operator::fresh();
    let shape = |sector: &str| {
        operator.at_desk(|desk| {
            let sql =
                format!("SELECT COUNT(DISTINCT id) AS n FROM subscriber WHERE sector = '{sector}'");
            let answer = desk.answer(&desk.decide(&sql).unwrap()).unwrap();
            let rows: usize = answer.rows.iter().map(arrow::array::RecordBatch::num_rows).sum();
            (answer.schema, rows)
        })
    };
    // Forty-nine people live in the first, nobody in the second.
    assert_eq!(shape("EH1 1"), shape("AB10 6"));
    assert_eq!(shape("EH1 1").1, 0);
}
