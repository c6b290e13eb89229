//! A question that cannot be counted says the same whatever stopped it, costs nothing, and is noted for the operator.

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

fn ask(desk: &Desk<'_>) -> engine::Result<usize> {
    desk.answer(&desk.planner.decide(ASKED)?).map(|it| it.len())
}

#[test]
fn a_count_that_stops_is_told_to_the_operator_alone_and_is_answered_when_it_can_be() {
    let operator = Operator::fresh();
    let files = visits(&operator);
    let whole: Vec<Vec<u8>> = files.iter().map(|it| fs::read(it).unwrap()).collect();
    let refusals: Vec<String> = [16, 2]
        .into_iter()
        .map(|part| {
            operator.at_desk(|desk| {
                for (file, bytes) in files.iter().zip(&whole) {
                    fs::write(file, &bytes[..bytes.len() / part]).unwrap();
                }
                ask(desk).unwrap_err().to_string()
            })
        })
        .collect();
    assert!(refusals[0].starts_with("error[F16]"), "{}", refusals[0]);
    assert_eq!(refusals[0], refusals[1], "whatever stopped it");
    assert!(read_ledger(&operator.instance).unwrap().charges().is_empty());
    let noted =
        fs::read_to_string(operator.instance.reports_dir().join("incidents.jsonl")).unwrap();
    assert_eq!(noted.lines().count(), 2);
    assert!(noted.contains("F04"), "{noted}");
    for (file, bytes) in files.iter().zip(&whole) {
        fs::write(file, bytes).unwrap();
    }
    assert_eq!(operator.at_desk(ask).unwrap(), 1);
}
