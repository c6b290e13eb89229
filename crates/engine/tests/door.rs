//! The door and the vault, from raw files to a snapshot.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test may fail and say why")]

mod door {
    mod contract;
    mod contracts;
    mod crash;
    mod days;
    mod delta;
    mod facts;
    mod fixture;
    mod formats;
    mod fuzz;
    mod identity;
    mod keys;
    mod layouts;
    mod locality;
    mod mapping;
    mod objections;
    mod people;
    mod places;
    mod plan;
    mod public_data;
    mod quarantine;
    mod reasons;
    mod retention;
    mod rights;
    mod sealing;
}
