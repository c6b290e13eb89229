//! The files that blocks are appended to: the customer record, the opt-out feed, and two a day.

use std::path::Path;

use super::events::EVENTS;
use super::pages::WEB;
use super::record::{CUSTOMERS, OPT_OUT};
use super::{Format, SimulateError};
use crate::day::Day;
use crate::table::{Part, Table, TableFile};

/// How each table is written.
pub(super) struct Tables {
    pub customers: Table,
    pub opt_out: Table,
    pub events: Table,
    pub web: Table,
}

impl Tables {
    pub fn new(format: Format) -> Result<Self, SimulateError> {
        Ok(Self {
            customers: Table::new(CUSTOMERS, format)?,
            opt_out: Table::new(OPT_OUT, Format::Csv)?,
            events: Table::new(EVENTS, format)?,
            web: Table::new(WEB, format)?,
        })
    }
}

/// The rows of one block, encoded; what has no rows is not there.
#[derive(Default)]
pub(super) struct Encoded {
    pub customers: Option<Part>,
    pub opt_out: Option<Part>,
    /// By day.
    pub events: Vec<Option<Part>>,
    pub web: Vec<Option<Part>>,
}

/// All open files.
pub(super) struct Files {
    customers: TableFile,
    opt_out: TableFile,
    /// By day.
    events: Vec<TableFile>,
    web: Vec<TableFile>,
}

impl Files {
    pub fn create(tables: &Tables, raw: &Path, days: &[Day]) -> Result<Self, SimulateError> {
        let daily = |table: &Table, folder: &str| -> Result<Vec<TableFile>, SimulateError> {
            let folder = raw.join(folder);
            days.iter().map(|it| table.create(&folder, &it.date.to_string())).collect()
        };
        Ok(Self {
            customers: tables.customers.create(raw, "customers")?,
            opt_out: tables.opt_out.create(raw, "opt_out")?,
            events: daily(&tables.events, "events")?,
            web: daily(&tables.web, "web")?,
        })
    }

    /// Appends the rows of a block.
    pub fn append(&mut self, block: Encoded) -> Result<(), SimulateError> {
        let mut put = |(file, part): (&mut TableFile, Option<Part>)| {
            part.map_or(Ok(()), |part| file.append(part))
        };
        put((&mut self.customers, block.customers))?;
        put((&mut self.opt_out, block.opt_out))?;
        self.events.iter_mut().zip(block.events).try_for_each(&mut put)?;
        self.web.iter_mut().zip(block.web).try_for_each(&mut put)
    }

    /// Completes all files.
    pub fn close(self) -> Result<(), SimulateError> {
        let daily = self.events.into_iter().chain(self.web);
        [self.customers, self.opt_out].into_iter().chain(daily).try_for_each(TableFile::close)
    }
}
