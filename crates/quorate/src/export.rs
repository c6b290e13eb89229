//! A published release as the neutral tables of `formats`: what `data.csv` says, and nothing more.

use std::collections::BTreeMap;
use std::sync::Arc;

use engine::dimension::{self, Dimension};
use engine::plan::QUESTION;
use engine::product;
use engine::publish::{ALL, Publication, Row, Sheet};
use engine::report::Ratio;
use engine::{Error, Result};
use formats::{
    Cell, Code, Facts, File, Key, Kind, Level, Licence, Measure, Shape, Status, Table, Tables,
    Value,
};
use reference::Geography;

/// The release with everything that is known of its files' form.
///
/// # Errors
/// A fault when the release folder lacks a file, or a format cannot hold the release.
pub fn files(
    publication: &Publication,
    publisher: &str,
    licence: Licence,
    geography: Arc<Geography>,
) -> Result<Vec<File>> {
    let facts = facts(publication, publisher, licence, geography)?;
    let tables = Tables::new(facts, tables(&publication.sheet)).map_err(|cause| fault(&cause))?;
    let given = [
        ("data.csv", Kind::Csv),
        ("data.csv-metadata.json", Kind::Csvw),
        ("data.parquet", Kind::Parquet),
        ("manifest.json", Kind::Manifest),
        ("report.html", Kind::Page),
    ];
    // Files that not every release has.
    let more = [("finest.csv", Kind::Finest), ("weighted.csv", Kind::Weighted)];
    let more = more.into_iter().filter(|it| publication.manifest.files.contains_key(it.0));
    let given = given.into_iter().chain(more).map(|(name, kind)| {
        let path = publication.path.join(name);
        let bytes = std::fs::read(&path).map_err(|cause| {
            Error::fault("F01", format!("cannot read: {cause}")).at(path.display())
        })?;
        Ok(File { path: name.to_owned(), kind, bytes })
    });
    let given = given.collect::<Result<Vec<_>>>()?;
    let mut made = formats::every_file(&tables, &given).map_err(|cause| fault(&cause))?;
    made.splice(0..0, given);
    Ok(made)
}

fn fault(cause: &formats::Wrong) -> Error {
    Error::fault("F13", format!("a format cannot hold the release: {cause}"))
}

fn facts(
    publication: &Publication,
    publisher: &str,
    licence: Licence,
    geography: Arc<Geography>,
) -> Result<Facts> {
    let of = &publication.manifest;
    Ok(Facts {
        id: of.id.clone(),
        product: of.product.clone(),
        title: format!("{} {}", title(&of.product), of.period),
        description: summary(&of.product)?.to_owned(),
        publisher: publisher.to_owned(),
        period: of.period.clone(),
        created: of.created.clone(),
        licence,
        unit: of.unit.clone(),
        floor: of.floor,
        rho: of.rho.clone(),
        delta: of.delta.clone(),
        epsilon: of.epsilon,
        epsilon_delta: of.epsilon_delta,
        synthetic: of.synthetic,
        notes: vec![
            "An interval speaks of the noise alone; people in more cells than are counted are not in it."
                .to_owned(),
            format!("Plan {}, policy {}, program {}.", of.plan_hash, of.policy_hash, of.code_hash),
            format!("Paid for by entry {} of the ledger.", of.ledger_entry),
        ],
        geography,
    })
}

