//! Settings of a session.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::common::Result;
use datafusion::datasource::MemTable;

use super::SERVER_VERSION;

/// Settings that clients set and read, and what they are at first; any other is refused.
pub const SETTINGS: [(&str, &str); 26] = [
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_encoding", "UTF8"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_isolation", "repeatable read"),
    ("default_transaction_read_only", "on"),
    ("extra_float_digits", "1"),
    ("idle_in_transaction_session_timeout", "0"),
    ("integer_datetimes", "on"),
    ("intervalstyle", "postgres"),
    ("lock_timeout", "0"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("quorate.purpose", ""),
    ("row_security", "on"),
    ("search_path", ""),
    ("server_encoding", "UTF8"),
    ("session_authorization", ""),
    ("server_version", SERVER_VERSION),
    ("server_version_num", "160006"),
    ("standard_conforming_strings", "on"),
    ("statement_timeout", "0"),
    ("timezone", "UTC"),
    ("transaction_isolation", "repeatable read"),
    ("transaction_read_only", "on"),
];

/// The settings and what they are at first, as a table.
///
/// # Errors
/// None that is known.
pub fn table() -> Result<MemTable> {
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(SETTINGS.iter().map(|it| it.0)));
    let first: ArrayRef = Arc::new(StringArray::from_iter_values(SETTINGS.iter().map(|it| it.1)));
    let rows = RecordBatch::try_from_iter([("name", names), ("setting", first)])?;
    MemTable::try_new(rows.schema(), vec![vec![rows]])
}
