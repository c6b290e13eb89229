//! A small operator in a temporary folder: an instance, a source folder, and keys apart.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{UInt8Type, UInt16Type, UInt32Type};
use engine::door::{IngestOptions, IngestReport, Purpose, ingest};
use engine::instance::Instance;
use engine::vault::{Snapshot, Vault};
use engine::{Result, SystemClock};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use reference::Geography;
use tempfile::TempDir;

pub const CUSTOMERS: &str = "subscriber_id,account_id,gender,birth_year,postcode,contract_type,\
                             start_date,end_date,user_is_holder,opt_out,consent_vas,sim_role";
pub const CELLS: &str = "cell_id,latitude,longitude,technology,valid_date_start,valid_date_end";
pub const EVENTS: &str = "subscriber_id,event_time,type,cell_id,duration_s,volume_down";
pub const WEB: &str = "time,subscriber_id,host,source,bytes,duration_s,cell_id";

const OCTOBER: &str = "2026-10";

pub struct World {
    folder: TempDir,
    pub instance: Instance,
    pub raw: PathBuf,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut instance = Instance::init(&folder.path().join("north")).unwrap();
        instance.config.keys_dir = folder.path().join("keys");
        instance.config.threads = 2;
        let raw = folder.path().join("raw");
        fs::create_dir_all(&raw).unwrap();
        fs::write(raw.join("_SUCCESS"), "").unwrap();
        let world = Self { folder, instance, raw };
        // Most operators of the tests have no visitors.
        let own = "home_mcc = [1]   # your own network; rows of others without a customer record are of visitors\n";
        world.map("events", own, "");
        world.map("events", "mcc = \"mcc\"\n", "");
        world
    }

    /// Another empty instance with the same keys.
    pub fn twin(&self) -> Self {
        let mut twin = Self::new();
        twin.instance.config.keys_dir.clone_from(&self.instance.config.keys_dir);
        twin
    }

    /// One adult with consent, one cell that always stood.
    pub fn with_one_of_each() -> Self {
        let world = Self::new();
        world.write("customers.csv", CUSTOMERS, &[adult("test-000001")]);
        world.write("cells.csv", CELLS, &[cell("north-1", 0, "2020-01-01", "")]);
        world
    }

    pub fn write(&self, name: &str, header: &str, rows: &[String]) -> PathBuf {
        let path = self.raw.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        path
    }

    /// Changes a line of a mapping.
    pub fn map(&self, mapping: &str, from: &str, to: &str) {
        let path = self.instance.mapping_dir().join(format!("{mapping}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{mapping}: {from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Lets wrong rows pass, so that they can be counted.
    pub fn tolerate_wrong_rows(&self) {
        for mapping in ["customers", "cells", "sensitive_places", "events", "web"] {
            self.map(mapping, "[columns]", "max_bad_share = 1.0\n\n[columns]");
        }
    }

    pub fn ingest(&self) -> Result<IngestReport> {
        self.ingest_as(OCTOBER, None)
    }

    pub fn ingest_from(&self, sources: &[PathBuf]) -> Result<IngestReport> {
        ingest(&self.instance, sources, &IngestOptions::default(), &SystemClock, &mut |_| ())
    }

    /// Says what [`Self::ingest`] would do.
    pub fn plan(&self) -> Result<IngestReport> {
        let period = Some(OCTOBER.parse()?);
        let options = IngestOptions { period, purpose: Purpose::Plan, ..IngestOptions::default() };
        ingest(&self.instance, std::slice::from_ref(&self.raw), &options, &SystemClock, &mut |_| ())
    }

    /// Loads into another period, or some days.
    pub fn ingest_as(&self, period: &str, days: Option<&str>) -> Result<IngestReport> {
        let days = days.map(|it| it.parse().unwrap());
        let options =
            IngestOptions { period: Some(period.parse()?), days, ..IngestOptions::default() };
        ingest(&self.instance, std::slice::from_ref(&self.raw), &options, &SystemClock, &mut |_| ())
    }

    pub fn snapshot(&self) -> Snapshot {
        let vault = Vault::open(&self.instance).unwrap();
        let period = vault.periods().unwrap().pop().unwrap();
        vault.snapshot(period).unwrap()
    }

    pub fn people(&self) -> Vec<(u32, u8, u8, u16)> {
        let mut rows = Vec::new();
        for batch in self.snapshot().people.iter().flat_map(|it| batches(it)) {
            let number =
                |at: usize, row: usize| batch.column(at).as_primitive::<UInt8Type>().value(row);
            for row in 0..batch.num_rows() {
                let person = batch.column(0).as_primitive::<UInt32Type>().value(row);
                let sector = batch.column(4).as_primitive::<UInt16Type>().value(row);
                rows.push((person, number(2, row), number(3, row), sector));
            }
        }
        rows
    }

    /// (day, person, district, hour) of every presence.
    pub fn presence(&self) -> Vec<(String, u32, u16, u8)> {
        let days = self.snapshot().presence;
        let rows = days.iter().flat_map(|(day, path)| {
            batches(path).into_iter().flat_map(|batch| {
                (0..batch.num_rows())
                    .map(|row| {
                        let person = batch.column(0).as_primitive::<UInt32Type>().value(row);
                        let district = batch.column(1).as_primitive::<UInt16Type>().value(row);
                        let hour = batch.column(2).as_primitive::<UInt8Type>().value(row);
                        (day.to_string(), person, district, hour)
                    })
                    .collect::<Vec<_>>()
            })
        });
        rows.collect()
    }

    /// (day, person, site, hour, minutes) of every visit.
    pub fn visits(&self) -> Vec<(String, u32, u32, u8, u16)> {
        let days = self.snapshot().visit;
        let rows = days.iter().flat_map(|(day, path)| {
            batches(path).into_iter().flat_map(|batch| {
                (0..batch.num_rows())
                    .map(|row| {
                        let person = batch.column(0).as_primitive::<UInt32Type>().value(row);
                        let site = batch.column(1).as_primitive::<UInt32Type>().value(row);
                        let hour = batch.column(2).as_primitive::<UInt8Type>().value(row);
                        let minutes = batch.column(3).as_primitive::<UInt16Type>().value(row);
                        (day.to_string(), person, site, hour, minutes)
                    })
                    .collect::<Vec<_>>()
            })
        });
        rows.collect()
    }

    /// Every file below the vault with its bytes, but for the lock and the manifest.
    pub fn vault_files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let vault = self.instance.vault_dir();
        let mut files = files_below(&vault);
        files.retain(|it| it.extension().is_some_and(|it| it != "json"));
        files
            .into_iter()
            .map(|it| (it.strip_prefix(&vault).unwrap().to_owned(), fs::read(&it).unwrap()))
            .collect()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.folder.path().display())
    }
}

