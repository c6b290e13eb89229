//! Compaction: the rows of suppressed people go, and with them what the vault knew of those people.
//!
//! A table without rows of them keeps its file; any other is written anew beside it and named instead
//! by the next manifest. Ordinals stay dense: an erased person is a row that says nothing. What a scan
//! reads is the same before and after, since every scan drops suppressed people anyway; so a snapshot
//! keeps its name.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, RecordBatch, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::DataType;

use super::Vault;
use super::batch::Batch;
use super::manifest::{PeriodRecord, Stored, TableRecord};
use super::table::{self, TableWriter, column};
use crate::error::{Error, Result};

/// Takes suppressed people out of the tables of one period.
pub struct Compaction<'vault> {
    vault: &'vault Vault,
    batch: &'vault Batch,
    /// Ascending.
    gone: Vec<u32>,
    /// What new files are told apart by.
    name: String,
    /// Rows taken out.
    pub rows: u64,
}

impl<'vault> Compaction<'vault> {
    /// Of the people `gone`, ascending; `name` tells new files apart from old ones.
    #[must_use]
    pub const fn new(
        vault: &'vault Vault,
        batch: &'vault Batch,
        gone: Vec<u32>,
        name: String,
    ) -> Self {
        Self { vault, batch, gone, name, rows: 0 }
    }

    /// Compacts every table of a period; `person_of_key` reads the person of a row that waits.
    ///
    /// # Errors
    /// `F10` when a table is damaged; a fault when the disk takes no more.
    pub fn run(&mut self, record: &mut PeriodRecord, person_of_key: fn(u64) -> u32) -> Result<()> {
        for people in &mut record.people {
            self.blank(people)?;
        }
        for table in [&mut record.visit, &mut record.presence] {
            self.table(table, person_of_key)?;
        }
        record.compacted.clone_from(&record.suppressed);
        Ok(())
    }

    fn table(&mut self, table: &mut TableRecord, person_of_key: fn(u64) -> u32) -> Result<()> {
        let late = table.late.iter_mut().map(|it| &mut it.table);
        for stored in table.days.values_mut().chain(late) {
            self.without(stored, |batch, path| {
                let persons: &UInt32Array = column(batch, 0, path)?;
                Ok(persons.values().to_vec())
            })?;
        }
        if let Some(held) = &mut table.held {
            self.without(held, |batch, path| {
                let keys: &UInt64Array = column(batch, 0, path)?;
                Ok(keys.values().iter().map(|it| person_of_key(*it)).collect())
            })?;
        }
        Ok(())
    }

    /// Writes a table anew without the rows of those who are gone, if it has any.
    fn without(
        &mut self,
        stored: &mut Stored,
        persons: impl Fn(&RecordBatch, &Path) -> Result<Vec<u32>>,
    ) -> Result<()> {
        let path = self.vault.present(stored)?;
        let mut concerned = false;
        table::read(&path, |batch| {
            concerned |= persons(batch, &path)?.iter().any(|it| self.is_gone(*it));
            Ok(())
        })?;
        if !concerned {
            return Ok(());
        }
        let mut rows = 0;
        *stored = self.rewrite(stored, &path, |batch| {
            let stays: BooleanArray =
                persons(batch, &path)?.iter().map(|it| Some(!self.is_gone(*it))).collect();
            let kept = filter_record_batch(batch, &stays)
                .map_err(|cause| Error::fault("F11", cause.to_string()))?;
            rows += u64::try_from(batch.num_rows() - kept.num_rows()).unwrap_or_default();
            Ok(kept.columns().to_vec())
        })?;
        self.rows += rows;
        Ok(())
    }

    /// Writes people anew, with nothing known of those who are gone.
    fn blank(&self, stored: &mut Stored) -> Result<()> {
        let path = self.vault.present(stored)?;
        *stored = self.rewrite(stored, &path, |batch| {
            let persons: &UInt32Array = column(batch, 0, &path)?;
            let gone: Vec<bool> = persons.values().iter().map(|it| self.is_gone(*it)).collect();
            let bytes = |at: usize| -> Result<ArrayRef> {
                let values: &UInt8Array = column(batch, at, &path)?;
                let blanked = values.values().iter().zip(&gone);
                let blanked = blanked.map(|(it, gone)| if *gone { u8::MAX } else { *it });
                Ok(Arc::new(UInt8Array::from_iter_values(blanked)))
            };
            let tokens: &UInt32Array = column(batch, 1, &path)?;
            let tokens = tokens.values().iter().zip(&gone);
            let tokens = tokens.map(|(it, gone)| if *gone { 0 } else { *it });
            let sectors: &UInt16Array = column(batch, 4, &path)?;
            let sectors = sectors.values().iter().zip(&gone);
            let sectors = sectors.map(|(it, gone)| if *gone { u16::MAX } else { *it });
            Ok(vec![
                Arc::new(persons.clone()),
                Arc::new(UInt32Array::from_iter_values(tokens)),
                bytes(2)?,
                bytes(3)?,
                Arc::new(UInt16Array::from_iter_values(sectors)),
            ])
        })?;
        Ok(())
    }

    fn rewrite(
        &self,
        stored: &Stored,
        path: &Path,
        mut columns: impl FnMut(&RecordBatch) -> Result<Vec<ArrayRef>>,
    ) -> Result<Stored> {
        let file = renamed(&stored.file, &self.name);
        let schema = table::schema(path)?;
        let kinds: Vec<(&str, DataType)> =
            schema.fields().iter().map(|it| (it.name().as_str(), it.data_type().clone())).collect();
        let mut writer = TableWriter::create(&file, self.batch.path(&file)?, &kinds)?;
        table::read(path, |batch| writer.write(columns(batch)?))?;
        writer.finish()
    }

    fn is_gone(&self, person: u32) -> bool {
        self.gone.binary_search(&person).is_ok()
    }
}

/// `visit/2026-10-01.parquet`, or that of an earlier compaction, under the name of this one.
fn renamed(file: &str, name: &str) -> String {
    let stem = file.strip_suffix(".parquet").unwrap_or(file);
    let stem = stem.split_once('.').map_or(stem, |it| it.0);
    format!("{stem}.{name}.parquet")
}
