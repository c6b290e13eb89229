//! The words of a sheet, each held once: a long code list has few labels and many rows.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// A label or the name of a table, shared by the rows that have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Arc<str>);

impl Word {
    /// Its letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for Word {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Word {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl std::borrow::Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The words that are known.
#[derive(Default)]
pub(super) struct Words(HashSet<Word>);

impl Words {
    /// The word of these letters, the same for the same letters.
    pub(super) fn of(&mut self, letters: &str) -> Word {
        if let Some(known) = self.0.get(letters) {
            return known.clone();
        }
        let new = Word::from(letters);
        self.0.insert(new.clone());
        new
    }
}
