//! A grammar of statements over the schema: what is allowed by construction must be asked, what is forbidden by
//! construction must be refused, and nothing may panic, fault, or leave rows of people in what is free.
//!
//! `QUORATE_SEEDS=0..1000000` runs as many; a failure prints its seed. The holes that it must find are mutants.

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use fastrand::Rng;

use super::super::planner::Decision;
use super::super::split::people;
use super::super::tables::is_slot;
use super::*;

/// What a statement must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    Ask,
    Refuse,
}

/// A view with columns of bins, and conditions on them that are allowed.
struct Ground {
    from: &'static str,
    keys: &'static [&'static str],
    conditions: &'static [&'static str],
    sums: &'static [&'static str],
}

const PEOPLE_KEYS: [&str; 3] = ["gender", "age_band", "area"];

const GROUNDS: [Ground; 5] = [
    Ground {
        from: "subscriber",
        keys: &PEOPLE_KEYS,
        conditions: &[
            "gender = 'F'",
            "'M' = gender",
            "gender IN ('F', 'M')",
            "age_band <> '75+'",
            "NOT (age_band = '18-24' OR age_band = '25-34')",
            "area IN ('AB', 'ZE')",
            "1 = 1",
        ],
        sums: &["COUNT(*)"],
    },
    Ground {
        from: "visit",
        keys: &["category", "day", "hour"],
        conditions: &[
            "hour BETWEEN 8 AND 10",
            "hour >= 20",
            "day = DATE '2026-10-05'",
            "day BETWEEN DATE '2026-10-01' AND DATE '2026-10-07'",
            "day < '2026-10-15'",
            "(hour IN (1, 2, 3) OR hour = 7)",
        ],
        sums: &[
            "COUNT(*)",
            "SUM(minutes)",
            "AVG(minutes)",
            "MEDIAN(minutes)",
            "percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes)",
        ],
    },
    Ground {
        from: "presence",
        keys: &["hour", "day"],
        conditions: &[
            "area = 'AB10'",
            "area IN ('AB10', 'ZE1')",
            "hour NOT IN (0, 1)",
            "day > DATE '2026-10-20'",
        ],
        sums: &["COUNT(*)"],
    },
    Ground {
        from: "visit v JOIN subscriber s ON v.subscriber_id = s.subscriber_id",
        keys: &["gender", "age_band", "category", "hour"],
        conditions: &[
            "s.gender = 'F'",
            "v.hour = 9",
            "age_band IN ('65-74', '75+')",
            "site = 'bbc.co.uk'",
        ],
        sums: &["COUNT(*)", "SUM(v.minutes)", "MEDIAN(v.minutes)"],
    },
    Ground {
        from: "presence JOIN subscriber USING (subscriber_id)",
        keys: &["gender", "region", "hour"],
        conditions: &["gender = 'M'", "hour < 6"],
        sums: &["COUNT(*)"],
    },
];

/// Conditions that no view may have.
const BAD_CONDITIONS: [&str; 18] = [
    "(hour = 8 OR day = DATE '2026-10-05')",
    "NOT (hour = 8 AND day = DATE '2026-10-05')",
    "subscriber_id = 42",
    "subscriber_id IN (1, 2)",
    "subscriber_id % 1000 = 7",
    "CAST(subscriber_id AS VARCHAR) LIKE '1%'",
    "random() < 2",
    "hour + 0 = 8",
    "hour = 8.5",
    "(hour = 8 OR subscriber_id = 3)",
    "hour < 24.5",
    "CASE WHEN hour = 8 THEN true ELSE false END",
    "hour IN (SELECT 8)",
    "EXISTS (SELECT 1 FROM subscriber)",
    "hour = (SELECT MAX(hour) FROM presence)",
    "abs(hour) = 8",
    "hour = 'noon'",
    "(hour > NULL OR subscriber_id IS NOT NULL)",
];

/// Aggregates that no view may have.
const BAD_AGGREGATES: [&str; 16] = [
    "MAX(hour)",
    "MIN(subscriber_id)",
    "ARRAY_AGG(subscriber_id)",
    "first_value(hour)",
    "approx_distinct(subscriber_id)",
    "COUNT(DISTINCT hour)",
    "SUM(hour)",
    "SUM(1)",
    "COUNT(DISTINCT subscriber_id + 0)",
    "SUM(CASE WHEN hour = 8 THEN 1 ELSE 0 END)",
    "COUNT(hour)",
    "stddev(hour)",
    "MEDIAN(hour)",
    "approx_median(subscriber_id)",
    "percentile_cont(0.5) WITHIN GROUP (ORDER BY hour)",
    "COUNT(DISTINCT subscriber_id) FILTER (WHERE subscriber_id < 100)",
];

