//! What a client sent: one text cut into statements, each read as far as the protocol needs.
//!
//! A statement of the session (SET, BEGIN, a cursor) is done here; one that reads goes to the service in its own
//! words. Source: client rules 1 and 2.

use datafusion::sql::sqlparser::ast::{
    CloseCursor, CopyLegacyOption, CopyOption, CopySource, CopyTarget, FetchDirection, Statement,
    Value,
};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::Token;

use super::copy::Layout;
use super::session::is_setting;
use crate::literal::pieces;

/// One statement of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// It reads.
    Read(String),
    /// It is set, or reset without a value.
    Set { name: String, value: Option<String> },
    /// It is set until the transaction ends.
    SetLocal { name: String, value: Option<String> },
    /// All are as the client came with them.
    ResetAll,
    /// A setting is asked for; all of them without a name.
    Show(String),
    /// A transaction begins.
    Begin,
    /// It ends; whether by COMMIT.
    End { commit: bool },
    /// What changes nothing here: its name is its answer.
    Nothing(&'static str),
    /// Rows go out in bulk.
    Copy { sql: String, layout: Layout },
    /// A cursor is opened over what is read.
    Declare { name: String, sql: String },
    /// Rows of a cursor; all that are left without a number.
    Fetch { name: String, rows: Option<u64> },
    /// A cursor is closed; all of them without a name.
    CloseCursor(Option<String>),
    /// A prepared statement is forgotten; all of them without a name.
    Deallocate(Option<String>),
    /// Everything of the session is forgotten.
    Discard,
}

impl Command {
    /// Whether rows go out for it, one by one.
    pub const fn has_rows(&self) -> bool {
        matches!(self, Self::Read(_) | Self::Show(_) | Self::Fetch { .. })
    }
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
    let pieces = pieces(text).map_err(|cause| Wrong::Syntax(cause.to_string()))?;
    let ends = pieces.iter().filter(|it| it.0 == Token::SemiColon).map(|it| it.1.clone());
    let (mut statements, mut from) = (Vec::new(), 0);
    for end in ends.chain(std::iter::once(text.len()..text.len())) {
        statements.push(text.get(from..end.start).unwrap_or_default().trim());
        from = end.end;
    }
    Ok(statements.into_iter().filter(|it| !it.is_empty()).map(str::to_owned).collect())
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
    Command::Read(text.to_owned())
}

/// What is known by its first words: forms that the parser does not read, or that mean the same whatever follows.
fn by_words(text: &str) -> Option<Command> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    Some(match words.as_slice() {
        ["discard", ..] => Command::Discard,
        ["set", "session", "characteristics" | "authorization", ..]
        | ["set", "transaction" | "names", ..] => Command::Nothing("SET"),
        ["reset", "all"] => Command::ResetAll,
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
    let is_local =
        text.split_whitespace().nth(1).is_some_and(|it| it.eq_ignore_ascii_case("local"));
    Ok(match statement {
        Statement::StartTransaction { .. } => Command::Begin,
        Statement::Commit { .. } => Command::End { commit: true },
        Statement::Rollback { savepoint: None, .. } => Command::End { commit: false },
        Statement::Rollback { .. } => Command::Nothing("ROLLBACK"),
        Statement::Set(set) => match set_of(&set.to_string()) {
            Some(Command::Set { name, value }) if is_setting(&name) => {
                if is_local {
                    Command::SetLocal { name, value }
                } else {
                    Command::Set { name, value }
                }
            }
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
            Command::Copy { sql: reading_of(source), layout }
        }
        Statement::Declare { stmts } => match stmts.as_slice() {
            [one] => {
                let (Some(name), Some(query)) = (one.names.first(), &one.for_query) else {
                    return Err(Wrong::Syntax("DECLARE needs a name and a query".to_owned()));
                };
                Command::Declare { name: name.value.clone(), sql: query.to_string() }
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
        _ => unread(text),
    })
}

fn reading_of(source: CopySource) -> String {
    match source {
        CopySource::Query(query) => query.to_string(),
        CopySource::Table { table_name, columns } => {
            let columns: Vec<String> = columns.iter().map(ToString::to_string).collect();
            let columns = if columns.is_empty() { "*".to_owned() } else { columns.join(", ") };
            format!("SELECT {columns} FROM {table_name}")
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

impl From<ParserError> for Wrong {
    fn from(cause: ParserError) -> Self {
        Self::Syntax(cause.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let Command::Copy { sql, layout } =
            command("COPY (SELECT * FROM released.presence) TO STDOUT WITH BINARY").unwrap()
        else {
            panic!("no copy");
        };
        assert_eq!(sql, "SELECT * FROM released.presence");
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
