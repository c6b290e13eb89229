//! What a page may never do: run what a name says, ask another host, print a hidden cell.

use super::*;

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\u{2028}{{data}}'\"&";

fn estimate(value: i64) -> Estimate {
    Estimate { value, lo: value - 20, hi: value + 20, near_threshold: value < 130 }
}

fn ratio(value: f64) -> Ratio {
    Ratio { value, lo: value * 0.9, hi: value * 1.1 }
}

/// A page with one row in every section, each named `name`, each figure `people`.
fn report(name: &str, people: Option<Estimate>) -> Report {
    let index = people.map(|_| ratio(123.0));
    let reach = people.map(|_| ratio(0.17));
    Report {
        title: name.into(),
        period: name.into(),
        snapshot: name.into(),
        synthetic: true,
        generated_by: name.into(),
        instance: name.into(),
        headline: Headline {
            floor: 50,
            cells_released: 7,
            cells_in_code_list: 9,
            cells_withdrawn: 1,
            rho: "0.0055".into(),
            delta: "1e-12".into(),
            epsilon: 0.57,
            epsilon_delta: 1.1e-9,
            people_text: Some(name.into()),
        },
        geography: Some(MapShapes {
            attribution: name.into(),
            districts: vec![Shape {
                code: name.into(),
                region: name.into(),
                rings: vec![vec![(-2.123_456_7, 53.1), (-2.2, 53.1), (-2.2, 53.2)]],
            }],
        }),
        residents: Some(Residents {
            districts: vec![DistrictPeople { code: name.into(), people }],
            pyramid: vec![PyramidGroup {
                area: name.into(),
                area_name: name.into(),
                gender: "F+".into(),
                age_band: "18-24".into(),
                people,
            }],
        }),
        presence: Some(Presence {
            day_types: vec![name.into()],
            cells: vec![PresenceDay {
                district: name.into(),
                day_type: name.into(),
                hours: [people; 24],
            }],
        }),
        web: Some(Web {
            base: Some(estimate(40_000)),
            rows: vec![WebRow {
                name: name.into(),
                label: None,
                kind: WebKind::Site,
                category: name.into(),
                people,
                reach,
                groups: vec![GroupIndex {
                    dimension: name.into(),
                    value: name.into(),
                    composition: reach,
                    index,
                }],
            }],
        }),
        costs: vec![MarginalCost {
            product: name.into(),
            marginal: name.into(),
            l0: 1,
            rho: 0.005,
            delta: 1e-12,
            sigma: 10.0,
            threshold: 121,
            cells_released: 7,
            cells_in_code_list: 9,
        }],
        quality: vec![quality(name, reach, index)],
        budget: BudgetUse {
            cap_rho: 0.05,
            cap_delta: 1e-10,
            spent: vec![Spent { product: name.into(), rho: 0.005 }],
            left_rho: 0.035,
            reserve_rho: 0.01,
            epsilon_by_horizon: vec![Horizon {
                months: 1,
                rho: 0.05,
                epsilon: 1.89,
                delta: 1.1e-9,
            }],
        },
        truth: Some(vec![TruthRow {
            marginal: name.into(),
            cells: 7,
            median_relative_error: 0.021,
            covered_share: 0.951,
            smallest_published_truth: 83,
        }]),
        provenance: vec![(name.into(), name.into())],
    }
}

/// The table cells of `page` that hold a figure.
fn figures(page: &str) -> Vec<&str> {
    let cells = page.split("<td class=").skip(1);
    cells.filter_map(|it| it.split_once('>')?.1.split('<').next()).collect()
}

#[test]
fn a_hostile_name_stays_a_name() {
    let page = render(&report(HOSTILE, Some(estimate(312))));
    assert_eq!(page.matches("</script>").count(), 2, "the data and the code, nothing else");
    assert!(!page.contains("<img"), "markup of a name was kept");
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    assert!(!data.contains(['<', '>', '&', '\u{2028}', '\u{2029}']));
    let read: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(read["title"], HOSTILE);
}

