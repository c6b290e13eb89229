//! Forty-nine people never show, whoever asks how: real draws, over ledger after ledger.

use super::wire::rows;
use super::world::Operator;

/// A ledger is charged for each question once; so many are drawn from.
const LEDGERS: usize = 5;

/// A statement, the bins that must stand in its first column, and the bin of forty-nine.
const QUESTIONS: [(&str, &[&str], &str); 6] = [
    (
        "SELECT sector, COUNT(DISTINCT id) FROM subscriber GROUP BY sector",
        &["AB10 1", "M1 1", "NULL"],
        "EH1 1",
    ),
    ("SELECT age_band, COUNT(*) FROM subscriber GROUP BY age_band", &["25-34", "45-54"], "65-74"),
    (
        "SELECT district, COUNT(DISTINCT subscriber_id) FROM subscriber WHERE gender = 'F' GROUP BY district",
        &["AB10", "M1"],
        "EH1",
    ),
    (
        "SELECT site, COUNT(*), SUM(minutes) FROM visit GROUP BY site",
        &["bbc.co.uk", "gov.uk"],
        "theregister.co.uk",
    ),
    (
        "SELECT area, COUNT(DISTINCT subscriber_id) FROM presence WHERE day = '2026-10-05' GROUP BY area",
        &["AB10", "M1"],
        "EH1",
    ),
    (
        "SELECT s.age_band, AVG(v.minutes) FROM visit v JOIN subscriber s ON v.subscriber_id = s.id GROUP BY s.age_band",
        &["25-34", "45-54"],
        "65-74",
    ),
];

#[test]
fn a_group_of_forty_nine_is_in_no_answer_and_a_large_one_in_every() {
    for _ in 0..LEDGERS {
        Operator::fresh().at_desk(|desk| {
            for (sql, always, never) in QUESTIONS {
                let answer = desk.answer(&desk.decide(sql).unwrap()).unwrap();
                let shown: Vec<_> = answer.rows.iter().flat_map(rows).collect();
                let bins: Vec<&str> = shown.iter().map(|it| it[0].as_str()).collect();
                assert!(always.iter().all(|it| bins.contains(it)), "{sql}: {shown:?}");
                assert!(!bins.contains(&never), "{sql}: {shown:?}");
            }
        });
    }
}

/// The heavy one has 744 visits of twenty minutes; what counts of them is ten hours.
#[test]
fn somebody_heavy_adds_the_cap_and_no_more() {
    let mut operator = Operator::fresh();
    operator.policy.questions.rho = "0.2".parse().unwrap();
    operator.at_desk(|desk| {
        let sql = "SELECT SUM(minutes) FROM visit WHERE site = 'bbc.co.uk'";
        let answer = desk.answer(&desk.decide(sql).unwrap()).unwrap();
        let shown: Vec<_> = answer.rows.iter().flat_map(rows).flatten().collect();
        let minutes: i64 = shown[0].parse().unwrap();
        // 8,000 people with ten minutes each, the heavy one with 600; noise of 949, seven times over.
        assert!((80_600 - minutes).abs() < 6_700, "{shown:?}");
    });
}
