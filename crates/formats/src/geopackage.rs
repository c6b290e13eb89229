//! `data.gpkg`: the tables for maps (OGC GeoPackage 1.4, which is an SQLite file).
//!
//! 1. `places_sector`, `places_district`: the geometry of each place that a table is keyed by, once.
//! 2. `values_<table>`: its cells, a hidden measure NULL and its status `[c]`.
//! 3. `<table>`: a view that joins the two, which map programs open as a layer.
//!
//! A table without drawn places is there under its own name. The bytes follow from the statements,
//! which follow from the release; the file's times are the release's.

mod schema;

use std::collections::BTreeMap;

use reference::Geography;
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, MAIN_DB, params, params_from_iter};

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::places;
use crate::tables::{Cell, Code, Level, Table, Tables, Value};
use crate::words;

const PATH: &str = "data.gpkg";

/// The release as a geopackage.
///
/// # Errors
/// [`Wrong`] when it cannot be written.
pub fn geopackage(tables: &Tables) -> Result<File> {
    let bytes = database(tables).map_err(|cause| Wrong::writing(PATH)(&cause))?;
    Ok(File::new(PATH, Kind::GeoPackage, bytes))
}

fn database(tables: &Tables) -> rusqlite::Result<Vec<u8>> {
    let mut connection = Connection::open_in_memory()?;
    connection.execute_batch(schema::HEADER)?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(schema::TABLES)?;
    let changed = tables.created().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let geography = &*tables.facts().geography;
    let package = Package { connection: &transaction, geography, changed };
    for (level, places) in places_of(tables) {
        package.places(level, &places)?;
    }
    for table in tables.tables() {
        package.table(table)?;
    }
    transaction.commit()?;
    Ok(connection.serialize(MAIN_DB)?.to_vec())
}

/// The places that a table is keyed by, each once, in the order of their code.
fn places_of(tables: &Tables) -> BTreeMap<Level, BTreeMap<&str, &str>> {
    let mut levels: BTreeMap<Level, BTreeMap<&str, &str>> = BTreeMap::new();
    for table in tables.tables() {
        if let Some((at, level)) = table.place() {
            let codes = table.keys.get(at).map(|it| it.codes.as_slice()).unwrap_or_default();
            let codes = codes.iter().map(|it| (it.code.as_str(), it.label.as_str()));
            levels.entry(level).or_default().extend(codes);
        }
    }
    levels
}

/// A geopackage in the making.
struct Package<'release> {
    connection: &'release Connection,
    geography: &'release Geography,
    changed: String,
}