fn quality(name: &str, loss: Option<Ratio>, coverage: Option<Ratio>) -> QualityFigures {
    QualityFigures {
        product: name.into(),
        rows: "site".into(),
        kept: 128,
        bounding_loss: loss,
        coverage,
        outside: loss,
        visible: coverage,
    }
}

#[test]
fn a_page_asks_no_host_for_anything() {
    let page = render(&report("M14", Some(estimate(312))));
    for outside in ["://", " src=", "@import", "url(http", "fetch(", "XMLHttpRequest", "import("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn a_hidden_cell_is_never_a_number() {
    let mut hidden = report("M14", None);
    hidden.costs.clear();
    hidden.truth = None;
    hidden.budget.epsilon_by_horizon.clear();
    let page = render(&hidden);
    let cells = figures(&page);
    assert!(cells.len() > 30, "residents, 24 hours, a site, its index");
    assert!(cells.iter().all(|it| *it == "[c]"), "{cells:?}");
    let data = serde_json::to_string(&hidden).unwrap();
    assert!(data.contains(r#""hours":[null,null,"#) && data.contains(r#""people":null"#));
}

#[test]
fn a_published_cell_stands_with_its_interval() {
    let page = render(&report("M14", Some(estimate(1_312))));
    assert!(figures(&page).contains(&"1,312") && figures(&page).contains(&"1,292 to 1,332"));
    assert!(!figures(&page).contains(&"[c]"));
    let near = render(&report("M14", Some(estimate(125))));
    assert!(figures(&near).contains(&"125*"));
}

#[test]
fn absent_data_leaves_no_section() {
    let mut bare = report("M14", None);
    (bare.geography, bare.residents, bare.presence, bare.web) = (None, None, None, None);
    (bare.truth, bare.synthetic) = (None, false);
    bare.costs.clear();
    let page = render(&bare);
    for section in ["places", "people", "web", "cost", "hidden", "truth"] {
        assert!(!page.contains(&format!("<section id=\"{section}\"")), "{section}");
    }
    assert!(!page.contains("Simulated people.") && !page.contains("{{"));
}

#[test]
fn three_hundred_districts_and_two_hundred_sites_fit_in_one_and_a_half_megabytes() {
    let mut large = report("M14", Some(estimate(12_345)));
    let ring: Vec<_> = (0..50).map(|it| (-2.123_456 - f64::from(it) / 1e3, 53.123_456)).collect();
    let shape =
        Shape { rings: vec![ring], ..large.geography.as_ref().unwrap().districts[0].clone() };
    large.geography.as_mut().unwrap().districts = vec![shape; 300];
    let day = large.presence.as_ref().unwrap().cells[0].clone();
    large.presence.as_mut().unwrap().cells = vec![day; 600];
    let mut site = large.web.as_ref().unwrap().rows[0].clone();
    site.groups = vec![site.groups[0].clone(); 20];
    large.web.as_mut().unwrap().rows = vec![site; 220];
    let bytes = render(&large).len();
    assert!(bytes < 1_500_000, "{bytes}");
}

#[test]
fn numbers_read_well() {
    let check = |shown: String, expected| assert_eq!(shown, expected);
    check(number::thousands(1_234_567), "1,234,567");
    check(number::thousands(999), "999");
    check(number::scientific(1.1e-9), "1.1 × 10⁻⁹");
    check(number::scientific(1e-12), "10⁻¹²");
    check(number::scientific(1.1402e-9), "1.15 × 10⁻⁹");
    check(number::scientific(9.999e-10), "10⁻⁹");
    check(number::decimal(0.0055), "0.0055");
    check(number::bound(1.551), "1.56");
    check(number::bound(1.89), "1.89");
    check(number::percent(0.123), "12.3%");
    check(number::percent_of(9_999, 10_000), "99.9");
    check(number::percent_of(1, 0), "0.0");
}
