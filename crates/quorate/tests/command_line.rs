//! The command line as a user starts it: the whole way, and every wrong turn.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own for keys, operator files and data.
struct World {
    root: TempDir,
}

impl World {
    fn new() -> Self {
        Self { root: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command.args(arguments).current_dir(self.root.path());
        command.env("XDG_STATE_HOME", self.path("state"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must end well and returns its JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Runs a command on the data folder.
    fn data(&self, arguments: &[&str]) -> Value {
        self.json(&[&["--config", "data/quorate.toml"], arguments].concat())
    }

    /// Runs a command that must end with this code, and returns its one error.
    fn refused(&self, arguments: &[&str], exit: i32, code: &str) -> String {
        let output = self.run(&[&["--config", "data/quorate.toml"], arguments].concat());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {error}");
        assert_eq!(error.matches(&format!("[{code}]")).count(), 1, "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "an error is no data");
        error
    }

    /// A small operator's files, and an empty data folder.
    fn operator() -> Self {
        let world = Self::new();
        let size = ["--subscribers", "3000", "--days", "2", "--seed", "7"];
        world.json(&[&["simulate", "--dir", "operator"][..], &size].concat());
        world.json(&["init", "data"]);
        world
    }

    /// [`Self::operator`], loaded.
    fn loaded() -> Self {
        let world = Self::operator();
        world.data(&["ingest", "operator/raw"]);
        world
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        fs::write(&path, text.replace(from, to)).unwrap();
    }
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.clone(), fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn raw_files_become_a_release_that_anybody_can_check() {
    let world = World::loaded();
    let released = world.data(&["release", "run", "--all", "--period", "2026-10"]);
    assert_eq!(released.as_array().unwrap().len(), 3);
    let id = released[0]["id"].as_str().unwrap();
    let folder = world.path("data/releases").join(id);
    for name in
        ["data.csv", "data.csv-metadata.json", "data.parquet", "manifest.json", "report.html"]
    {
        assert!(folder.join(name).is_file(), "{name}");
    }
    for (name, digest) in released[0]["files"].as_object().unwrap() {
        let found = blake3::hash(&fs::read(folder.join(name)).unwrap()).to_hex().to_string();
        assert_eq!(digest, &found, "{name}");
    }
    let table = fs::read_to_string(folder.join("data.csv")).unwrap();
    assert!(
        table.starts_with("level,sector,district,area,gender_plus,age_band,region,lad,people,")
    );
    for row in table.lines().skip(1) {
        let people = row.split(',').nth(8).unwrap();
        assert!(people == "[c]" || people.parse::<u32>().unwrap() >= 50, "{row}");
    }
    let charges = world.data(&["ledger", "list"]);
    assert_eq!(charges.as_array().unwrap().len(), 3);
    assert!(charges.as_array().unwrap().iter().all(|it| it["state"] == "published"));
    assert_eq!(world.data(&["ledger", "verify"])["holds"], true);
    assert_eq!(world.data(&["ledger", "budget"])[0]["spent"]["rho"], "0.0455");
    let shown = world.data(&["ledger", "show", "c000000"]);
    assert_eq!(shown["release"], id);
    // Somebody with the public key and a text knows that the charge is there.
    let key = world.data(&["ledger", "key"])["key"].as_str().unwrap().to_owned();
    let key = ledger::CheckpointVerifier::parse(&key).unwrap();
    let proof = world.data(&["ledger", "prove", "c000000"])["proof"].as_str().unwrap().to_owned();
    let (entry, under) = ledger::InclusionProof::check(&proof, &key).unwrap();
    assert_eq!((entry.place, under.size()), (0, 6));
    let kept = world.path("data/ledger/checkpoint");
    let grown = world.data(&["ledger", "prove", "--since", kept.to_str().unwrap()]);
    let grown = grown["proof"].as_str().unwrap();
    assert_eq!(ledger::ConsistencyProof::check(grown, &under, &key).unwrap(), under);
    world.refused(&["ledger", "prove", "c000009"], 1, "I61");
    world.refused(&["ledger", "prove", "--since", "/dev/null"], 1, "I63");
}

#[test]
fn a_release_is_exported_whole_or_not_at_all() {
    let world = World::loaded();
    // One postcode area: a country has two hundred times the cells.
    let policy = world.path("data/policy/policy.toml");
    let text = fs::read_to_string(&policy).unwrap();
    fs::write(&policy, text.replace("coverage = []", "coverage = [\"BL\"]")).unwrap();
    let released = world.data(&["release", "run", "--all", "--period", "2026-10"]);
    let licence = ["--licence", "A licence", "--licence-url", "https://example.org/licence"];
    let export = |id: &str, to: &str| -> Vec<String> {
        let own = ["release", "export", id, "--to", to];
        own.iter().chain(&licence).map(|it| (*it).to_owned()).collect()
    };
    for release in released.as_array().unwrap() {
        let id = release["id"].as_str().unwrap();
        let to = world.path(&format!("out-{id}"));
        let arguments = export(id, to.to_str().unwrap());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let exported = world.data(&arguments);
        let files: Vec<&str> =
            exported["files"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
        for name in ["data.csv", "data.xlsx", "data.gpkg", "datapackage.json", "dcat.jsonld"] {
            assert!(files.contains(&name), "{files:?}");
        }
        assert!(files.iter().all(|it| to.join(it).is_file()), "{files:?}");
        // What is hidden in data.csv is hidden everywhere, and nothing else is.
        let rows = fs::read_to_string(to.join("data.csv")).unwrap();
        let hidden = rows.lines().filter(|it| it.ends_with("[c]")).count();
        let sdmx =
            files.iter().filter(|it| it.starts_with("sdmx/") && **it != "sdmx/structure.xml");
        let confidential: usize = sdmx
            .map(|it| fs::read_to_string(to.join(it)).unwrap())
            .map(|it| it.lines().filter(|it| it.ends_with(",people,2026-10,,Q,C")).count())
            .sum();
        assert_eq!(confidential, hidden, "{id}");
        world.refused(&arguments, 1, "I65");
    }
    let nothing = export("residents-1999", "nowhere");
    world.refused(&nothing.iter().map(String::as_str).collect::<Vec<_>>(), 1, "I64");
    assert!(!world.path("nowhere").exists());
}

#[test]
fn a_plan_tells_what_will_show_from_what_is_public_alone() {
    let world = World::loaded();
    let shown = |plan: &Value, table: &str| -> (f64, String) {
        let products = plan["products"].as_array().unwrap();
        let mut tables = products.iter().flat_map(|it| it["tables"].as_array().unwrap());
        let line = tables.find(|it| it["table"] == table).unwrap();
        (line["will_show"].as_f64().unwrap_or(f64::NAN), line["by"].to_string())
    };
    let first = world.data(&["release", "plan", "--period", "2026-10"]);
    assert_eq!(first["products"].as_array().unwrap().len(), 3);
    assert!(first["fits"].as_bool().unwrap() && shown(&first, "area").0.is_nan());

    // Twenty million people are in every area and in nearly every sector.
    world.edit("data/policy/policy.toml", "# people = 27_000_000", "people = 20_000_000");
    let national = world.data(&["release", "plan", "--period", "2026-10"]);
    assert_eq!(shown(&national, "area"), (1.0, "\"population\"".to_owned()));
    let sectors = shown(&national, "sector").0;
    assert!((0.9..1.0).contains(&sectors), "{sectors}");
    assert!(shown(&national, "site").0.is_nan(), "no census tells of sites");

    // The next month is told by this one.
    let released = world.data(&["release", "run", "residents", "--period", "2026-10"]);
    let of = &released[0];
    let next = world.data(&["release", "plan", "residents", "--period", "2026-11"]);
    let (share, by) = shown(&next, "area");
    assert_eq!(by, of["id"].to_string());
    assert!((0.0..0.5).contains(&share), "few areas of all: {share}");
    let text =
        world.run(&["--config", "data/quorate.toml", "release", "plan", "--period", "2026-11"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("will show") && text.contains("released before") && text.contains("it fits"),
        "{text}"
    );
}

#[test]
fn a_key_is_destroyed_when_somebody_means_it() {
    let world = World::loaded();
    assert_eq!(world.data(&["keys", "list"])[0]["state"], "live");
    world.refused(&["keys", "destroy", "2026-10"], 1, "I49");
    let gone = world.data(&["keys", "destroy", "2026-10", "--yes", "--early"]);
    assert_eq!(gone["state"], "destroyed");
    assert_eq!(world.data(&["keys", "list"])[0]["state"], "destroyed");
    // What is loaded can still be released.
    world.data(&["release", "run", "residents", "--period", "2026-10"]);
}

#[test]
fn a_person_is_told_everything_and_then_erased() {
    let world = World::new();
    let size = ["--subscribers", "1000", "--days", "1", "--seed", "7", "--format", "csv"];
    world.json(&[&["simulate", "--dir", "operator"][..], &size].concat());
    world.json(&["init", "data"]);
    world.data(&["ingest", "operator/raw"]);
    let ask = |id: &str, what: &str| -> Value {
        let arguments = ["--config", "data/quorate.toml", "subject", what, "--json"];
        let mut command = world.command(&arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(id.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{what}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let events = fs::read_to_string(world.path("operator/raw/events/2026-10-01.csv")).unwrap();
    let ids = events.lines().skip(1).flat_map(|row| row.split(',').take(2));
    let mut ids = ids.filter(|it| it.starts_with("00101"));
    let counted = |id: &&str| ask(id, "status")["periods"][0][1] == "counted";
    let id = ids.find(counted).unwrap();
    let copy = ask(id, "export");
    assert!(!copy["periods"][0][1]["presence"].as_array().unwrap().is_empty(), "{copy}");
    let receipt = ask(id, "erase");
    assert_eq!(receipt["periods"], serde_json::json!(["2026-10"]));
    assert_eq!(ask(id, "status")["periods"][0][1], "left_out");
    let dry = world.data(&["purge", "--dry-run"]);
    assert!(dry["rows"]["2026-10"].as_u64().unwrap() > 0);
    assert_eq!(world.data(&["purge"]), dry);
    assert_eq!(ask(id, "export")["periods"], serde_json::json!([]));
    world.data(&["release", "run", "residents", "--period", "2026-10"]);
}

#[test]
fn a_release_asked_for_again_is_the_same_bytes_and_costs_nothing() {
    let world = World::loaded();
    let run = ["release", "run", "residents", "--period", "2026-10"];
    let first = world.data(&run);
    let before = contents(&world.path("data/releases"));
    assert_eq!(world.data(&run), first);
    assert_eq!(contents(&world.path("data/releases")), before);
    assert_eq!(world.data(&["ledger", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_question_is_asked_once_and_answered_for_nothing_afterwards() {
    const WOMEN: &str =
        "SELECT COUNT(DISTINCT subscriber_id) AS n FROM subscriber WHERE gender = 'F'";
    let world = World::loaded();
    let dry = world.data(&["query", "--dry-run", WOMEN]);
    assert_eq!((dry["rho"].as_str(), dry["rho_due"].as_str()), (Some("0.0005"), Some("0.0005")));
    let first = world.data(&["query", WOMEN, "--as", "north-media"]);
    assert_eq!(first["questions"][0]["rho"], "0.0005");
    let women = first["rows"][0]["n"].as_i64().unwrap();
    assert!((800..2_200).contains(&women), "{first}");
    assert_eq!(first["columns"], serde_json::json!(["n", "n_lo", "n_hi"]));
    let by_gender = "SELECT gender, COUNT(DISTINCT id) AS n FROM subscriber WHERE gender IN ('F') GROUP BY gender";
    let again = world.data(&["query", by_gender]);
    assert_eq!(
        (&again["rows"][0]["n"], &again["questions"][0]["rho"]),
        (&women.into(), &"0".into())
    );
    let charges = world.data(&["ledger", "list"]);
    let own: Vec<_> = charges
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["charge"]["product"] == "question")
        .collect();
    assert_eq!((own.len(), &own[0]["charge"]["partner"]), (1, &"north-media".into()));
    let config = ["--config", "data/quorate.toml"];
    let csv = world.run(&[&config[..], &["query", "--csv", WOMEN]].concat());
    let csv = String::from_utf8(csv.stdout).unwrap();
    assert!(csv.starts_with(&format!("n,n_lo,n_hi\n{women},")), "{csv}");
    let refused = world.refused(&["query", "SELECT * FROM visit"], 3, "Q03");
    assert!(refused.contains("^^^^^"), "{refused}");
    world.refused(&["query", "--released", WOMEN], 3, "Q02");
    world.refused(&["query", WOMEN, "--as", "north media"], 1, "I66");
}

#[test]
fn a_batch_loaded_again_changes_nothing() {
    let world = World::loaded();
    let before = contents(&world.path("data/vault"));
    let report = world.data(&["ingest", "operator/raw"]);
    assert!(report["files_loaded"].as_array().unwrap().is_empty());
    assert_eq!(contents(&world.path("data/vault")), before);
}

#[test]
fn a_spent_budget_refuses_before_anything_is_read() {
    let world = World::loaded();
    let residents = ["release", "run", "residents", "--period", "2026-10"];
    world.data(&residents);
    world.data(&["release", "run", "web_audience", "--period", "2026-10"]);
    // Words of the policy are no part of what is asked: the same question costs nothing again.
    world.edit("data/policy/policy.toml", "DPIA-2026-001", "DPIA-2026-002");
    world.data(&residents);
    assert_eq!(world.data(&["ledger", "list"]).as_array().unwrap().len(), 2);
    // Another split of the same month is another question, and does not fit beside the first.
    world.edit("data/policy/residents.toml", "rho = \"0.0075\"", "rho = \"0.007\"");
    let before = contents(&world.path("data/ledger"));
    let error = world.refused(&residents, 4, "L01");
    assert!(error.contains("left 0.0165"), "{error}");
    assert_eq!(contents(&world.path("data/ledger")), before);
    assert!(
        contents(&world.path("data/releases")).iter().all(|it| !it
            .0
            .to_str()
            .unwrap()
            .contains(".draft"))
    );
}

#[test]
fn a_second_month_is_clipped_by_the_first_and_costs_the_same() {
    let world = World::loaded();
    let run =
        |period| world.data(&["release", "run", "web_audience", "--period", period])[0].clone();
    let first = run("2026-10");
    let size = ["--subscribers", "3000", "--days", "2", "--seed", "7"];
    let november = ["simulate", "--dir", "november", "--first-day", "2026-11-01"];
    world.json(&[&november[..], &size].concat());
    world.data(&["ingest", "november/raw", "--period", "2026-11"]);
    let plan = world.data(&["release", "plan", "web_audience", "--period", "2026-11"]);
    let tables = plan["products"][0]["tables"].as_array().unwrap();
    assert!(tables.iter().any(|it| it["table"] == "base_clipped"), "{plan}");
    let second = run("2026-11");
    assert_eq!((&first["rho"], &first["delta"]), (&second["rho"], &second["delta"]));
    let of = |it: &Value, at: usize, key: &str| it["quality"][at][key].clone();
    assert_eq!((of(&first, 0, "kept"), of(&second, 0, "kept")), (48.into(), 128.into()));
    assert_eq!(of(&first, 0, "weighed_by"), Value::Null);
    assert_eq!(of(&second, 0, "weighed_by"), first["id"]);
    assert_eq!(of(&second, 1, "weighed_by"), Value::Null);
    // The same again is the same release.
    assert_eq!(run("2026-11")["id"], second["id"]);
}

#[test]
fn a_policy_that_does_not_hold_is_refused_with_its_rule() {
    let world = World::operator();
    let check = ["policy", "check"];
    let with = |file: &str, from: &str, to: &str, code: &str| {
        world.edit(file, from, to);
        let error = world.refused(&check, 3, code);
        world.edit(file, to, from);
        error
    };
    let policy = "data/policy/policy.toml";
    let error = with(policy, "floor = 50", "floor = 49", "P01");
    assert!(error.contains("nothing lowers the quorum"), "{error}");
    with(policy, "rho = \"0.05\"", "rho = \"0.04\"", "P02");
    with(policy, "presence = ", "people_by_shoe = ", "P03");
    with(policy, "dpia", "dpa", "P06");
    with(policy, "coverage = []", "coverage = [\"QQ\"]", "P06");
    with("data/policy/residents.toml", "rho = \"0.0075\"", "rho = 0.0075", "P06");
    with("data/policy/residents.toml", "\"0.0005\" }", "\"0\" }", "P05");
    with("data/policy/presence.toml", "cells_per_person = 64", "cells_per_person = 0", "P03");
    with("data/policy/presence.toml", "clip_cells = 16", "clip_cells = 129", "P03");
    with("data/policy/presence.toml", "quality_rho", "# quality_rho", "P03");
    with("data/policy/web_audience.toml", "by = [\"gender_plus\"]", "by = [\"hour\"]", "P03");
    let text = world.data(&["policy", "explain"])["text"].as_str().unwrap().to_owned();
    assert!(text.contains("50 people or more") && text.contains("epsilon"), "{text}");
}

#[test]
fn what_does_not_exist_is_named_with_what_does() {
    let world = World::loaded();
    let error = world.refused(&["release", "plan", "shoes"], 3, "P03");
    assert!(error.contains("residents, presence, web_audience"), "{error}");
    let run = |period| ["release", "run", "residents", "--period", period];
    let error = world.refused(&run("2026-11"), 1, "I50");
    assert!(error.contains("2026-10"), "{error}");
    world.refused(&run("October"), 1, "I01");
    world.refused(&["ledger", "show", "c000009"], 1, "I61");
    let simulate = ["simulate", "--dir", "elsewhere", "--origin", "QQ"];
    world.refused(&simulate, 1, "I60");
    world.refused(&["simulate", "--dir", "elsewhere", "--subscribers", "10"], 1, "I60");
}

#[test]
fn wrong_files_are_refused_whole_before_a_row_is_stored() {
    let world = World::operator();
    let raw = world.path("operator/raw");
    let refused = |code: &str| {
        let error = world.refused(&["ingest", "operator/raw"], 1, code);
        let stored = contents(&world.path("data/vault"));
        assert!(stored.iter().all(|it| it.0.ends_with("vault/lock")), "{error}");
        error
    };
    let mapping = "data/mapping/events.toml";
    world.edit(mapping, "\"cell_id\"\n", "\"cel_id\"\n");
    let error = refused("I32");
    assert!(error.contains("cel_id") && error.contains("cell_id"), "{error}");
    world.edit(mapping, "\"cel_id\"\n", "\"cell_id\"\n");
    world.edit(mapping, "time = \"event_time\"", "time = \"type\"");
    refused("I33");
    world.edit(mapping, "time = \"type\"", "time = \"event_time\"");
    fs::write(raw.join("notes.xyz"), "what is this").unwrap();
    let error = refused("I21");
    assert!(error.contains("notes.xyz"), "{error}");
    fs::remove_file(raw.join("notes.xyz")).unwrap();
    let events = raw.join("events/2026-10-01.parquet");
    let whole = fs::read(&events).unwrap();
    fs::write(&events, &whole[..whole.len() / 2]).unwrap();
    refused("I24");
    fs::write(&events, b"").unwrap();
    refused("I23");
    fs::write(&events, whole).unwrap();
    fs::remove_file(raw.join("_SUCCESS")).unwrap();
    refused("I20");
    fs::write(raw.join("_SUCCESS"), b"").unwrap();
    world.data(&["ingest", "operator/raw"]);
}

#[test]
fn a_load_that_is_killed_at_any_moment_is_done_by_the_next() {
    let world = World::operator();
    for _ in 0..3 {
        let ingest = ["--config", "data/quorate.toml", "ingest", "operator/raw"];
        let mut child = world.command(&ingest).spawn().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let report = world.data(&["ingest", "operator/raw"]);
    assert_eq!(report["files_already_loaded"].as_array().unwrap().len(), 0);
    world.data(&["release", "run", "residents", "--period", "2026-10"]);
}

#[test]
fn a_folder_that_cannot_be_written_costs_nothing() {
    let world = World::loaded();
    fs::remove_dir_all(world.path("data/releases")).unwrap();
    fs::write(world.path("data/releases"), "in the way").unwrap();
    let run = ["release", "run", "residents", "--period", "2026-10"];
    world.refused(&run, 1, "F01");
    assert!(world.data(&["ledger", "list"]).as_array().unwrap().is_empty());
    fs::write(world.path("a-file"), "").unwrap();
    let output = world.run(&["init", "a-file/data"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("[F01]"));
}

#[test]
fn a_folder_made_again_where_keys_were_left_is_told_so() {
    let world = World::loaded();
    world.data(&["release", "run", "residents", "--period", "2026-10"]);
    fs::remove_dir_all(world.path("data")).unwrap();
    let error = world.refused(&["init", "data"], 1, "I11");
    assert!(error.contains("state/quorate/data-"), "{error}");
    assert!(!world.path("data/quorate.toml").exists());
}

#[test]
fn a_ledger_that_was_touched_is_found_and_stops_every_release() {
    let world = World::loaded();
    world.data(&["release", "run", "residents", "--period", "2026-10"]);
    world.edit("data/ledger/entries.log", "\"rho\":\"0.0179\"", "\"rho\":\"0.0079\"");
    let error = world.refused(&["ledger", "verify"], 5, "L12");
    assert!(error.contains("line 1"), "{error}");
    world.refused(&["release", "run", "presence", "--period", "2026-10"], 5, "L12");
}

#[test]
fn the_demo_goes_on_where_it_stopped() {
    let world = World::new();
    let demo = ["demo", "--subscribers", "4000", "--days", "2", "--no-serve"];
    let first = world.json(&demo);
    assert_eq!(first["releases"].as_array().unwrap().len(), 3);
    let page = fs::read_to_string(world.path("quorate-demo/data/reports/demo.html")).unwrap();
    assert!(page.contains("Simulated people") && !page.contains("src=\"http"));
    let second = world.json(&demo);
    assert_eq!(first["releases"], second["releases"]);
    assert_eq!(first["loaded"], second["loaded"]);
    let other = world.run(&["demo", "--subscribers", "5000", "--days", "2", "--no-serve"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(String::from_utf8(other.stderr).unwrap().contains("[I62]"));
}

#[test]
fn a_page_is_served_on_loopback_until_it_is_stopped() {
    use std::io::{BufRead, BufReader, Read, Write};
    let world = World::new();
    let demo = ["demo", "--subscribers", "4000", "--days", "2"];
    let mut command = world.command(&demo);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|it| it.contains("http://127.0.0.1:")).unwrap();
    let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let get = |path: &str| {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(get("/").contains("Simulated people"));
    assert!(get("/../quorate.toml").starts_with("HTTP/1.1 404"));
    assert!(get("/releases/../vault/manifest.json").starts_with("HTTP/1.1 404"));
    child.kill().unwrap();
    child.wait().unwrap();
}
