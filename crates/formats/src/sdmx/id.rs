//! Identifiers that SDMX allows: letters, digits, `_`, `-`, `@`, `$`.

use std::collections::BTreeSet;

/// What stands for a character that identifiers cannot have.
const INSTEAD: char = '_';

/// An identifier for each code, with what it stands for; no two are the same.
pub(super) fn codes<'release>(
    codes: impl Iterator<Item = (&'release str, &'release str)>,
) -> Vec<(String, &'release str)> {
    let mut taken = BTreeSet::new();
    let unique = |(at, (code, label)): (usize, (&str, &'release str))| {
        let plain = text(code);
        let id = if taken.contains(&plain) { format!("{plain}${at}") } else { plain };
        taken.insert(id.clone());
        (id, label)
    };
    codes.enumerate().map(unique).collect()
}

/// A code as an identifier, e.g. `AB1 2` as `AB1_2` and `75+` as `75_`.
fn text(code: &str) -> String {
    let plain =
        |it: char| if it.is_ascii_alphanumeric() || "_-@".contains(it) { it } else { INSTEAD };
    code.chars().map(plain).collect()
}

/// A column or table as an identifier.
pub(super) fn name(name: &str) -> String {
    name.to_ascii_uppercase()
}

/// The code list of a column.
pub(super) fn list(column: &str) -> String {
    format!("CL_{}", name(column))
}

/// An organisation as an agency: letters first, no more than the words it has.
pub(super) fn agency(publisher: &str) -> String {
    let words = text(publisher).to_ascii_uppercase();
    let words: Vec<&str> = words.split(INSTEAD).filter(|it| !it.is_empty()).collect();
    let agency =
        words.join("_").trim_start_matches(|it: char| !it.is_ascii_alphabetic()).to_owned();
    if agency.is_empty() { "PUBLISHER".to_owned() } else { agency }
}
