//! What one connection has of its own: who asks, its settings, its cursors.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use access::User;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use engine::query::Database;
use pgwire::api::{ClientInfo, METADATA_DATABASE, METADATA_USER};
use pgwire::error::PgWireResult;

use super::wrong;
use crate::catalog::{SETTINGS, Surroundings};
use crate::limits::Held;
use crate::service::{Asker, Service};

/// The state of a connection.
pub struct Session {
    user: User,
    /// What is asked.
    pub database: Database,
    /// What the client set when it came.
    given: BTreeMap<String, String>,
    settings: Mutex<BTreeMap<String, String>>,
    /// What settings were before a transaction set them, in order.
    local: Mutex<Vec<(String, String)>>,
    cursors: Mutex<BTreeMap<String, Cursor>>,
}

/// Rows, and their memory until the last of them is sent.
pub type Rows = (Vec<RecordBatch>, Option<Arc<Held>>);

/// Rows that a client takes piece by piece.
pub struct Cursor {
    /// Its columns.
    pub schema: SchemaRef,
    rows: VecDeque<RecordBatch>,
    /// Their memory, until the last of them is sent.
    held: Option<Arc<Held>>,
}

/// Other words for settings.
const ALIASES: [(&str, &str); 3] = [
    ("time zone", "timezone"),
    ("transaction isolation level", "transaction_isolation"),
    ("names", "client_encoding"),
];

impl Session {
    /// The session of a client that has logged in.
    ///
    /// # Errors
    /// A database that is not there, or a user who may not ask.
    pub fn of<C: ClientInfo + ?Sized>(service: &'static Service, client: &C) -> PgWireResult<Self> {
        let of_client = |key: &str| client.metadata().get(key).cloned().unwrap_or_default();
        let database = match of_client(METADATA_DATABASE).as_str() {
            "" | "quorate" => Database::Released,
            "protected" => Database::Protected,
            other => {
                let what =
                    format!("database \"{other}\" does not exist; there are quorate and protected");
                return Err(wrong::fatal("3D000", what));
            }
        };
        let user = service.user(&of_client(METADATA_USER)).map_err(|it| wrong::of_ours(&it))?;
        let mut session = Self {
            user,
            database,
            given: BTreeMap::new(),
            settings: Mutex::default(),
            local: Mutex::default(),
            cursors: Mutex::default(),
        };
        let path = match database {
            Database::Released => "released",
            Database::Protected => "protected, released",
        };
        session.set("search_path", Some(path))?;
        // Start-up options that are no settings are the client's own.
        let given: BTreeMap<&String, &String> = client.metadata().iter().collect();
        for (name, value) in given {
            drop(session.set(name, Some(value)));
        }
        for (name, value) in in_options(&of_client("options")) {
            session.set(&name, Some(&value))?;
        }
        let settings = session.settings.lock().unwrap_or_else(PoisonError::into_inner).clone();
        session.given = settings;
        Ok(session)
    }

    /// Who asks, and what for.
    pub fn asker(&self) -> Asker {
        let purpose = self.setting("quorate.purpose").unwrap_or_default();
        Asker { user: self.user.clone(), database: self.database, purpose, questions: true }
    }

    /// Sets a setting, or back to what it is at first.
    ///
    /// # Errors
    /// A setting that is not known.
    pub fn set(&self, name: &str, value: Option<&str>) -> PgWireResult<()> {
        let (name, first) = known(name)?;
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        settings.insert(name.to_owned(), value.unwrap_or(first).to_owned());
        Ok(())
    }

    /// What a setting is.
    ///
    /// # Errors
    /// A setting that is not known.
    pub fn setting(&self, name: &str) -> PgWireResult<String> {
        let (name, first) = known(name)?;
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(settings.get(name).cloned().unwrap_or_else(|| first.to_owned()))
    }

    /// How long a statement may take; for ever when it is not set.
    pub fn statement_timeout(&self) -> Option<Duration> {
        let text = self.setting("statement_timeout").unwrap_or_default();
        milliseconds(&text).filter(|it| *it > 0).map(Duration::from_millis)
    }

    /// Sets a setting until the transaction ends.
    ///
    /// # Errors
    /// A setting that is not known.
    pub fn set_local(&self, name: &str, value: Option<&str>) -> PgWireResult<()> {
        let before = self.setting(name)?;
        self.local.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), before));
        self.set(name, value)
    }

    /// What was set for a transaction is as before.
    pub fn end_local(&self) {
        let local = std::mem::take(&mut *self.local.lock().unwrap_or_else(PoisonError::into_inner));
        for (name, before) in local.into_iter().rev() {
            // It was set before, so it is known.
            drop(self.set(&name, Some(&before)));
        }
    }

    /// Settings are as the client came with them.
    pub fn reset(&self) {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        settings.clone_from(&self.given);
    }

    /// Forgets cursors, and settings but for those that the client came with.
    pub fn forget(&self) {
        self.reset();
        self.close(None);
    }

    /// Opens a cursor.
    pub fn declare(&self, name: &str, schema: SchemaRef, (rows, held): (Vec<RecordBatch>, Held)) {
        let cursor = Cursor { schema, rows: rows.into(), held: Some(Arc::new(held)) };
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), cursor);
    }

    /// The columns of a cursor.
    pub fn columns(&self, name: &str) -> Option<SchemaRef> {
        let cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        cursors.get(name).map(|it| SchemaRef::clone(&it.schema))
    }

    /// Takes rows of a cursor, all that are left without a number.
    ///
    /// # Errors
    /// A cursor that is not open.
    pub fn fetch(&self, name: &str, rows: Option<u64>) -> PgWireResult<(SchemaRef, Rows)> {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        let cursor = cursors.get_mut(name).ok_or_else(|| {
            wrong::error(wrong::INVALID_CURSOR_NAME, format!("cursor \"{name}\" does not exist"))
        })?;
        let wanted = rows.map_or(usize::MAX, |it| usize::try_from(it).unwrap_or(usize::MAX));
        Ok((SchemaRef::clone(&cursor.schema), (cursor.take(wanted), cursor.held.clone())))
    }

    /// Closes a cursor, or all; whether there was any.
    pub fn close(&self, name: Option<&str>) -> bool {
        let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = name {
            return cursors.remove(name).is_some();
        }
        cursors.clear();
        true
    }
}

