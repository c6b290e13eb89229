//! Counts as fractions and back: the only casts of this crate.

/// A count for arithmetic; exact below 2⁵³.
#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "people are below 2^53")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

/// The whole part of a number that is not negative; 0 for one that is.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is cut off is the point of it; the cast saturates"
)]
pub(crate) fn whole(value: f64) -> u64 {
    value as u64
}

/// A stored position for indexing.
pub(crate) fn index(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// A position for storing; lists of this crate are shorter than 2³².
pub(crate) fn position(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A length for counting.
pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
