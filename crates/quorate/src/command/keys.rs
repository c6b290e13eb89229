//! `quorate keys list | rotate | destroy`: one pseudonym key a period, and its end.

use std::fmt::Write;
use std::path::Path;

use clap::Subcommand;
use engine::keys::life::{self, Early, KeyState};
use engine::{Clock, Error, Instance, Period, Result, SystemClock};
use jiff::civil::Date;
use serde_json::json;

use crate::output::Output;

/// What to do with pseudonym keys.
#[derive(Subcommand)]
pub enum Keys {
    /// The keys of all periods, and until when late rows are taken.
    List,
    /// Make the key of the present month; destroy those that no late row needs any more.
    Rotate,
    /// Destroy the key of a period: its pseudonyms lead to nobody any more. There is no way back.
    Destroy {
        /// The period, e.g. 2026-10.
        period: String,
        /// Destroy it although late rows may come; they will be lost.
        #[arg(long)]
        early: bool,
        /// Really destroy it.
        #[arg(long)]
        yes: bool,
    },
}

impl Keys {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let today = instance.zone().to_datetime(SystemClock.now()).date();
        match self {
            Self::List => list(&instance, output),
            Self::Rotate => rotate(&instance, today, output),
            Self::Destroy { period, early, yes } => {
                let early = if early { Early::Allowed } else { Early::Refused };
                destroy(&instance, period.parse()?, today, early, yes, output)
            }
        }
    }
}

fn list(instance: &Instance, output: &Output) -> Result<()> {
    let keys = life::list(instance)?;
    output.result(&keys, || {
        if keys.is_empty() {
            return "no key was made yet: the first load of a period makes one".to_owned();
        }
        let mut text = String::from("period   state      late rows until  destroyed\n");
        for key in &keys {
            let state = match key.state {
                KeyState::Live => "live",
                KeyState::Destroyed => "destroyed",
            };
            let gone = key.destroyed_on.as_deref().unwrap_or("-");
            let _ = writeln!(text, "{}  {state:<9}  {:<15}  {gone}", key.period, key.open_until);
        }
        text
    })
}

fn rotate(instance: &Instance, today: Date, output: &Output) -> Result<()> {
    let rotation = life::rotate(instance, today)?;
    output.result(&rotation, || {
        let made = rotation.made.as_ref().map(|it| format!("the key of {it} was made"));
        let gone = rotation.destroyed.iter().map(|it| format!("the key of {it} was destroyed"));
        let lines: Vec<String> = made.into_iter().chain(gone).collect();
        if lines.is_empty() { "nothing to do".to_owned() } else { lines.join("\n") }
    })
}

fn destroy(
    instance: &Instance,
    period: Period,
    today: Date,
    early: Early,
    yes: bool,
    output: &Output,
) -> Result<()> {
    if !yes {
        return Err(Error::input("I49", format!("destroying the key of {period} is for good"))
            .allowed("--yes, when that is what you want")
            .remedy(
                "its releases stay; rows of that month cannot be loaded, and requests of people \
                     about it cannot be answered, any more",
            ));
    }
    life::destroy(instance, period, today, early)?;
    output.result(&json!({ "period": period.to_string(), "state": "destroyed" }), || {
        format!("the key of {period} is destroyed: its pseudonyms lead to nobody any more")
    })
}
