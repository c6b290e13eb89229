//! What others connect to: published pages, and statements over the PostgreSQL protocol, Arrow Flight SQL and HTTP.
//!
//! A wire says what it was asked and how to write the answer down; what a statement comes to is decided in one
//! place for all of them ([`service`]). The catalog that client programs read holds no table of people.

mod basic;
mod catalog;
pub mod flight;
mod guarded;
pub mod http;
mod limits;
mod listen;
mod literal;
mod metrics;
mod pages;
pub mod postgres;
mod route;
mod service;

pub use listen::{Port, Tls};
pub use pages::Pages;
pub use service::{Service, of_access, pace};
