//! Questions in SQL, from the statement to the answer, over an operator that came through the door.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test may fail and say why"
)]

#[path = "door/fixture.rs"]
#[expect(dead_code, reason = "the tests of the door use the rest")]
mod door;

mod questions {
    mod again;
    mod canary;
    mod database;
    mod files;
    mod incident;
    mod oracle;
    mod page;
    mod person;
    mod places;
    mod wire;
    mod world;
}
