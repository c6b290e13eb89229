//! The engine: the only crate that plans and runs over subscriber data.
//!
//! One way in (`door`), one place to stay (`vault`), one way out (`release`).

pub mod count;
pub mod dimension;
pub mod door;
pub mod error;
pub mod instance;
pub mod keys;
pub mod plan;
pub mod policy;
pub mod product;
pub mod publish;
pub mod query;
pub mod release;
pub mod report;
pub mod retention;
pub mod run;
pub mod time;
pub mod vault;

pub use count::Sealed;
pub use error::{Error, Kind, Result};
pub use instance::Instance;
pub use release::Released;
pub use time::{Clock, Period, SystemClock};
