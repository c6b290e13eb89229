//! The program as its users start it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::sample::{Operator, bolton, manifest};

/// What the user sees: exit code, standard output and standard error.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_quorate-twin"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// An operator with one release `r` of residents.
fn small() -> Operator {
    let mut operator = Operator::new();
    let data = "level,home,people,people_lo,people_hi,status\nhome,x,80,72,88,A\n";
    operator.publish_text("r", "residents", data, &[("home", 1)]);
    operator
}

/// Runs into one error, which names its rule and leaves nothing behind.
fn check(operator: &Operator, arguments: &[&str], code: &str, parts: &[&str]) {
    let root = operator.root.path();
    let before = names(root);
    let (exit, said, error) = run(root, arguments);
    assert_eq!((exit, said.as_str()), (Some(1), ""), "{error}");
    assert!(error.starts_with(&format!("error[{code}]: ")), "{error}");
    for part in parts {
        assert!(error.contains(part), "{part} in {error}");
    }
    assert!(error.contains("\n  allowed: ") || error.contains("\n  do: "), "{error}");
    assert_eq!(names(root), before, "a failed run leaves nothing");
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    names.sort();
    names
}

#[test]
fn help_says_what_it_is_for_what_it_needs_and_what_comes_out() {
    let operator = small();
    let (code, said, _) = run(operator.root.path(), &["--help"]);
    assert_eq!(code, Some(0));
    for part in [
        "Make an evaluation twin",
        "no vault, no ledger, no keys, no network",
        "<RELEASE_FOLDER>...",
        "--to <DIR>",
        "--people <N>",
        "--seed <S>",
        "[default: 0]",
        "--zones <FILE>",
        "Examples:",
        "Exit codes:",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    let (code, _, said) = run(operator.root.path(), &["r"]);
    assert!(code == Some(2) && said.contains("--to <DIR>"), "{said}");
    let (code, _, said) = run(operator.root.path(), &["r", "--to", "t", "--people", "many"]);
    assert!(code == Some(2) && said.contains("--people"), "{said}");
}

#[test]
fn a_twin_is_made_and_summed_up() {
    let operator = bolton();
    let ids =
        ["residents-2026-10-c000000", "web_audience-2026-10-c000001", "presence-2026-10-c000002"];
    let arguments = [&ids[..], &["--to", "out/twin", "--people", "300"]].concat();
    let (code, said, error) = run(operator.root.path(), &arguments);
    assert_eq!(code, Some(0), "{error}");
    for part in [
        "300 synthetic people of 2026-10 in out/twin",
        "rows of web_audience_site",
        "rows of presence_present_in_hour",
        "out/twin/fidelity.html",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(operator.path("out/twin/people.csv").is_file());
    let (code, _, said) = run(operator.root.path(), &["out/twin", "--to", "again"]);
    assert!(code == Some(1) && said.contains("a twin is no release"), "{said}");
}

#[test]
fn what_is_no_release_folder_is_t01() {
    let operator = small();
    let root = operator.root.path();
    check(&operator, &["nowhere", "--to", "t"], "T01", &["not a release folder", "nowhere"]);
    fs::create_dir(root.join("other")).unwrap();
    fs::write(root.join("other/manifest.json"), "{}").unwrap();
    check(&operator, &["other", "--to", "t"], "T01", &["manifest.json"]);
    let mut json = manifest("../up", "residents", "2026-10", "", &[]);
    fs::write(root.join("other/manifest.json"), json.to_string()).unwrap();
    check(&operator, &["other", "--to", "t"], "T01", &["../up"]);
    json["id"] = "up".into();
    json["files"] = serde_json::json!({ "../r/data.csv": "0" });
    fs::write(root.join("other/manifest.json"), json.to_string()).unwrap();
    check(&operator, &["other", "--to", "t"], "T01", &["names a file outside"]);
    json["files"] = serde_json::json!({});
    fs::write(root.join("other/manifest.json"), json.to_string()).unwrap();
    check(&operator, &["other", "--to", "t"], "T01", &["lists no data.csv"]);
    // A release of simulated people is a release: what is wrong with this one is the same.
    json["synthetic"] = true.into();
    fs::write(root.join("other/manifest.json"), json.to_string()).unwrap();
    check(&operator, &["other", "--to", "t"], "T01", &["lists no data.csv"]);
}

#[test]
fn a_changed_file_is_t02() {
    let operator = small();
    let data = operator.path("r/data.csv");
    let changed = fs::read_to_string(&data).unwrap().replace("80", "81");
    fs::write(&data, changed).unwrap();
    check(&operator, &["r", "--to", "t"], "T02", &["wrong digest", "r/data.csv", "untouched copy"]);
    fs::remove_file(&data).unwrap();
    check(&operator, &["r", "--to", "t"], "T02", &["data.csv is missing"]);
}

#[test]
fn releases_of_two_periods_are_t03() {
    let mut operator = small();
    operator.publish_text("s", "residents", "", &[]);
    let other = manifest("s", "residents", "2026-11", "", &[]).to_string();
    fs::write(operator.path("s/manifest.json"), other).unwrap();
    check(&operator, &["r", "s", "--to", "t"], "T03", &["r is of 2026-10", "s is of 2026-11"]);
}

#[test]
fn no_residents_is_t04() {
    let mut operator = Operator::new();
    let data = "level,site,people,people_lo,people_hi,status\nsite,a,80,72,88,A\n";
    operator.publish_text("w", "web_audience", data, &[("site", 48)]);
    check(&operator, &["w", "--to", "t"], "T04", &["`residents`"]);
}

#[test]
fn a_twin_of_nobody_is_t05() {
    let mut operator = small();
    check(&operator, &["r", "--to", "t", "--people", "0"], "T05", &["--people", "1 to 99999999"]);
    check(&operator, &["r", "--to", "t", "--people", "100000000"], "T05", &["--people"]);
    let data = "level,home,people,people_lo,people_hi,status\nhome,x,[c],[c],[c],[c]\n";
    operator.publish_text("hidden", "residents", data, &[("home", 1)]);
    check(&operator, &["hidden", "--to", "t"], "T05", &["no cell of the residents tables"]);
}

#[test]
fn a_folder_that_is_there_or_lies_in_a_release_is_t06() {
    let operator = small();
    fs::create_dir(operator.path("t")).unwrap();
    check(&operator, &["r", "--to", "t"], "T06", &["there already"]);
    check(&operator, &["r", "--to", "r/new/twin"], "T06", &["never mixed with a release"]);
}

#[test]
fn a_table_that_is_not_laid_out_so_is_t07() {
    let mut operator = Operator::new();
    let mut publish = |id: &str, data: &str| {
        operator.publish_text(id, "residents", data, &[("home", 1)]);
    };
    publish("no-people", "level,home,status\n");
    publish("no-number", "level,home,people,people_lo,people_hi,status\nhome,x,few,1,2,A\n");
    publish("no-table", "level,home,people,people_lo,people_hi,status\nother,x,80,72,88,A\n");
    publish("no-row", "level,home,people,people_lo,people_hi,status\nhome,x\n");
    check(&operator, &["no-people", "--to", "t"], "T07", &["no-people, line 1"]);
    check(&operator, &["no-number", "--to", "t"], "T07", &["no-number, line 2", "no number"]);
    check(&operator, &["no-table", "--to", "t"], "T07", &["does not list"]);
    check(&operator, &["no-row", "--to", "t"], "T07", &["no-row, line 2"]);
}

#[test]
fn zones_that_nobody_knows_are_t08_and_a_list_helps() {
    let mut operator = Operator::new();
    let data = "level,sector,district,people,people_lo,people_hi,status\n\
                sector,s1,all,[c],[c],[c],[c]\nsector,s2,all,60,52,68,A\nsector,s3,all,[c],[c],[c],[c]\n\
                district,all,d1,100,92,108,A\ndistrict,all,d2,[c],[c],[c],[c]\n";
    operator.publish_text("r", "residents", data, &[("sector", 1), ("district", 1)]);
    check(&operator, &["r", "--to", "t"], "T08", &["\"s1\"", "--zones FILE"]);
    let mut zones = "id,level,parent,latitude\n".to_owned();
    for it in ["s1,sector,d1", "s2,sector,d1", "s3,sector,d2", "d1,district,a", "d2,district,a"] {
        zones.push_str(&format!("{it},1\n"));
    }
    fs::write(operator.path("zones.csv"), &zones).unwrap();
    let arguments = ["r", "--to", "t", "--zones", "zones.csv"];
    check(&operator, &arguments, "T08", &["no area", "zones.csv"]);
    zones.push_str("a,area,r,1\nr,region,c,1\nc,country,,1\n");
    fs::write(operator.path("zones.csv"), &zones).unwrap();
    let (code, _, error) = run(operator.root.path(), &arguments);
    assert_eq!(code, Some(0), "{error}");
    let people = fs::read_to_string(operator.path("t/people.csv")).unwrap();
    assert_eq!(people.matches(",s1,d1").count(), 40, "what d1 leaves beside s2");
    assert_eq!(people.matches(",s2,d1").count(), 60);
}

#[test]
fn a_release_given_twice_is_t09_and_too_many_combinations_are_t10() {
    let mut operator = small();
    check(&operator, &["r", "r", "--to", "t"], "T09", &["r is given twice"]);
    let mut data = "level,a,b,c,people,people_lo,people_hi,status\n".to_owned();
    for at in 0..400 {
        data.push_str(&format!("all,{at},{at},{at},80,72,88,A\n"));
    }
    operator.publish_text("wide", "residents", &data, &[("all", 1)]);
    check(&operator, &["wide", "--to", "t"], "T10", &["combinations"]);
}
