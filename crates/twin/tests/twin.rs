//! The twin as those see it who make one: folders in, a folder out.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "twin/sample.rs"]
mod sample;

#[path = "twin/command_line.rs"]
mod command_line;
#[path = "twin/figures.rs"]
mod figures;
#[path = "twin/marks.rs"]
mod marks;
#[path = "twin/printed.rs"]
mod printed;
