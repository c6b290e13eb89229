//! `quorate ledger list | show | verify | budget`: what was charged, published, and is left.

use std::fmt::Write;
use std::path::Path;

use clap::Subcommand;
use engine::run::{ledger_error, read_ledger};
use engine::{Error, Instance, Result, policy};
use ledger::{Charged, State};
use privacy::{Meter, conversion};
use serde_json::{Value, json};

use crate::output::Output;

/// What to do with the ledger.
#[derive(Subcommand)]
pub enum Ledger {
    /// Every charge and what became of it.
    List,
    /// One charge in full.
    Show {
        /// The charge, e.g. c000000.
        id: String,
    },
    /// Check every byte against the chain and the anchor.
    Verify,
    /// What each period has spent and has left.
    Budget,
}

impl Ledger {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        match self {
            Self::List => list(&instance, output),
            Self::Show { id } => show(&instance, &id, output),
            Self::Verify => verify(&instance, output),
            Self::Budget => budget(&instance, output),
        }
    }
}

fn state(charged: &Charged) -> (&'static str, &str) {
    match &charged.state {
        State::Published(it) => ("published", &it.release),
        State::Abandoned => ("abandoned", "-"),
    }
}

fn value(charged: &Charged) -> Value {
    let (state, release) = state(charged);
    json!({ "at": charged.at, "charge": charged.charge, "state": state, "release": release })
}

fn list(instance: &Instance, output: &Output) -> Result<()> {
    let charges = read_ledger(instance)?.charges();
    output.result(&charges.iter().map(value).collect::<Vec<_>>(), || {
        if charges.is_empty() {
            return "nothing was charged yet".to_owned();
        }
        let mut text = format!(
            "{:<8} {:<20} {:<13} {:<8} {:>10} {:>9}  {:<9}  release\n",
            "charge", "at", "product", "period", "rho", "delta", "state"
        );
        for it in &charges {
            let (state, release) = state(it);
            let at = it.at.get(..19).unwrap_or(&it.at);
            let own = &it.charge;
            let _ = writeln!(
                text,
                "{:<8} {at:<20} {:<13} {:<8} {:>10} {:>9}  {state:<9}  {release}",
                own.id, own.product, own.period, own.rho, own.delta
            );
        }
        text
    })
}

fn show(instance: &Instance, id: &str, output: &Output) -> Result<()> {
    let charges = read_ledger(instance)?.charges();
    let Some(charged) = charges.iter().find(|it| it.charge.id.as_str() == id) else {
        return Err(Error::input("I61", format!("there is no charge `{id}`"))
            .allowed("a charge that `quorate ledger list` shows"));
    };
    output.result(&value(charged), || {
        let (own, (state, release)) = (&charged.charge, state(charged));
        let mut text = format!(
            "{}: {state}\n  at        {}\n  product   {}\n  period    {}\n  snapshot  {}\n  for       \
             {}\n  cost      rho {}, delta {}\n  plan      {}\n",
            own.id, charged.at, own.product, own.period, own.snapshot, own.partner, own.rho,
            own.delta, own.plan_hash
        );
        match &charged.state {
            State::Published(it) => {
                let _ = writeln!(text, "  release   {release}\n  manifest  {}", it.manifest_hash);
            }
            State::Abandoned => text.push_str(
                "  It paid for a draw that was never published. It stays charged; running the \
                 release again is a new charge.\n",
            ),
        }
        text
    })
}

fn verify(instance: &Instance, output: &Output) -> Result<()> {
    let verified = ledger::verify(&instance.ledger_dir(), &instance.anchor_path()?);
    let verified = verified.map_err(|cause| ledger_error(&cause))?;
    let value = json!({ "holds": true, "entries": verified.entries.len(), "head": verified.head });
    output.result(&value, || {
        format!(
            "the ledger holds: {} entries, every byte as it was written\nhead {}",
            verified.entries.len(),
            verified.head
        )
    })
}

fn budget(instance: &Instance, output: &Output) -> Result<()> {
    let history = read_ledger(instance)?;
    let caps = policy::Policy::read(instance)?.caps;
    let rows: Vec<Value> = history
        .periods()
        .iter()
        .map(|period| {
            let spent = history.spent(period);
            let left = Meter::new(caps, spent).left();
            let delta = policy::at(spent);
            json!({
                "period": period,
                "spent": { "rho": spent.rho.to_string(), "delta": spent.delta.to_string() },
                "left": { "rho": left.rho.to_string(), "delta": left.delta.to_string() },
                "epsilon": conversion::epsilon(spent, delta).ok(),
                "epsilon_delta": delta,
            })
        })
        .collect();
    output.result(&rows, || {
        let mut text =
            format!("each period may cost each person rho {} and delta {}\n", caps.rho, caps.delta);
        if rows.is_empty() {
            text.push_str("nothing was charged yet\n");
        }
        for row in &rows {
            let field = |part: &str, name: &str| row[part][name].as_str().unwrap_or("").to_owned();
            let _ = writeln!(
                text,
                "{}: spent rho {}, delta {}; left rho {}, delta {}; epsilon {:.3} at delta {:.1e}",
                row["period"].as_str().unwrap_or(""),
                field("spent", "rho"),
                field("spent", "delta"),
                field("left", "rho"),
                field("left", "delta"),
                row["epsilon"].as_f64().unwrap_or(f64::NAN),
                row["epsilon_delta"].as_f64().unwrap_or(f64::NAN),
            );
        }
        text
    })
}
