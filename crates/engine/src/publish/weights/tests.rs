//! Weighted totals of small releases of one postcode area.

use std::path::PathBuf;

use privacy::{CellLimit, Floor};
use reference::{AgeBand, Gender, Geography, Site, SiteList};

use super::*;
use crate::dimension::Codes;
use crate::door::population::Zone;
use crate::plan::View;
use crate::publish::manifest::Manifest;
use crate::publish::shares::Shares;

const RESIDENT_KEYS: [Dimension; 4] =
    [Dimension::District, Dimension::Area, Dimension::GenderPlus, Dimension::AgeBand];
const KEYS: [Dimension; 3] = [Dimension::Site, Dimension::GenderPlus, Dimension::AgeBand];
const BANDS: [&str; 7] = ["18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"];

fn codes() -> Codes {
    let site = |domain: &str| Site {
        domain: domain.to_owned(),
        category: "News".to_owned(),
        sensitive: false,
        weight: 1.0,
        label: String::new(),
    };
    let sites = SiteList::of(["a.example", "b.example"].map(site).to_vec());
    Codes::new(Geography::built_in(), &sites, &["SG".to_owned()])
}

fn plan() -> PrivatePlan {
    let table = |name: &str, by: &[Dimension]| Marginal {
        name: name.to_owned(),
        rows: true,
        by: by.to_vec(),
        weights: None,
        sums: Vec::new(),
        quantiles: None,
        rho: "0.005".parse().unwrap(),
        delta: "1e-12".parse().unwrap(),
    };
    let marginals = vec![
        table("site", &[]),
        table("site_age", &[Dimension::AgeBand]),
        table("site_gender_plus", &[Dimension::GenderPlus]),
    ];
    let rows = vec![Dimension::Site];
    PrivatePlan {
        product: "web_audience".to_owned(),
        edition: std::num::NonZeroU32::MIN,
        period: "2026-10".parse().unwrap(),
        snapshot: "test".to_owned(),
        floor: Floor::QUORUM,
        view: View::Visit,
        filters: Vec::new(),
        families: vec![Family {
            rows,
            limit: CellLimit::ONE,
            quality: None,
            marginals,
            remainders: Vec::new(),
        }],
        policy_hash: String::new(),
        codes: codes(),
    }
}

/// A row whose interval is nine people to each side.
fn row(level: &str, labels: &[&str], people: Option<i64>) -> Row {
    let estimate = |value| Estimate { value, lo: value - 9, hi: value + 9, near_threshold: false };
    Row {
        level: level.into(),
        labels: labels.iter().map(|&it| it.into()).collect(),
        people: people.map(estimate),
        sums: Box::default(),
        quantiles: Box::default(),
        shares: Shares::default(),
    }
}

/// Residents of the area by age, 500 of each band but those hidden; and by district, 400 of each.
fn residents(hidden: &[&str]) -> Publication {
    let people = |band: &&str| (!hidden.contains(band)).then_some(500);
    let ages = BANDS.iter().map(|it| row("area_age", &[ALL, "SG", ALL, it], people(it)));
    let codes = codes();
    let districts = codes.list(Dimension::District).labels();
    let districts = districts.iter().map(|it| row("district", &[it, ALL, ALL, ALL], Some(400)));
    let sheet = Sheet {
        keys: RESIDENT_KEYS.to_vec(),
        measures: Vec::new(),
        quantiles: None,
        shares: false,
        rows: ages.chain(districts).collect(),
    };
    let manifest = serde_json::json!({
        "id": "residents-1", "product": "residents", "period": "2026-10", "snapshot": "", "unit": "",
        "floor": 50, "rho": "", "delta": "", "epsilon": 0.0, "epsilon_delta": 0.0, "marginals": [],
        "cells_released": 0, "cells_in_code_list": 0, "plan_hash": "", "policy_hash": "",
        "code_hash": "", "ledger_entry": "", "created": "", "files": {},
    });
    let manifest: Manifest = serde_json::from_value(manifest).unwrap();
    Publication { path: PathBuf::new(), manifest, sheet }
}

