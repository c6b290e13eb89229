//! The twin's tables repeat the released ones.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::sample::{Operator, Table, bolton, files};

/// Rows of a CSV file by its header.
fn rows(bytes: &[u8]) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(bytes);
    let header = reader.headers().unwrap().clone();
    let row = |it: csv::StringRecord| {
        header.iter().zip(it.iter()).map(|(name, it)| (name.to_owned(), it.to_owned())).collect()
    };
    reader.records().map(|it| row(it.unwrap())).collect()
}

#[test]
fn an_operators_released_tables_come_out_again_inside_their_intervals() {
    let operator = bolton();
    let twin = operator.twin("twin", None, 1).unwrap();
    let fidelity = twin.fidelity.unwrap();
    let all = fidelity.all;
    assert!(all.cells > 400 && all.inside_share.unwrap() > 0.97, "{all:?} {:?}", fidelity.worst);
    for table in fidelity.tables.iter().filter(|it| it.agreement.cells >= 20) {
        assert!(table.agreement.inside_share.unwrap() > 0.9, "{table:?} {:?}", fidelity.worst);
    }
    assert!(fidelity.tables.iter().any(|it| it.hidden > 300), "{:?}", fidelity.tables);
    assert!(fidelity.not_modelled.is_empty());
}

#[test]
fn a_twin_of_fewer_people_keeps_the_proportions() {
    let operator = bolton();
    let twin = operator.twin("twin", Some(5_000), 1).unwrap();
    assert_eq!(twin.people, 5_000);
    let classes = twin.fidelity.unwrap().classes;
    let large = classes.last().unwrap();
    assert!(large.agreement.mean_relative_error.unwrap() < 0.02, "{large:?}");
}

#[test]
fn people_lie_in_zones_that_lie_in_each_other_and_do_what_the_tables_count() {
    let operator = bolton();
    let twin = operator.twin("twin", Some(3_000), 1).unwrap();
    let files = files(&operator.path("twin"));
    let people = rows(&files["people.csv"]);
    assert_eq!(people.len(), 3_000);
    for it in &people {
        assert!(it["sector"].starts_with(&format!("{} ", it["district"])), "{it:?}");
        assert_eq!(it["area"], "BL");
    }
    let active = people.iter().filter(|it| it["any_web_audience_site"] == "true");
    let active: Vec<&String> = active.map(|it| &it["person"]).collect();
    assert!((2_750..2_950).contains(&active.len()), "{}", active.len());
    let visits = rows(&files["does/web_audience_site.csv"]);
    assert_eq!(twin.rows["web_audience_site"], u64::try_from(visits.len()).unwrap());
    assert!(visits.iter().all(|it| active.contains(&&it["person"])));
    let pairs: std::collections::BTreeSet<_> =
        visits.iter().map(|it| (&it["person"], &it["site"])).collect();
    assert_eq!(pairs.len(), visits.len(), "nobody visits a site twice");
    let of_a = visits.iter().filter(|it| it["site"] == "a.example").count();
    let tables = rows(&files["tables/synthetic-web_audience-2026-10-c000001.csv"]);
    let counted = tables.iter().find(|it| it["level"] == "site" && it["site"] == "a.example");
    assert_eq!(counted.unwrap()["people"], of_a.to_string());
}

#[test]
fn hidden_cells_stay_hidden_in_the_tables() {
    let operator = bolton();
    operator.twin("twin", None, 1).unwrap();
    let files = files(&operator.path("twin"));
    for release in &operator.releases {
        let id = release.file_name().unwrap().to_string_lossy();
        let released = rows(&std::fs::read(release.join("data.csv")).unwrap());
        let twin = rows(&files[&format!("tables/synthetic-{id}.csv")]);
        assert_eq!(released.len(), twin.len());
        for (released, twin) in released.iter().zip(&twin) {
            assert_eq!(released["status"], twin["status"], "{released:?}");
            assert_eq!(released["people"] == "[c]", twin["people"] == "[c]", "{released:?}");
        }
    }
}

