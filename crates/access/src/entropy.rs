//! Random bytes of the operating system: salts, nonces, keys, tokens. Never noise.

use crate::error::{AccessError, Result};

/// `N` random bytes.
///
/// # Errors
/// `F07` when the system's generator fails.
pub(crate) fn fresh<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|cause| AccessError::fault("F07", format!("no random bytes: {cause}")))?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
