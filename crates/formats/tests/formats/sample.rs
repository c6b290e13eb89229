//! A small release with everything that is awkward: hidden cells, a hidden share of a published
//! cell, an empty table, a table without keys, labels that break careless writers.

use formats::{
    Cell, Code, Facts, File, Key, Kind, Level, Licence, Measure, Shape, Status, Table, Tables,
    Value,
};

/// A label that a spreadsheet would run.
pub const FORMULA: &str = "=HYPERLINK(\"https://example.org\",\"click\")";
/// A label with what CSV, XML and JSON escape.
pub const AWKWARD: &str = "Food, \"drink\" & <leisure>; 'tea'\nand 100 % more: #é€😀";

/// A description with what YAML folds, quotes and takes for comments.
const AWKWARD_LINES: &str = "People by place: \"more\", # to try\n formats with.  Two spaces, a \
    line that is longer than any that a program would leave unfolded, 'quotes' & <tags>: \
    - no list\n- no list either\n\nThe end, with a tab's worth of spaces:    .";

/// The facts.
pub fn facts() -> Facts {
    Facts {
        id: "sample-2026-10-7".to_owned(),
        product: "sample".to_owned(),
        title: "Sample & test".to_owned(),
        description: AWKWARD_LINES.to_owned(),
        publisher: "Example Mobile plc".to_owned(),
        period: "2026-10".to_owned(),
        created: "2026-11-03T09:30:00Z".to_owned(),
        licence: Licence {
            name: "Open Government Licence v3.0".to_owned(),
            url: "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
                .to_owned(),
        },
        unit: "person-month".to_owned(),
        floor: 50,
        rho: "0.018".to_owned(),
        delta: "0.000000000014".to_owned(),
        epsilon: 1.2345,
        epsilon_delta: 1e-9,
        synthetic: false,
        notes: vec!["Visits under a minute do not count.".to_owned()],
        geography: std::sync::Arc::clone(reference::Geography::built_in()),
    }
}

/// The release.
pub fn tables() -> Tables {
    let tables = vec![districts(), sectors(), sites(), nothing(), total()];
    Tables::new(facts(), tables).unwrap()
}

/// The table of that name.
#[allow(dead_code, reason = "only some of the test programs look tables up")]
pub fn table<'release>(tables: &'release Tables, name: &str) -> &'release Table {
    tables.tables().iter().find(|it| it.name == name).unwrap()
}

fn districts() -> Table {
    let cells = [
        cell(&[(310, 290), (330, 0), (0, 0)], Some(0.251_236_789)),
        hidden(4),
        cell(&[(58, 50), (66, 0), (0, 0)], None),
        hidden(4),
        cell(&[(1204, 1190), (1220, 0), (0, 0)], Some(0.5)),
        cell(&[(99, 83), (115, 0), (0, 0)], None),
    ];
    Table {
        name: "district_gender".to_owned(),
        title: "People by district and gender".to_owned(),
        keys: vec![
            key(
                "district",
                Some(Level::District),
                &[("AB10", "AB10"), ("M1", "M1"), ("SW1A", "SW1A")],
            ),
            key("gender", None, &[("F", "Female"), ("M", "Male")]),
        ],
        measures: [counts(), vec![measure("reach", "share of people", Shape::Decimal(5))]].concat(),
        cells: cells.into(),
    }
}

fn sectors() -> Table {
    Table {
        name: "sector".to_owned(),
        title: "People by sector".to_owned(),
        keys: vec![key("sector", Some(Level::Sector), &[("AB10 1", "AB10 1"), ("M1 1", "M1 1")])],
        measures: counts(),
        cells: vec![hidden(3), cell(&[(77, 61), (93, 0), (0, 0)], None)]
            .into_iter()
            .map(|it| Cell { values: it.values.into_iter().take(3).collect(), ..it })
            .collect(),
    }
}

