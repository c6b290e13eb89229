//! Looks at the first rows of a file, so that a wrong mapping is found before anything is loaded.

use super::SourceRows;
use crate::door::schema::{Class, Kind};
use crate::door::source::SourceFile;
use crate::error::{Error, Result};
use arrow::array::Array;

/// 1,024: enough to see that a whole column is of another kind.
const SAMPLE_ROWS: usize = 1 << 10;

/// Checks a file against its mapping on its header, schema and first rows.
///
/// # Errors
/// `I23` when there is no row; `I24`, `I32`, `I33`, `I35` as [`SourceRows::open`]; `I33` too when
/// none of the first values of a column can be read as its kind.
pub fn inspect(file: &SourceFile) -> Result<()> {
    let mut rows = SourceRows::open_with(file, SAMPLE_ROWS)?;
    let Some(chunk) = rows.next_chunk()?.filter(|it| it.rows > 0) else {
        if file.mapping.class == Class::OptOut {
            // Nobody objects: that is a message too.
            return Ok(());
        }
        return Err(Error::input("I23", "the file holds no row")
            .at(file.path.display())
            .remedy("deliver it again, or take it out of the source"));
    };
    let mapping = &file.mapping;
    for (number, column) in mapping.class.columns().iter().enumerate() {
        let readable = chunk.columns[number].null_count() < chunk.rows;
        let Some(name) = mapping.columns.get(column.name) else { continue };
        // An optional column may be empty from end to end; a mandatory one may not.
        if !readable && column.mandatory && column.kind != Kind::Text {
            return Err(Error::input(
                "I33",
                format!(
                    "none of the first {} values of the column `{name}` can be read",
                    chunk.rows
                ),
            )
            .at(format!(
                "{}, [columns] {} = \"{name}\", file {}",
                mapping.path.display(),
                column.name,
                file.path.display()
            ))
            .allowed(column.kind.describe(mapping.time)));
        }
    }
    Ok(())
}
