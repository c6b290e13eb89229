//! API tokens: what a program logs in with, over HTTP and Flight.
//!
//! A token is 256 random bits behind `qrt_`, told once. The store keeps its BLAKE3 digest: of so
//! many random bits nothing follows from that, so that no salt and no slow hash is needed, and one
//! look-up finds the token. It lives a year at most and allows what was asked for it, and never more
//! than its user's role.

use std::collections::BTreeSet;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, params};
use zeroize::Zeroizing;

use crate::entropy;
use crate::error::{AccessError, Result};
use crate::name::{Name, excerpt};
use crate::role::{Act, Role};
use crate::store::Accounts;
use crate::users::{COLUMNS, User, optional_time, parsed, time, unknown};

/// How each token begins, so that scanners of code find one that was left there.
const PREFIX: &str = "qrt_";

/// 366 days: a year, whichever it is.
const DAYS_MAX: i64 = 366;

/// 100 characters: a label is a line of a list.
const LABEL_MAX: usize = 100;

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To read released tables.
    Released,
    /// To ask charged questions.
    Questions,
}

/// What a token may be used for, in all.
pub type Scopes = BTreeSet<Scope>;

/// A token, as its user wants it.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// Whose it is.
    pub user: &'a str,
    /// What it is for, in the user's words.
    pub label: &'a str,
    /// What it may be used for: one scope or more.
    pub scopes: &'a [Scope],
    /// When it ends: in at most 366 days.
    pub expires: Timestamp,
}

/// What is known of a token; nobody can log in with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is called in lists, and revoked by.
    pub id: String,
    /// Whose it is.
    pub user: Name,
    /// What it is for, in the user's words.
    pub label: String,
    /// What it may be used for.
    pub scopes: Scopes,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Since when it is revoked.
    pub revoked: Option<Timestamp>,
}

/// A new token. No `Debug`, `Display` or `Serialize`, as it can be used to log in.
pub struct IssuedToken {
    /// The token itself, told this once; wiped when it is dropped.
    pub text: Zeroizing<String>,
    /// What is kept of it.
    pub token: Token,
}

/// Who came with a token, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The token's user, who is not disabled.
    pub user: User,
    /// What the token may be used for.
    pub scopes: Scopes,
}

/// The columns that [`Token::from_row`] reads.
const TOKEN_COLUMNS: &str = "id, user, label, scopes, created, expires, revoked";

impl Accounts {
    /// Makes a token.
    ///
    /// # Errors
    /// `A01` when there is no such user, or it is disabled; `A05` when the token has no scope, would
    /// live too long or not at all, or its label is none; `A08` when the role does not allow a scope;
    /// a fault when the store cannot be written or the system's random generator fails.
    pub fn issue(&self, new: &NewToken<'_>, now: Timestamp) -> Result<IssuedToken> {
        let scopes = scopes(new)?;
        check_label(new.label)?;
        check_expiry(new.expires, now)?;
        let secret = Zeroizing::new(entropy::fresh::<32>()?);
        let digits = Zeroizing::new(entropy::hex(secret.as_slice()));
        let text = Zeroizing::new(format!("{PREFIX}{}", *digits));
        let id = entropy::hex(&entropy::fresh::<8>()?);
        let digest = digest(&text);
        let sql = format!("SELECT {COLUMNS} FROM user WHERE name = ?1");
        let token = self.change(|change| {
            let user = change.first(&sql, [new.user], User::from_row)?;
            let user = user.ok_or_else(|| unknown(new.user))?;
            check_user(&user, &scopes)?;
            let (label, created) = (new.label.to_owned(), now.to_string());
            change.run(
                "INSERT INTO token (id, digest, user, label, scopes, created, expires)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    id,
                    digest,
                    new.user,
                    label,
                    words(&scopes),
                    created,
                    new.expires.to_string()
                ],
            )?;
            let (created, expires) = (now, new.expires);
            Ok(Token { id, user: user.name, label, scopes, created, expires, revoked: None })
        })?;
        Ok(IssuedToken { text, token })
    }

    /// All tokens, by user and time; also those that ended.
    ///
    /// # Errors
    /// A fault when the store cannot be read.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        let sql = format!("SELECT {TOKEN_COLUMNS} FROM token");
        let read = self.read(|it| it.prepare(&sql)?.query_map([], Token::from_row)?.collect());
        let mut tokens: Vec<Token> = read?;
        tokens.sort_by(|one, other| {
            (&one.user, one.created, &one.id).cmp(&(&other.user, other.created, &other.id))
        });
        Ok(tokens)
    }

    /// Ends a token now; the first time stays when it was revoked already.
    ///
    /// # Errors
    /// `A05` when there is no such token; a fault when the store cannot be written.
    pub fn revoke(&self, id: &str, now: Timestamp) -> Result<()> {
        let sql = "UPDATE token SET revoked = coalesce(revoked, ?2) WHERE id = ?1";
        self.change(|change| match change.run(sql, params![id, now.to_string()])? {
            0 => Err(AccessError::input("A05", "there is no token of that id")
                .allowed("the id of a token, not the token itself")
                .remedy("list the tokens")),
            _ => Ok(()),
        })
    }

    /// Who bears the token `text`; `None` when it is none, has ended, was revoked, or its user is
    /// disabled.
    ///
    /// # Errors
    /// A fault when the store cannot be read.
    pub fn check_token(&self, text: &str, now: Timestamp) -> Result<Option<Bearer>> {
        let sql = format!(
            "SELECT {COLUMNS}, token.scopes, token.expires, token.revoked
                 FROM token JOIN user ON user.name = token.user WHERE token.digest = ?1"
        );
        let found = self.read(|connection| {
            let row = connection.prepare(&sql)?.query_row([digest(text)], |row| {
                let (user, scopes) = (User::from_row(row)?, read_scopes(row, 5)?);
                Ok((user, scopes, time(row, 6)?, optional_time(row, 7)?))
            });
            row.optional()
        })?;
        Ok(found.and_then(|(user, mut scopes, expires, revoked)| {
            scopes.retain(|scope| user.role.may(scope.act()));
            let stands = now < expires && revoked.is_none() && user.disabled.is_none();
            stands.then_some(Bearer { user, scopes })
        }))
    }
}

