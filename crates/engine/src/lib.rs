//! The engine: the only crate that plans and runs over subscriber data.
//!
//! One way in (`door`), one place to stay (`vault`), one way out (`release`).

pub mod error;
pub mod time;

pub use error::{Error, Kind, Result};
pub use time::{Clock, Period, SystemClock};