/// Where rows may not come from.
const BAD_GROUNDS: [&str; 12] = [
    "(SELECT * FROM presence LIMIT 100) p",
    "(SELECT DISTINCT subscriber_id, hour FROM presence) p",
    "(SELECT subscriber_id, hour FROM presence UNION ALL SELECT subscriber_id, hour FROM visit) p",
    "(SELECT subscriber_id, hour, ROW_NUMBER() OVER (ORDER BY hour) n FROM presence) p",
    "(SELECT subscriber_id, hour FROM presence ORDER BY hour LIMIT 1) p",
    "(SELECT subscriber_id, COUNT(*) AS hour FROM presence GROUP BY subscriber_id) p",
    "(SELECT subscriber_id, hour + 1 AS hour FROM presence) p",
    "presence p JOIN presence q ON p.subscriber_id = q.subscriber_id",
    "presence p CROSS JOIN subscriber q",
    "presence p LEFT JOIN subscriber q ON p.subscriber_id = q.subscriber_id",
    "presence p JOIN (VALUES (42)) q(subscriber_id) ON p.subscriber_id = q.subscriber_id",
    "presence p JOIN (SELECT hour, COUNT(*) n FROM presence GROUP BY hour) q ON p.hour = q.hour",
];

/// Keys that no view may be grouped by.
const BAD_KEYS: [&str; 6] = [
    "subscriber_id",
    "hour / 2",
    "CAST(hour AS VARCHAR)",
    "subscriber_id % 10",
    "hour = 8",
    "(SELECT 1)",
];

/// One or more of `all`, in any order.
fn some<'all>(rng: &mut Rng, all: &[&'all str], most: usize) -> Vec<&'all str> {
    let count = rng.usize(0..=most.min(all.len()));
    rng.choose_multiple(all.iter().copied(), count)
}

/// A question that is allowed, and the number of its columns.
fn question(rng: &mut Rng) -> (String, usize) {
    let ground = &GROUNDS[rng.usize(0..GROUNDS.len())];
    let keys = some(rng, ground.keys, 2);
    let person =
        if ground.from.contains("JOIN subscriber s") { "v.subscriber_id" } else { "subscriber_id" };
    let mut numbers = some(rng, ground.sums, 2);
    let people = format!("COUNT(DISTINCT {person})");
    if numbers.is_empty() || rng.bool() {
        numbers.push(&people);
    }
    let conditions = some(rng, ground.conditions, 3);
    let columns: Vec<&str> = keys.iter().copied().chain(numbers.iter().copied()).collect();
    let mut sql = format!("SELECT {} FROM {}", columns.join(", "), ground.from);
    if !conditions.is_empty() {
        sql += &format!(" WHERE {}", conditions.join(" AND "));
    }
    if !keys.is_empty() {
        let grouped = keys.join(", ");
        // Sets of rows beside sets without them add up in one way only if there is one column.
        let rollup = rng.u8(0..4) == 0 && keys.len() == 1;
        sql += &if rollup {
            format!(" GROUP BY ROLLUP ({grouped})")
        } else {
            format!(" GROUP BY {grouped}")
        };
    }
    if rng.u8(0..5) == 0 {
        sql += &format!(" HAVING {} > 100", numbers[0]);
    }
    (sql, columns.len())
}

/// What may be done with answers.
fn around(rng: &mut Rng, (sql, columns): (String, usize)) -> String {
    match rng.u8(0..8) {
        0 => format!("WITH answer AS ({sql}) SELECT * FROM answer LIMIT 5"),
        1 => format!("SELECT COUNT(*) FROM ({sql}) t"),
        2 => format!("SELECT * FROM ({sql}) t CROSS JOIN (SELECT 1 AS one) u"),
        3 => format!("{sql} UNION ALL {sql}"),
        4 => format!("{sql} ORDER BY {} DESC LIMIT 3", rng.usize(1..=columns)),
        5 => format!("SELECT 1 WHERE EXISTS ({sql})"),
        6 => format!("SELECT t.*, ROW_NUMBER() OVER () FROM ({sql}) t"),
        _ => sql,
    }
}

