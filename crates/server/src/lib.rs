//! Quorate: server.
