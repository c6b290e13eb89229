//! What is asked again is free and the same; what does not fit the reserve costs nothing.

use engine::query::Desk;
use engine::run::read_ledger;
use privacy::Budget;

use super::wire::rows;
use super::world::Operator;

/// The rows of a statement, and how many charges it made.
fn ask(desk: &Desk<'_>, sql: &str) -> (Vec<Vec<String>>, usize) {
    let answer = desk.answer(&desk.decide(sql).unwrap()).unwrap();
    let charged = answer.paid.iter().filter(|it| it.charged != Budget::ZERO).count();
    (answer.rows.iter().flat_map(rows).collect(), charged)
}

/// The first is charged; all others are the same question in other words.
fn check(statements: &[&str]) {
    let operator = Operator::fresh();
    operator.at_desk(|desk| {
        let mut first = None;
        for sql in statements {
            let (rows, charged) = ask(desk, sql);
            assert!(!rows.is_empty(), "{sql}");
            match &first {
                None => {
                    assert_eq!(charged, 1, "{sql}");
                    first = Some(rows);
                }
                Some(first) => assert_eq!((first, charged), (&rows, 0), "{sql}"),
            }
        }
    });
    assert_eq!(read_ledger(&operator.instance).unwrap().charges().len(), 1);
}

#[test]
fn a_question_in_other_words_is_not_charged_again() {
    check(&[
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM subscriber WHERE gender = 'F'",
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM subscriber WHERE gender = 'F'",
        "select count(distinct id) as n from SUBSCRIBER where 'F'=gender",
        "SELECT COUNT(DISTINCT id) AS n FROM subscriber WHERE gender = 'F' AND 1 = 1",
        "SELECT COUNT(DISTINCT id) AS n FROM subscriber WHERE TRUE AND gender IN ('F')",
        "SELECT COUNT(DISTINCT id) AS n FROM subscriber WHERE gender IN ('F', 'F', 'M') AND NOT gender = 'M'",
        "SELECT COUNT(DISTINCT s.id) AS n FROM subscriber AS s WHERE s.gender = 'F'",
        "SELECT COUNT(DISTINCT x.who) AS n FROM (SELECT id AS who, gender AS g FROM subscriber) x WHERE g = 'F'",
        "WITH f AS (SELECT * FROM subscriber WHERE gender = 'F') SELECT COUNT(DISTINCT id) AS n FROM f",
    ]);
}

#[test]
fn a_window_is_its_hours_and_days_however_it_is_written() {
    check(&[
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM visit WHERE hour BETWEEN 7 AND 9 AND day BETWEEN DATE '2026-10-05' AND DATE '2026-10-06'",
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM visit WHERE day IN ('2026-10-06', '2026-10-05') AND hour IN (9, 8, 7)",
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM visit WHERE day >= '2026-10-05' AND day < DATE '2026-10-07' AND hour > 6 AND hour < 10",
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM visit WHERE (day = '2026-10-05' OR day = '2026-10-06') AND 7 <= hour AND 10 > hour",
    ]);
}

#[test]
fn columns_in_another_order_are_the_same_question() {
    let operator = Operator::fresh();
    operator.at_desk(|desk| {
        let (one, charged) = ask(
            desk,
            "SELECT gender AS g, age_band AS a, COUNT(DISTINCT id) AS n FROM subscriber GROUP BY 1, 2 ORDER BY 1, 2",
        );
        assert_eq!(charged, 1);
        let (other, charged) = ask(
            desk,
            "SELECT COUNT(DISTINCT subscriber_id) AS n, age_band, gender FROM subscriber \
             GROUP BY age_band, gender ORDER BY gender, age_band",
        );
        assert_eq!(charged, 0);
        let turned: Vec<Vec<String>> = other
            .iter()
            .map(|it| [2, 1, 0, 3, 4].iter().map(|&at: &usize| it[at].clone()).collect())
            .collect();
        assert_eq!(one, turned);
    });
}

#[test]
fn a_row_of_a_table_and_the_question_about_it_alone_are_one_number() {
    let operator = Operator::fresh();
    operator.at_desk(|desk| {
        let (table, charged) = ask(
            desk,
            "SELECT gender, COUNT(DISTINCT id) AS n FROM subscriber GROUP BY gender ORDER BY gender",
        );
        assert_eq!(charged, 1);
        for row in &table {
            let sql =
                format!("SELECT COUNT(DISTINCT id) AS n FROM subscriber WHERE gender = '{}'", row[0]);
            assert_eq!(ask(desk, &sql), (vec![row[1..].to_vec()], 0), "{sql}");
        }
    });
}

#[test]
fn a_statement_of_two_questions_of_which_one_fits_charges_nothing() {
    let operator = Operator::fresh().with_reserve("0.0007");
    operator.at_desk(|desk| {
        let (one, other) = (
            "SELECT COUNT(DISTINCT subscriber_id) AS n FROM visit",
            "SELECT COUNT(DISTINCT subscriber_id) AS n FROM presence",
        );
        let both = desk.decide(&format!("{one} UNION ALL {other}")).unwrap();
        let Err(refusal) = desk.answer(&both) else { panic!("both were paid for") };
        assert_eq!(refusal.code(), "L06");
        assert_eq!(read_ledger(&operator.instance).unwrap().charges().len(), 0);
        assert_eq!(ask(desk, one).1, 1);
        let Err(refusal) = desk.answer(&desk.decide(other).unwrap()) else {
            panic!("the second was paid for")
        };
        assert_eq!(refusal.code(), "L06");
        assert_eq!(ask(desk, one).1, 0);
    });
}

#[test]
fn an_explanation_charges_nothing() {
    let operator = Operator::fresh();
    operator.at_desk(|desk| {
        assert_eq!(
            ask(desk, "EXPLAIN PRIVACY SELECT COUNT(DISTINCT subscriber_id) FROM visit").1,
            0
        );
        assert_eq!(ask(desk, "EXPLAIN SELECT COUNT(DISTINCT subscriber_id) FROM visit").1, 0);
    });
    assert_eq!(read_ledger(&operator.instance).unwrap().charges().len(), 0);
}