fn sites() -> Table {
    let long = "long ".repeat(9_000);
    let sites = [("=1+1", FORMULA), ("example.co.uk", AWKWARD), ("example-co-uk", &long)];
    let people = |it| Cell { values: vec![Value::Integer(it)], status: Status::Normal };
    Table {
        name: "region_site".to_owned(),
        title: "People by region and site, \"all\" sites".to_owned(),
        keys: vec![
            key(
                "region",
                Some(Level::Region),
                &[("E12000001", "North East"), ("W99999999", "Wales")],
            ),
            key("site", None, &sites),
        ],
        measures: counts().into_iter().take(1).collect(),
        cells: vec![people(51), hidden(1), people(52), hidden(1), people(53), hidden(1)],
    }
}

fn nothing() -> Table {
    let keys = vec![key("category", None, &[])];
    let (name, title) = ("nothing".to_owned(), "No categories".to_owned());
    Table { name, title, keys, measures: counts(), cells: Vec::new() }
}

fn total() -> Table {
    let values = vec![Value::Integer(1_000_000)];
    Table {
        name: "everybody".to_owned(),
        title: "All people".to_owned(),
        keys: Vec::new(),
        measures: counts().into_iter().take(1).collect(),
        cells: vec![Cell { values, status: Status::Normal }],
    }
}

fn key(name: &str, level: Option<Level>, codes: &[(&str, &str)]) -> Key {
    let code = |&(code, label): &(&str, &str)| Code { code: code.into(), label: label.into() };
    let title = name[..1].to_uppercase() + &name[1..];
    Key { name: name.to_owned(), title, codes: codes.iter().map(code).collect(), level }
}

fn measure(name: &str, unit: &str, shape: Shape) -> Measure {
    let title = name.replace("_lo", ", at least").replace("_hi", ", at most");
    Measure { name: name.to_owned(), title, unit: unit.to_owned(), shape }
}

fn counts() -> Vec<Measure> {
    ["people", "people_lo", "people_hi"].map(|it| measure(it, "people", Shape::Integer)).into()
}

fn cell(numbers: &[(i64, i64); 3], share: Option<f64>) -> Cell {
    let [(people, lo), (hi, _), _] = *numbers;
    let mut values = [people, lo, hi].map(Value::Integer).to_vec();
    values.push(share.map_or(Value::Hidden, Value::Number));
    let status = if people < 70 { Status::NearThreshold } else { Status::Normal };
    Cell { values, status }
}

fn hidden(width: usize) -> Cell {
    Cell { values: vec![Value::Hidden; width], status: Status::Hidden }
}

/// `data.csv` as a release folder has it.
pub fn data_csv(tables: &Tables) -> File {
    let mut keys: Vec<&str> = Vec::new();
    let mut measures: Vec<&str> = Vec::new();
    for table in tables.tables() {
        for it in table.keys.iter().map(|it| it.name.as_str()) {
            if !keys.contains(&it) {
                keys.push(it);
            }
        }
        for it in table.measures.iter().map(|it| it.name.as_str()) {
            if !measures.contains(&it) {
                measures.push(it);
            }
        }
    }
    let mut out = csv::Writer::from_writer(Vec::new());
    let header = [vec!["level"], keys.clone(), measures.clone(), vec!["status"]].concat();
    out.write_record(&header).unwrap();
    for table in tables.tables() {
        for (codes, cell) in table.rows() {
            let of = |name: &&str| table.keys.iter().position(|it| it.name == **name);
            let code = |name| of(name).map_or("all".to_owned(), |at| codes[at].code.clone());
            let value = |name: &&str| {
                let at = table.measures.iter().position(|it| it.name == **name);
                match at.map(|at| cell.values[at]) {
                    Some(Value::Integer(it)) => it.to_string(),
                    Some(Value::Number(it)) => format!("{it:.5}"),
                    _ => "[c]".to_owned(),
                }
            };
            let mut row = vec![table.name.clone()];
            row.extend(keys.iter().map(code));
            row.extend(measures.iter().map(value));
            row.push(cell.status.code().to_owned());
            out.write_record(row).unwrap();
        }
    }
    let bytes = out.into_inner().unwrap();
    File { path: "data.csv".to_owned(), kind: Kind::Csv, bytes }
}

/// The file at `path`.
#[allow(dead_code, reason = "only some of the test programs look files up")]
pub fn file<'files>(files: &'files [File], path: &str) -> &'files File {
    files.iter().find(|it| it.path == path).unwrap()
}
