//! `quorate-verify`: what an auditor runs who trusts the log's public key and nothing else.
//!
//! Reads files that the operator hands over or publishes; needs no operator's secrets, no network
//! and no engine. Exit codes: 0 it holds, 1 a file cannot be read, 2 usage, 5 it does not hold.

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ledger::{
    Checkpoint, CheckpointVerifier, ConsistencyProof, Entry, InclusionProof, LedgerError, Record,
    audit,
};

#[derive(Parser)]
#[command(name = "quorate-verify", version, about = "Check what a Quorate ledger claims")]
struct Arguments {
    /// The log's public key, from `quorate ledger key`: the text, or a file that holds it.
    #[arg(long, global = true, value_name = "KEY")]
    key: Option<String>,
    #[command(subcommand)]
    check: Check,
}

#[derive(Subcommand)]
enum Check {
    /// A copy of a ledger's folder: every entry, every cap, the tree and its checkpoint.
    Ledger {
        /// The folder with entries.log and checkpoint.
        folder: PathBuf,
        /// An earlier checkpoint that you kept: nothing it covered may have changed.
        #[arg(long, value_name = "CHECKPOINT")]
        since: Option<PathBuf>,
    },
    /// A proof that a charge or publication is in the ledger.
    Inclusion {
        /// The file from `quorate ledger prove ID`.
        proof: PathBuf,
    },
    /// A proof that the ledger has only grown since a checkpoint that you kept.
    Consistency {
        /// The file from `quorate ledger prove --since`.
        proof: PathBuf,
        /// The checkpoint that you kept.
        #[arg(long, value_name = "CHECKPOINT")]
        since: PathBuf,
    },
}

/// Why nothing was confirmed.
enum Failure {
    /// A file cannot be read, or the key is none.
    Unread(String),
    /// It does not hold.
    Refuted(String),
}

fn main() -> ExitCode {
    let (said, code) = match run(&Arguments::parse()) {
        Ok(text) => (text, 0),
        Err(Failure::Unread(text)) => (format!("error: {text}"), 1),
        Err(Failure::Refuted(text)) => (format!("it does not hold: {text}"), 5),
    };
    let said = said.trim_end();
    drop(match code {
        0 => writeln!(std::io::stdout(), "{said}"),
        _ => writeln!(std::io::stderr(), "{said}"),
    });
    ExitCode::from(code)
}

fn run(arguments: &Arguments) -> Result<String, Failure> {
    let key = key(arguments.key.as_deref())?;
    match &arguments.check {
        Check::Ledger { folder, since } => {
            let kept = since.as_deref().map(|path| checkpoint(path, &key)).transpose()?;
            check_ledger(folder, &key, kept.as_ref())
        }
        Check::Inclusion { proof } => {
            let (entry, under) = InclusionProof::check(&text(proof)?, &key)
                .map_err(|cause| Failure::Refuted(cause.to_string()))?;
            let (size, root) = (under.size(), under.root());
            let what = describe(&entry);
            Ok(format!("it holds: entry {} of {size} is {what}\nroot {root}", entry.place))
        }
        Check::Consistency { proof, since } => {
            let kept = checkpoint(since, &key)?;
            let newer = ConsistencyProof::check(&text(proof)?, &kept, &key)
                .map_err(|cause| Failure::Refuted(cause.to_string()))?;
            let (then, now, root) = (kept.size(), newer.size(), newer.root());
            Ok(format!("it holds: the ledger grew from {then} to {now} entries\nroot {root}"))
        }
    }
}

fn key(said: Option<&str>) -> Result<CheckpointVerifier, Failure> {
    let said = said.ok_or_else(|| {
        Failure::Unread("--key is missing: give what `quorate ledger key` prints".to_owned())
    })?;
    let said = if Path::new(said).is_file() { text(Path::new(said))? } else { said.to_owned() };
    CheckpointVerifier::parse(&said).map_err(|cause| Failure::Unread(cause.to_string()))
}

fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|cause| Failure::Unread(format!("cannot read {}: {cause}", path.display())))
}

fn checkpoint(path: &Path, key: &CheckpointVerifier) -> Result<Checkpoint, Failure> {
    key.open(text(path)?.as_bytes())
        .map_err(|cause| Failure::Refuted(format!("{}: {cause}", path.display())))
}

fn check_ledger(
    folder: &Path,
    key: &CheckpointVerifier,
    kept: Option<&Checkpoint>,
) -> Result<String, Failure> {
    let (verified, checkpoint) = audit(folder, key, kept).map_err(|cause| match cause {
        LedgerError::Disk { .. } => Failure::Unread(cause.to_string()),
        _ => Failure::Refuted(cause.to_string()),
    })?;
    let history = verified.into_history();
    let (size, root) = (checkpoint.size(), checkpoint.root());
    let mut text = format!("it holds: {size} entries under the checkpoint\nroot {root}\n");
    if let Some(kept) = kept {
        let _ = writeln!(text, "unchanged since the checkpoint of {} entries", kept.size());
    }
    for period in history.periods() {
        let spent = history.spent(&period);
        let _ = writeln!(text, "{period}: rho {} and delta {} in all", spent.rho, spent.delta);
    }
    for entry in history.entries() {
        let signed = if entry.place < size { "" } else { " (newer than the checkpoint)" };
        let _ = writeln!(text, "{:>6}  {}  {}{signed}", entry.place, entry.at, describe(entry));
    }
    Ok(text)
}

fn describe(entry: &Entry) -> String {
    match &entry.record {
        Record::Charge(it) => format!(
            "charge {}: {} of {} for {}, rho {}, delta {}",
            it.id, it.product, it.period, it.partner, it.rho, it.delta
        ),
        Record::Publication(it) => format!(
            "publication {} of charge {}, manifest {}",
            it.release, it.charge, it.manifest_hash
        ),
    }
}
