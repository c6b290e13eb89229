//! An agreement as it is written down. Every key is known; those without which a partner would get
//! more than was meant have to be there.
//!
//! ```toml
//! purposes = ["retail planning"]
//! products = ["residents", "web_audience"]
//! questions = true
//! areas = []                 # all
//! periods = { from = "2026-10", to = "2027-09" }
//! share = "0.25"             # of each month's reserve; none when it is left out
//! expires = 2027-12-31
//! authority = false          # when it is left out
//! ```

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de};

use super::{Agreement, Periods, Share};
use crate::error::{AccessError, Result};
use crate::name::{Name, excerpt};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    purposes: Vec<String>,
    products: Vec<String>,
    questions: bool,
    areas: Vec<String>,
    periods: Months,
    #[serde(default)]
    share: Share,
    #[serde(deserialize_with = "date")]
    expires: Date,
    #[serde(default)]
    authority: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Months {
    from: String,
    to: Option<String>,
}

/// Reads and checks the agreement of `partner`.
///
/// # Errors
/// `A06` when the text is no agreement, with the line where one can be told.
pub(super) fn parse(partner: &Name, text: &str) -> Result<Agreement> {
    let file: File = toml::from_str(text).map_err(|cause| {
        let what = format!("the agreement cannot be read: {}", cause.to_string().trim_end());
        AccessError::input("A06", what).remedy("put the line right")
    })?;
    let File { purposes, products, questions, areas, periods, share, expires, authority } = file;
    check_list("purposes", &purposes)?;
    check_list("products", &products)?;
    check_list("areas", &areas)?;
    if purposes.is_empty() {
        return Err(AccessError::input("A06", "`purposes` is empty")
            .allowed("one purpose or more, each a word or phrase")
            .remedy("say what the partner may use numbers for"));
    }
    if authority && questions {
        return Err(AccessError::input("A06", "`questions` is true for an authority")
            .allowed("`questions = false` where `authority = true`")
            .remedy("take the questions out: an authority reads released tables alone"));
    }
    let (partner, periods) = (partner.clone(), Periods::new(periods.from, periods.to)?);
    Ok(Agreement {
        partner,
        purposes,
        products,
        questions,
        areas,
        periods,
        share,
        expires,
        authority,
    })
}

fn check_list(key: &str, texts: &[String]) -> Result<()> {
    let plain = |it: &str| !it.is_empty() && it.trim() == it && !it.contains(char::is_control);
    match texts.iter().find(|it| !plain(it)) {
        None => Ok(()),
        Some(text) => Err(AccessError::input("A06", format!("`{key}` holds {}", excerpt(text)))
            .allowed("text on one line, without space around it")),
    }
}

/// A day, as TOML writes one: without quotes, and without a time.
fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    let written = toml::value::Datetime::deserialize(from)?;
    if written.time.is_some() {
        return Err(de::Error::custom("expected a day without a time, e.g. 2027-12-31"));
    }
    written.to_string().parse().map_err(de::Error::custom)
}
