//! Names of users and of partners.

use std::fmt;

use crate::error::{AccessError, Result};

/// A user's or partner's name: 1 to 63 of `a-z 0-9 . _ -`, the first a letter or digit.
///
/// It is safe as a part of a path, in a log line, in SQL text and on a command line: it holds no
/// separator, never begins with a dot or a dash, and reads the same in every encoding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// 63: an identifier of PostgreSQL has at most as many bytes, and its clients cut longer ones.
const LENGTH_MAX: usize = 63;

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// `A02` when it is empty, too long, or has another character.
    pub fn new(text: &str) -> Result<Self> {
        let word = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
        let inner = |it: u8| word(it) || matches!(it, b'.' | b'_' | b'-');
        let bytes = text.as_bytes();
        let first = bytes.first().is_some_and(|it| word(*it));
        if first && bytes.len() <= LENGTH_MAX && bytes.iter().all(|it| inner(*it)) {
            return Ok(Self(text.to_owned()));
        }
        Err(AccessError::input("A02", format!("{} is no name", excerpt(text)))
            .allowed("1 to 63 of a-z, 0-9, `.`, `_` and `-`, the first a letter or digit")
            .remedy("choose another name, e.g. jane.doe"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What somebody wrote, for a message: short, and without control characters.
pub(crate) fn excerpt(text: &str) -> String {
    const SHOWN_MAX: usize = 80;
    let mut shown: String = text.chars().take(SHOWN_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_a_short_word_of_the_alphabet() {
        let longest = "a".repeat(63);
        for text in ["a", "7", "jane.doe", "o2-labs_1", "a..b", longest.as_str()] {
            assert_eq!(Name::new(text).unwrap().as_str(), text);
        }
        let longer = "a".repeat(64);
        let wrong = ["", ".", "..", "-rf", "_x", "Jane", "a b", "a/b", "a\0", "ä", "a'", &longer];
        for text in wrong {
            assert_eq!(Name::new(text).unwrap_err().code, "A02", "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_plain_part_of_a_path(text in any::<String>()) {
            if let Ok(name) = Name::new(&text) {
                let path = std::path::PathBuf::from(format!("{name}.toml"));
                prop_assert_eq!(path.components().count(), 1);
                prop_assert!(name.as_str().bytes().all(|it| it.is_ascii_graphic()));
            }
        }

        #[test]
        fn the_whole_alphabet_is_accepted(text in "[a-z0-9][a-z0-9._-]{0,62}") {
            let name = Name::new(&text).unwrap();
            prop_assert_eq!(name.as_str(), text);
        }

        #[test]
        fn a_refusal_is_printable(text in any::<String>()) {
            if let Err(error) = Name::new(&text) {
                prop_assert!(!error.what.chars().any(char::is_control));
            }
        }
    }
}
