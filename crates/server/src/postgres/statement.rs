//! What a client sent: one text cut into statements, each read as far as the protocol needs.
//!
//! A statement of the session (SET, BEGIN, a cursor) is done here; one that reads goes to the catalog or to the
//! planner by the relations that it names, in its own words. Source: client rules 1 and 2.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CloseCursor, CopyLegacyOption, CopyOption, CopySource, CopyTarget, Expr, FetchDirection,
    ObjectName, Query, Statement, TableFactor, Value, Visit, Visitor,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use engine::query::may_be_table;

use super::copy::Layout;
use super::session::is_setting;

/// One statement of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// It reads.
    Read(Reading),
    /// It is set, or reset without a value.
    Set { name: String, value: Option<String> },
    /// A setting is asked for; all of them without a name.
    Show(String),
    /// A transaction begins.
    Begin,
    /// It ends; whether by COMMIT.
    End { commit: bool },
    /// What changes nothing here: its name is its answer.
    Nothing(&'static str),
    /// Rows go out in bulk.
    Copy { reading: Reading, layout: Layout },
    /// A cursor is opened over what is read.
    Declare { name: String, reading: Reading },
    /// Rows of a cursor; all that are left without a number.
    Fetch { name: String, rows: Option<u64> },
    /// A cursor is closed; all of them without a name.
    CloseCursor(Option<String>),
    /// A prepared statement is forgotten; all of them without a name.
    Deallocate(Option<String>),
    /// Everything of the session is forgotten.
    Discard,
}

/// A statement that reads, in the client's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its text.
    pub sql: String,
    /// Whether it reads of the catalog alone.
    pub of_catalog: bool,
}

/// Why a text is no statement of a client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is no SQL.
    Syntax(String),
    /// It is known, and not done here.
    Unsupported(String),
}

/// Cuts a text into its statements, each in its own words.
///
/// # Errors
/// [`Wrong::Syntax`] for a text with an open quote.
pub fn split(text: &str) -> Result<Vec<String>, Wrong> {
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text).with_unescape(false).tokenize();
    let tokens = tokens.map_err(|cause| Wrong::Syntax(cause.to_string()))?;
    let mut statements = vec![String::new()];
    for token in tokens {
        if token == Token::SemiColon {
            statements.push(String::new());
        } else if let Some(last) = statements.last_mut() {
            last.push_str(&token.to_string());
        }
    }
    let texts = statements.into_iter().map(|it| it.trim().to_owned());
    Ok(texts.filter(|it| !it.is_empty()).collect())
}

/// Reads one statement.
///
/// # Errors
/// [`Wrong`].
pub fn command(text: &str) -> Result<Command, Wrong> {
    if let Some(known) = by_words(text) {
        return Ok(known);
    }
    let parsed = Parser::new(&PostgreSqlDialect {})
        .with_recursion_limit(100)
        .try_with_sql(text)
        .and_then(|mut it| it.parse_statements());
    let statement = match parsed {
        Ok(mut statements) if statements.len() == 1 => statements.remove(0),
        // The planner says in its own words what is wrong with it.
        Ok(_) | Err(_) => return Ok(unread(text)),
    };
    of_statement(statement, text)
}

/// A text that the planner is to judge as it is.
pub fn unread(text: &str) -> Command {
    Command::Read(Reading { sql: text.to_owned(), of_catalog: false })
}

