//! Quorate: simulator.
