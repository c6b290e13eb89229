//! Who objects must have been asked today: the age of what says so.
//!
//! Every file of class `opt_out`, and every customer record, says who objects as of when it was
//! written. Rows of people are taken only while the newest is 24 hours old or younger. Rows whose ids
//! have no customer record (public data) are not of customers and need none.
//! Source: inputs (opt-out, objection, consent); PECR regulation 14(4).

use jiff::{SignedDuration, Timestamp};

use super::schema::Class;
use super::source::SourceFile;
use crate::error::{Error, Result};

/// How old the newest word about objections may be.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// When the newest source among `files` that says who objects was written, or `before` if later.
#[must_use]
pub fn as_of(files: &[SourceFile], before: Option<Timestamp>) -> Option<Timestamp> {
    let says = |it: &&SourceFile| matches!(it.mapping.class, Class::OptOut | Class::Customers);
    files.iter().filter(says).map(|it| it.modified).chain(before).max()
}

/// Lets `new` files in only while the word about objections is fresh.
///
/// # Errors
/// `I51` when there is none, or it is more than 24 hours old.
pub fn check_fresh(new: &[SourceFile], as_of: Option<Timestamp>, now: Timestamp) -> Result<()> {
    let of_customers = |it: &&SourceFile| {
        matches!(it.mapping.class, Class::Events | Class::Web) && !it.mapping.people_from_rows
    };
    let Some(first) = new.iter().find(of_customers) else { return Ok(()) };
    let what = match as_of {
        None => "nothing says who objects".to_owned(),
        Some(then) if now.duration_since(then) > AGE_MAX => {
            let hours = now.duration_since(then).as_hours();
            format!("the newest word about who objects is {hours} hours old")
        }
        Some(_) => return Ok(()),
    };
    Err(Error::input("I51", what)
        .at(first.path.display())
        .allowed("a file of class \"opt_out\" or a customer record, written in the last 24 hours")
        .remedy("deliver today's objections with this batch; an empty list is a list"))
}