/// `web_audience` as `Web audience`.
fn title(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn tables(sheet: &Sheet) -> Vec<Table> {
    let mut levels: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in &sheet.rows {
        match levels.last_mut().filter(|it| row.level == it.0) {
            Some(level) => level.1.push(row),
            None => levels.push((&row.level, vec![row])),
        }
    }
    levels.into_iter().map(|(name, rows)| table(sheet, name, &rows)).collect()
}

fn table(sheet: &Sheet, name: &str, rows: &[&Row]) -> Table {
    // Of each dimension that the table is by: where it stands in a row.
    let own = sheet.keys.iter().enumerate();
    let own = own
        .filter(|(at, _)| rows.iter().any(|row| row.labels.get(*at).is_some_and(|it| *it != ALL)));
    let own: Vec<(usize, Dimension)> = own.map(|(at, key)| (at, *key)).collect();
    let keys: Vec<Key> = own.iter().map(|(at, dimension)| key(*at, *dimension, rows)).collect();
    let positions = keys.iter().map(|key| {
        let codes = key.codes.iter().enumerate();
        codes.map(|(at, it)| (it.code.clone(), at)).collect::<BTreeMap<String, usize>>()
    });
    let positions: Vec<BTreeMap<String, usize>> = positions.collect();
    let mut cells = BTreeMap::new();
    for row in rows {
        let place = own.iter().zip(&positions).map(|((at, _), known)| {
            row.labels.get(*at).and_then(|label| known.get(label.as_str())).copied()
        });
        cells.insert(place.collect::<Vec<_>>(), cell(sheet, row));
    }
    Table {
        name: name.to_owned(),
        title: title(name),
        keys,
        measures: measures(sheet),
        cells: cells.into_values().collect(),
    }
}

/// What a product is, or an answer.
fn summary(product: &str) -> Result<&'static str> {
    match product {
        QUESTION => Ok("The answer to a question about a month of a mobile operator's customers."),
        _ => Ok(product::named(product)?.summary),
    }
}

/// The values of a dimension in the order in which the table has them first.
fn key(at: usize, dimension: Dimension, rows: &[&Row]) -> Key {
    let mut codes: Vec<Code> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for label in rows.iter().filter_map(|row| row.labels.get(at)) {
        if known.insert(label) {
            codes.push(Code { code: label.to_string(), label: label.to_string() });
        }
    }
    let level = match dimension {
        Dimension::Sector => Some(Level::Sector),
        Dimension::District | Dimension::PresentIn => Some(Level::District),
        Dimension::Area => Some(Level::Area),
        Dimension::Region => Some(Level::Region),
        Dimension::Lad => Some(Level::Lad),
        _ => None,
    };
    Key { name: dimension.name().to_owned(), title: title(dimension.name()), codes, level }
}

/// People with their interval, then shares with theirs where the product has them.
fn measures(sheet: &Sheet) -> Vec<Measure> {
    let keys: Vec<&str> = dimension::ALL.iter().map(|it| it.name()).collect();
    let header = sheet.header();
    let own = header.iter().filter(|it| !keys.contains(&it.as_str()));
    let own = own.filter(|it| !["level", "status"].contains(&it.as_str()));
    own.map(|name| {
        let count = name.starts_with("people") || name.ends_with("_of");
        let (unit, shape) = match name.as_str() {
            _ if count => ("people", Shape::Integer),
            "rows" | "rows_lo" | "rows_hi" => ("rows", Shape::Integer),
            "minutes" | "minutes_lo" | "minutes_hi" => ("minutes", Shape::Integer),
            name if name.starts_with("index") => ("base = 100", Shape::Decimal(1)),
            _ => ("share", Shape::Decimal(5)),
        };
        Measure { name: name.clone(), title: title(name), unit: unit.to_owned(), shape }
    })
    .collect()
}

fn cell(sheet: &Sheet, row: &Row) -> Cell {
    let whole = |it: Option<i64>| it.map_or(Value::Hidden, Value::Integer);
    let mut values: Vec<Value> = match row.people {
        Some(it) => [it.value, it.lo, it.hi].map(Value::Integer).to_vec(),
        None => vec![Value::Hidden; 3],
    };
    for sum in &row.sums {
        let own = sum.map(|it| [it.value, it.lo, it.hi].map(Value::Integer));
        values.extend(own.unwrap_or([Value::Hidden; 3]));
    }
    if sheet.shares {
        let share = |it: Option<(i64, Ratio)>| {
            let mut all = vec![whole(it.map(|it| it.0))];
            all.extend(ratio(it.map(|it| it.1)));
            all
        };
        values.extend(share(row.shares.reach));
        values.extend(share(row.shares.composition));
        values.extend(ratio(row.shares.index));
    }
    let status = match row.people {
        None => Status::Hidden,
        Some(it) if it.near_threshold => Status::NearThreshold,
        Some(_) => Status::Normal,
    };
    Cell { values, status }
}

fn ratio(it: Option<Ratio>) -> [Value; 3] {
    it.map_or([Value::Hidden; 3], |it| [it.value, it.lo, it.hi].map(Value::Number))
}
