//! A public data set without a customer record enters by a mapping file alone.

use std::fs;
use std::path::{Path, PathBuf};

use engine::SystemClock;
use engine::door::{IngestOptions, ingest};

use super::fixture::World;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/msweb.toml")
}

fn with_mapping(list: &str) -> World {
    let world = World::new();
    let folder = world.instance.mapping_dir();
    fs::copy(example(), folder.join("msweb.toml")).unwrap();
    fs::write(folder.join("msweb_vroots.csv"), list).unwrap();
    world
}

#[test]
fn every_id_of_the_rows_is_a_person_of_whom_nothing_is_known() {
    let world = with_mapping("vroot,label\n0,Home\n1,\"Support, Desktop\"\n");
    let file = world.write(
        "msweb_visits.csv",
        "user,vroot",
        &["7,0", "7,1", "8,1", "8,1", "9,5"].map(str::to_owned),
    );
    let report = world.ingest_from(std::slice::from_ref(&file)).unwrap();
    assert_eq!((report.period.as_str(), report.people.new), ("1998-02", 3));
    assert_eq!(report.rows["web"].dropped["unlisted_site"], 1);
    assert_eq!(report.rows["web"].dropped["duplicate"], 1);
    let unknown = |person| (person, 255, 255, 65_535);
    assert_eq!(world.people(), [unknown(0), unknown(1), unknown(2)]);
    assert_eq!(world.visits().len(), 3);
    assert_eq!(world.snapshot().sites.sites[1].label, "Support, Desktop");

    // The list is frozen: the vault's numbers point into it.
    let list = world.instance.mapping_dir().join("msweb_vroots.csv");
    fs::write(list, "vroot,label\n1,Support\n0,Home\n").unwrap();
    let other = world.write("more/msweb_visits.csv", "user,vroot", &["7,0".to_owned()]);
    assert_eq!(world.ingest_from(&[other]).unwrap_err().code(), "I44");
}

#[test]
fn the_real_data_set_loads_whole() {
    let shared = std::env::var_os("QUORATE_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = shared.join("real");
    if !folder.join("msweb_visits.csv.gz").is_file() {
        eprintln!("skipped: no public data set in {}", folder.display());
        return;
    }
    let list = fs::read_to_string(folder.join("msweb_vroots.csv")).unwrap();
    let world = with_mapping(&list);
    let source = [folder.join("msweb_visits.csv.gz")];
    let options = IngestOptions::default();
    let report = ingest(&world.instance, &source, &options, &SystemClock, &mut |_| ()).unwrap();
    assert_eq!(report.people.total, 32_710);
    assert_eq!(report.rows["web"].read, 98_653);
    assert_eq!(world.visits().len(), 98_653);
}
