//! A question that cannot be counted says the same whatever stopped it, is charged as any other, is noted for the
//! operator, and stays as it was answered.

use std::fs;
use std::path::PathBuf;

use engine::query::Desk;
use engine::run::read_ledger;

use super::super::door::files_below;
use super::world::Operator;

const ASKED: &str = "SELECT COUNT(DISTINCT subscriber_id) AS n FROM visit";

/// The sealed days of visits.
fn visits(operator: &Operator) -> Vec<PathBuf> {
    let mut files = files_below(&operator.instance.vault_dir());
    files.retain(|it| it.components().any(|it| it.as_os_str() == "visit"));
    assert!(!files.is_empty());
    files
}

fn ask(desk: &Desk<'_>) -> engine::Result<()> {
    desk.answer(&desk.decide(ASKED)?).map(drop)
}

/// Leaves the first of so many parts of every sealed day.
fn cut(files: &[PathBuf], part: usize) {
    for file in files {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / part]).unwrap();
    }
}

/// What is told of a question, once fresh and once again, when `part` is left of its rows.
fn told(operator: &Operator, part: usize) -> [String; 2] {
    operator.at_desk(|desk| {
        cut(&visits(operator), part);
        [(); 2].map(|()| ask(desk).unwrap_err().to_string())
    })
}

#[test]
fn a_count_that_stops_is_charged_noted_and_told_in_the_same_words_whatever_stopped_it() {
    let operators = [Operator::fresh(), Operator::fresh()];
    let whole: Vec<Vec<u8>> =
        visits(&operators[0]).iter().map(|it| fs::read(it).unwrap()).collect();
    let [half, little] = [told(&operators[0], 2), told(&operators[1], 16)];
    assert_eq!(half, little, "whatever stopped it");
    assert!(half[0].starts_with("error[F16]"), "{}", half[0]);
    assert!(half[0].contains("charged once"), "{}", half[0]);
    assert!(half[1].contains("nothing was charged"), "{}", half[1]);
    let operator = &operators[0];
    let noted =
        fs::read_to_string(operator.instance.reports_dir().join("incidents.jsonl")).unwrap();
    assert_eq!(noted.lines().count(), 1, "asking again counts nothing");
    assert!(noted.contains("F04"), "{noted}");
    // It stays so when the rows are back, and another question is answered.
    for (file, bytes) in visits(operator).iter().zip(&whole) {
        fs::write(file, bytes).unwrap();
    }
    operator.at_desk(|desk| {
        assert_eq!(ask(desk).unwrap_err().to_string(), half[1]);
        let other = "SELECT hour, COUNT(DISTINCT subscriber_id) AS n FROM visit GROUP BY hour";
        let decision = desk.decide(other).unwrap();
        assert_eq!(desk.answer(&decision).unwrap().len(), 2, "a morning and an evening");
    });
    let history = read_ledger(&operator.instance).unwrap();
    assert_eq!(history.charges().len(), 2);
    assert!(history.charges().iter().all(|it| it.charge.rho == history.charges()[0].charge.rho));
}

#[test]
fn the_other_questions_of_a_statement_are_paid_though_one_could_not_be_counted() {
    let operator = Operator::fresh();
    let both =
        format!("{ASKED} UNION ALL SELECT COUNT(DISTINCT subscriber_id) AS n FROM subscriber");
    operator.at_desk(|desk| {
        cut(&visits(&operator), 2);
        let refused = desk.answer(&desk.decide(&both).unwrap()).err().unwrap();
        assert_eq!(refused.code(), "F16");
    });
    assert_eq!(read_ledger(&operator.instance).unwrap().charges().len(), 2);
}