#[test]
fn shares_are_recounted_where_the_release_prints_them() {
    let mut operator = Operator::new();
    let residents = "level,gender,people,people_lo,people_hi,status\nall,all,1000,990,1010,A\n\
         gender,F,600,590,610,A\ngender,M,400,390,410,A\n";
    operator.publish_text("r", "residents", residents, &[("all", 1), ("gender", 1)]);
    let header = "level,site,gender,people,people_lo,people_hi,reach_of,reach,reach_lo,reach_hi,\
                  composition_of,composition,composition_lo,composition_hi,index,index_lo,index_hi,status";
    let web = format!(
        "{header}\n\
         base,all,all,1000,990,1010,[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],A\n\
         base_gender,all,F,600,590,610,[c],[c],[c],[c],1000,0.6,0.6,0.6,[c],[c],[c],A\n\
         base_gender,all,M,400,390,410,[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],A\n\
         site,a,all,500,490,510,1000,0.5,0.5,0.5,[c],[c],[c],[c],[c],[c],[c],A\n\
         site_gender,a,F,400,390,410,600,0.7,0.7,0.7,500,0.8,0.8,0.8,133.3,1,2,A\n\
         site_gender,a,M,100,90,110,[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],A\n"
    );
    let tables = [("base", 1), ("base_gender", 1), ("site", 48), ("site_gender", 48)];
    operator.publish_text("w", "web_audience", &web, &tables);
    operator.twin("twin", None, 0).unwrap();
    let text = String::from_utf8(files(&operator.path("twin"))["tables/synthetic-w.csv"].clone());
    let expected = format!(
        "synthetic,{header}\n\
         true,base,all,all,1000,1000,1000,[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],A\n\
         true,base_gender,all,F,600,600,600,[c],[c],[c],[c],1000,0.60000,0.60000,0.60000,[c],[c],[c],A\n\
         true,base_gender,all,M,400,400,400,[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],A\n\
         true,site,a,all,500,500,500,1000,0.50000,0.50000,0.50000,[c],[c],[c],[c],[c],[c],[c],A\n\
         true,site_gender,a,F,400,400,400,600,0.66667,0.66667,0.66667,500,0.80000,0.80000,0.80000,133.3,133.3,133.3,A\n\
         true,site_gender,a,M,100,100,100,[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],[c],A\n"
    );
    assert_eq!(text.unwrap(), expected);
}

#[test]
fn people_of_no_published_cell_are_where_nothing_is_published() {
    let mut operator = Operator::new();
    let data = "level,gender_plus,age_band,people,people_lo,people_hi,status\n\
                gender_plus,F+,all,1000,990,1010,A\n\
                cell,F+,18-24,300,290,310,A\n\
                cell,F+,25-34,[c],[c],[c],[c]\n\
                cell,F+,35-44,[c],[c],[c],[c]\n\
                cell,M+,18-24,[c],[c],[c],[c]\n\
                cell,M+,25-34,[c],[c],[c],[c]\n\
                cell,M+,35-44,[c],[c],[c],[c]\n\
                rest,M+,other,80,70,90,A\n";
    operator.publish_text("r", "residents", data, &[("gender_plus", 1), ("cell", 1), ("rest", 1)]);
    let twin = operator.twin("twin", None, 0).unwrap();
    assert_eq!(twin.people, 1_080);
    let files = files(&operator.path("twin"));
    let count = |gender: &str, age: &str| {
        let people = rows(&files["people.csv"]);
        people.iter().filter(|it| it["gender_plus"] == gender && it["age_band"] == age).count()
    };
    assert_eq!([count("F+", "18-24"), count("F+", "25-34"), count("F+", "35-44")], [300, 350, 350]);
    assert!((26..=27).contains(&count("M+", "18-24")), "80 over three hidden ages");
    let text = String::from_utf8(files["tables/synthetic-r.csv"].clone()).unwrap();
    assert!(text.contains("true,rest,M+,other,80,80,80,A\n"), "{text}");
}

#[test]
fn the_rest_of_a_district_is_in_its_sectors_that_are_not_published() {
    let sectors: Vec<String> = reference::Geography::built_in()
        .sectors
        .iter()
        .map(|it| it.code.clone())
        .filter(|it| it.starts_with("BL0 ") || it.starts_with("BL1 "))
        .collect();
    let mut data = "level,sector,district,people,people_lo,people_hi,status\n".to_owned();
    data.push_str(&format!("sector,{},all,100,90,110,A\n", sectors[0]));
    for sector in sectors.iter().skip(1) {
        data.push_str(&format!("sector,{sector},all,[c],[c],[c],[c]\n"));
    }
    data.push_str("district,all,BL0,[c],[c],[c],[c]\ndistrict,all,BL1,[c],[c],[c],[c]\n");
    data.push_str("sector_rest,other,BL0,90,80,100,A\nsector_rest,other,BL1,[c],[c],[c],[c]\n");
    let mut operator = Operator::new();
    let tables = [("sector", 1), ("district", 1), ("sector_rest", 1)];
    operator.publish_text("r", "residents", &data, &tables);
    operator.twin("twin", None, 0).unwrap();
    let people = rows(&files(&operator.path("twin"))["people.csv"]);
    let (shown, rest): (Vec<_>, Vec<_>) = people.iter().partition(|it| it["sector"] == sectors[0]);
    assert_eq!((shown.len(), rest.len()), (100, 90));
    assert!(people.iter().all(|it| it["district"] == "BL0"));
}

