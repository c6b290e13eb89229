//! The ledger: what was charged to every person, and what was published for it.
//!
//! Append-only and hash-chained; a charge is durable before its [`Receipt`] exists, and without a
//! receipt nothing is drawn. `verify` names the first byte that lies. The proof is in charge.md.

mod anchor;
mod books;
mod charge;
mod checkpoint;
pub mod disk;
mod entry;
mod error;
mod history;
mod proof;
mod reader;
mod storage;
mod tree;
mod verify;

pub use charge::{ChargeRequest, Ledger, Receipt, WrongPlan};
pub use checkpoint::{Checkpoint, CheckpointError, CheckpointSigner, CheckpointVerifier};
pub use entry::{Charge, ChargeId, Entry, PlanHash, Publication, Record};
pub use error::{ChargeError, LedgerError};
pub use history::{Charged, History, State};
pub use proof::{ConsistencyProof, InclusionProof, ProofError};
pub use reader::Reader;
pub use verify::{Verified, audit, verify};
