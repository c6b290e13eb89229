//! Releases beside those that stand already: one series, and weights by residents.

use std::path::Path;
use std::sync::Arc;

use ledger::disk::{Machine, Patience};
use ledger::{ChargeRequest, CheckpointSigner, Ledger};
use privacy::SeededEntropy;
use reference::{AgeBand, Gender, Geography, Level, SiteList};
use tempfile::TempDir;

use super::Outcome;
use super::desk::Desk;
use super::fixture::{Noon, RESERVE, plan, request};
use crate::count::Sealed;
use crate::dimension::{Codes, Dimension};
use crate::door::population::{Census, Zone};
use crate::error::Result;
use crate::plan::PrivatePlan;
use crate::publish::Publication;

/// Everybody, and by area of these areas.
fn by_area(product: &str, areas: &[&str], period: &str) -> PrivatePlan {
    let areas: Vec<String> = areas.iter().map(|&it| it.to_owned()).collect();
    let codes = Codes::new(Geography::built_in(), SiteList::built_in(), &areas);
    let mut plan = plan(product, &codes);
    plan.period = period.parse().unwrap();
    plan.families[0].marginals[1].by = vec![Dimension::Area];
    plan
}

/// Releases a plan with 1000 people in each area.
fn ask(root: &Path, plan: PrivatePlan, census: Option<Census>) -> Result<Outcome> {
    let signer = CheckpointSigner::new("standing", &[7; 32]).unwrap();
    let (dir, anchor) = (root.join("ledger"), root.join("keys/anchor"));
    let ledger = Ledger::open_on(Arc::new(Machine), &dir, &anchor, signer, Patience::None);
    let areas = plan.codes.list(Dimension::Area).labels().len();
    let counts = vec![vec![1_000 * u32::try_from(areas).unwrap()], vec![1_000; areas]];
    let request = ChargeRequest { period: plan.period.to_string(), ..request(&plan) };
    let mut desk = Desk {
        disk: Arc::new(Machine),
        ledger: ledger.unwrap(),
        releases: root.join("releases"),
        reserve: RESERVE,
        allowance: None,
        code_hash: "code",
        census,
        synthetic: true,
        clock: &Noon,
        entropy: &mut SeededEntropy::new(1),
    };
    desk.release(plan, request, |_| Ok(Some(Sealed::of(counts))), Some(&|_, _| "page".to_owned()))
}

/// Ten thousand adults in each of two areas.
fn census() -> Census {
    let land = Geography::built_in();
    let zone = |code: &str| {
        let members: Vec<u16> = land
            .sectors_of(Level::Area, land.zone_in(Level::Area, code).unwrap())
            .map(|it| it.0)
            .collect();
        let share = 1.0 / f64::from(u16::try_from(members.len()).unwrap());
        let groups = vec![(Some(Gender::F), Some(AgeBand::A18To24), 10_000.0)];
        Zone { sectors: members.into_iter().map(|it| (it, share)).collect(), groups }
    };
    Census { hash: "census".to_owned(), zones: ["AL", "SG"].map(zone).to_vec() }
}

#[test]
fn code_lists_stay_the_same_in_a_year_of_one_edition() {
    let root = TempDir::new().unwrap();
    let ask = |plan| ask(root.path(), plan, None);
    let both = |period| by_area("presence", &["AL", "SG"], period);
    let one = |period| by_area("presence", &["SG"], period);
    let first = ask(both("2026-10")).unwrap().publication.manifest;
    assert_eq!(first.codes_hash.keys().collect::<Vec<_>>(), ["area"]);
    assert!(first.synthetic);
    ask(both("2026-11")).unwrap();
    let refused = ask(one("2026-12")).unwrap_err();
    assert_eq!((refused.code(), refused.exit_code()), ("P09", 3));
    let text = refused.to_string();
    for part in ["presence-2026-11-", "area: 1 values went, 0 came", "edition = 2"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let ledger = std::fs::read_to_string(root.path().join("ledger/entries.log")).unwrap();
    assert!(!ledger.contains("2026-12"), "nothing was charged");
    let mut second = one("2026-12");
    second.edition = second.edition.saturating_add(1);
    assert_eq!(ask(second.clone()).unwrap().publication.manifest.edition.get(), 2);
    assert!(ask(second).unwrap().existed);
    ask(both("2026-12")).unwrap();
    ask(one("2027-01")).unwrap();
    ask(by_area("residents", &["SG"], "2026-12")).unwrap();
}

#[test]
fn the_first_edition_is_not_named_in_a_plan() {
    let mut plan = by_area("presence", &["SG"], "2026-10");
    assert!(!plan.canonical().unwrap().contains("edition"));
    let first = plan.hash().unwrap();
    plan.edition = plan.edition.saturating_add(1);
    assert!(plan.canonical().unwrap().contains("\"edition\":2"));
    assert_ne!(plan.hash().unwrap(), first);
}

#[test]
fn a_release_has_weighted_totals_once_residents_of_its_month_are_published() {
    let root = TempDir::new().unwrap();
    let release = |product: &str, period: &str, snapshot: &str, census| {
        let mut plan = by_area(product, &["AL", "SG"], period);
        snapshot.clone_into(&mut plan.snapshot);
        ask(root.path(), plan, census).unwrap()
    };
    let early = release("presence", "2026-10", "1", Some(census()));
    let why = early.unweighted.unwrap();
    assert!(why.contains("no release of residents of 2026-10"), "{why}");
    let residents = release("residents", "2026-10", "1", Some(census()));
    assert!(!residents.publication.manifest.files.contains_key("weighted.csv"));
    let other = release("presence", "2026-11", "1", Some(census()));
    assert!(other.publication.manifest.weights.is_none(), "residents of another month");
    let silent = release("presence", "2026-10", "2", None);
    assert_eq!((silent.unweighted, silent.publication.manifest.weights), (None, None));

    let outcome = release("presence", "2026-10", "3", Some(census()));
    assert_eq!(outcome.unweighted, None);
    let found = Publication::read(&outcome.publication.path).unwrap();
    assert_eq!(found.manifest, outcome.publication.manifest);
    let record = found.manifest.weights.unwrap();
    assert_eq!(record.residents_release, residents.publication.manifest.id);
    assert_eq!((record.population_hash.as_str(), record.w_max), ("census", 100));
    assert!(found.manifest.files.contains_key("weighted.csv"));
    let text = std::fs::read_to_string(found.path.join("weighted.csv")).unwrap();
    let header =
        "level,area,people_weighted,people_weighted_lo,people_weighted_hi,weighted_by,status";
    assert_eq!(text.lines().next(), Some(header));
    // About 1000 of 10,000 in each area are counted: the weights bring all of them.
    for (line, by) in text.lines().skip(1).zip(["area", "area", "area"]) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |at: usize| fields[at].parse::<f64>().unwrap();
        let expected = if fields[1] == "all" { 20_000.0 } else { 10_000.0 };
        assert_eq!(fields[5], by, "{line}");
        assert!((number(2) - expected).abs() < expected / 10.0, "{line}");
        assert!(number(3) < number(2) && number(2) < number(4), "{line}");
    }
}