/// What is known by its first words: forms that the parser does not read, or that mean the same whatever follows.
fn by_words(text: &str) -> Option<Command> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    Some(match words.as_slice() {
        ["discard", ..] => Command::Discard,
        ["set", "session", "characteristics" | "authorization", ..]
        | ["set", "transaction" | "names", ..] => Command::Nothing("SET"),
        ["reset", "all"] => Command::Nothing("RESET"),
        ["reset", name] => Command::Set { name: (*name).to_owned(), value: None },
        ["show", rest @ ..] if is_setting(&rest.join(" ")) => Command::Show(rest.join(" ")),
        ["savepoint", ..] => Command::Nothing("SAVEPOINT"),
        ["release", ..] => Command::Nothing("RELEASE"),
        ["rollback", "to", ..] | ["rollback", "transaction", "to", ..] => {
            Command::Nothing("ROLLBACK")
        }
        ["listen" | "unlisten", ..] => Command::Nothing("UNLISTEN"),
        ["deallocate", "prepare", "all"] | ["deallocate", "all"] => Command::Deallocate(None),
        ["deallocate", "prepare", name] | ["deallocate", name] => {
            Command::Deallocate(Some(name.trim_matches('"').to_owned()))
        }
        ["abort", ..] => Command::End { commit: false },
        ["end", ..] => Command::End { commit: true },
        _ => return None,
    })
}

fn of_statement(statement: Statement, text: &str) -> Result<Command, Wrong> {
    Ok(match statement {
        Statement::StartTransaction { .. } => Command::Begin,
        Statement::Commit { .. } => Command::End { commit: true },
        Statement::Rollback { savepoint: None, .. } => Command::End { commit: false },
        Statement::Rollback { .. } => Command::Nothing("ROLLBACK"),
        Statement::Set(set) => match set_of(&set.to_string()) {
            Some(Command::Set { name, value }) if is_setting(&name) => Command::Set { name, value },
            _ => unread(text),
        },
        Statement::Copy {
            source,
            to: true,
            target: CopyTarget::Stdout,
            options,
            legacy_options,
            ..
        } => {
            let layout = layout(&options, &legacy_options)?;
            Command::Copy { reading: reading_of(source), layout }
        }
        Statement::Declare { stmts } => match stmts.as_slice() {
            [one] => {
                let (Some(name), Some(query)) = (one.names.first(), &one.for_query) else {
                    return Err(Wrong::Syntax("DECLARE needs a name and a query".to_owned()));
                };
                Command::Declare { name: name.value.clone(), reading: read(&query.to_string()) }
            }
            _ => return Err(Wrong::Unsupported("several cursors in one DECLARE".to_owned())),
        },
        Statement::Fetch { name, direction, .. } => {
            Command::Fetch { name: name.value, rows: fetched(&direction)? }
        }
        Statement::Close { cursor: CloseCursor::All } => Command::CloseCursor(None),
        Statement::Close { cursor: CloseCursor::Specific { name } } => {
            Command::CloseCursor(Some(name.value))
        }
        statement => {
            Command::Read(Reading { of_catalog: is_of_catalog(&statement), sql: text.to_owned() })
        }
    })
}

fn read(sql: &str) -> Reading {
    let of_catalog =
        Parser::parse_sql(&PostgreSqlDialect {}, sql).is_ok_and(|it| it.iter().all(is_of_catalog));
    Reading { sql: sql.to_owned(), of_catalog }
}

fn reading_of(source: CopySource) -> Reading {
    match source {
        CopySource::Query(query) => read(&query.to_string()),
        CopySource::Table { table_name, columns } => {
            let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
            let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
            read(&format!("SELECT {columns} FROM {table_name}"))
        }
    }
}

/// `name = value` of a SET statement as it is printed.
fn set_of(text: &str) -> Option<Command> {
    let rest = text.strip_prefix("SET ")?;
    let rest = ["SESSION ", "LOCAL "].iter().find_map(|it| rest.strip_prefix(it)).unwrap_or(rest);
    if let Some(value) = rest.strip_prefix("TIME ZONE ") {
        return Some(set("timezone", value));
    }
    let (name, value) = rest.split_once(" = ").or_else(|| rest.split_once(" TO "))?;
    Some(set(name, value))
}

fn set(name: &str, value: &str) -> Command {
    let value = value.trim().trim_matches('\'').to_owned();
    let value = Some(value).filter(|it| !it.eq_ignore_ascii_case("default"));
    Command::Set { name: name.trim().to_ascii_lowercase(), value }
}

