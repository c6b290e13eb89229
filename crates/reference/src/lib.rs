//! Quorate: reference.
