//! What a source may send beside what its mapping names: the columns that it came with first.
//!
//! A new column may be a new kind of personal data, so by default it stops the batch until somebody has
//! looked (`freeze`). A mapping may say otherwise: take it as known from now on (`evolve`), leave out rows
//! that have a value there (`discard_row`), or never look at it (`discard_value`). Whatever it says, no
//! column is read that the mapping does not name. Source: inputs (contract modes).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::rows::column_names;
use super::source::SourceFile;
use crate::error::{Error, Result};

/// What becomes of a column that was not there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContractMode {
    /// The batch is refused.
    #[default]
    Freeze,
    /// It belongs to the contract from now on.
    Evolve,
    /// Rows with a value there are dropped and counted.
    DiscardRow,
    /// It is passed over.
    DiscardValue,
}

/// The columns that each mapping's files came with, by mapping.
pub type Contracts = BTreeMap<String, BTreeSet<String>>;

/// Holds `files` to the contracts, and notes new ones.
///
/// # Errors
/// `I36` when a file has a new column that its mapping does not let pass; `I24` when it is damaged.
pub fn hold(files: &mut [SourceFile], contracts: &mut Contracts) -> Result<()> {
    let known = contracts.clone();
    for file in files {
        let names = column_names(file)?;
        let mapping = &file.mapping;
        let Some(contract) = known.get(&mapping.name) else {
            contracts.entry(mapping.name.clone()).or_default().extend(names);
            continue;
        };
        let new: Vec<String> = names.into_iter().filter(|it| !contract.contains(it)).collect();
        match mapping.contract {
            _ if new.is_empty() => {}
            ContractMode::Freeze => return Err(refused(file, contract, &new)),
            ContractMode::Evolve => {
                contracts.entry(mapping.name.clone()).or_default().extend(new);
            }
            ContractMode::DiscardRow => file.off_contract = new,
            ContractMode::DiscardValue => {}
        }
    }
    Ok(())
}

fn refused(file: &SourceFile, contract: &BTreeSet<String>, new: &[String]) -> Error {
    let known: Vec<&str> = contract.iter().map(String::as_str).collect();
    Error::input("I36", format!("the file has columns that were never there: {}", new.join(", ")))
        .at(format!("{}, {}", file.mapping.path.display(), file.path.display()))
        .allowed(format!("the columns so far: {}", known.join(", ")))
        .remedy(
            "find out what they hold; then say contract = \"evolve\", \"discard_row\" or \
             \"discard_value\" in the mapping",
        )
}
