//! Text that is safe to print in a page.
//!
//! Only a literal of this crate enters as markup; everything else is escaped on the way in, so a
//! hostile site or district name stays a name.

use super::figures::{Estimate, Ratio, Report};
use super::number;

/// Markup under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// Markup that this crate spells out.
    pub(crate) fn of(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// `text`, escaped.
    pub(super) fn escaped(text: &str) -> Self {
        Self::default().text(text)
    }

    /// The figures as script data: `<`, `>`, `&` and the line separators are escaped, so nothing in
    /// them can end the script element.
    pub(super) fn json(report: &Report) -> Self {
        // Strings, numbers and arrays only: writing them to memory cannot fail.
        let json = serde_json::to_string(report).unwrap_or_else(|_| "null".to_owned());
        let mut data = String::with_capacity(json.len());
        for letter in json.chars() {
            match letter {
                '<' => data.push_str("\\u003c"),
                '>' => data.push_str("\\u003e"),
                '&' => data.push_str("\\u0026"),
                '\u{2028}' => data.push_str("\\u2028"),
                '\u{2029}' => data.push_str("\\u2029"),
                other => data.push(other),
            }
        }
        Self(data)
    }

    /// Adds markup that this crate spells out.
    pub(crate) fn raw(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Adds `text`, escaped for elements and quoted attributes.
    pub(crate) fn text(mut self, text: &str) -> Self {
        for letter in text.chars() {
            match letter {
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '&' => self.0.push_str("&amp;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// Adds what `row` makes of each item, in order.
    pub(crate) fn each<T>(self, items: &[T], row: impl Fn(Self, &T) -> Self) -> Self {
        items.iter().fold(self, row)
    }

    /// Adds a text cell.
    pub(crate) fn cell(self, text: &str) -> Self {
        self.raw("<td>").text(text)
    }

    /// Adds the heading cell of a row.
    pub(crate) fn head(self, text: &str) -> Self {
        self.raw("<th scope=row>").text(text)
    }

    /// Adds a number cell.
    pub(crate) fn figure(self, text: &str) -> Self {
        self.raw("<td class=n>").text(text)
    }

    /// Adds the cell of something that is not published.
    pub(super) fn hidden(self) -> Self {
        self.raw("<td class=\"n c\">[c]")
    }

    /// Adds people, `*` near the threshold, without their interval.
    pub(super) fn people(self, people: Option<Estimate>) -> Self {
        let Some(it) = people else { return self.hidden() };
        let cell = self.figure(&number::thousands(it.value));
        if it.near_threshold { cell.raw("*") } else { cell }
    }

    /// Adds people and their interval, two cells.
    pub(super) fn estimate(self, people: Option<Estimate>) -> Self {
        let cell = self.people(people);
        match people {
            None => cell.hidden(),
            Some(it) => cell.figure(&number::interval(it)),
        }
    }

    /// Adds a ratio, written by `show`.
    pub(super) fn ratio(self, ratio: Option<Ratio>, show: impl Fn(f64) -> String) -> Self {
        match ratio {
            None => self.hidden(),
            Some(it) => self.figure(&show(it.value)),
        }
    }

    /// The markup.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
