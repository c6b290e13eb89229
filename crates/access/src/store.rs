//! The account store: one SQLite file, readable by its owner alone.
//!
//! Every change is one transaction and durable when the call returns. A rollback journal rather than
//! a write-ahead log: accounts change a few times a day, and at rest the store is one file, which can
//! be copied as it is. Freed pages are overwritten, so that a replaced secret is gone.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Row, Transaction, TransactionBehavior};

use crate::error::{AccessError, Result};
use crate::secret::ITERATIONS;
use crate::secret::key::{self, AccountKey};

/// The store's file in the instance's folder.
const FILE: &str = "accounts.sqlite";

/// The layout that this program reads and writes: `PRAGMA user_version`.
const VERSION: i64 = 1;

const SCHEMA: &str = "
    CREATE TABLE key (mark BLOB NOT NULL) STRICT;
    CREATE TABLE user (
        name TEXT NOT NULL PRIMARY KEY,
        role TEXT NOT NULL CHECK (role IN ('engineer', 'officer', 'analyst', 'buyer')),
        partner TEXT CHECK ((partner IS NOT NULL) = (role IN ('analyst', 'buyer'))),
        created TEXT NOT NULL,
        disabled TEXT,
        salt BLOB NOT NULL,
        iterations INTEGER NOT NULL,
        secret BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE token (
        id TEXT NOT NULL PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        user TEXT NOT NULL REFERENCES user (name),
        label TEXT NOT NULL,
        scopes TEXT NOT NULL,
        created TEXT NOT NULL,
        expires TEXT NOT NULL,
        revoked TEXT
    ) STRICT, WITHOUT ROWID;
    PRAGMA user_version = 1;
";

/// How a connection behaves; `EXTRA` makes the end of a transaction durable in the folder too.
const CONNECTION: &str = "
    PRAGMA journal_mode = DELETE;
    PRAGMA synchronous = EXTRA;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
";

/// How long one process waits for another's change.
const WAIT: Duration = Duration::from_secs(10);

/// The accounts of an instance: users, their secrets, their tokens.
///
/// It may be shared among threads, and opened by several processes at once.
pub struct Accounts {
    connection: Mutex<Connection>,
    path: PathBuf,
    pub(crate) key: AccountKey,
    /// [`ITERATIONS`], but fewer in tests.
    pub(crate) iterations: u32,
}

impl Accounts {
    /// Opens the store of the instance at `dir`, whose key is in `keys_dir`; makes both when there
    /// is no store yet.
    ///
    /// # Errors
    /// `A04` when the store or its key is damaged, missing, or not the other's; a fault when the disk
    /// or the random generator fails.
    pub fn open(dir: &Path, keys_dir: &Path) -> Result<Self> {
        let path = dir.join(FILE);
        // In this order: whoever sees a store sees the key that was made before it.
        let key = if path.exists() {
            AccountKey::of_store(keys_dir)?
        } else {
            AccountKey::for_new_store(keys_dir)?
        };
        make_private(&path)?;
        let mut connection = connect(&path).map_err(|cause| damaged(&path, &cause))?;
        let mark = prepare(&mut connection, &path, &key)?;
        if mark != key.mark() {
            return Err(AccessError::fault("A04", "the key is not the one of this account store")
                .at(key::path(keys_dir).display())
                .remedy(key::RESTORE));
        }
        Ok(Self { connection: Mutex::new(connection), path, key, iterations: ITERATIONS })
    }

    /// Reads under one lock.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        read(&self.lock()).map_err(|cause| damaged(&self.path, &cause))
    }

    /// Changes all or nothing: what `change` did is undone when it fails.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&Change<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.map_err(|cause| damaged(&self.path, &cause))?;
        let change_of = Change { transaction, path: &self.path };
        let done = change(&change_of)?;
        change_of.transaction.commit().map_err(|cause| damaged(&self.path, &cause))?;
        Ok(done)
    }

    /// A thread that panicked left no half of a change behind: its transaction was undone.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transaction under way.
pub(crate) struct Change<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
}

impl Change<'_> {
    /// Runs one statement; how many rows it changed.
    pub(crate) fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.transaction.execute(sql, values).map_err(|cause| damaged(self.path, &cause))
    }

    /// The first row of a query, if there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        row: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        use rusqlite::OptionalExtension as _;
        let found = self.transaction.query_row(sql, values, row).optional();
        found.map_err(|cause| damaged(self.path, &cause))
    }
}

/// Makes an empty file that its owner alone may read, or takes others' rights to one that is there.
///
/// SQLite gives its journal the rights of the file.
fn make_private(path: &Path) -> Result<()> {
    let make = || match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => {
            file.sync_all()?;
            path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        }
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
            let rights = fs::metadata(path)?.permissions().mode();
            match rights & 0o077 {
                0 => Ok(()),
                _ => fs::set_permissions(path, Permissions::from_mode(0o600)),
            }
        }
        Err(cause) => Err(cause),
    };
    make().map_err(|cause| AccessError::disk("make the account store", path, &cause))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(WAIT)?;
    connection.execute_batch(CONNECTION)?;
    Ok(connection)
}

/// Lays out an empty store, once, and returns the mark of the key it was made with.
fn prepare(connection: &mut Connection, path: &Path, key: &AccountKey) -> Result<Vec<u8>> {
    let fault = |cause: rusqlite::Error| damaged(path, &cause);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
    let number = |sql: &str| transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
    let version = number("PRAGMA user_version").map_err(fault)?;
    let tables = number("SELECT count(*) FROM sqlite_schema").map_err(fault)?;
    match (version, tables) {
        (0, 0) => {
            transaction.execute_batch(SCHEMA).map_err(fault)?;
            let mark = key.mark().as_slice();
            transaction.execute("INSERT INTO key (mark) VALUES (?1)", [mark]).map_err(fault)?;
        }
        (VERSION, _) => (),
        _ => {
            return Err(AccessError::fault("A04", "this is not an account store that can be read")
                .at(path.display())
                .allowed(format!("layout {VERSION}; this is layout {version}"))
                .remedy("use the version of the program that wrote it, or restore a backup"));
        }
    }
    let mark =
        transaction.query_row("SELECT mark FROM key", [], |row| row.get(0)).map_err(fault)?;
    transaction.commit().map_err(fault)?;
    Ok(mark)
}

const BACKUP: &str = "restore accounts.sqlite from a backup";

/// What SQLite says, for the operator: it names tables and files, and no values of rows.
fn damaged(path: &Path, cause: &rusqlite::Error) -> AccessError {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull, ReadOnly};
    let remedy = match cause.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => "another program holds it: run again",
        Some(DiskFull) => "free disk space and run again",
        Some(ReadOnly) => "make the file and its folder writable for this user",
        _ => BACKUP,
    };
    AccessError::fault("A04", format!("the account store failed: {cause}"))
        .at(path.display())
        .remedy(remedy)
}

#[cfg(test)]
pub(crate) mod tests;
