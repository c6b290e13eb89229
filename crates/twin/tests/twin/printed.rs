//! A twin is a function of printed values, the number of people and the seed.

use std::fs;

use crate::sample::{Operator, bolton, files};

/// Two homes, one of them hidden in one table; ten people.
fn tiny() -> Operator {
    let mut operator = Operator::new();
    let data = "level,home,gender,people,people_lo,people_hi,status\n\
                cell,x,F,60,52,68,A\ncell,x,M,[c],[c],[c],[c]\ncell,y,F,[c],[c],[c],[c]\n\
                cell,y,M,[c],[c],[c],[c]\nhome,x,all,80,72,88,near_threshold\nhome,y,all,120,112,128,A\n";
    operator.publish_text("residents-r", "residents", data, &[("cell", 1), ("home", 1)]);
    let web = "level,site,people,people_lo,people_hi,status\nsite,a,100,80,120,A\nsite,b,[c],[c],[c],[c]\n";
    operator.publish_text("web-w", "web_audience", web, &[("site", 48)]);
    operator
}

#[test]
fn a_small_twin_is_this_one_on_every_machine() {
    let operator = tiny();
    operator.twin("twin", Some(10), 7).unwrap();
    let files = files(&operator.path("twin"));
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    assert_eq!(text("people.csv"), include_str!("golden/people.csv"));
    assert_eq!(text("does/web_audience_site.csv"), include_str!("golden/web_audience_site.csv"));
    assert_eq!(text("tables/synthetic-residents-r.csv"), include_str!("golden/residents.csv"));
    assert_eq!(text("fidelity.json"), include_str!("golden/fidelity.json"));
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "README.txt",
        "does/web_audience_site.csv",
        "does/web_audience_site.parquet",
        "fidelity.html",
        "fidelity.json",
        "manifest.json",
        "people.csv",
        "people.parquet",
        "tables/synthetic-residents-r.csv",
        "tables/synthetic-web-w.csv",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_same_printed_values_give_the_same_bytes_whatever_stands_behind_them() {
    let operator = bolton();
    operator.twin("first", Some(2_000), 3).unwrap();
    // Another snapshot, other noise parameters, another program and moment, folders in another order.
    let mut other = Operator::new();
    for release in operator.releases.iter().rev() {
        let folder = other.path(&release.file_name().unwrap().to_string_lossy());
        fs::create_dir(&folder).unwrap();
        fs::copy(release.join("data.csv"), folder.join("data.csv")).unwrap();
        let text = fs::read_to_string(release.join("manifest.json")).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        manifest["snapshot"] = "ffff".into();
        manifest["created"] = "2027-01-01T00:00:00Z".into();
        for marginal in manifest["marginals"].as_array_mut().unwrap() {
            marginal["sigma"] = 1.into();
        }
        fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
        other.releases.push(folder);
    }
    other.twin("second", Some(2_000), 3).unwrap();
    let (mut first, mut second) = (files(&operator.path("first")), files(&other.path("second")));
    // manifest.json names the manifests that were read.
    assert_ne!(first.remove("manifest.json"), second.remove("manifest.json"));
    assert_eq!(first, second);
}

#[test]
fn another_seed_is_another_twin() {
    let operator = bolton();
    operator.twin("first", Some(500), 3).unwrap();
    operator.twin("second", Some(500), 4).unwrap();
    let people = |name: &str| files(&operator.path(name))["people.csv"].clone();
    assert_ne!(people("first"), people("second"));
}
