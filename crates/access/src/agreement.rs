//! What a partner agreed to with the operator: `DIR/agreements/<partner>.toml`, written by the data
//! protection officer.
//!
//! An agreement is read anew at each use, so that a change holds from the next statement on. What it
//! does not name is refused. A refusal is decided from the words of the request, the agreement and
//! the date, and names the rule that refused; it never depends on data.

mod file;
mod periods;
mod share;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::error::{AccessError, Result};
use crate::name::{Name, excerpt};
use crate::role::Act;
use crate::users::User;

pub use periods::Periods;
pub use share::Share;

/// What a partner's users may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// Whose it is: the name of its file.
    pub partner: Name,
    /// What the partner may use numbers for, one word or phrase each.
    pub purposes: Vec<String>,
    /// Of which products it may read released tables.
    pub products: Vec<String>,
    /// Whether its analysts may ask charged questions.
    pub questions: bool,
    /// Codes of the places that it may see; all places when there is none.
    pub areas: Vec<String>,
    /// Of which months.
    pub periods: Periods,
    /// How much of a month's reserve its questions may spend.
    pub share: Share,
    /// The last day on which it holds.
    pub expires: Date,
    /// Whether the partner is a public authority or a law-enforcement body; such a partner never asks
    /// charged questions.
    pub authority: bool,
}

/// What somebody is about to do.
#[derive(Clone, Copy, Debug)]
pub struct Use<'a> {
    /// What for, as declared.
    pub purpose: &'a str,
    /// The products whose released tables are read.
    pub products: &'a [&'a str],
    /// Whether a charged question is asked.
    pub question: bool,
    /// The months that are read, e.g. `2026-10`.
    pub periods: &'a [&'a str],
}

/// The agreements of an instance.
#[derive(Clone, Debug)]
pub struct Agreements {
    folder: PathBuf,
}

impl Agreements {
    /// The agreements of the instance at `dir`.
    #[must_use]
    pub fn of(dir: &Path) -> Self {
        Self { folder: dir.join("agreements") }
    }

    /// All agreements, by partner.
    ///
    /// # Errors
    /// `A06` when any of the files is wrong or is called as no partner can be; `F01` when the folder
    /// cannot be read.
    pub fn all(&self) -> Result<BTreeMap<Name, Agreement>> {
        let failed = |cause: io::Error| AccessError::disk("read agreements", &self.folder, &cause);
        let entries = match fs::read_dir(&self.folder) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            entries => entries.map_err(failed)?,
        };
        let mut all = BTreeMap::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_none_or(|it| it != "toml") {
                continue;
            }
            let stem = path.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
            let partner = Name::new(stem).map_err(|cause| {
                let error =
                    AccessError::input("A06", "a file of agreements is called as no partner is");
                let allowed = cause.allowed.unwrap_or_default();
                error.at(path.display()).allowed(allowed).remedy("call it <partner>.toml")
            })?;
            let agreement = self.read(&partner)?;
            all.insert(partner, agreement);
        }
        Ok(all)
    }

    /// The agreement of `partner`.
    ///
    /// # Errors
    /// `A02` when that is no name; `A07` when the partner has no agreement; `A06` when its file is
    /// wrong; `F01` when it cannot be read.
    pub fn get(&self, partner: &str) -> Result<Agreement> {
        self.read(&Name::new(partner)?)
    }

    /// Refuses what `user` may not do: by its role, and for a partner's user by the agreement.
    ///
    /// # Errors
    /// `A08` by role, `A07` by agreement; `A06` when the agreement's file is wrong; `F01` when it
    /// cannot be read.
    pub fn check(&self, user: &User, wanted: &Use<'_>, today: Date) -> Result<()> {
        user.role.check(if wanted.question { Act::Questions } else { Act::Released })?;
        match &user.partner {
            Some(partner) => self.read(partner)?.check(wanted, today),
            None if user.role.has_partner() => {
                let what = format!("the user {} has no partner, and so no agreement", user.name);
                Err(AccessError::policy("A07", what).remedy("ask the operator for a new login"))
            }
            None => Ok(()),
        }
    }

    fn read(&self, partner: &Name) -> Result<Agreement> {
        let path = self.folder.join(format!("{partner}.toml"));
        let text = match fs::read_to_string(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(AccessError::policy("A07", format!("{partner} has no agreement"))
                    .allowed("what an agreement names")
                    .remedy(format!("ask the operator for one: agreements/{partner}.toml")));
            }
            text => text.map_err(|cause| AccessError::disk("read an agreement", &path, &cause))?,
        };
        file::parse(partner, &text).map_err(|cause| cause.at(path.display()))
    }
}

