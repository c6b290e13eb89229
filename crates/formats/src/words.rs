//! What is said about every release, whatever the format.

use crate::tables::{Facts, Tables};

/// What stands for a hidden value in text.
pub(crate) const HIDDEN: &str = "[c]";
/// What stands for a missing value in text; no release has one today.
pub(crate) const MISSING: &str = "[x]";

/// A note: what it is about, and what it says.
pub(crate) struct Note {
    pub about: &'static str,
    pub says: String,
}

/// What is said first of people who do not exist.
const SYNTHETIC: &str = "Synthetic people: nobody in this release exists. The people, their places and what they do were \
                         made by a program; the protection is the real one.";

/// What ends a title of people who do not exist.
pub(crate) const MARK: &str = " (synthetic people)";

/// Facts whose title, description and notes say that people are synthetic, where they are: each format shows
/// one of them at least.
pub(crate) fn marked(mut facts: Facts) -> Facts {
    if facts.synthetic {
        facts.title.push_str(MARK);
        facts.description = format!("{SYNTHETIC} {}", facts.description);
        facts.notes.insert(0, SYNTHETIC.to_owned());
    }
    facts
}

/// How the release was made safe, in a sentence.
pub(crate) fn safe(facts: &Facts) -> String {
    format!(
        "Every published number is about {} people or more and carries noise that was paid for from \
         a privacy budget; all other cells are hidden.",
        facts.floor
    )
}

/// What a hidden cell means.
pub(crate) fn hidden() -> String {
    format!(
        "{HIDDEN}: hidden, because too few people, too uncertain, or apt to give away such a cell. \
         Which is never said. It is not zero, and not missing."
    )
}

/// What the privacy loss is.
pub(crate) fn cost(facts: &Facts) -> String {
    format!(
        "The release costs each {} at most rho = {} and delta = {} in zero-concentrated differential \
         privacy; from that follows epsilon = {} at delta = {:e}.",
        facts.unit, facts.rho, facts.delta, facts.epsilon, facts.epsilon_delta
    )
}

/// What a reader of any table needs to know.
pub(crate) fn notes(tables: &Tables) -> Vec<Note> {
    let facts = tables.facts();
    let own = facts.notes.iter().map(|it| Note { about: "Note", says: it.clone() });
    let mut notes = vec![
        Note { about: "Hidden cells", says: hidden() },
        Note {
            about: "Rows",
            says: "There is a row for every combination of the public code lists, so which rows \
                   exist tells nothing about people."
                .to_owned(),
        },
        Note {
            about: "Status",
            says:
                "A: published. near_threshold: published, and so near the smallest number that is \
                   ever shown that it is likely too high."
                    .to_owned(),
        },
        Note {
            about: "Intervals",
            says: "Columns that end in _lo and _hi are the 95 % interval of the noise; that of a \
                   count is cut at the smallest group. They do not cover who is a customer of the \
                   operator."
                .to_owned(),
        },
        Note {
            about: "Adding up",
            says: "Each number has noise of its own: parts do not add up to their whole exactly."
                .to_owned(),
        },
        Note { about: "Smallest group", says: format!("{} people.", facts.floor) },
        Note { about: "Privacy unit", says: facts.unit.clone() },
        Note { about: "Privacy loss", says: cost(facts) },
    ];
    notes.extend(own);
    notes.push(Note { about: "Places", says: facts.geography.attribution().trim().to_owned() });
    notes
}
