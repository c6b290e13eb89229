//! Reads the text of a statement: one of them, of a kind that may be asked.

use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, TableFactor, Visit, VisitMut, Visitor, VisitorMut,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::refusal::refuse;
use super::rule::statement::{Kind, kind, not_one};
use super::rule::{set_operation, unknown};
use crate::error::Result;

/// A statement that may be asked.
pub struct Parsed {
    /// What is planned.
    pub query: Statement,
    /// Whether the plan and the cost are wanted, and not the answer.
    pub explain: bool,
}

/// Reads one statement.
///
/// # Errors
/// `Q01` for several, none or one of another kind; `Q02` for text that is no SQL; `Q08` for sampling.
pub fn parse(sql: &str) -> Result<Parsed> {
    let (text, mut explain) = match without_explain_privacy(sql) {
        Some(rest) => (rest, true),
        None => (sql.to_owned(), false),
    };
    let statements = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(100)
        .try_with_sql(&text)
        .and_then(|mut it| it.parse_statements())
        .map_err(|cause| not_sql(&cause))?;
    let [statement] = &statements[..] else { return Err(not_one(statements.len())) };
    let about = |sql: String| parse(&sql).map(|it| it.query);
    let query = match kind(statement)? {
        Kind::Query => statement.clone(),
        Kind::Explain(inner) => {
            explain = true;
            *inner
        }
        Kind::Tables => {
            let columns = "table_schema, table_name, comment";
            let query = about(format!("SELECT {columns} FROM information_schema.tables"))?;
            return Ok(Parsed { query, explain });
        }
        Kind::Columns(table) => {
            let plain = table.replace(['\'', '"'], "");
            let columns = "information_schema.columns";
            // A view before a released table of the same name, as in FROM.
            let first = || {
                format!("(SELECT MIN(table_schema) FROM {columns} WHERE table_name = '{plain}')")
            };
            let named = plain.rsplit_once('.');
            let schema = named.map_or_else(first, |it| format!("'{}'", it.0));
            let name = named.map_or(plain.as_str(), |it| it.1);
            let query = about(format!(
                "SELECT column_name, data_type, comment FROM {columns} \
                 WHERE table_schema = {schema} AND table_name = '{name}' ORDER BY ordinal_position"
            ))?;
            return Ok(Parsed { query, explain });
        }
    };
    if query.visit(&mut Samples).is_break() {
        return Err(set_operation::below("TABLESAMPLE", sql, "tablesample"));
    }
    Ok(Parsed { query: Statement::Statement(Box::new(query)), explain })
}

/// The statement behind `EXPLAIN PRIVACY`, if that is how the text begins.
fn without_explain_privacy(sql: &str) -> Option<String> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize().ok()?;
    let is_word = |token: &Token, wanted: &str| matches!(token, Token::Word(word) if word.value.eq_ignore_ascii_case(wanted));
    let words = |it: &(usize, &Token)| !matches!(it.1, Token::Whitespace(_));
    let mut tokens_in_order = tokens.iter().enumerate().filter(words);
    let (first, second) = (tokens_in_order.next()?, tokens_in_order.next()?);
    if !is_word(first.1, "explain") || !is_word(second.1, "privacy") {
        return None;
    }
    Some(tokens.iter().skip(second.0 + 1).map(ToString::to_string).collect())
}

fn not_sql(cause: &ParserError) -> crate::Error {
    let text = match cause {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => "it is nested too deeply".to_owned(),
    };
    refuse(&unknown::RULE, format!("the statement is no SQL: {text}"))
}

/// Says of which table a person is who is named without one: in a join it is the same person in each.
///
/// Names the first table that the statement reads rows from, where one is named.
#[must_use]
pub fn of_first_table(statement: &Statement) -> Option<Statement> {
    let Statement::Statement(own) = statement else { return None };
    let mut first = FirstTable(None);
    let _ = own.visit(&mut first);
    let mut own = own.as_ref().clone();
    let _ = VisitMut::visit(&mut own, &mut Qualified(first.0?));
    Some(Statement::Statement(Box::new(own)))
}

/// Finds what the first table is called.
struct FirstTable(Option<Ident>);

impl Visitor for FirstTable {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let TableFactor::Table { name, alias, .. } = factor else {
            return ControlFlow::Continue(());
        };
        let last = || name.0.last().and_then(|it| it.as_ident()).cloned();
        self.0 = alias.as_ref().map(|it| it.name.clone()).or_else(last);
        ControlFlow::Break(())
    }
}

/// Puts a table before each person that has none.
struct Qualified(Ident);

impl VisitorMut for Qualified {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::Identifier(name) = expression
            && is_person(&name.value)
        {
            *expression = Expr::CompoundIdentifier(vec![self.0.clone(), name.clone()]);
        }
        ControlFlow::Continue(())
    }
}

/// Whether a column is the person.
#[must_use]
pub fn is_person(name: &str) -> bool {
    ["subscriber_id", "id"].iter().any(|it| name.eq_ignore_ascii_case(it))
}

/// Finds a table that is sampled.
struct Samples;

impl Visitor for Samples {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { sample: Some(_), .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}
