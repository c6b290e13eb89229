//! A partner whose agreement is for some places: what it asks and reads is of those.

use std::sync::Mutex;
use std::time::Instant;

use engine::policy::Policy;
use engine::product;
use engine::query::{Database, Desk, Shelf};
use engine::run::{Partner, Places, Run, read_ledger};
use reference::Geography;

use super::wire::rows;
use super::world::{Operator, partner};

/// The partner, for these places alone.
fn confined(codes: &[&str]) -> Partner {
    let codes: Vec<String> = codes.iter().map(|it| (*it).to_owned()).collect();
    let places = Places::new(Geography::built_in(), &codes).unwrap();
    Partner { places: Some(places), ..partner() }
}

#[test]
fn questions_are_about_the_places_of_the_agreement() {
    let operator = Operator::fresh();
    let run = operator.run();
    let desk = |of| Desk::open(&run, &Shelf::default(), (Database::Protected, None), of).unwrap();
    let own = desk(confined(&["AB10"]));
    for sql in [
        "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber WHERE district = 'AB10'",
        "SELECT gender, COUNT(*) FROM subscriber WHERE sector IN ('AB10 1') GROUP BY gender",
        "SELECT hour, COUNT(*) FROM presence WHERE area = 'AB10' GROUP BY hour",
        "SELECT COUNT(*) FROM visit JOIN subscriber USING (subscriber_id) WHERE district = 'AB10'",
        "SELECT COUNT(*) FROM subscriber WHERE district = 'AB10' AND gender = 'F'",
    ] {
        own.decide(sql).unwrap_or_else(|cause| panic!("{sql}: {cause}"));
    }
    let outside = [
        "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber",
        "SELECT district, COUNT(DISTINCT subscriber_id) FROM subscriber GROUP BY district",
        "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber WHERE district IN ('AB10', 'M1')",
        "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber WHERE area = 'AB'",
        "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber WHERE gender = 'F'",
        "SELECT COUNT(DISTINCT subscriber_id) FROM subscriber WHERE district IS NULL",
        "SELECT COUNT(*) FROM presence",
        "SELECT COUNT(*) FROM presence WHERE area = 'M1'",
        "SELECT COUNT(*) FROM visit",
        "SELECT COUNT(*) FROM subscriber WHERE district = 'AB10' UNION ALL SELECT COUNT(*) FROM visit",
        "EXPLAIN PRIVACY SELECT COUNT(*) FROM visit",
    ];
    for sql in outside {
        let refused = own.decide(sql).err().unwrap_or_else(|| panic!("{sql} is decided"));
        assert_eq!(refused.code(), "A07", "{sql}");
    }
    // An answer that stands is no more theirs than one that does not.
    let whole = desk(partner());
    whole.answer(&whole.decide(outside[1]).unwrap()).unwrap();
    assert_eq!(own.decide(outside[1]).err().unwrap().code(), "A07");
    let all = desk(confined(&["AB", "M", "EH"]));
    all.decide("SELECT COUNT(DISTINCT subscriber_id) FROM subscriber WHERE area = 'AB'").unwrap();
    assert_eq!(read_ledger(&operator.instance).unwrap().charges().len(), 1);
}

#[test]
fn released_tables_have_the_rows_of_the_places_of_the_agreement() {
    let mut operator = Operator::fresh();
    let policy = operator.instance.policy_dir();
    std::fs::remove_file(policy.join("policy.toml")).unwrap();
    product::write_templates(&policy).unwrap();
    operator.policy = Policy::read(&operator.instance).unwrap();
    let run = operator.run();
    run.product("residents", "2026-10".parse().unwrap()).unwrap();
    // Tables are kept for each partner's places of their own.
    let shelf = Shelf::default();
    let read = |of: Partner| -> Vec<Vec<String>> {
        let desk = Desk::open(&run, &shelf, (Database::Released, None), of).unwrap();
        let sql =
            "SELECT sector, district, area, region, people FROM residents ORDER BY 1, 2, 3, 4";
        let answer = desk.answer(&desk.decide(sql).unwrap()).unwrap();
        answer.rows.iter().flat_map(rows).collect()
    };
    let whole = read(partner());
    let own = read(confined(&["AB10"]));
    assert!(!own.is_empty() && own.len() < whole.len());
    for row in &own {
        assert!(row[0].starts_with("AB10 ") || row[1] == "AB10", "{row:?}");
    }
    let is_own = |row: &&Vec<String>| row[0].starts_with("AB10 ") || row[1] == "AB10";
    assert_eq!(own, whole.iter().filter(is_own).cloned().collect::<Vec<_>>());
    assert_eq!(read(partner()), whole);
    // What a group is of a site's people would tell of the site's people in all places.
    run.product("web_audience", "2026-10".parse().unwrap()).unwrap();
    let geography = Geography::built_in();
    let sector = geography.sectors.iter().find(|it| it.code == "AB10 1").unwrap();
    let region = &geography.regions[usize::from(sector.region)].code;
    let shares = |of: Partner| -> Vec<Vec<String>> {
        let desk = Desk::open(&run, &shelf, (Database::Released, None), of).unwrap();
        let sql = "SELECT COUNT(*), COUNT(composition_of), COUNT(composition), COUNT(index), COUNT(reach_of) \
                   FROM web_audience";
        let answer = desk.answer(&desk.decide(sql).unwrap()).unwrap();
        answer.rows.iter().flat_map(rows).collect()
    };
    let (own, all) = (shares(confined(&[region])), shares(partner()));
    let number = |of: &[Vec<String>], at: usize| of[0][at].parse::<u32>().unwrap();
    assert!(number(&own, 0) > 0, "{own:?}");
    assert!(number(&all, 1) > 0, "{all:?}");
    assert_eq!([1, 2, 3].map(|at| number(&own, at)), [0; 3], "{own:?}");
}

/// Whoever looks at the ledger while a count is under way sees its charge when it may be seen, and not before.
#[test]
fn a_charge_is_seen_when_its_count_may_be() {
    let operator = Operator::fresh();
    let seen = Mutex::new(Vec::new());
    let pace = |_: Instant| {
        let charges = read_ledger(&operator.instance).unwrap().charges().len();
        seen.lock().unwrap().push(charges);
    };
    let run = Run { pace: &pace, ..operator.run() };
    let desk = Desk::open(&run, &Shelf::default(), (Database::Protected, None), partner()).unwrap();
    for sql in [
        "SELECT gender, COUNT(DISTINCT subscriber_id) AS n FROM subscriber GROUP BY gender",
        "SELECT gender, COUNT(DISTINCT subscriber_id) AS n FROM subscriber GROUP BY gender",
        "SELECT hour, COUNT(*) AS n FROM visit GROUP BY hour",
    ] {
        desk.answer(&desk.decide(sql).unwrap()).unwrap();
    }
    assert_eq!(*seen.lock().unwrap(), [0, 1]);
    assert_eq!(read_ledger(&operator.instance).unwrap().charges().len(), 2);
}