#[test]
fn where_residents_do_not_say_they_are_split_as_the_bases_and_who_does_one_thing_does_the_other() {
    let mut operator = Operator::new();
    let residents = "level,gender,people,people_lo,people_hi,status\nall,all,800,790,810,A\n\
                     gender,F,[c],[c],[c],[c]\ngender,M,[c],[c],[c],[c]\n";
    operator.publish_text("r", "residents", residents, &[("all", 1), ("gender", 1)]);
    let web = "level,site,category,gender,people,people_lo,people_hi,status\n\
               base,all,all,F,300,290,310,A\nbase,all,all,M,100,90,110,A\nsite,a,all,all,200,190,210,A\n\
               category_base,all,all,F,330,320,340,A\ncategory_base,all,all,M,110,100,120,A\n\
               category,all,c,all,200,190,210,A\n";
    let tables = [("base", 1), ("site", 48), ("category_base", 1), ("category", 20)];
    operator.publish_text("w", "web_audience", web, &tables);
    operator.twin("twin", None, 0).unwrap();
    let people = rows(&files(&operator.path("twin"))["people.csv"]);
    let count = |wanted: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        people.iter().filter(|it| wanted(it)).count()
    };
    assert_eq!(count(&|it| it["gender"] == "F"), 600);
    let (site, category) = ("any_web_audience_site", "any_web_audience_category");
    assert_eq!([count(&|it| it[site] == "true"), count(&|it| it[category] == "true")], [400, 440]);
    assert_eq!(count(&|it| it[site] == "true" && it[category] == "true"), 400);
}

#[test]
fn a_table_that_nothing_links_to_the_residents_is_said_to_be_left_out() {
    let mut operator = Operator::new();
    let residents = "level,gender_plus,people,people_lo,people_hi,status\ng,F+,200,190,210,A\n";
    operator.publish_text("r", "residents", residents, &[("g", 1)]);
    let web = "level,site,gender,people,people_lo,people_hi,status\n\
               base,all,all,190,180,200,A\nbase_gender,all,F,180,170,190,A\n\
               site,a,all,100,90,110,A\nsite_gender,a,F,90,80,100,A\n";
    let tables = [("base", 1), ("base_gender", 1), ("site", 48), ("site_gender", 48)];
    operator.publish_text("w", "web_audience", web, &tables);
    let twin = operator.twin("twin", None, 0).unwrap();
    let fidelity = twin.fidelity.unwrap();
    assert_eq!(fidelity.not_modelled, ["w: base_gender", "w: site_gender"]);
    assert_eq!((fidelity.all.cells, fidelity.all.inside), (3, 3));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Without noise, whatever is hidden, a published cell comes out as it went in, up to less than one
    /// person for each run of its finest groups.
    #[test]
    fn published_cells_come_out_as_they_went_in(
        people in prop::collection::vec(50_i64..400, 12),
        shown in prop::collection::vec(prop::bool::ANY, 12 + 3 + 4),
        seed in 0_u64..1_000,
    ) {
        let (homes, ages) = (["x", "y", "z"], ["18-24", "25-34", "35-44", "45-54"]);
        let mut shown = shown.into_iter();
        let mut cell = |labels: &[&str], people: i64| {
            let labels = labels.iter().map(|it| (*it).to_owned()).collect();
            (labels, shown.next().unwrap().then_some((people, 4)))
        };
        let mut cells = Vec::new();
        for (home, own) in homes.iter().zip(people.chunks(4)) {
            for (age, people) in ages.iter().zip(own) {
                cells.push(cell(&[home, age], *people));
            }
        }
        let home = homes.iter().zip(people.chunks(4));
        let by_home = home.map(|(home, own)| cell(&[home], own.iter().sum())).collect();
        let age = |at: usize| people.iter().skip(at).step_by(4).sum();
        let by_age = (0..4).map(|at| cell(&[ages[at]], age(at))).collect();
        let tables = [
            Table { name: "cell", dims: &["home", "age_band"], l0: 1, cells },
            Table { name: "home", dims: &["home"], l0: 1, cells: by_home },
            Table { name: "age", dims: &["age_band"], l0: 1, cells: by_age },
            // Something is published always.
            Table { name: "all", dims: &[], l0: 1, cells: vec![(vec![], Some((people.iter().sum(), 4)))] },
        ];
        let mut operator = Operator::new();
        operator.publish("r", "residents", &tables);
        let twin = operator.twin("twin", None, seed).unwrap();
        let everybody: i64 = people.iter().sum();
        prop_assert!(twin.people.abs_diff(everybody.unsigned_abs()) <= 1, "{} of {}", twin.people, everybody);
        let fidelity = twin.fidelity.unwrap();
        for (released, twin) in &fidelity.points {
            prop_assert!((released - twin).abs() < 4.1, "{} became {}", released, twin);
        }
    }
}
