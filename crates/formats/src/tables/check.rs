//! What every release must be before a format sees it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Cell, Facts, Key, Measure, Shape, Status, Table, Value};
use crate::error::{Result, Wrong};

/// Names of columns that formats add themselves; so is every name that ends in `_label`.
const TAKEN: [&str; 13] = [
    "level",
    "status",
    "fid",
    "geom",
    "geometry",
    "ogc_fid",
    "measure",
    "period",
    "indicator",
    "time_period",
    "obs_value",
    "obs_status",
    "conf_status",
];
/// What names of tables do not start with: a geopackage's own.
const TAKEN_STARTS: [&str; 5] = ["gpkg_", "rtree_", "sqlite_", "places_", "values_"];

/// Checks the facts; the moment of making and the first day of the period.
pub(super) fn facts(facts: &Facts) -> Result<(Timestamp, Date)> {
    let texts = [
        ("id", &facts.id),
        ("product", &facts.product),
        ("title", &facts.title),
        ("description", &facts.description),
        ("publisher", &facts.publisher),
        ("licence", &facts.licence.name),
        ("unit", &facts.unit),
    ];
    for (at, it) in texts.into_iter().chain(facts.notes.iter().map(|it| ("notes", it))) {
        text(at, it)?;
    }
    for (at, it) in [("id", &facts.id), ("product", &facts.product)] {
        let plain = |it: char| it.is_ascii_alphanumeric() || "_-.".contains(it);
        if it.is_empty() || !it.chars().all(plain) {
            return Err(Wrong::new(at, format!("is {it:?}"), "use letters, digits, _ - ."));
        }
    }
    let url = &facts.licence.url;
    if !url.starts_with("https://") || url.chars().any(|it| it.is_whitespace() || it.is_control()) {
        return Err(Wrong::new("licence", format!("is at {url:?}"), "give an https:// address"));
    }
    for (at, it) in [("rho", &facts.rho), ("delta", &facts.delta)] {
        if !it.parse::<f64>().is_ok_and(|it| it.is_finite() && it >= 0.0) {
            return Err(Wrong::new(at, format!("is {it:?}"), "give a number"));
        }
    }
    if !(facts.epsilon.is_finite() && facts.epsilon_delta.is_finite()) {
        return Err(Wrong::new("epsilon", "is not finite", "give a number"));
    }
    let created = facts.created.parse().map_err(|_| {
        Wrong::new("created", format!("is {:?}", facts.created), "give RFC 3339 with an offset")
    })?;
    let month = format!("{}-01", facts.period).parse::<Date>().ok();
    let month = month.filter(|it| it.strftime("%Y-%m").to_string() == facts.period);
    let month = month.ok_or_else(|| {
        Wrong::new("period", format!("is {:?}", facts.period), "give a month as 2026-10")
    })?;
    Ok((created, month))
}

/// Checks the tables.
pub(super) fn tables(tables: &[Table]) -> Result<()> {
    let mut names = BTreeSet::new();
    for it in tables {
        if !names.insert(&it.name) {
            return Err(Wrong::new(&it.name, "is there twice", "name each table once"));
        }
        table(it).map_err(|cause| Wrong { at: format!("{}, {}", it.name, cause.at), ..cause })?;
    }
    Ok(())
}

fn table(table: &Table) -> Result<()> {
    name("name", &table.name)?;
    if TAKEN_STARTS.iter().any(|it| table.name.starts_with(it)) {
        return Err(Wrong::new("name", "is taken", "name the table after what it is split by"));
    }
    text("title", &table.title)?;
    let mut names: BTreeSet<&str> = TAKEN.into();
    for key in &table.keys {
        column(&mut names, &key.name)?;
        text(&key.name, &key.title)?;
        codes(key)?;
    }
    for measure in &table.measures {
        column(&mut names, &measure.name)?;
        text(&measure.name, &measure.title)?;
        text(&measure.name, &measure.unit)?;
    }
    if table.measures.is_empty() {
        return Err(Wrong::new("measures", "are missing", "give one at least"));
    }
    let combinations = table.keys.iter().map(|it| it.codes.len()).try_fold(1, usize::checked_mul);
    if combinations != Some(table.cells.len()) {
        let what = format!("are {}, not one for each combination of codes", table.cells.len());
        return Err(Wrong::new("cells", what, "give hidden ones too, the last key fastest"));
    }
    for (at, it) in table.cells.iter().enumerate() {
        cell(&table.measures, it)
            .map_err(|what| Wrong::new(format!("cell {at}"), what, "give what was released"))?;
    }
    Ok(())
}

fn column<'table>(names: &mut BTreeSet<&'table str>, it: &'table str) -> Result<()> {
    name(it, it)?;
    if !it.ends_with("_label") && names.insert(it) {
        return Ok(());
    }
    Err(Wrong::new(it, "is taken", "give each column of a table a name of its own"))
}

fn codes(key: &Key) -> Result<()> {
    let mut seen = BTreeSet::new();
    for it in &key.codes {
        text(&key.name, &it.code)?;
        text(&key.name, &it.label)?;
        if it.code.is_empty() || !seen.insert(&it.code) {
            let what = format!("has the code {:?} twice or empty", it.code);
            return Err(Wrong::new(&key.name, what, "list each code once"));
        }
    }
    Ok(())
}

fn cell(measures: &[Measure], cell: &Cell) -> std::result::Result<(), &'static str> {
    if cell.values.len() != measures.len() {
        return Err("does not have a value for each measure");
    }
    let fits = |(measure, value): (&Measure, &Value)| match (measure.shape, value) {
        (_, Value::Hidden) | (Shape::Integer, Value::Integer(_)) => true,
        (Shape::Decimal(_), Value::Number(it)) => it.is_finite(),
        _ => false,
    };
    if !measures.iter().zip(&cell.values).all(fits) {
        return Err("has a value that is not of its measure's shape");
    }
    let hidden = |it: &Value| *it == Value::Hidden;
    match cell.status {
        Status::Hidden if !cell.values.iter().all(hidden) => Err("is hidden and shows a value"),
        Status::Normal | Status::NearThreshold if cell.values.first().is_some_and(hidden) => {
            Err("is not hidden and does not show its first measure")
        }
        _ => Ok(()),
    }
}

/// Names are SQL columns, XML ids and parts of paths as they are.
fn name(at: &str, it: &str) -> Result<()> {
    let plain = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    if it.starts_with(|it: char| it.is_ascii_lowercase()) && it.len() <= 60 && it.chars().all(plain)
    {
        return Ok(());
    }
    Err(Wrong::new(at, format!("is {it:?}"), "use lower-case letters, digits and _, 60 at most"))
}

/// Text that every format can hold: no control characters but the line feed, no noncharacters.
fn text(at: &str, it: &str) -> Result<()> {
    let foreign =
        |it: char| (it.is_control() && it != '\n') || matches!(it, '\u{fffe}' | '\u{ffff}');
    if it.contains(foreign) {
        return Err(Wrong::new(at, format!("has a control character: {it:?}"), "take it out"));
    }
    Ok(())
}
