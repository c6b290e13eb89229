//! `quorate demo`: simulate, load, release, show.

use std::path::PathBuf;

use clap::Args;
use engine::Result;

use crate::demo;
use crate::output::Output;

/// What to show.
#[derive(Args)]
pub struct Demo {
    /// Where everything is written; running again goes on where it stopped.
    #[arg(long, default_value = "quorate-demo", value_name = "DIR")]
    pub dir: PathBuf,
    /// SIMs of the simulated operator.
    #[arg(long, default_value_t = 400_000, value_name = "N")]
    pub subscribers: u32,
    /// Local days from 1 October 2026.
    #[arg(long, default_value_t = 7, value_name = "D")]
    pub days: u16,
    /// The same seed gives the same operator; the noise is new every time.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub seed: u64,
    /// Port of the page on loopback; any free one when absent.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub port: u16,
    /// End when the summary is printed.
    #[arg(long)]
    pub no_serve: bool,
}

impl Demo {
    pub fn run(self, output: &Output) -> Result<()> {
        let shown = demo::prepare(&self)?;
        output.result(&shown.summary, || shown.summary.to_text(&shown.page))?;
        if self.no_serve { Ok(()) } else { demo::serve(&shown, self.port) }
    }
}
