//! Evaluation twin: synthetic people and tables from released numbers only.
//!
//! In go published release folders of one month, as anybody can read them; out comes a folder of
//! people who do not exist, for those who evaluate before they buy. No vault, ledger, key or network is
//! in reach of this crate, and no number but printed ones: two releases that print the same give the
//! same twin. The model and its limits: docs/twin.md.

mod chance;
mod doing;
mod error;
mod family;
mod fidelity;
mod fit;
mod folder;
mod make;
mod microdata;
mod model;
mod number;
mod page;
mod people;
mod places;
mod recount;
mod release;
mod rows;
mod space;
mod table;

pub use error::{Error, Result};
pub use fidelity::{Agreement, Cell, Class, Fidelity, TableAgreement};
pub use make::{Request, Twin, make};

/// The product whose tables say who the people are.
pub(crate) const RESIDENTS: &str = "residents";

/// The mark: the first column of every row, a key of every JSON and Parquet file.
pub const MARK: &str = "synthetic";

/// What every file of a twin says about itself.
pub const NOTICE: &str = "Made by a program from released numbers: nobody here exists. \
    Exempt from \"50 or more\". Never to be mixed with releases.";

/// The most people that are made when nobody says how many: files of about a gigabyte.
pub(crate) const PEOPLE_USUAL_MAX: u64 = 1_000_000;

/// The most people that are made at all: their numbers and ids have eight digits.
pub const PEOPLE_MAX: u64 = 99_999_999;
