//! Users: added, disabled, enabled; never removed, as the ledger and tokens name them.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Row, params};

use crate::entropy;
use crate::error::{AccessError, Result};
use crate::name::{Name, excerpt};
use crate::role::Role;
use crate::secret::{self, Salt};
use crate::store::{Accounts, Change};

/// A user, as the operator gives it.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// What the user logs in as.
    pub name: &'a str,
    /// What the user is to the operator.
    pub role: Role,
    /// Of which partner: for analysts and buyers, and nobody else.
    pub partner: Option<&'a str>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// What the user logs in as.
    pub name: Name,
    /// What the user is to the operator.
    pub role: Role,
    /// Of which partner: an analyst or a buyer has one, nobody else.
    pub partner: Option<Name>,
    /// When it was added.
    pub created: Timestamp,
    /// Since when it may not log in; `None` when it may.
    pub disabled: Option<Timestamp>,
}

/// What is kept of a password.
pub(crate) struct Secret {
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
    pub(crate) sealed: Vec<u8>,
}

/// The columns that [`User::from_row`] reads, first in a query.
pub(crate) const COLUMNS: &str = "user.name, user.role, user.partner, user.created, user.disabled";

impl Accounts {
    /// Adds a user with a password.
    ///
    /// # Errors
    /// `A01` when the name is taken; `A02` when a name is none, or a partner is missing or too much;
    /// `A03` when the password is weak; a fault when the store cannot be written.
    pub fn add(&self, new: &NewUser<'_>, password: &str, now: Timestamp) -> Result<User> {
        let name = Name::new(new.name)?;
        let partner = partner(new)?;
        let secret = self.secret(&name, password)?;
        let user = User { name, role: new.role, partner, created: now, disabled: None };
        self.change(|change| {
            let found = change.first(
                "SELECT 1 FROM user WHERE name = ?1",
                [user.name.as_str()],
                |_| Ok(()),
            );
            if found?.is_some() {
                return Err(AccessError::input(
                    "A01",
                    format!("there is a user {} already", user.name),
                )
                .remedy("choose another name, or set that user's password"));
            }
            change.run(
                "INSERT INTO user (name, role, partner, created, salt, iterations, secret)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    user.name.as_str(),
                    user.role.word(),
                    user.partner.as_ref().map(Name::as_str),
                    user.created.to_string(),
                    secret.salt,
                    secret.iterations,
                    secret.sealed,
                ],
            )
        })?;
        Ok(user)
    }

    /// Replaces a user's password; tokens stay.
    ///
    /// # Errors
    /// `A01` when there is no such user; `A03` when the password is weak; a fault when the store
    /// cannot be written.
    pub fn set_password(&self, name: &str, password: &str) -> Result<()> {
        let secret = self.secret(&self.user(name)?.name, password)?;
        let sql = "UPDATE user SET salt = ?2, iterations = ?3, secret = ?4 WHERE name = ?1";
        let Secret { salt, iterations, sealed } = secret;
        self.change(|it| changed(it.run(sql, params![name, salt, iterations, sealed])?, name))
    }

    /// Lets a user log in no more, by password or token; the first time stays when it was so already.
    ///
    /// # Errors
    /// `A01` when there is no such user; a fault when the store cannot be written.
    pub fn disable(&self, name: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE user SET disabled = coalesce(disabled, ?2) WHERE name = ?1";
        self.change(|it| changed(it.run(sql, params![name, now.to_string()])?, name))
    }

    /// Lets a user log in again, by the old password and by tokens that still stand.
    ///
    /// # Errors
    /// `A01` when there is no such user; a fault when the store cannot be written.
    pub fn enable(&self, name: &str) -> Result<()> {
        let sql = "UPDATE user SET disabled = NULL WHERE name = ?1";
        self.change(|it: &Change<'_>| changed(it.run(sql, [name])?, name))
    }

    /// The user called `name`, for the operator; a login asks [`Accounts::check_password`].
    ///
    /// # Errors
    /// `A01` when there is no such user; a fault when the store cannot be read.
    pub fn user(&self, name: &str) -> Result<User> {
        let sql = format!("SELECT {COLUMNS} FROM user WHERE name = ?1");
        let found = self.read(|it| it.query_row(&sql, [name], User::from_row).optional())?;
        found.ok_or_else(|| unknown(name))
    }

    /// All users, by name.
    ///
    /// # Errors
    /// A fault when the store cannot be read.
    pub fn users(&self) -> Result<Vec<User>> {
        let sql = format!("SELECT {COLUMNS} FROM user ORDER BY name");
        self.read(|it| it.prepare(&sql)?.query_map([], User::from_row)?.collect())
    }

    /// What to keep of a password: the work is done before the store is locked.
    fn secret(&self, name: &Name, password: &str) -> Result<Secret> {
        secret::check(password)?;
        let salt: Salt = entropy::fresh()?;
        let salted = secret::salted(password, &salt, self.iterations);
        let sealed = self.key.seal(name.as_str(), &salted)?;
        Ok(Secret { salt: salt.to_vec(), iterations: self.iterations, sealed })
    }
}

impl User {
    /// Reads [`COLUMNS`].
    pub(crate) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let name = |text: String| Name::new(&text);
        Ok(Self {
            name: parsed(row, 0, name)?,
            role: parsed(row, 1, |text| Role::from_str(&text))?,
            partner: row.get::<_, Option<String>>(2)?.map(|_| parsed(row, 2, name)).transpose()?,
            created: time(row, 3)?,
            disabled: optional_time(row, 4)?,
        })
    }
}

/// Reads a column of text as what it stands for.
pub(crate) fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(String) -> Result<T, E>,
) -> rusqlite::Result<T> {
    parse(row.get(column)?).map_err(|cause| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause))
    })
}

/// Reads a column that holds a time.
pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    parsed(row, column, |text| text.parse::<Timestamp>())
}

/// Reads a column that may hold a time.
pub(crate) fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row.get::<_, Option<String>>(column)?.map(|_| time(row, column)).transpose()
}

/// The partner of a new user: where the role has one, and only there.
fn partner(new: &NewUser<'_>) -> Result<Option<Name>> {
    match (new.role.has_partner(), new.partner) {
        (true, Some(partner)) => Name::new(partner).map(Some),
        (false, None) => Ok(None),
        (true, None) => {
            Err(AccessError::input("A02", format!("the role {} needs a partner", new.role))
                .at(format!("user {}", new.name))
                .remedy("say of which partner the user is"))
        }
        (false, Some(partner)) => {
            let what = format!("the role {} has no partner: {}", new.role, excerpt(partner));
            Err(AccessError::input("A02", what)
                .at(format!("user {}", new.name))
                .allowed("a partner for the roles analyst and buyer")
                .remedy("leave the partner out"))
        }
    }
}

fn changed(rows: usize, name: &str) -> Result<()> {
    if rows == 0 { Err(unknown(name)) } else { Ok(()) }
}

pub(crate) fn unknown(name: &str) -> AccessError {
    AccessError::input("A01", format!("there is no user {}", excerpt(name)))
        .remedy("list the users, or add this one")
}

#[cfg(test)]
mod tests;
