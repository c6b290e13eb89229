//! A generated mobile operator: raw files as a real one has them, and the truth beside.
//!
//! Nobody in it exists. The same [`World`] gives the same bytes, on any number of threads. Only a
//! simulation knows the truth, so nothing but tests and the demo may read it.

mod blocks;
mod chance;
mod customers;
mod day;
mod land;
mod life;
mod place;
mod rates;
mod sites;
mod table;
pub mod truth;
mod world;

pub use rates::{RATES, Rate, Rates};
pub use truth::Truth;
pub use world::{Format, Progress, SimulateError, Spread, Summary, World, simulate};