impl Agreement {
    /// Reads and checks the agreement of `partner` in the instance at `dir`.
    ///
    /// # Errors
    /// As [`Agreements::get`].
    pub fn read(dir: &Path, partner: &str) -> Result<Self> {
        Agreements::of(dir).get(partner)
    }

    /// Refuses what this agreement does not name.
    ///
    /// # Errors
    /// `A07`: what was asked, what is agreed, what to do.
    pub fn check(&self, wanted: &Use<'_>, today: Date) -> Result<()> {
        self.check_expiry(today)?;
        // What was published is read for whatever the agreement is for; a question is for something.
        if wanted.question || !wanted.purpose.is_empty() {
            self.check_purpose(wanted.purpose)?;
        }
        wanted.products.iter().try_for_each(|it| self.check_product(it))?;
        if wanted.question {
            self.check_question()?;
        }
        wanted.periods.iter().try_for_each(|it| self.check_period(it))
    }

    fn check_expiry(&self, today: Date) -> Result<()> {
        if today <= self.expires {
            return Ok(());
        }
        Err(self
            .refusal(&format!("has expired: today is {today}"))
            .allowed(format!("use until {}", self.expires))
            .remedy("ask the operator to renew it"))
    }

    fn check_purpose(&self, purpose: &str) -> Result<()> {
        if self.purposes.iter().any(|it| it == purpose) {
            return Ok(());
        }
        let what = match purpose {
            "" => "needs a purpose, and none was declared".to_owned(),
            _ => format!("does not name the purpose {}", excerpt(purpose)),
        };
        Err(self
            .refusal(&what)
            .allowed(format!("the purposes {}", list(&self.purposes)))
            .remedy("declare one of them"))
    }

    fn check_product(&self, product: &str) -> Result<()> {
        if self.products.iter().any(|it| it == product) {
            return Ok(());
        }
        let allowed = match self.products.as_slice() {
            [] => "no released tables".to_owned(),
            products => format!("released tables of {}", list(products)),
        };
        Err(self
            .refusal(&format!("does not name the product {}", excerpt(product)))
            .allowed(allowed)
            .remedy("read other tables, or ask the operator to add the product"))
    }

    fn check_question(&self) -> Result<()> {
        if self.questions && !self.authority {
            return Ok(());
        }
        let remedy = if self.authority {
            "read released tables: an authority is never given charged questions"
        } else {
            "read released tables, or ask the operator to add questions"
        };
        Err(self
            .refusal("has no charged questions")
            .allowed("reading released tables")
            .remedy(remedy))
    }

    fn check_period(&self, period: &str) -> Result<()> {
        if self.periods.contains(period) {
            return Ok(());
        }
        Err(self
            .refusal(&format!("does not reach to the month {}", excerpt(period)))
            .allowed(self.periods.to_string())
            .remedy("read other months, or ask the operator to extend it"))
    }

    fn refusal(&self, what: &str) -> AccessError {
        AccessError::policy("A07", format!("the agreement of {} {what}", self.partner))
    }
}

fn list(words: &[String]) -> String {
    words.join(", ")
}

#[cfg(test)]
mod tests;
