//! `quorate token`: what programs log in with instead of a password.

use std::fmt::Write;
use std::path::Path;

use access::{NewToken, Scope, Token as Known};
use clap::Subcommand;
use engine::{Clock, Instance, Result, SystemClock};
use jiff::ToSpan;
use serde_json::{Value, json};
use server::of_access;

use crate::command::user::accounts;
use crate::output::Output;

/// What to do with tokens.
#[derive(Subcommand)]
pub enum Token {
    /// All tokens; none of them can be read again.
    List,
    /// Make one; it is told once.
    Add {
        /// Whose.
        user: String,
        /// What it is for.
        #[arg(long, default_value = "a program")]
        label: String,
        /// Let it ask charged questions too.
        #[arg(long)]
        questions: bool,
        /// For how many days; 366 at most.
        #[arg(long, default_value_t = 90)]
        days: i32,
    },
    /// Let nobody in with it any more.
    Revoke {
        /// Its name in the list.
        id: String,
    },
}

impl Token {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let accounts = accounts(&Instance::open(folder)?)?;
        let now = SystemClock.now();
        match self {
            Self::List => {
                let tokens = accounts.tokens().map_err(of_access)?;
                let value: Vec<Value> = tokens.iter().map(described).collect();
                output.result(&value, || listed(&tokens))
            }
            Self::Add { user, label, questions, days } => {
                let scopes: &[Scope] = if questions {
                    &[Scope::Released, Scope::Questions]
                } else {
                    &[Scope::Released]
                };
                let hours = i64::from(days).saturating_mul(24);
                let expires = now.saturating_add(hours.hours()).unwrap_or(now);
                let new = NewToken { user: &user, label: &label, scopes, expires };
                let issued = accounts.issue(&new, now).map_err(of_access)?;
                let mut value = described(&issued.token);
                value["token"] = issued.text.as_str().into();
                output.result(&value, || {
                    format!("{} until {}\n{}", issued.token.id, issued.token.expires, &*issued.text)
                })
            }
            Self::Revoke { id } => {
                accounts.revoke(&id, now).map_err(of_access)?;
                output.result(&json!({ "id": id, "revoked": now.to_string() }), || {
                    format!("{id} lets nobody in any more")
                })
            }
        }
    }
}

fn listed(tokens: &[Known]) -> String {
    if tokens.is_empty() {
        return "no tokens yet: quorate token add USER".to_owned();
    }
    let mut text = format!("{:<18} {:<20} {:<20} {:<22} state\n", "token", "user", "may", "until");
    for it in tokens {
        let state = if it.revoked.is_some() { "revoked" } else { "stands" };
        let scopes: Vec<&str> = it.scopes.iter().map(|it| it.word()).collect();
        let (user, until) = (it.user.as_str(), it.expires.strftime("%Y-%m-%d %H:%M").to_string());
        let _ = writeln!(
            text,
            "{:<18} {user:<20} {:<20} {until:<22} {state}  {}",
            it.id,
            scopes.join(" "),
            it.label
        );
    }
    text
}

fn described(token: &Known) -> Value {
    json!({
        "id": token.id,
        "user": token.user.as_str(),
        "label": token.label,
        "scopes": token.scopes.iter().map(|it| it.word()).collect::<Vec<_>>(),
        "created": token.created.to_string(),
        "expires": token.expires.to_string(),
        "revoked": token.revoked.map(|it| it.to_string()),
    })
}
