//! A refusal of a question: its rule, the place in the statement, and a way out.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::rule::Rule;
use crate::error::Error;

/// A refusal by `rule`; `found` is what stands in the statement.
#[must_use]
pub fn refuse(rule: &Rule, found: impl Into<String>) -> Error {
    Error::policy(rule.code, found).remedy(format!("write  {}", rule.instead))
}

/// Marks the first place of `needle` in the statement with a caret, one behind DISTINCT only when there is no
/// other: there it is allowed. The error as it is when it is nowhere.
#[must_use]
pub fn mark(error: Error, sql: &str, needle: &str) -> Error {
    match excerpt(sql, needle) {
        Some(excerpt) => error.excerpt(excerpt),
        None => error,
    }
}

/// The line of `needle`, whose words stand in the statement as tokens in a row, and carets under it.
fn excerpt(sql: &str, needle: &str) -> Option<String> {
    let words = |text: &str| -> Option<Vec<(String, u64, u64, u64)>> {
        let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location().ok()?;
        let tokens = tokens.into_iter().filter(|it| !matches!(it.token, Token::Whitespace(_)));
        let word = |it: Token| match it {
            Token::Word(word) => word.value.to_lowercase(),
            other => other.to_string().to_lowercase(),
        };
        Some(
            tokens
                .map(|it| {
                    let (start, end) = (it.span.start, it.span.end);
                    (word(it.token), start.line, start.column, end.column)
                })
                .collect(),
        )
    };
    let (all, wanted) = (words(sql)?, words(needle)?);
    if wanted.is_empty() {
        return None;
    }
    let matches = |at: &usize| {
        let here = all.iter().skip(*at);
        here.clone().count() >= wanted.len() && here.zip(&wanted).all(|(a, b)| a.0 == b.0)
    };
    // `DISTINCT id`, or `DISTINCT s.id`.
    let is_counted = |at: &usize| {
        let word = |back: usize| at.checked_sub(back).and_then(|it| all.get(it)).map(|it| &*it.0);
        word(1) == Some("distinct") || (word(1) == Some(".") && word(3) == Some("distinct"))
    };
    let mut places = (0..all.len()).filter(matches);
    let at = places.clone().find(|it| !is_counted(it)).or_else(|| places.next())?;
    let found = all.get(at..at.checked_add(wanted.len())?)?;
    let (first, last) = (found.first()?, found.last()?);
    let line = usize::try_from(first.1).ok()?;
    let text = sql.lines().nth(line.checked_sub(1)?)?;
    let (from, mut to) = (usize::try_from(first.2).ok()?, usize::try_from(last.3).ok()?);
    if last.1 != first.1 {
        to = text.chars().count() + 1;
    }
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let under = " ".repeat(from.checked_sub(1)?) + &"^".repeat(to.saturating_sub(from).max(1));
    Some(format!(" {number} | {text}\n {margin} | {under}"))
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    fn check(sql: &str, needle: &str, expected: Option<&str>) {
        assert_eq!(excerpt(sql, needle).as_deref(), expected, "{sql}");
    }

    #[test]
    fn the_place_is_marked_in_any_case_and_on_any_line() {
        check(
            "SELECT id FROM subscriber",
            "ID",
            Some(" 1 | SELECT id FROM subscriber\n   |        ^^"),
        );
        check(
            "SELECT 1\nFROM visit  LIMIT 5",
            "limit",
            Some(" 2 | FROM visit  LIMIT 5\n   |             ^^^^^"),
        );
        check(
            "SELECT lower ( site )",
            "lower(site)",
            Some(" 1 | SELECT lower ( site )\n   |        ^^^^^^^^^^^^^^"),
        );
        check(
            "SELECT COUNT(DISTINCT s.id) FROM subscriber s WHERE s.id = 1",
            "id",
            Some(
                " 1 | SELECT COUNT(DISTINCT s.id) FROM subscriber s WHERE s.id = 1\n   |                                                       ^^",
            ),
        );
        check(
            "SELECT DISTINCT site",
            "site",
            Some(" 1 | SELECT DISTINCT site\n   |                 ^^^^"),
        );
        check("SELECT 1", "visit", None);
        check("SELECT 'open", "visit", None);
    }
}
