//! The subcommands.

pub mod demo;
pub mod ingest;
pub mod init;
pub mod keys;
pub mod ledger;
pub mod plan;
pub mod policy;
pub mod purge;
pub mod quarantine;
pub mod query;
pub mod release;
pub mod serve;
pub mod simulate;
pub mod subject;
pub mod token;
pub mod user;

use engine::{Error, Result};

use crate::output::Output;

/// Program and version, for pages and manifests.
pub const PROGRAM: &str = concat!("quorate ", env!("CARGO_PKG_VERSION"));

/// The digest of the program that runs.
pub fn code_hash() -> Result<String> {
    let path = std::env::current_exe();
    let path = path.map_err(|cause| Error::fault("F06", format!("which program am I: {cause}")))?;
    let mut hasher = blake3::Hasher::new();
    let read = std::fs::File::open(&path).and_then(|file| hasher.update_reader(file).map(drop));
    read.map_err(|cause| engine::error::io_error("read", &path, &cause))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Says that another command is waited for.
pub fn waiting() {
    Output::note("waiting for another command that writes to the ledger");
}

/// A count with separators of thousands.
pub fn thousands(count: impl TryInto<u64>) -> String {
    let digits = count.try_into().map_or_else(|_| String::new(), |it: u64| it.to_string());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
