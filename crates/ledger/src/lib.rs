//! Quorate: ledger.
