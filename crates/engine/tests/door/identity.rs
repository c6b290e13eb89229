//! The raw id dies at the door: no file of the instance holds one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::fixture::{
    CUSTOMERS, EVENTS, WEB, World, adult, batches, event, files_below, raw_bytes, web,
};

#[test]
fn no_raw_id_is_anywhere_in_the_instance() {
    let world = World::with_one_of_each();
    world.tolerate_wrong_rows();
    let ids: Vec<String> = (1..=9).map(|it| format!("test-{it:06}")).collect();
    world.write("customers.csv", CUSTOMERS, &ids.iter().map(|it| adult(it)).collect::<Vec<_>>());
    let noon = "2026-10-02T12:00:00Z";
    let mut events: Vec<_> = ids.iter().map(|it| event(it, noon, "north-1")).collect();
    // Columns that were mixed up hold ids where nobody expects them.
    events.push(event("north-1", "test-000001", "test-000002"));
    events.push(event("test-000099", noon, "test-000003"));
    world.write("events/1.csv", EVENTS, &events);
    let site = &reference::SiteList::built_in().sites[0].domain;
    let mut records: Vec<_> = ids.iter().map(|it| web(it, noon, site, 1)).collect();
    records.push(web("test-000001", noon, "test-000004.example/test-000005", 1));
    world.write("web/1.csv", WEB, &records);
    world.ingest().unwrap();

    let files = files_below(&world.instance.root);
    assert!(files.len() > 12, "{files:#?}");
    for file in files {
        let mut places = vec![fs::read(&file).unwrap()];
        if file.extension().is_some_and(|it| it == "parquet") {
            places.extend(batches(&file).iter().map(raw_bytes));
        }
        for bytes in places {
            assert!(!bytes.windows(6).any(|it| it == b"test-0"), "{}", file.display());
        }
    }
}

#[test]
fn keys_live_apart_and_are_readable_by_their_owner_alone() {
    let world = World::with_one_of_each();
    world.ingest().unwrap();
    let folder = world.instance.keys_dir().unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let key = folder.join("pseudonym-2026-10.key");
    assert_eq!((mode(&key), fs::read(&key).unwrap().len()), (0o600, 32));
    assert_eq!(files_below(&folder), std::slice::from_ref(&key));
    let before = fs::read(&key).unwrap();
    world.write("customers.csv", CUSTOMERS, &[adult("test-000002")]);
    world.ingest().unwrap();
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn another_key_gives_other_pseudonyms() {
    let (here, there) = (World::with_one_of_each(), World::with_one_of_each());
    let names = |world: &World| {
        world.ingest().unwrap();
        world.vault_files().remove(std::path::Path::new("2026-10/pseudonyms-0.parquet")).unwrap()
    };
    assert_ne!(names(&here), names(&there));
}

#[test]
fn a_file_without_its_header_is_refused_without_showing_its_first_row() {
    let world = World::with_one_of_each();
    let row = event("test-000001", "2026-10-02T12:00:00Z", "north-1");
    let path = world.write("events/1.csv", &row, std::slice::from_ref(&row));
    let text = world.ingest().unwrap_err().to_string();
    assert!(text.contains("[I32]") && text.contains("header = false"), "{text}");
    assert!(!text.contains("test-0") && !text.contains("north-1"), "{text}");
    // Names that are names are shown, with the one that was probably meant.
    fs::write(path, EVENTS.replace("cell_id", "cellid") + "\n" + &row + "\n").unwrap();
    let text = world.ingest().unwrap_err().to_string();
    assert!(text.contains("did you mean `cellid`"), "{text}");
}
