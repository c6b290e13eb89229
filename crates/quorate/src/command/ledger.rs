//! `quorate ledger list | show | verify | key | prove | budget`: what was charged and published,
//! what is left, and how others can check it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use engine::error::io_error;
use engine::keys::checkpoint_signer;
use engine::run::{ledger_error, read_ledger, verify_ledger};
use engine::{Error, Instance, Result, policy};
use ledger::{Charged, Checkpoint, Entry, History, Record, State};
use privacy::conversion;
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
    /// Check every byte against the chain, the anchor and the signed checkpoint.
    Verify,
    /// The public key that checkpoints are signed with, to hand to auditors.
    Key,
    /// Prove to others that a charge is in the ledger, or that it only grew since a checkpoint.
    Prove(Prove),
    /// What each period has spent and has left.
    Budget,
}

/// What to prove, as a text that `quorate-verify` checks.
#[derive(Args)]
pub struct Prove {
    /// The charge whose entry is proven, e.g. c000000.
    #[arg(required_unless_present = "since", conflicts_with = "since")]
    charge: Option<String>,
    /// An earlier checkpoint: prove that everything it covered is still there.
    #[arg(long, value_name = "CHECKPOINT")]
    since: Option<PathBuf>,
}

impl Ledger {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        match self {
            Self::List => list(&instance, output),
            Self::Show { id } => show(&instance, &id, output),
            Self::Verify => verify(&instance, output),
            Self::Key => key(&instance, output),
            Self::Prove(asked) => prove(&instance, &asked, output),
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
        return Err(unknown(id));
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
    let verified = verify_ledger(instance)?;
    let (entries, head, root) = (verified.entries.len(), &verified.head, verified.root());
    let value = json!({ "holds": true, "entries": entries, "head": head, "root": root });
    output.result(&value, || {
        format!(
            "the ledger holds: {entries} entries, every byte as it was written\nhead {head}\n\
             root {root}"
        )
    })
}

fn key(instance: &Instance, output: &Output) -> Result<()> {
    let key = checkpoint_signer(instance)?.verifier().to_string();
    output.result(&json!({ "key": key }), || key.clone())
}

fn prove(instance: &Instance, asked: &Prove, output: &Output) -> Result<()> {
    let key = checkpoint_signer(instance)?.verifier();
    let history = read_ledger(instance)?;
    let newest = Checkpoint::read(&instance.ledger_dir(), &key);
    let newest = newest.map_err(|cause| ledger_error(&cause))?;
    let text = if let Some(path) = &asked.since {
        let note =
            std::fs::read(path).map_err(|cause| io_error("read the checkpoint", path, &cause))?;
        let kept = key.open(&note).map_err(|cause| {
            Error::input("I63", format!("the checkpoint does not hold: {cause}")).at(path.display())
        })?;
        let proof = history.consistency(kept.size(), &newest);
        proof.map(|it| it.text().to_owned()).ok_or_else(|| {
            let (then, now) = (kept.size(), newest.size());
            Error::check("L17", format!("the checkpoint covers {then} entries, the ledger {now}"))
                .at(path.display())
                .allowed("a checkpoint of 1 entry or more that this ledger has passed")
        })?
    } else {
        let id = asked.charge.as_deref().unwrap_or_default();
        let entry = charge_entry(&history, id)?;
        let proof = history.inclusion(entry, &newest).ok_or_else(|| {
            Error::check("L17", format!("charge {id} is newer than the checkpoint"))
                .remedy("run any release command once: it signs a new one")
        })?;
        proof.text().to_owned()
    };
    output.result(&json!({ "proof": text }), || text.clone())
}

fn unknown(id: &str) -> Error {
    Error::input("I61", format!("there is no charge `{id}`"))
        .allowed("a charge that `quorate ledger list` shows")
}

/// The place of a charge's entry.
fn charge_entry(history: &History, id: &str) -> Result<u64> {
    let charges =
        |entry: &&Entry| matches!(&entry.record, Record::Charge(it) if it.id.as_str() == id);
    history.entries().iter().find(charges).map(|it| it.place).ok_or_else(|| unknown(id))
}

fn budget(instance: &Instance, output: &Output) -> Result<()> {
    let history = read_ledger(instance)?;
    let caps = policy::Policy::read(instance)?.caps;
    let rows: Vec<Value> = history
        .periods()
        .iter()
        .map(|period| {
            let meter = history.meter(period, caps);
            let (spent, left) = (meter.spent(), meter.left());
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
