//! What a session sees: released tables alone, or views too; and the names of what leaves.

use engine::query::{Database, Desk, Shelf};

use super::person::statements;
use super::world::{Operator, partner};

#[test]
fn where_only_released_tables_are_nobody_is_asked_about() {
    let operator = Operator::fresh();
    let run = operator.run();
    let desk = Desk::open(&run, &Shelf::default(), (Database::Released, None), partner()).unwrap();
    let about_people = |it: &String| {
        ["visit", "presence", "subscriber"].iter().any(|view| it.contains(&format!("FROM {view}")))
    };
    let mut refused = 0;
    for sql in
        statements("plan_").iter().chain(&statements("answer_")).filter(|it| about_people(it))
    {
        let Err(refusal) = desk.decide(sql) else { panic!("{sql}") };
        assert_eq!(refusal.code(), "Q02", "{sql}");
        refused += 1;
    }
    assert!(refused > 60, "{refused}");
    assert!(desk.decide("SELECT table_name FROM information_schema.tables").unwrap().is_free());
}

/// The columns of a statement.
fn columns(sql: &str) -> Vec<String> {
    Operator::fresh().at_desk(|desk| {
        let answer = desk.answer(&desk.decide(sql).unwrap()).unwrap();
        answer.schema.fields().iter().map(|it| it.name().clone()).collect()
    })
}

#[test]
fn the_edges_of_a_number_stand_behind_all_columns_by_its_name() {
    assert_eq!(
        columns(
            "SELECT COUNT(DISTINCT subscriber_id) AS people, hour, AVG(minutes) AS mean FROM visit GROUP BY hour"
        ),
        ["people", "hour", "mean", "people_lo", "people_hi", "mean_lo", "mean_hi"]
    );
    assert_eq!(
        columns(
            "SELECT n AS m FROM (SELECT COUNT(*) AS n FROM visit) v WHERE n > 5 ORDER BY 1 LIMIT 1"
        ),
        ["m", "m_lo", "m_hi"]
    );
    let named = "WITH g AS (SELECT gender, COUNT(*) AS n FROM subscriber GROUP BY 1) SELECT g.n, gender FROM g";
    assert_eq!(columns(named), ["n", "gender", "n_lo", "n_hi"]);
    // Nothing computed has an interval, and a name that is taken stays whose it was.
    assert_eq!(columns("SELECT COUNT(*) + 1 AS n FROM visit"), ["n"]);
    let taken = "SELECT n, n_lo FROM (SELECT COUNT(*) AS n, COUNT(*) + 1 AS n_lo FROM visit) v";
    assert_eq!(columns(taken), ["n", "n_lo"]);
    let taken = "SELECT n, c0_lo FROM (SELECT COUNT(*) AS n, 1 AS c0_lo FROM visit) v";
    assert_eq!(columns(taken), ["n", "c0_lo", "n_lo", "n_hi"]);
}
