//! `quorate purge`: removes what is past its time, and the rows of people who left.

use std::fmt::Write;
use std::path::Path;

use clap::Args;
use engine::retention::{self, Mode};
use engine::{Instance, Result, SystemClock};

use crate::command::thousands;
use crate::output::Output;

/// How to purge.
#[derive(Args)]
pub struct Purge {
    /// Tell what would be removed, and remove nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Purge {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let mode = if self.dry_run { Mode::DryRun } else { Mode::Remove };
        let purged = retention::purge(&instance, &SystemClock, mode)?;
        output.result(&purged, || {
            let mut text = String::new();
            for period in &purged.periods {
                let _ = writeln!(text, "{period}: everything, and its key");
            }
            for (period, tables) in &purged.tables {
                let _ = writeln!(text, "{period}: {}", tables.join(", "));
            }
            for (period, rows) in &purged.rows {
                let _ = writeln!(text, "{period}: {} rows of people who left", thousands(*rows));
            }
            if !purged.files.is_empty() {
                let _ = writeln!(text, "{} reports and places of wrong rows", purged.files.len());
            }
            match (text.is_empty(), self.dry_run) {
                (true, _) => "nothing is past its time".to_owned(),
                (false, true) => format!("would be removed:\n{text}"),
                (false, false) => format!("removed:\n{text}"),
            }
        })
    }
}