impl Package<'_> {
    /// One layer of places, whose values are nobody's.
    fn places(&self, level: Level, places: &BTreeMap<&str, &str>) -> rusqlite::Result<()> {
        let Some((name, kind)) = layer(level) else { return Ok(()) };
        self.connection.execute_batch(&format!(
            "CREATE TABLE {name} (fid INTEGER PRIMARY KEY NOT NULL, code TEXT NOT NULL UNIQUE, \
             label TEXT NOT NULL, geom {kind});"
        ))?;
        self.contents(name, "features", "Places without values", "")?;
        self.geometry(name, kind, places::bounds(self.geography, level, places.keys().copied()))?;
        let insert = format!("INSERT INTO {name} (code, label, geom) VALUES (?, ?, ?)");
        let mut insert = self.connection.prepare(&insert)?;
        for (code, label) in places {
            insert.execute(params![code, label, geometry(self.geography, level, code)])?;
        }
        Ok(())
    }

    /// A table's values, and the layer that joins them to their places.
    fn table(&self, table: &Table) -> rusqlite::Result<()> {
        let place = table.place().and_then(|(at, level)| {
            let key = table.keys.get(at)?;
            let codes = key.codes.iter().map(|it| it.code.as_str());
            Some((key.name.as_str(), layer(level)?, places::bounds(self.geography, level, codes)))
        });
        let values = match place {
            Some(_) => format!("values_{}", table.name),
            None => table.name.clone(),
        };
        let columns = columns(table);
        let declared: Vec<String> =
            columns.iter().map(|(name, kind)| format!(", \"{name}\" {kind}")).collect();
        self.connection.execute_batch(&format!(
            "CREATE TABLE \"{values}\" (fid INTEGER PRIMARY KEY NOT NULL{});",
            declared.concat()
        ))?;
        self.contents(&values, "attributes", &table.title, &words::hidden())?;
        self.rows(table, &values, columns.len())?;
        let Some((key, (places, kind), bounds)) = place else { return Ok(()) };
        let selected: Vec<String> =
            columns.iter().map(|(name, _)| format!(", v.\"{name}\" AS \"{name}\"")).collect();
        self.connection.execute_batch(&format!(
            "CREATE VIEW \"{name}\" AS SELECT v.fid AS OGC_FID{}, p.geom AS geom \
             FROM \"{values}\" v LEFT JOIN {places} p ON p.code = v.\"{key}\";",
            selected.concat(),
            name = table.name,
        ))?;
        self.contents(&table.name, "features", &table.title, &words::hidden())?;
        self.geometry(&table.name, kind, bounds)
    }

    fn rows(&self, table: &Table, values: &str, width: usize) -> rusqlite::Result<()> {
        let marks = vec!["?"; width].join(", ");
        let mut insert =
            self.connection.prepare(&format!("INSERT INTO \"{values}\" VALUES (NULL, {marks})"))?;
        for (codes, cell) in table.rows() {
            insert.execute(params_from_iter(fields(table, &codes, cell)))?;
        }
        Ok(())
    }

    fn contents(&self, name: &str, kind: &str, title: &str, about: &str) -> rusqlite::Result<()> {
        let spatial = (kind == "features").then_some(places::EPSG);
        // A title may be shared; the identifier of a layer may not.
        let identifier =
            if title.is_empty() { name.to_owned() } else { format!("{name}: {title}") };
        self.connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, \
             last_change, srs_id) VALUES (?, ?, ?, ?, ?, ?)",
            params![name, kind, identifier, about, self.changed, spatial],
        )?;
        Ok(())
    }

    /// A layer's geometry column, and where its places lie, whatever their values.
    fn geometry(&self, name: &str, kind: &str, bounds: Option<[f64; 4]>) -> rusqlite::Result<()> {
        self.connection.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)",
            params![name, kind, places::EPSG],
        )?;
        if let Some([west, south, east, north]) = bounds {
            self.connection.execute(
                "UPDATE gpkg_contents SET min_x = ?, min_y = ?, max_x = ?, max_y = ? \
                 WHERE table_name = ?",
                params![west, south, east, north, name],
            )?;
        }
        Ok(())
    }
}

/// The layer of the places of a level, and what they are drawn as.
const fn layer(level: Level) -> Option<(&'static str, &'static str)> {
    match level {
        Level::Sector => Some(("places_sector", "POINT")),
        Level::District => Some(("places_district", "MULTIPOLYGON")),
        Level::Area | Level::Region | Level::Lad => None,
    }
}

fn columns(table: &Table) -> Vec<(String, &'static str)> {
    let mut columns = Vec::new();
    for key in &table.keys {
        columns.push((key.name.clone(), "TEXT NOT NULL"));
        if key.has_labels() {
            columns.push((format!("{}_label", key.name), "TEXT NOT NULL"));
        }
    }
    for measure in &table.measures {
        let kind = if measure.decimals() == 0 { "INTEGER" } else { "DOUBLE" };
        columns.push((measure.name.clone(), kind));
    }
    columns.push(("status".to_owned(), "TEXT NOT NULL"));
    columns
}

fn fields(table: &Table, codes: &[&Code], cell: &Cell) -> Vec<Sql> {
    let mut fields = Vec::new();
    for (key, code) in table.keys.iter().zip(codes) {
        fields.push(Sql::Text(code.code.clone()));
        if key.has_labels() {
            fields.push(Sql::Text(code.label.clone()));
        }
    }
    fields.extend(cell.values.iter().map(|value| match value {
        Value::Integer(it) => Sql::Integer(*it),
        Value::Number(it) => Sql::Real(*it),
        Value::Hidden => Sql::Null,
    }));
    fields.push(Sql::Text(cell.status.code().to_owned()));
    fields
}

/// A place's geometry in a geopackage's envelope: `GP`, version, flags, reference, well-known binary.
fn geometry(geography: &Geography, level: Level, code: &str) -> Option<Vec<u8>> {
    let mut blob = vec![b'G', b'P', 0, 1];
    blob.extend(places::EPSG.to_le_bytes());
    blob.extend(places::wkb(geography, level, code)?);
    Some(blob)
}
