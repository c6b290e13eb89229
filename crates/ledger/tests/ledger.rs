//! The ledger against crashes, tampering, rollback and crowds of askers, and its proofs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ledger {
    mod charges;
    mod fixture;
    mod proofs;
    mod tampering;
}