impl Surroundings for Session {
    fn user(&self) -> String {
        self.user.name.to_string()
    }

    fn setting(&self, name: &str) -> Option<String> {
        Self::setting(self, name).ok()
    }
}

impl Cursor {
    fn take(&mut self, wanted: usize) -> Vec<RecordBatch> {
        let (mut taken, mut left) = (Vec::new(), wanted);
        while left > 0 {
            let Some(batch) = self.rows.pop_front() else { break };
            if batch.num_rows() > left {
                self.rows.push_front(batch.slice(left, batch.num_rows() - left));
                taken.push(batch.slice(0, left));
                break;
            }
            left -= batch.num_rows();
            taken.push(batch);
        }
        taken
    }
}

/// Whether a session has a setting of this name.
pub fn is_setting(name: &str) -> bool {
    known(name).is_ok()
}

fn known(name: &str) -> PgWireResult<(&'static str, &'static str)> {
    let lower = name.to_ascii_lowercase();
    let name = ALIASES.iter().find(|it| it.0 == lower).map_or(lower.as_str(), |it| it.1);
    SETTINGS.iter().find(|it| it.0 == name).copied().ok_or_else(|| {
        let what =
            format!("setting \"{name}\" is not known; quorate.purpose and what clients set are");
        wrong::error("42704", what)
    })
}

/// The settings in the start-up option `options`: `-c name=value` and `--name=value`, a backslash before a space
/// that is part of a value.
fn in_options(text: &str) -> Vec<(String, String)> {
    let mut words = vec![String::new()];
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let kept = if letter == '\\' { letters.next() } else { Some(letter) };
        match (words.last_mut(), kept) {
            (_, Some(' ')) if letter == ' ' => words.push(String::new()),
            (Some(word), Some(kept)) => word.push(kept),
            _ => {}
        }
    }
    let mut settings = Vec::new();
    let mut words = words.iter().map(String::as_str).filter(|it| !it.is_empty());
    while let Some(word) = words.next() {
        let setting = match word {
            "-c" => words.next(),
            word => word.strip_prefix("--").or_else(|| word.strip_prefix("-c")),
        };
        if let Some((name, value)) = setting.and_then(|it| it.split_once('=')) {
            settings.push((name.replace('-', "_"), value.to_owned()));
        }
    }
    settings
}

/// A time as PostgreSQL writes one: a number of milliseconds, or with its unit.
fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.trim().trim_end_matches(|it: char| !it.is_ascii_digit());
    let unit = text.trim().strip_prefix(digits)?.trim();
    let factor = match unit {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    #[test]
    fn times_are_read_as_they_are_written() {
        assert_eq!(milliseconds("200"), Some(200));
        assert_eq!(milliseconds("200ms"), Some(200));
        assert_eq!(milliseconds("2 s"), Some(2_000));
        assert_eq!(milliseconds("1min"), Some(60_000));
        assert_eq!(milliseconds("soon"), None);
        assert_eq!(milliseconds("99999999999999999999"), None);
    }

    #[test]
    fn settings_come_with_the_login_in_both_forms() {
        let check = |text: &str, settings: &[(&str, &str)]| {
            let found = in_options(text);
            let found: Vec<_> = found.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
            assert_eq!(found, settings, "{text}");
        };
        check("", &[]);
        check("-c quorate.purpose=transport", &[("quorate.purpose", "transport")]);
        check(
            "-cgeqo=off  --statement-timeout=5min",
            &[("geqo", "off"), ("statement_timeout", "5min")],
        );
        check(r"-c quorate.purpose=retail\ planning -c", &[("quorate.purpose", "retail planning")]);
    }

    #[test]
    fn a_cursor_gives_each_row_once_in_order() {
        let batch = |values: &[i64]| {
            let column: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
            RecordBatch::try_from_iter([("n", column)]).unwrap()
        };
        let rows = vec![batch(&[1, 2, 3]), batch(&[]), batch(&[4, 5])];
        let mut cursor = Cursor { schema: rows[0].schema(), rows: rows.into(), held: None };
        let mut counts = Vec::new();
        for wanted in [2, 2, 0, 9, 1] {
            counts.push(cursor.take(wanted).iter().map(RecordBatch::num_rows).sum::<usize>());
        }
        assert_eq!(counts, [2, 2, 0, 1, 0]);
    }
}
