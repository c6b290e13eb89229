//! `quorate ingest SOURCE...`: raw files through the door into the vault.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use engine::door::{self, IngestOptions, IngestReport, Purpose};
use engine::instance::Config;
use engine::{Instance, Result, SystemClock};

use crate::command::thousands;
use crate::output::Output;
use crate::progress::Bar;

/// What to load.
#[derive(Args)]
pub struct Ingest {
    /// Folders of raw files (complete when they hold `_SUCCESS`), single files, or s3://bucket/prefix.
    #[arg(required = true)]
    sources: Vec<PathBuf>,
    /// The period to load into, e.g. 2026-10; the month of the dates in file names when absent.
    #[arg(long, value_name = "MONTH")]
    period: Option<String>,
    /// The days that events and web records are of, e.g. 2026-10-01..2026-10-07; the dates in file
    /// names when absent, else the whole period. These days are sealed.
    #[arg(long, value_name = "DAYS")]
    days: Option<String>,
    /// What may be held in memory, e.g. "1 GB"; more goes to disk. Default: `memory` in quorate.toml.
    #[arg(long, value_name = "AMOUNT")]
    memory: Option<String>,
    /// Read and check everything, say what a load would do, and store nothing.
    #[arg(long)]
    plan: bool,
}

impl Ingest {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let mut instance = Instance::open(folder)?;
        if let Some(amount) = &self.memory {
            instance.config.memory = Config::memory(amount)?;
        }
        let period = self.period.map(|it| it.parse()).transpose()?;
        let days = self.days.map(|it| it.parse()).transpose()?;
        let purpose = if self.plan { Purpose::Plan } else { Purpose::Load };
        let report = ingest(&instance, &self.sources, IngestOptions { period, days, purpose })?;
        output.result(&report, || match purpose {
            Purpose::Load => describe(&report),
            Purpose::Plan => describe_plan(&report),
        })
    }
}

/// Loads with a bar.
pub fn ingest(
    instance: &Instance,
    sources: &[PathBuf],
    options: IngestOptions,
) -> Result<IngestReport> {
    let bar = Bar::new(match options.purpose {
        Purpose::Load => "loading",
        Purpose::Plan => "planning",
    });
    door::ingest(instance, sources, &options, &SystemClock, &mut |it| {
        bar.at(it.bytes_done, it.bytes_total);
        bar.rows(it.stage, it.rows);
    })
}

/// What a load did, for the operator.
pub fn describe(report: &IngestReport) -> String {
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
    text += &describe_waiting(report);
    let quality = &report.quality;
    for (what, share) in [
        ("events placed on the map", quality.placed),
        ("web records that show a host", quality.visible),
    ] {
        if let Some(share) = share {
            let _ = writeln!(text, "{what}: {:.1} %", share * 100.0);
        }
    }
    let _ = write!(text, "quality report: reports/ingest-{}.html", report.batch);
    text
}

/// What is late, what waits, and where nobody is counted.
fn describe_waiting(report: &IngestReport) -> String {
    let mut text = String::new();
    for (table, days) in report.days_late.iter().filter(|it| !it.1.is_empty()) {
        let _ = writeln!(text, "{table}: late rows taken of {}", days.join(" "));
    }
    for (table, rows) in report.rows_held.iter().filter(|it| *it.1 > 0) {
        let _ = writeln!(
            text,
            "{table}: {} rows wait for the batch that brings their day",
            thousands(*rows)
        );
    }
    if !report.areas_left_out.is_empty() {
        let areas = report.areas_left_out.join(" ");
        let _ = writeln!(text, "nobody is counted in {areas}: most cells see sensitive places");
    }
    text
}

/// What a load would do: every file with its mapping, and where to look for wrong rows.
fn describe_plan(report: &IngestReport) -> String {
    let mut text = String::from("a plan: nothing was stored\n");
    for file in &report.files_already_loaded {
        let _ = writeln!(text, "{file}: loaded before, would be skipped");
    }
    for file in &report.files {
        let columns = file.columns.iter().map(|(name, column)| format!("{name} <- {column}"));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let (read, kept) = (thousands(file.rows.read), thousands(file.rows.kept));
        let _ = writeln!(
            text,
            "{}: {} by mapping {}, {read} rows read, {kept} would be kept\n  {columns}",
            file.file, file.class, file.mapping
        );
        for (reason, count) in &file.rows.dropped {
            let _ = writeln!(text, "  would drop {reason}: {}", thousands(*count));
        }
        for (reason, count) in &file.rows.quarantined {
            let rows = file.examples.get(reason).map_or_else(String::new, |it| {
                let rows = it.rows.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                let column = if it.column.is_empty() { "" } else { ", column " };
                format!(" (row {rows}{column}{})", it.column)
            });
            let _ = writeln!(text, "  would quarantine {reason}: {}{rows}", thousands(*count));
        }
    }
    for (reason, count) in &report.sims_excluded {
        let _ = writeln!(text, "SIMs that would be left out, {reason}: {}", thousands(*count));
    }
    for (table, days) in &report.days_sealed {
        let _ = writeln!(text, "{table}: {} days would be sealed: {}", days.len(), days.join(" "));
    }
    text += &describe_waiting(report);
    let verdict = match &report.refused {
        Some(why) => format!("the load would be refused, whole:\n{why}"),
        None => format!(
            "the load would be taken: {} people, {} of them new",
            thousands(report.people.total),
            thousands(report.people.new)
        ),
    };
    text + &verdict
}
