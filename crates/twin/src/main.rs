//! `quorate-twin`: makes an evaluation twin from published release folders, and from nothing else.
//!
//! Exit codes: 0 made, 1 wrong input or a fault, 2 usage.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use twin::{Request, Twin, make};

/// Make an evaluation twin: synthetic people and tables from published releases
///
/// Reads release folders of one month as anybody can read them, checks every file against its
/// manifest, and draws people who do not exist so that their tables repeat the released ones. It needs
/// nothing else: no vault, no ledger, no keys, no network.
///
/// The twin is for those who evaluate before they buy: to try formats, joins, tools and questions. It
/// is marked synthetic in every file, exempt from "50 or more", and never to be mixed with releases.
/// What the releases do not print is independent by construction (docs/twin.md).
#[derive(Parser)]
#[command(name = "quorate-twin", version, max_term_width = 100, after_help = AFTER)]
struct Arguments {
    /// Folders of published releases of one month; `residents` among them.
    #[arg(required = true, value_name = "RELEASE_FOLDER")]
    releases: Vec<PathBuf>,
    /// The folder to make; it must not exist.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// How many people to make [default: as many as the residents tables count, at most 1,000,000].
    #[arg(long, value_name = "N")]
    people: Option<u64>,
    /// What chance begins with: the same seed and releases give the same bytes.
    #[arg(long, value_name = "S", default_value_t = 0)]
    seed: u64,
    /// The operator's published list of zones (id, level, parent, lad), when its places are not postcodes
    /// of Great Britain.
    #[arg(long, value_name = "FILE")]
    zones: Option<PathBuf>,
}

const AFTER: &str = "\
Examples:
  quorate-twin releases/*-2026-10-* --to twin
  quorate-twin residents-2026-10-c000000 web_audience-2026-10-c000004 --to twin --people 10000

In DIR: people (CSV and Parquet), does/ (what they do), tables/ (the released tables counted again),
fidelity.html, fidelity.json, manifest.json, README.txt.

Exit codes: 0 made, 1 wrong input or a fault (codes T01 to T10, F01: docs/errors.md), 2 wrong usage.";

fn main() -> ExitCode {
    let Arguments { releases, to, people, seed, zones } = Arguments::parse();
    let request = Request { releases: &releases, to: &to, people, seed, zones: zones.as_deref() };
    match make(&request) {
        Ok(twin) => {
            drop(writeln!(std::io::stdout(), "{}", summary(&twin, &to.display().to_string())));
            ExitCode::SUCCESS
        }
        Err(cause) => {
            drop(writeln!(std::io::stderr(), "{cause}"));
            ExitCode::FAILURE
        }
    }
}

fn summary(twin: &Twin, folder: &str) -> String {
    let mut text = format!("{} synthetic people of {} in {folder}", twin.people, twin.period);
    for (family, rows) in &twin.rows {
        let _ = write!(text, "\n{rows} rows of {family}");
    }
    if let Some(fidelity) = &twin.fidelity {
        let all = fidelity.all;
        let _ = write!(
            text,
            "\n{} of {} published cells are inside their released 95 % interval: {folder}/fidelity.html",
            all.inside, all.cells
        );
        for table in &fidelity.not_modelled {
            let _ = write!(text, "\nnot modelled: {table}");
        }
    }
    text
}
