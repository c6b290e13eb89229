//! Generated worlds against what they say of themselves: the same bytes for the same seed, whole areas, a
//! real operator's density, and a truth that a slow reader of the raw files agrees with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod world {
    mod files;
    mod fixture;
    mod numbers;
    mod reader;
    mod truth;
}