fn fetched(direction: &FetchDirection) -> Result<Option<u64>, Wrong> {
    let number = |it: &Value| match it {
        Value::Number(text, _) => text.parse().ok(),
        _ => None,
    };
    let forward_only = || Wrong::Unsupported("a cursor goes forward only".to_owned());
    Ok(match direction {
        FetchDirection::Next | FetchDirection::Forward { limit: None } => Some(1),
        FetchDirection::All | FetchDirection::ForwardAll => None,
        FetchDirection::Count { limit } | FetchDirection::Forward { limit: Some(limit) } => {
            Some(number(&limit.value).ok_or_else(forward_only)?)
        }
        _ => return Err(forward_only()),
    })
}

fn layout(options: &[CopyOption], legacy: &[CopyLegacyOption]) -> Result<Layout, Wrong> {
    let mut layout = Layout::default();
    for option in legacy {
        match option {
            CopyLegacyOption::Binary => layout.kind = super::copy::Kind::Binary,
            CopyLegacyOption::Delimiter(it) => layout.delimiter = Some(*it),
            CopyLegacyOption::Null(it) => layout.null = Some(it.clone()),
            CopyLegacyOption::Csv(more) => {
                layout.kind = super::copy::Kind::Csv;
                layout.header |=
                    more.iter().any(|it| it.to_string().eq_ignore_ascii_case("header"));
            }
            other => return Err(Wrong::Unsupported(format!("COPY with {other}"))),
        }
    }
    for option in options {
        match option {
            CopyOption::Format(name) => {
                layout.kind = match name.value.to_ascii_lowercase().as_str() {
                    "text" => super::copy::Kind::Text,
                    "csv" => super::copy::Kind::Csv,
                    "binary" => super::copy::Kind::Binary,
                    other => return Err(Wrong::Unsupported(format!("COPY format {other}"))),
                }
            }
            CopyOption::Delimiter(it) => layout.delimiter = Some(*it),
            CopyOption::Null(it) => layout.null = Some(it.clone()),
            CopyOption::Header(it) => layout.header = *it,
            CopyOption::Encoding(_) | CopyOption::Freeze(_) => {}
            CopyOption::Quote(it) => layout.quote = Some(*it),
            CopyOption::Escape(it) => layout.escape = Some(*it),
            other => return Err(Wrong::Unsupported(format!("COPY with {other}"))),
        }
    }
    Ok(layout)
}

/// Whether a statement reads of the catalog alone, or of nothing.
fn is_of_catalog(statement: &Statement) -> bool {
    let asks = matches!(statement, Statement::Query(_));
    let mut others = Others::default();
    // Without a relation of the catalog a function that makes rows is no look at the catalog.
    asks && !statement.visit(&mut others).is_break() && (others.of_catalog || !others.makes_rows)
}

/// Finds what the planner is for: a relation outside the catalog, or a function of its own.
///
/// A name that WITH gives is of neither, unless a table could be meant: where it holds is for the planner to say.
#[derive(Default)]
struct Others {
    given: BTreeSet<String>,
    of_catalog: bool,
    makes_rows: bool,
}

