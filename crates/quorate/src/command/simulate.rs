//! `quorate simulate`: raw files of an operator that does not exist, with the truth beside.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use engine::{Error, Result};
use jiff::civil::Date;
use simulator::{Rates, Summary, World};

use crate::command::thousands;
use crate::output::Output;
use crate::progress::Bar;

/// What to simulate.
#[derive(Args)]
pub struct Simulate {
    /// Where to write `raw` and `truth`.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// SIMs in the customer record.
    #[arg(long, default_value_t = 400_000, value_name = "N")]
    subscribers: u32,
    /// Local days.
    #[arg(long, default_value_t = 7, value_name = "D")]
    days: u16,
    /// The first day; all lie in its month. Another month of the same seed has the same people.
    #[arg(long, default_value = "2026-10-01", value_name = "DATE")]
    first_day: Date,
    /// The same seed gives the same world.
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Format of the raw files; cells are always CSV.
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    format: Format,
    /// Postcode area to begin with.
    #[arg(long, default_value = "BL", value_name = "AREA")]
    origin: String,
    /// Make something rarer or more frequent, e.g. --rate duplicate=10 --rate visitor=0; see
    /// docs/simulator.md.
    #[arg(long, value_name = "NAME=FACTOR")]
    rate: Vec<String>,
    /// Whole areas outwards from the origin, or thinly all over Great Britain.
    #[arg(long, value_enum, default_value_t = Spread::Outwards)]
    spread: Spread,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Parquet,
    Csv,
}

#[derive(Clone, Copy, ValueEnum)]
enum Spread {
    Outwards,
    Gb,
}

impl Simulate {
    pub fn run(self, output: &Output) -> Result<()> {
        let mut rates = Rates::default();
        for asked in &self.rate {
            let (name, factor) = asked.split_once('=').unwrap_or((asked, ""));
            let factor = factor.parse().unwrap_or(f64::NAN);
            rates.scale(name, factor).map_err(|it| Error::input("I60", it.to_string()))?;
        }
        let world = World {
            rates,
            subscribers: self.subscribers,
            days: self.days,
            first_day: self.first_day,
            seed: self.seed,
            format: match self.format {
                Format::Parquet => simulator::Format::Parquet,
                Format::Csv => simulator::Format::Csv,
            },
            origin: self.origin,
            spread: match self.spread {
                Spread::Outwards => simulator::Spread::Outwards,
                Spread::Gb => simulator::Spread::GreatBritain,
            },
            ..World::default()
        };
        let summary = simulate(&world, &self.dir)?;
        output.result(&summary, || {
            format!(
                "{} customers, {} of them people to count, in {}\n{} events and {} web records\n\
                 raw files: {}\nthe truth: {}",
                thousands(summary.customers),
                thousands(summary.people),
                summary.areas.join(" "),
                thousands(summary.events),
                thousands(summary.web_records),
                self.dir.join("raw").display(),
                self.dir.join("truth").display()
            )
        })
    }
}

/// Simulates with a bar.
pub fn simulate(world: &World, dir: &Path) -> Result<Summary> {
    let bar = Bar::new("simulating");
    simulator::simulate(world, dir, &|it| bar.at(it.done, it.total)).map_err(|cause| match &cause {
        simulator::SimulateError::Write { path, .. } => {
            Error::fault("F01", cause.to_string()).at(path.display())
        }
        _ => Error::input("I60", cause.to_string()),
    })
}