/// Adults of the area as one zone: so many of each group.
fn census(groups: &[(Gender, AgeBand, f64)]) -> Census {
    let codes = codes();
    let covered = codes.list(Dimension::Sector).positions();
    let sectors: Vec<u16> = (0_u16..)
        .zip(covered)
        .filter(|it| *it.1 != crate::dimension::NOWHERE)
        .map(|it| it.0)
        .collect();
    let share = 1.0 / f64::from(u16::try_from(sectors.len()).unwrap());
    let groups = groups.iter().map(|it| (Some(it.0), Some(it.1), it.2)).collect();
    let sectors = sectors.into_iter().map(|it| (it, share)).collect();
    Census { hash: "census".to_owned(), zones: vec![Zone { sectors, groups }] }
}

/// Ten adults for each of 500 residents of a band, but of these bands so many.
fn tenfold(others: &[(AgeBand, f64)]) -> Census {
    let people = |band| others.iter().find(|it| it.0 == band).map_or(5_000.0, |it| it.1);
    census(&AgeBand::ALL.map(|band| (Gender::F, band, people(band))))
}

fn lines(rows: Vec<Row>, residents: &Publication, census: &Census) -> Vec<String> {
    let sheet =
        Sheet { keys: KEYS.to_vec(), measures: Vec::new(), quantiles: None, shares: true, rows };
    let (bytes, record) = weighted(&plan(), &sheet, Ground { residents, census }).unwrap().unwrap();
    assert_eq!((record.residents_release.as_str(), record.w_max), ("residents-1", 100));
    String::from_utf8(bytes).unwrap().lines().skip(1).map(str::to_owned).collect()
}

/// The line of a site's visitors of one band, 100 of them.
fn check(residents: &Publication, census: &Census, expected: &str) {
    let rows = vec![row("site_age", &["a.example", ALL, "18-24"], Some(100))];
    let found = lines(rows, residents, census);
    assert_eq!(found, [format!("site_age,a.example,all,18-24,{expected}")]);
}

#[test]
fn a_cell_counts_the_census_over_the_residents_of_its_class() {
    // 10 × 100 people; half of the interval is √((10 × 9)² + (1000 × 9 / 500)²).
    check(&residents(&[]), &tenfold(&[]), "1000,908,1092,age_band,A");
}

#[test]
fn a_factor_lies_between_one_over_w_and_w() {
    let most = tenfold(&[(AgeBand::A18To24, 1e6)]);
    check(&residents(&[]), &most, "10000,9082,10918,age_band,A");
    // A hundredth of 100 people is a total under the floor.
    let least = tenfold(&[(AgeBand::A18To24, 1.0)]);
    check(&residents(&[]), &least, "[c],[c],[c],[c],[c]");
    // Just under the floor, and at it; the lower end never is under it.
    let factor = |people| tenfold(&[(AgeBand::A18To24, people)]);
    check(&residents(&[]), &factor(247.0), "[c],[c],[c],[c],[c]");
    check(&residents(&[]), &factor(250.0), "50,50,55,age_band,A");
}

#[test]
fn a_class_that_is_not_all_published_is_replaced_by_a_coarser_one() {
    // All districts show everybody: 35,000 adults over 400 residents a district.
    let districts =
        f64::from(u32::try_from(codes().list(Dimension::District).labels().len()).unwrap());
    let factor = 35_000.0 / (400.0 * districts);
    let found = lines(
        vec![row("site_age", &["a.example", ALL, "18-24"], Some(1_000))],
        &residents(&["18-24"]),
        &tenfold(&[]),
    );
    let start = format!("site_age,a.example,all,18-24,{:.0},", 1_000.0 * factor);
    assert!(found[0].starts_with(&start) && found[0].ends_with(",all,A"), "{found:?} {start}");
}

