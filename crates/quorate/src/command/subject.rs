//! `quorate subject object | erase | export | status`: what a person may ask for.

use std::fmt::Write;
use std::io::{BufRead, IsTerminal};
use std::path::Path;

use clap::Subcommand;
use engine::door::rights::{self, Request, SubjectState};
use engine::{Error, Instance, Result, SystemClock};

use crate::output::Output;

/// What a person asks for. The subscriber id is read from standard input, so that it stands in no
/// command line, history or log.
#[derive(Subcommand)]
pub enum Subject {
    /// Leave the person out of everything from now on, in every period.
    Object,
    /// The same, for somebody whose rows are to be removed: `quorate purge` does it.
    Erase,
    /// Print everything that is stored about the person.
    Export,
    /// Tell how the person stands, period by period.
    Status,
}

impl Subject {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let id = subscriber_id()?;
        match self {
            Self::Object => leave_out(&instance, &id, Request::Object, output),
            Self::Erase => leave_out(&instance, &id, Request::Erase, output),
            Self::Export => {
                let copy = rights::export(&instance, &id)?;
                let text = serde_json::to_string_pretty(&copy)
                    .map_err(|cause| Error::fault("F03", cause.to_string()))?;
                output.result(&copy, || text)
            }
            Self::Status => status(&instance, &id, output),
        }
    }
}

fn subscriber_id() -> Result<String> {
    let input = std::io::stdin();
    if input.is_terminal() {
        Output::note("subscriber id, then Enter:");
    }
    let mut line = String::new();
    input.lock().read_line(&mut line).map_err(|cause| Error::fault("F01", cause.to_string()))?;
    Ok(line)
}

fn leave_out(instance: &Instance, id: &str, request: Request, output: &Output) -> Result<()> {
    let receipt = rights::leave_out(instance, id, request, &SystemClock)?;
    output.result(&receipt, || {
        let mut text = format!("receipt {} of {}\n", receipt.receipt, receipt.at);
        let periods = if receipt.periods.is_empty() {
            "nothing is loaded yet".to_owned()
        } else {
            receipt.periods.join(", ")
        };
        let _ = writeln!(text, "left out of every later scan: {periods}; and of every later load");
        if !receipt.unlinkable.is_empty() {
            let _ = writeln!(
                text,
                "nothing can be linked any more, the key is destroyed: {}",
                receipt.unlinkable.join(", ")
            );
        }
        let _ = write!(
            text,
            "{}\npublished statistics stay: they are about groups, and tell nobody apart",
            receipt.remaining
        );
        text
    })
}

fn status(instance: &Instance, id: &str, output: &Output) -> Result<()> {
    let status = rights::status(instance, id)?;
    output.result(&status, || {
        let objected = if status.objected { "has objected" } else { "has not objected" };
        let mut text = format!("this subscriber {objected}\n");
        for (period, state) in &status.periods {
            let state = match state {
                SubjectState::Unknown => "nothing is stored",
                SubjectState::Counted => "stored and counted",
                SubjectState::Excluded => "known, and never counted",
                SubjectState::LeftOut => "left out of every scan",
                SubjectState::Unlinkable => "the key is destroyed: nothing can be linked",
            };
            let _ = writeln!(text, "{period}: {state}");
        }
        text
    })
}
