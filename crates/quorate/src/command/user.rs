//! `quorate user`: who may log in over the wires.

use std::fmt::Write;
use std::io::{IsTerminal, Read};
use std::path::Path;

use access::{Accounts, NewUser, Role, User as Account, generate_password};
use clap::Subcommand;
use engine::{Clock, Error, Instance, Result, SystemClock};
use serde_json::{Value, json};
use server::of_access;

use crate::output::Output;

/// What to do with users.
#[derive(Subcommand)]
pub enum User {
    /// All users.
    List,
    /// Add one; a password is made and told once, or read from standard input.
    Add {
        /// The name to log in with.
        name: String,
        /// engineer, officer, analyst or buyer.
        #[arg(long)]
        role: String,
        /// The partner whose agreement holds; for analysts and buyers.
        #[arg(long)]
        partner: Option<String>,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give another password, made and told once, or read from standard input.
    Password {
        /// Whose.
        name: String,
        /// Read the password from standard input.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let somebody in no more, by password or token.
    Disable {
        /// Whom.
        name: String,
    },
    /// Let somebody in again.
    Enable {
        /// Whom.
        name: String,
    },
}

impl User {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let accounts = accounts(&Instance::open(folder)?)?;
        match self {
            Self::List => list(&accounts, output),
            Self::Add { name, role, partner, password_stdin } => {
                let role: Role = role.parse().map_err(of_access)?;
                let (password, told) = password(password_stdin)?;
                let new = NewUser { name: &name, role, partner: partner.as_deref() };
                let now = SystemClock.now();
                let user = accounts.add(&new, &password, now).map_err(of_access)?;
                let done = format!("{} was added as {}", user.name, user.role);
                say(&user, told.as_deref(), &done, output)
            }
            Self::Password { name, password_stdin } => {
                let (password, told) = password(password_stdin)?;
                accounts.set_password(&name, &password).map_err(of_access)?;
                let user = accounts.user(&name).map_err(of_access)?;
                say(&user, told.as_deref(), &format!("{name} has another password"), output)
            }
            Self::Disable { name } => {
                accounts.disable(&name, SystemClock.now()).map_err(of_access)?;
                let user = accounts.user(&name).map_err(of_access)?;
                say(&user, None, &format!("{name} may not log in any more"), output)
            }
            Self::Enable { name } => {
                accounts.enable(&name).map_err(of_access)?;
                let user = accounts.user(&name).map_err(of_access)?;
                say(&user, None, &format!("{name} may log in again"), output)
            }
        }
    }
}

/// The accounts of an instance.
pub fn accounts(instance: &Instance) -> Result<Accounts> {
    Accounts::open(&instance.root, &instance.config.keys_dir).map_err(of_access)
}

/// A password, and the same to be told where it was made here.
fn password(from_input: bool) -> Result<(String, Option<String>)> {
    if !from_input {
        let made = generate_password().map_err(of_access)?;
        return Ok((made.to_string(), Some(made.to_string())));
    }
    let input = std::io::stdin();
    if input.is_terminal() {
        Output::note("the password, then Enter and Ctrl-D:");
    }
    let mut text = String::new();
    let read = input.lock().read_to_string(&mut text);
    read.map_err(|cause| Error::input("A03", format!("the password cannot be read: {cause}")))?;
    Ok((text.trim_end_matches(['\n', '\r']).to_owned(), None))
}

fn say(user: &Account, password: Option<&str>, done: &str, output: &Output) -> Result<()> {
    let mut value = described(user);
    if let Some(password) = password {
        value["password"] = password.into();
    }
    output.result(&value, || match password {
        Some(password) => format!("{done}\npassword (told this once): {password}"),
        None => done.to_owned(),
    })
}

fn list(accounts: &Accounts, output: &Output) -> Result<()> {
    let users = accounts.users().map_err(of_access)?;
    let value: Vec<Value> = users.iter().map(described).collect();
    output.result(&value, || {
        if users.is_empty() {
            return "no users yet: quorate user add NAME --role analyst --partner PARTNER"
                .to_owned();
        }
        let mut text =
            format!("{:<20} {:<9} {:<20} {:<20} state\n", "user", "role", "partner", "since");
        for it in &users {
            let partner = it.partner.as_ref().map_or("-", |it| it.as_str());
            let state = if it.disabled.is_some() { "disabled" } else { "may log in" };
            let since = it.created.strftime("%Y-%m-%d %H:%M").to_string();
            let (name, role) = (it.name.as_str(), it.role.word());
            let _ = writeln!(text, "{name:<20} {role:<9} {partner:<20} {since:<20} {state}");
        }
        text
    })
}

fn described(user: &Account) -> Value {
    json!({
        "user": user.name.as_str(),
        "role": user.role.word(),
        "partner": user.partner.as_ref().map(access::Name::as_str),
        "created": user.created.to_string(),
        "disabled": user.disabled.map(|it| it.to_string()),
    })
}