impl Visitor for Others {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // A function in the place of a relation.
        if let TableFactor::Table { name, args: Some(_), .. } = factor
            && let Some(name) = name.0.last().and_then(|it| it.as_ident())
        {
            self.makes_rows = true;
            self.given.insert(name.value.to_ascii_lowercase());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let with = query.with.iter().flat_map(|it| &it.cte_tables);
        let names = with.map(|it| it.alias.name.value.to_ascii_lowercase());
        self.given.extend(names.filter(|it| !may_be_table(it)));
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let parts: Vec<String> = relation
            .0
            .iter()
            .filter_map(|it| it.as_ident())
            .map(|it| it.value.to_ascii_lowercase())
            .collect();
        let of_catalog = match parts.as_slice() {
            // The settings of the engine are nobody's business.
            [.., schema, name] if schema == "information_schema" => !name.starts_with("df_"),
            [.., schema, _] => schema == "pg_catalog",
            [name] => name.starts_with("pg_"),
            [] => false,
        };
        let given = matches!(parts.as_slice(), [it] if self.given.contains(it));
        self.of_catalog |= of_catalog;
        if of_catalog || given { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Function(it) if it.name.to_string().to_ascii_lowercase().starts_with("dp_") => {
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl From<ParserError> for Wrong {
    fn from(cause: ParserError) -> Self {
        Self::Syntax(cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_catalog(text: &str) -> bool {
        matches!(command(text), Ok(Command::Read(Reading { of_catalog: true, .. })))
    }

    #[test]
    fn statements_go_by_the_relations_that_they_name() {
        for text in [
            "SELECT 1",
            "select version()",
            "SELECT * FROM pg_catalog.pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
            "SELECT table_name FROM information_schema.tables",
            "WITH t AS (SELECT oid FROM pg_class), u AS (SELECT * FROM t) SELECT * FROM u",
        ] {
            assert!(of_catalog(text), "{text}");
        }
        for text in [
            "SELECT * FROM released.presence",
            "SELECT * FROM visit",
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM visit)",
            "SELECT * FROM pg_class, subscriber",
            "WITH pg_class AS (SELECT * FROM visit) SELECT * FROM pg_class",
            "SELECT dp_budget()",
            "TABLE visit",
            "WITH t AS (SELECT * FROM visit) SELECT * FROM t",
            "WITH visit AS (SELECT 1) SELECT * FROM visit",
            "SELECT * FROM visit, (WITH visit AS (SELECT 1) SELECT 1) AS v",
            "SELECT * FROM information_schema.df_settings",
            "EXPLAIN PRIVACY SELECT COUNT(*) FROM visit",
            "SELECT (SELECT COUNT(*) FROM visit)",
            "nonsense",
        ] {
            assert!(!of_catalog(text), "{text}");
        }
    }

    #[test]
    fn a_text_is_cut_where_its_statements_end_and_nowhere_else() {
        assert_eq!(
            split("select 1; select ';' ;; -- ;\n select 2").unwrap(),
            ["select 1", "select ';'", "-- ;\n select 2"]
        );
        assert!(split("select 'open").is_err());
        assert!(split(" ;; ").unwrap().is_empty());
    }

    #[test]
    fn what_a_session_says_is_known() {
        let set = |name: &str, value: &str| Command::Set {
            name: name.to_owned(),
            value: Some(value.to_owned()),
        };
        assert_eq!(command("SET extra_float_digits = 3").unwrap(), set("extra_float_digits", "3"));
        assert_eq!(
            command("set statement_timeout='200ms'").unwrap(),
            set("statement_timeout", "200ms")
        );
        assert_eq!(
            command("SET quorate.purpose = 'transport'").unwrap(),
            set("quorate.purpose", "transport")
        );
        assert_eq!(
            command("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").unwrap(),
            Command::Begin
        );
        assert_eq!(command("COMMIT").unwrap(), Command::End { commit: true });
        assert_eq!(command("DISCARD ALL").unwrap(), Command::Discard);
        assert_eq!(
            command("SHOW transaction isolation level").unwrap(),
            Command::Show("transaction isolation level".to_owned())
        );
        let Command::Copy { reading, layout } =
            command("COPY (SELECT * FROM released.presence) TO STDOUT WITH BINARY").unwrap()
        else {
            panic!("no copy");
        };
        assert!(!reading.of_catalog);
        assert_eq!(layout.kind, super::super::copy::Kind::Binary);
        let Command::Declare { name, .. } =
            command("DECLARE \"srv\" CURSOR FOR SELECT * FROM released.presence").unwrap()
        else {
            panic!("no cursor");
        };
        assert_eq!(name, "srv");
        assert_eq!(
            command("FETCH FORWARD 10 FROM \"srv\"").unwrap(),
            Command::Fetch { name: "srv".to_owned(), rows: Some(10) }
        );
    }
}
