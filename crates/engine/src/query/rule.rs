//! The rules of questions: each refuses one kind of statement, in one file.
//!
//! A refusal is decided from statement, schema, policy and ledger, never from rows; it says the rule, the
//! place, what was found, what is allowed and what to write instead. docs/questions.md is made of [`ALL`].
//! Source: privacy model §9.

pub mod aggregate;
pub mod cells;
pub mod computation;
pub mod grouping;
pub mod identity;
pub mod join;
pub mod keys_alone;
pub mod period;
pub mod predicate;
pub mod rows;
pub mod set_operation;
pub mod statement;
pub mod subquery;
pub mod unknown;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// Its stable code, e.g. `Q04`.
    pub code: &'static str,
    /// What it asks for, in a sentence.
    pub title: &'static str,
    /// What would leak without it.
    pub why: &'static str,
    /// A statement that it refuses.
    pub refused: &'static str,
    /// What to write instead.
    pub instead: &'static str,
}

/// Every rule, by code.
pub const ALL: [&Rule; 14] = [
    &statement::RULE,
    &unknown::RULE,
    &rows::RULE,
    &identity::RULE,
    &computation::RULE,
    &predicate::RULE,
    &subquery::RULE,
    &set_operation::RULE,
    &join::RULE,
    &aggregate::RULE,
    &keys_alone::RULE,
    &grouping::RULE,
    &period::RULE,
    &cells::RULE,
];

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_in_order_and_every_rule_says_everything() {
        for (at, rule) in (1..).zip(ALL) {
            assert_eq!(rule.code, format!("Q{at:02}"));
            let texts = [rule.title, rule.why, rule.refused, rule.instead];
            assert!(texts.iter().all(|it| !it.is_empty()), "{}", rule.code);
        }
    }
}
