//! Release folders: the files that leave, and the only ones that do.
//!
//! A folder appears complete or not at all. It is written beside, made durable, recorded in the
//! ledger by the digest of its manifest, then renamed into place; a crash between the last two
//! steps is finished by the next command.

mod csvw;
mod finest;
mod folder;
mod manifest;
mod page;
mod parquet;
mod quality;
mod shares;
mod sheet;
mod weights;
mod word;

pub use folder::{Draft, Publication, recover};
pub use manifest::{
    Manifest, MarginalRecord, QuantilesRecord, QuestionRecord, SumRecord, WeightsRecord,
};
pub use page::{Account, overview};
pub use quality::{Dilution, QualityRecord, Share};
pub use shares::{COLUMNS as SHARE_COLUMNS, Shares};
pub use sheet::{ALL, OTHER, Row, Sheet};
pub(crate) use weights::{Ground, weighted};
pub use word::Word;
