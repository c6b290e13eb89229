//! What a release may not be, and that the same release has the same bytes.

use formats::{Facts, Status, Table, Tables, Value, every_file};

use super::sample;

/// One wrong thing about the sample: where the refusal must say that it is.
fn refused(at: &str, spoil: impl Fn(&mut Facts, &mut Vec<Table>)) {
    let (mut facts, mut tables) = (sample::facts(), sample::tables().tables().to_vec());
    spoil(&mut facts, &mut tables);
    let wrong = Tables::new(facts, tables).unwrap_err();
    assert_eq!(wrong.at, at, "{wrong}");
}

#[test]
fn a_release_that_a_format_could_not_hold_is_refused() {
    refused("period", |facts, _| facts.period = "2026-13".to_owned());
    refused("period", |facts, _| facts.period = "2026-1".to_owned());
    refused("created", |facts, _| facts.created = "yesterday".to_owned());
    refused("licence", |facts, _| facts.licence.url = "javascript:alert(1)".to_owned());
    refused("title", |facts, _| facts.title = "bell \u{7}".to_owned());
    refused("notes", |facts, _| facts.notes = vec!["\u{0}".to_owned()]);
    refused("rho", |facts, _| facts.rho = "much".to_owned());
    refused("epsilon", |facts, _| facts.epsilon = f64::NAN);
    refused("id", |facts, _| facts.id = "../up".to_owned());
    refused("sector", |_, tables| tables[0].name = "sector".to_owned());
    refused("a\"b, name", |_, tables| tables[0].name = "a\"b".to_owned());
    refused("gpkg_x, name", |_, tables| tables[0].name = "gpkg_x".to_owned());
    refused("sector, status", |_, tables| tables[1].keys[0].name = "status".to_owned());
    refused("sector, sector", |_, tables| tables[1].measures[0].name = "sector".to_owned());
    refused("sector, sector", |_, tables| {
        let first = tables[1].keys[0].codes[0].clone();
        tables[1].keys[0].codes[1] = first;
    });
}

#[test]
fn which_cells_are_hidden_cannot_show_in_which_cells_exist() {
    refused("sector, cells", |_, tables| {
        tables[1].cells.pop();
    });
    refused("nothing, cells", |_, tables| tables[3].cells = tables[1].cells.clone());
}

#[test]
fn a_hidden_cell_shows_nothing_and_a_published_one_its_first_measure() {
    refused("sector, cell 0", |_, tables| tables[1].cells[0].values[2] = Value::Integer(1));
    refused("sector, cell 1", |_, tables| tables[1].cells[1].values[0] = Value::Hidden);
    refused("sector, cell 1", |_, tables| tables[1].cells[1].status = Status::Hidden);
    refused("sector, cell 1", |_, tables| tables[1].cells[1].values[0] = Value::Number(1.0));
    refused("sector, cell 1", |_, tables| {
        tables[1].cells[1].values.pop();
    });
}

#[test]
fn no_format_says_more_digits_than_are_printed() {
    let tables = sample::tables();
    let share = sample::table(&tables, "district_gender").cells[0].values[3];
    assert_eq!(share, Value::Number(0.25124));
}

#[test]
fn the_same_release_has_the_same_bytes() {
    let tables = sample::tables();
    let data = sample::data_csv(&tables);
    let given = std::slice::from_ref(&data);
    let first = every_file(&tables, given).unwrap();
    // Zip archives note times in steps of two seconds.
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let second = every_file(&tables, given).unwrap();
    for (a, b) in first.iter().zip(&second) {
        assert!(a == b, "{} changed", a.path);
    }
    assert_eq!(first.len(), second.len());
}

#[test]
fn nothing_of_this_machine_is_in_any_file() {
    let tables = sample::tables();
    let data = sample::data_csv(&tables);
    let home = std::env::var("HOME").unwrap_or_default();
    let folder = env!("CARGO_MANIFEST_DIR");
    for file in every_file(&tables, &[data]).unwrap() {
        for trace in [home.as_str(), folder, "quorate-formats"] {
            let found = file.bytes.windows(trace.len()).any(|it| it == trace.as_bytes());
            assert!(trace.len() < 4 || !found, "{} says {trace}", file.path);
        }
    }
}
