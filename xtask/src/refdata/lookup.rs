//! Which postcodes are streets: the small users of the ONS postcode look-up.
//!
//! A post office box or the post room of a bank is a bag of letters; districts made of such
//! postcodes alone (`CR9`, `NE98`) are no places.

use std::collections::HashSet;
use std::io::Cursor;
use std::path::Path;

use sevenz_rust2::{ArchiveEntry, ArchiveReader, Password};

use super::Failure;

/// The user type of a small user; a large user of mail has 1.
const SMALL_USER: &[u8] = b"0";

/// Small users' postcodes without spaces, from the compressed table.
pub(crate) fn small_users(archive: Vec<u8>) -> Result<HashSet<Vec<u8>>, Failure> {
    let mut archive = ArchiveReader::new(Cursor::new(archive), Password::empty())?;
    let mut files = archive.archive().files.iter().map(ArchiveEntry::name);
    let is_table = |name: &&str| Path::new(name).extension().is_some_and(|it| it == "csv");
    let table = files.find(is_table).ok_or("the look-up has no table")?.to_owned();
    let bytes = archive.read_file(&table)?;
    let mut rows = csv::Reader::from_reader(bytes.as_slice());
    let header = rows.byte_headers()?.clone();
    let column = |name: &str| {
        let at = header.iter().position(|it| it == name.as_bytes());
        at.ok_or_else(|| format!("the look-up has no column `{name}`"))
    };
    let (postcode, user) = (column("pcds")?, column("usertype")?);
    let mut found = HashSet::new();
    let mut row = csv::ByteRecord::new();
    while rows.read_byte_record(&mut row)? {
        if row.get(user) == Some(SMALL_USER) {
            let postcode = row.get(postcode).unwrap_or_default();
            found.insert(postcode.iter().copied().filter(|it| *it != b' ').collect());
        }
    }
    Ok(found)
}
