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
        let report = ingest(&instance, &self.sources, IngestOptions { period })?;
        output.result(&report, || describe(&report))
    }
}

/// Loads with a bar.
pub fn ingest(
    instance: &Instance,
    sources: &[PathBuf],
    options: IngestOptions,
) -> Result<IngestReport> {
    let bar = Bar::new("loading");
    door::ingest(instance, sources, &options, &SystemClock, &mut |it| {
        bar.at(it.bytes_done, it.bytes_total);
        bar.detail(format!("{}: {} rows", it.stage, thousands(it.rows)));
    })
}

/// What a load did, for the operator.
fn describe(report: &IngestReport) -> String {
    if report.nothing_changed() {
        return format!(
            "all {} files were loaded before; nothing changed",
            report.files_already_loaded.len()
        );
    }
    let mut text = format!(
        "batch {} of {}: {} files loaded, {} loaded before, {:.0} s\n{} people, {} of them new\n",
        report.batch,
        report.period,
        report.files_loaded.len(),
        report.files_already_loaded.len(),
        report.seconds,
        thousands(report.people.total),
        thousands(report.people.new)
    );
    for (class, rows) in &report.rows {
        let _ = writeln!(
            text,
            "{class}: {} rows read, {} kept",
            thousands(rows.read),
            thousands(rows.kept)
        );
        for (fate, reasons) in [("dropped", &rows.dropped), ("quarantined", &rows.quarantined)] {
            for (reason, count) in reasons {
                let _ = writeln!(text, "  {fate} {reason}: {}", thousands(*count));
            }
        }
    }
    for (reason, count) in &report.sims_excluded {
        let _ = writeln!(text, "SIMs left out, {reason}: {}", thousands(*count));
    }
    for (table, days) in &report.days_sealed {
        let _ = writeln!(text, "{table}: {} days sealed", days.len());
    }
    text
}
