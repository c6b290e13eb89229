//! Text that is safe to print in a page: only literals of this crate enter as markup.

/// Markup under construction.
#[derive(Default)]
pub(super) struct Html(pub String);

impl Html {
    /// Adds markup that this crate spells out.
    pub fn raw(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Adds `text`, escaped for elements and quoted attributes.
    pub fn text(mut self, text: &str) -> Self {
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
    pub fn each<T>(
        self,
        items: impl IntoIterator<Item = T>,
        row: impl Fn(Self, T) -> Self,
    ) -> Self {
        items.into_iter().fold(self, row)
    }

    /// Adds a cell of text.
    pub fn cell(self, text: &str) -> Self {
        self.raw("<td>").text(text)
    }

    /// Adds a cell with a number.
    pub fn figure(self, text: &str) -> Self {
        self.raw("<td class=n>").text(text)
    }
}
