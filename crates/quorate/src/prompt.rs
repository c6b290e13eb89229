//! The prompt of `quorate query`: one statement after the other, with history and completion.

use std::fs;
use std::path::PathBuf;

use engine::query::Desk;
use engine::{Error, Instance, Result};
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Context, Editor, Helper};

use crate::command::query::ask;
use crate::output::Output;

const WELCOME: &str = "\
Questions are SQL and end with a semicolon. \\d lists tables, \\d TABLE its columns, \\q leaves.
EXPLAIN PRIVACY SELECT … says what a question would cost; released tables are free.";

const WORDS: [&str; 34] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "HAVING",
    "LIMIT",
    "COUNT(DISTINCT subscriber_id)",
    "COUNT(*)",
    "SUM(",
    "AVG(",
    "JOIN",
    "USING (subscriber_id)",
    "ON",
    "AND",
    "IN",
    "BETWEEN",
    "IS NULL",
    "IS NOT NULL",
    "WITH",
    "UNION ALL",
    "ROLLUP (",
    "CUBE (",
    "GROUPING SETS (",
    "EXPLAIN PRIVACY",
    "SHOW TABLES",
    "DESCRIBE",
    "AS",
    "DESC",
    "ASC",
    "DATE '",
    "NOT IN",
    "CASE WHEN",
    "DISTINCT",
];

/// Asks what is typed until the end of input.
///
/// # Errors
/// A fault when the terminal cannot be read.
pub fn run(desk: &Desk<'_>, instance: &Instance) -> Result<()> {
    let fault =
        |cause: ReadlineError| Error::fault("F01", format!("the prompt cannot be read: {cause}"));
    let names = names(desk)?;
    let config =
        Config::builder().auto_add_history(true).max_history_size(1_000).map_err(fault)?.build();
    let mut editor: Editor<Words, FileHistory> = Editor::with_config(config).map_err(fault)?;
    editor.set_helper(Some(Words { names }));
    let history = history(instance)?;
    drop(editor.load_history(&history));
    Output::note(WELCOME);
    loop {
        match editor.readline("quorate> ") {
            Ok(line) => {
                let statement = line.trim().trim_end_matches(';').trim();
                match statement {
                    "" => {}
                    "\\q" | "quit" | "exit" => break,
                    "\\?" | "help" => Output::note(WELCOME),
                    "\\d" => say(desk, "SHOW TABLES"),
                    _ => match statement.strip_prefix("\\d ") {
                        Some(table) => say(desk, &format!("DESCRIBE {}", table.trim())),
                        None => say(desk, statement),
                    },
                }
            }
            // The line is given up, not the prompt.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(cause) => return Err(fault(cause)),
        }
    }
    editor.save_history(&history).map_err(fault)
}

fn say(desk: &Desk<'_>, statement: &str) {
    match ask(desk, statement, false) {
        Ok(said) => {
            drop(Output::raw(&said.text));
            said.notes.iter().for_each(|it| Output::note(it));
        }
        Err(cause) => Output::note(&cause.to_string()),
    }
}

/// Every table and column, for completion.
fn names(desk: &Desk<'_>) -> Result<Vec<String>> {
    let decision = desk.decide("SELECT DISTINCT column_name FROM information_schema.columns")?;
    let columns = desk.answer(&decision)?.to_csv()?;
    let mut names = desk.planner.tables();
    names.extend(columns.lines().skip(1).map(str::to_owned));
    names.sort();
    names.dedup();
    Ok(names)
}

/// The file of what was typed, beside the keys: it is the operator's own.
fn history(instance: &Instance) -> Result<PathBuf> {
    let folder = instance.keys_dir()?;
    fs::create_dir_all(&folder)
        .map_err(|cause| engine::error::io_error("create", &folder, &cause))?;
    Ok(folder.join("history"))
}

/// Completes tables, columns and words of SQL; knows when a statement has ended.
struct Words {
    names: Vec<String>,
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let before = line.get(..at).unwrap_or_default();
        let of_word = |it: char| it.is_alphanumeric() || it == '_' || it == '.';
        let start =
            before.char_indices().rev().take_while(|it| of_word(it.1)).last().map_or(at, |it| it.0);
        let typed = before.get(start..).unwrap_or_default().to_lowercase();
        if typed.is_empty() {
            return Ok((at, Vec::new()));
        }
        let all = self.names.iter().map(String::as_str).chain(WORDS);
        let fits = all.filter(|it| it.to_lowercase().starts_with(&typed));
        let pairs = fits.map(|it| Pair { display: it.to_owned(), replacement: it.to_owned() });
        Ok((start, pairs.collect()))
    }
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input().trim();
        let at_once = text.is_empty()
            || text.starts_with('\\')
            || ["quit", "exit", "help"].contains(&text)
            || text.ends_with(';');
        Ok(if at_once { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Helper for Words {}