impl Token {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            user: parsed(row, 1, |text| Name::new(&text))?,
            label: row.get(2)?,
            scopes: read_scopes(row, 3)?,
            created: time(row, 4)?,
            expires: time(row, 5)?,
            revoked: optional_time(row, 6)?,
        })
    }
}

impl Scope {
    /// What a user must be allowed to do to have it.
    #[must_use]
    pub const fn act(self) -> Act {
        match self {
            Self::Released => Act::Released,
            Self::Questions => Act::Questions,
        }
    }

    /// The scope's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Questions => "questions",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl std::str::FromStr for Scope {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self> {
        let scope = [Self::Released, Self::Questions].into_iter().find(|it| it.word() == text);
        scope.ok_or_else(|| {
            AccessError::input("A05", format!("{} is no scope of a token", excerpt(text)))
                .allowed("released or questions")
        })
    }
}

fn digest(text: &str) -> [u8; 32] {
    *blake3::hash(text.as_bytes()).as_bytes()
}

fn words(scopes: &Scopes) -> String {
    scopes.iter().map(|it| it.word()).collect::<Vec<_>>().join(" ")
}

fn read_scopes(row: &Row<'_>, column: usize) -> rusqlite::Result<Scopes> {
    parsed(row, column, |text| text.split_whitespace().map(str::parse).collect::<Result<Scopes>>())
}

fn scopes(new: &NewToken<'_>) -> Result<Scopes> {
    let scopes: Scopes = new.scopes.iter().copied().collect();
    if scopes.is_empty() {
        return Err(AccessError::input("A05", "the token has no scope")
            .allowed("released, questions, or both")
            .remedy("say what the token is for"));
    }
    Ok(scopes)
}

fn check_label(label: &str) -> Result<()> {
    let plain = !label.trim().is_empty() && !label.chars().any(char::is_control);
    if plain && label.chars().count() <= LABEL_MAX {
        return Ok(());
    }
    Err(AccessError::input("A05", format!("{} is no label of a token", excerpt(label)))
        .allowed(format!("1 to {LABEL_MAX} characters on one line"))
        .remedy("say in a few words what the token is for"))
}

fn check_expiry(expires: Timestamp, now: Timestamp) -> Result<()> {
    let life = now.duration_until(expires);
    if life > SignedDuration::ZERO && life <= SignedDuration::from_hours(24 * DAYS_MAX) {
        return Ok(());
    }
    Err(AccessError::input("A05", format!("the token would end at {expires}, and it is {now}"))
        .allowed(format!("a time to come, in at most {DAYS_MAX} days"))
        .remedy("take an earlier end, and make a new token before it"))
}

fn check_user(user: &User, scopes: &Scopes) -> Result<()> {
    if user.disabled.is_some() {
        return Err(AccessError::input("A01", format!("the user {} is disabled", user.name))
            .remedy("enable the user first"));
    }
    let role: Role = user.role;
    scopes.iter().try_for_each(|scope| role.check(scope.act()))
}

#[cfg(test)]
mod tests;
