//! `quorate quarantine list | replay`: rows that did not get in and may yet.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use engine::door::{self, IngestOptions, Purpose, Quarantine as Waiting};
use engine::{Instance, Result, SystemClock};

use super::ingest::describe;
use crate::command::thousands;
use crate::output::Output;
use crate::progress::Bar;

/// What to do with rows that wait.
#[derive(Subcommand)]
pub enum Quarantine {
    /// Which rows of which batches wait, and why.
    List,
    /// Read rows of a batch again, in the files as they were loaded.
    Replay {
        /// The batch, as `list` names it.
        batch: String,
        /// Folders of raw files, single files, or s3://bucket/prefix.
        #[arg(required = true)]
        sources: Vec<PathBuf>,
        /// The period to load into: that of the batch when absent; the next one for late rows.
        #[arg(long, value_name = "MONTH")]
        period: Option<String>,
        /// Say what would become of them, and store nothing.
        #[arg(long)]
        plan: bool,
    },
}

impl Quarantine {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        match self {
            Self::List => list(&instance, output),
            Self::Replay { batch, sources, period, plan } => {
                let period = period.map(|it| it.parse()).transpose()?;
                let purpose = if plan { Purpose::Plan } else { Purpose::Load };
                let options = IngestOptions { period, purpose, ..IngestOptions::default() };
                let bar = Bar::new("reading again");
                let report =
                    door::replay(&instance, &batch, &sources, &options, &SystemClock, &mut |it| {
                        bar.at(it.bytes_done, it.bytes_total);
                        bar.rows(it.stage, it.rows);
                    })?;
                output.result(&report, || describe(&report))
            }
        }
    }
}

fn list(instance: &Instance, output: &Output) -> Result<()> {
    let waiting = Waiting::list(instance)?;
    output.result(&waiting, || {
        if waiting.is_empty() {
            return "no row waits".to_owned();
        }
        let mut text = String::new();
        for batch in &waiting {
            let _ = writeln!(text, "batch {} of {}", batch.batch, batch.period);
            for file in &batch.files {
                let rows = file.rows.iter().map(|(why, count)| format!("{why} {}", thousands(*count)));
                let rows = rows.collect::<Vec<_>>().join(", ");
                let _ = writeln!(text, "  {} ({}): {rows}", file.file, file.mapping);
            }
        }
        text.push_str(
            "after mending: quorate quarantine replay BATCH SOURCE; late rows: --period of the next month",
        );
        text
    })
}