pub fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    reader.map(Result::unwrap).collect()
}

pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// A postcode in the sector with this number.
pub fn postcode(sector: usize) -> String {
    format!("{}AA", Geography::built_in().sectors[sector].code)
}

/// The district of the sector with this number.
pub fn district(sector: usize) -> u16 {
    Geography::built_in().sectors[sector].district
}

pub fn adult(id: &str) -> String {
    format!("{id},{id}-account,F,1980,{},consumer,2020-01-01,,true,false,true,phone", postcode(0))
}

/// A cell at the point of a sector.
pub fn cell(id: &str, sector: usize, from: &str, to: &str) -> String {
    let sector = &Geography::built_in().sectors[sector];
    format!("{id},{},{},4G,{from},{to}", sector.lat, sector.lon)
}

pub fn event(id: &str, instant: &str, cell: &str) -> String {
    format!("{id},{},data_start,{cell},,1000", milliseconds(instant))
}

pub fn web(id: &str, instant: &str, host: &str, seconds: u32) -> String {
    format!("{},{id},{host},sni,1000,{seconds},", milliseconds(instant))
}

pub fn milliseconds(instant: &str) -> String {
    match instant.parse::<jiff::Timestamp>() {
        Ok(instant) => instant.as_millisecond().to_string(),
        Err(_) => instant.to_owned(),
    }
}

/// The numbers of a column's buffers, for searches.
pub fn raw_bytes(batch: &RecordBatch) -> Vec<u8> {
    let buffers = batch.columns().iter().flat_map(|it| it.to_data().buffers().to_vec());
    buffers.flat_map(|it| it.as_slice().to_vec()).collect()
}
