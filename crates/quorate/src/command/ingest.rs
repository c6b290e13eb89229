//! `quorate ingest SOURCE...`: raw files through the door into the vault.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::door::{self, IngestOptions, IngestReport};
use engine::{Instance, Result, SystemClock};

use crate::command::thousands;
use crate::output::Output;
use crate::progress::Bar;

/// What to load.
#[derive(Args)]
pub struct Ingest {
    /// Folders of raw files (complete when they hold `_SUCCESS`), or single files.
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// The period to load into, e.g. 2026-10; that of the first record when absent.
    #[arg(long)]
    period: Option<String>,
}

impl Ingest {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let period = self.period.map(|it| it.parse()).transpose()?;
        let report = ingest(&instance, &self.sources, &IngestOptions { period })?;
        output.result(&report, || describe(&report))
    }
}