/// A statement that is forbidden by one thing in it.
fn forbidden(rng: &mut Rng) -> String {
    let pick = |rng: &mut Rng, all: &[&'static str]| all[rng.usize(0..all.len())];
    let aggregate = "COUNT(DISTINCT subscriber_id)";
    let hour = rng.usize(0..24);
    match rng.u8(0..6) {
        0 => {
            let bad = pick(rng, &BAD_CONDITIONS);
            let good = format!("hour = {hour}");
            let (first, second) =
                if rng.bool() { (bad, good.as_str()) } else { (good.as_str(), bad) };
            format!("SELECT {aggregate} FROM presence WHERE {first} AND {second}")
        }
        1 => format!("SELECT hour, {} FROM presence GROUP BY hour", pick(rng, &BAD_AGGREGATES)),
        2 => {
            let from = pick(rng, &BAD_GROUNDS);
            let person = if from.contains(" q") { "COUNT(*)" } else { aggregate };
            format!("SELECT {person} FROM {from}")
        }
        3 => format!("SELECT {aggregate} FROM presence GROUP BY {}", pick(rng, &BAD_KEYS)),
        4 => {
            let bare = ["*", "hour", "subscriber_id", "DISTINCT hour", "hour + 1", "1"];
            let rows = pick(rng, &bare);
            let ends = ["", " LIMIT 1", " ORDER BY hour", " WHERE hour = 8"];
            format!("SELECT {rows} FROM presence{}", pick(rng, &ends))
        }
        _ => {
            let over = "(SELECT hour, COUNT(*) AS n FROM presence GROUP BY hour) a";
            format!("SELECT a.n, p.subscriber_id FROM {over} JOIN presence p ON a.hour = p.hour")
        }
    }
}

/// What must hold of a decision: slots and questions are one to one, and nothing else reads people.
fn check(planner: &Planner<'_>, decision: &Decision) -> Result<(), String> {
    let optimized = planner.state.optimize(&decision.free).map_err(|it| it.to_string())?;
    for plan in [&decision.free, &optimized] {
        if let Some(name) = people(plan) {
            return Err(format!("rows of {name} are in what is free"));
        }
    }
    if slots(&decision.free) != decision.questions.len() {
        return Err("slots and questions are not one to one".to_owned());
    }
    for planned in &decision.questions {
        let plan = &planned.priced.plan;
        if plan.cost().map_err(|it| it.to_string())?.rho == privacy::Rho::ZERO {
            return Err("a question costs nothing".to_owned());
        }
        plan.check().map_err(|it| it.to_string())?;
    }
    Ok(())
}

fn slots(plan: &LogicalPlan) -> usize {
    let mut count = 0;
    let visited = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node
            && is_slot(&scan.source)
        {
            count += 1;
        }
        Ok(TreeNodeRecursion::Continue)
    });
    visited.unwrap();
    count
}

fn seeds() -> std::ops::Range<u64> {
    let text = std::env::var("QUORATE_SEEDS").unwrap_or_else(|_| "0..3000".to_owned());
    match text.split_once("..") {
        Some((from, to)) => from.parse().unwrap()..to.parse().unwrap(),
        None => text.parse().map(|it: u64| it..it + 1).unwrap(),
    }
}

#[test]
fn what_is_allowed_is_asked_and_what_is_forbidden_is_refused() {
    let policy = policy();
    let (seeds, threads) = (seeds(), 2);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (seeds, policy) = (seeds.clone(), &policy);
            scope.spawn(move || {
                let (one, other) = (planner(policy, &["2026-10"]), planner(policy, &["2026-10"]));
                for seed in seeds.filter(|it| it % threads == thread) {
                    decide(seed, &one, &other);
                }
            });
        }
    });
}

/// Makes the statement of a seed, decides it twice, and looks at what came of it.
fn decide(seed: u64, one: &Planner<'_>, other: &Planner<'_>) {
    let mut rng = Rng::with_seed(seed);
    let (must, sql) = if rng.bool() {
        let asked = question(&mut rng);
        (Must::Ask, around(&mut rng, asked))
    } else {
        (Must::Refuse, forbidden(&mut rng))
    };
    let found = |what: &str| format!("seed {seed}: {what}\n{sql}");
    match (one.decide(&sql), other.decide(&sql), must) {
        (Ok(first), Ok(second), Must::Ask) => {
            check(one, &first).map_err(|it| found(&it)).unwrap();
            let hashes = |it: &Decision| -> Vec<[u8; 32]> {
                it.questions.iter().map(|it| it.priced.plan.hash().unwrap()).collect()
            };
            assert_eq!(hashes(&first), hashes(&second), "{}", found("two decisions"));
        }
        (Err(first), Err(second), Must::Refuse) => {
            assert!(first.code().starts_with('Q'), "{}", found(&first.to_string()));
            assert_eq!(first.to_string(), second.to_string(), "{}", found("two refusals"));
        }
        (Ok(_), _, Must::Refuse) => panic!("{}", found("a forbidden statement is answered")),
        (Err(cause), _, Must::Ask) => panic!("{}", found(&cause.to_string())),
        _ => panic!("{}", found("decided in two ways")),
    }
}
