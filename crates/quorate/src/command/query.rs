//! `quorate query`: a question in SQL, answered once or at a prompt.

use std::path::Path;

use clap::Args;
use engine::policy::Policy;
use engine::query::{Answer, Database, Desk, Paid, Shelf};
use engine::run::{Partner, Run};
use engine::{Error, Instance, Period, Result};
use privacy::Budget;
use serde_json::{Value, json};

use crate::command::{PROGRAM, code_hash, thousands, waiting};
use crate::output::Output;
use crate::prompt;

/// Ask a question of the views, for a charge, or read released tables, for nothing.
#[derive(Args)]
pub struct Query {
    /// The question; without one a prompt is opened.
    sql: Option<String>,
    /// For whom: the ledger notes it with the charge.
    #[arg(long = "as", value_name = "PARTNER", default_value = "operator")]
    partner: String,
    /// The month of questions that name no day, e.g. 2026-10; the newest when absent.
    #[arg(long, value_name = "PERIOD")]
    period: Option<String>,
    /// Say what would be measured and charged, and ask nothing.
    #[arg(long)]
    dry_run: bool,
    /// Print the answer as CSV.
    #[arg(long, conflicts_with = "dry_run")]
    csv: bool,
    /// Read released tables alone: nothing can be charged.
    #[arg(long)]
    released: bool,
}

/// What one statement came to, for people or for machines.
pub struct Said {
    /// The data.
    pub text: String,
    /// The same for machines.
    pub value: Value,
    /// What was charged and what is hidden, to be told beside the data.
    pub notes: Vec<String>,
}

impl Query {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let policy = Policy::read(&instance)?;
        let period = self.period.as_deref().map(str::parse::<Period>).transpose()?;
        check_name(&self.partner)?;
        let code_hash = code_hash()?;
        let run = Run { waiting: &waiting, ..Run::new(&instance, &policy, (PROGRAM, &code_hash))? };
        let database = if self.released { Database::Released } else { Database::Protected };
        let partner = Partner::named(&self.partner);
        let desk = Desk::open(&run, &Shelf::default(), (database, period), partner)?;
        let Some(sql) = &self.sql else { return prompt::run(&desk, &instance) };
        let said = match (self.dry_run, self.csv) {
            (true, _) => dry_run(&desk, sql)?,
            (false, csv) => ask(&desk, sql, csv)?,
        };
        for note in &said.notes {
            Output::note(note);
        }
        if self.csv { Output::raw(&said.text) } else { output.result(&said.value, || said.text) }
    }
}

/// Asks one statement.
pub fn ask(desk: &Desk<'_>, sql: &str, csv: bool) -> Result<Said> {
    let decision = desk.decide(sql)?;
    let answer = desk.answer(&decision)?;
    let text = match (csv, decision.explain) {
        (true, _) => answer.to_csv()?,
        (false, true) => answer.lines(),
        (false, false) => format!("{}\n({})", answer.to_table()?, rows(answer.len())),
    };
    let questions: Vec<Value> = answer.paid.iter().map(paid).collect();
    let value = json!({
        "columns": answer.schema.fields().iter().map(|it| it.name()).collect::<Vec<_>>(),
        "rows": answer.to_json()?,
        "questions": questions,
    });
    let mut notes = notes(&answer);
    if answer.paid.iter().any(|it| it.charged != Budget::ZERO) {
        notes
            .push(format!("rho {} is left for questions of this month", desk.left(&decision)?.rho));
    }
    Ok(Said { text, value, notes })
}

/// Says what a statement would cost.
fn dry_run(desk: &Desk<'_>, sql: &str) -> Result<Said> {
    let decision = desk.decide(sql)?;
    let explained = desk.explain(&decision)?;
    let cost = desk.cost(&decision)?;
    let value = json!({
        "plan": explained,
        "rho": cost.whole.rho.to_string(),
        "delta": cost.whole.delta.to_string(),
        "rho_due": cost.due.rho.to_string(),
        "delta_due": cost.due.delta.to_string(),
    });
    let due = if decision.is_free() {
        "nothing is charged".to_owned()
    } else if cost.due == Budget::ZERO {
        "asked before: nothing would be charged".to_owned()
    } else {
        format!("rho {} and delta {} would be charged", cost.due.rho, cost.due.delta)
    };
    Ok(Said { text: format!("{explained}{due}"), value, notes: Vec::new() })
}

fn notes(answer: &Answer) -> Vec<String> {
    let note = |it: &Paid| {
        let charged = if it.charged == Budget::ZERO {
            "asked before, nothing was charged".to_owned()
        } else {
            format!("rho {} and delta {} were charged", it.charged.rho, it.charged.delta)
        };
        let (published, listed) = (thousands(it.published), thousands(it.listed));
        format!(
            "{}: {charged}; {published} of {listed} cells of the code list are published",
            it.id
        )
    };
    answer.paid.iter().map(note).collect()
}

fn paid(it: &Paid) -> Value {
    json!({
        "id": it.id,
        "rho": it.charged.rho.to_string(),
        "delta": it.charged.delta.to_string(),
        "cells_released": it.published,
        "cells_in_code_list": it.listed,
    })
}

fn rows(count: usize) -> String {
    match count {
        0 => "no row: no group that was asked for is published".to_owned(),
        1 => "1 row".to_owned(),
        more => format!("{} rows", thousands(u64::try_from(more).unwrap_or(u64::MAX))),
    }
}

/// A partner's name stands in the ledger for ever: a short plain word.
fn check_name(partner: &str) -> Result<()> {
    let plain = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if (1..=64).contains(&partner.len()) && partner.chars().all(plain) {
        return Ok(());
    }
    Err(Error::input("I66", format!("`{partner}` is no name of a partner"))
        .allowed("1 to 64 letters, digits, - and _"))
}