#[test]
fn hidden_stays_hidden_and_what_has_no_factor_is_missing() {
    let mut none = residents(&["18-24"]);
    none.sheet.rows.retain(|it| it.level != "district");
    let rows = vec![
        row("site", &["a.example", ALL, ALL], Some(900)),
        row("site_age", &["a.example", ALL, "18-24"], Some(100)),
        row("site_age", &["a.example", ALL, "25-34"], None),
        row("site_age", &["a.example", ALL, "75+"], Some(100)),
    ];
    let found = lines(rows.clone(), &none, &tenfold(&[]));
    let expected = [
        "site,a.example,all,all,[x],[x],[x],[x],[x]",
        "site_age,a.example,all,18-24,[x],[x],[x],[x],[x]",
        "site_age,a.example,all,25-34,[c],[c],[c],[c],[c]",
        "site_age,a.example,all,75+,1000,908,1092,age_band,A",
    ];
    assert_eq!(found, expected);
    none.sheet.rows.clear();
    let sheet =
        Sheet { keys: KEYS.to_vec(), measures: Vec::new(), quantiles: None, shares: true, rows };
    let census = tenfold(&[]);
    let ground = Ground { residents: &none, census: &census };
    assert!(weighted(&plan(), &sheet, ground).unwrap().is_none());
}

/// A site's visitors, 100 of each band, and the total of them that is found.
fn site(parts: &[Option<i64>]) -> String {
    let bands = BANDS.iter().zip(parts);
    let mut rows: Vec<Row> =
        bands.map(|(band, it)| row("site_age", &["a.example", ALL, band], *it)).collect();
    rows.insert(0, row("site", &["a.example", ALL, ALL], Some(700)));
    let mut residents = residents(&[]);
    residents.sheet.rows.retain(|it| it.level != "district");
    let census = tenfold(&[(AgeBand::A75Plus, 35_000.0)]);
    lines(rows, &residents, &census).remove(0)
}

#[test]
fn a_cell_is_the_sum_of_its_weighted_parts_where_all_are_published() {
    // 6 × 1000 + 7000; half is √(6 (90² + 18²) + 630² + 126²).
    assert_eq!(site(&[Some(100); 7]), "site,a.example,all,all,13000,12319,13681,age_band,A");
    // Else all take the factor of everybody: 65,000 / 3,500 of 700 people.
    let mut parts = [Some(100); 7];
    parts[0] = None;
    let found = site(&parts);
    assert!(found.starts_with("site,a.example,all,all,13000,"), "{found}");
    assert!(found.ends_with(",all,A"), "{found}");
}

#[test]
fn a_place_that_cuts_the_zones_of_the_census_is_not_told_by_it() {
    let (codes, census) = (codes(), tenfold(&[]));
    let by = |dimension| {
        let sheet = residents(&[]).sheet;
        let kinds = std::iter::once(vec![dimension]);
        factors::of(&codes, &sheet, &census, kinds).remove(&vec![dimension]).unwrap().len()
    };
    assert_eq!((by(Dimension::District), by(Dimension::Area)), (0, 1));
}

#[test]
fn people_of_another_gender_are_half_women_and_half_men_of_the_census() {
    let mut residents = residents(&[]);
    residents.sheet.rows =
        ["F+", "M+"].map(|it| row("area_gender_plus", &[ALL, "SG", it, ALL], Some(500))).to_vec();
    let band = AgeBand::A18To24;
    let census = census(&[
        (Gender::F, band, 3_000.0),
        (Gender::M, band, 1_000.0),
        (Gender::X, band, 2_000.0),
    ]);
    let rows = vec![row("site_gender_plus", &["a.example", "F+", ALL], Some(100))];
    let found = lines(rows, &residents, &census);
    assert_eq!(found, ["site_gender_plus,a.example,F+,all,800,727,873,gender_plus,A"]);
}
