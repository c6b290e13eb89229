//! What others connect to: published pages, and statements over the PostgreSQL protocol.
//!
//! A wire says what it was asked and how to write the answer down; what a statement comes to is decided in one
//! place for all of them ([`service`]). The catalog that client programs read holds no table of people.

mod catalog;
mod pages;
mod postgres;
mod service;

pub use pages::Pages;
pub use postgres::{Postgres, Tls};
pub use service::{Service, of_access};
