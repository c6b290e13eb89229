//! SDMX, read by the csv crate and by quick-xml's reader.

use std::collections::BTreeSet;

use formats::{Status, Value, sdmx_csv, sdmx_structure};
use quick_xml::Reader;
use quick_xml::events::Event;

use super::sample;

#[test]
fn a_hidden_value_is_empty_suppressed_and_confidential_and_no_other_is() {
    let tables = sample::tables();
    let files = sdmx_csv(&tables).unwrap();
    for table in tables.tables() {
        let file = sample::file(&files, &format!("sdmx/{}.csv", table.name));
        let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let cells = table.cells.iter().flat_map(|it| {
            it.values.iter().enumerate().map(|(at, value)| (at == 0, *value, it.status))
        });
        let expected: Vec<[String; 3]> = cells
            .map(|(first, value, status)| {
                let number = match value {
                    Value::Integer(it) => it.to_string(),
                    Value::Number(it) => format!("{it:.5}"),
                    Value::Hidden => String::new(),
                };
                let (observed, free) = match (value, status) {
                    (Value::Hidden, _) => ("Q", "C"),
                    (_, Status::NearThreshold) if first => ("U", "F"),
                    _ => ("E", "F"),
                };
                [number, observed.to_owned(), free.to_owned()]
            })
            .collect();
        let read: Vec<[String; 3]> =
            rows.iter().map(|row| [3, 2, 1].map(|back| row[row.len() - back].to_owned())).collect();
        assert_eq!(read, expected, "{}", table.name);
    }
}

#[test]
fn every_identifier_is_valid_and_every_code_of_the_data_is_on_its_list() {
    let tables = sample::tables();
    let bytes = sdmx_structure(&tables).unwrap().bytes;
    let mut reader = Reader::from_reader(bytes.as_slice());
    let (mut codes, mut lists, mut buffer) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut list = String::new();
    loop {
        match reader.read_event_into(&mut buffer).unwrap() {
            Event::Eof => break,
            Event::Start(it) => {
                let id = it.try_get_attribute("id").unwrap();
                let id = id.map(|it| String::from_utf8(it.value.to_vec()).unwrap());
                let Some(id) = id else { continue };
                let plain = |it: char| it.is_ascii_alphanumeric() || "_-@$".contains(it);
                assert!(id.chars().all(plain), "{id}");
                match it.name().as_ref() {
                    b"str:Codelist" => {
                        assert!(lists.insert(id.clone()), "{id} is there twice");
                        list = id;
                    }
                    b"str:Code" => assert!(codes.insert((list.clone(), id))),
                    _ => {}
                }
            }
            _ => {}
        }
        buffer.clear();
    }
    for site in ["_1_1", "example_co_uk", "example-co-uk"] {
        assert!(codes.contains(&("CL_SITE".to_owned(), site.to_owned())), "{site}");
    }
    for file in sdmx_csv(&tables).unwrap() {
        let mut reader = csv::Reader::from_reader(file.bytes.as_slice());
        let header = reader.headers().unwrap().clone();
        for row in reader.records().map(Result::unwrap) {
            for (column, code) in header.iter().zip(&row).skip(3).take(header.len() - 8) {
                let list = format!("CL_{column}");
                assert!(codes.contains(&(list, code.to_owned())), "{column} {code}");
            }
        }
    }
}
