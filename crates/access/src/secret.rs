//! Passwords, and what is kept of them.
//!
//! Of a password the store keeps the salted password of SCRAM-SHA-256 (RFC 5802, `SaltedPassword`;
//! RFC 7677): PBKDF2-HMAC-SHA-256 over the password after SASLprep (RFC 4013), encrypted with the
//! account key ([`key`]). The server's half of SCRAM needs it, and who holds it can log in.

pub(crate) mod key;

use std::borrow::Cow;

use sha2::Sha256;
use zeroize::Zeroizing;

use crate::entropy;
use crate::error::{AccessError, Result};

/// 10,000: over twice what RFC 7677 asks at least, a few milliseconds at each login.
///
/// Clients of SCRAM repeat the same work, some of them in a scripting language, at each connection.
/// A guesser needs the account key before any number of iterations matters.
pub const ITERATIONS: u32 = 10_000;

/// 4096: the least that RFC 7677 allows.
const ITERATIONS_RFC_MIN: u32 = 4096;
const _: () = assert!(ITERATIONS >= ITERATIONS_RFC_MIN);

/// 12 characters: NIST 800-63B asks at least 8, and 15 where nothing else is asked for. Between the
/// two, as guessing over the wire is slow and the store is encrypted.
const CHARACTERS_MIN: usize = 12;

/// 1024 bytes: longer than any passphrase, short enough that preparing it costs nothing.
const BYTES_MAX: usize = 1024;

/// A salt.
pub(crate) type Salt = [u8; 16];

/// A salted password: wiped when it is dropped.
pub(crate) type Salted = Zeroizing<[u8; 32]>;

/// The salted password of `password`.
///
/// What SASLprep refuses is taken as it is, as PostgreSQL and its clients do; [`check`] lets no such
/// password in, so that none is ever right.
pub(crate) fn salted(password: &str, salt: &[u8], iterations: u32) -> Salted {
    let short = if password.len() <= BYTES_MAX { password } else { "" };
    let prepared = stringprep::saslprep(short).unwrap_or(Cow::Borrowed(short));
    let bytes = prepared.as_bytes();
    Zeroizing::new(pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(bytes, salt, iterations))
}

/// Refuses a password that is easily guessed or that another program would send differently.
///
/// # Errors
/// `A03`; the message never holds the password.
pub(crate) fn check(password: &str) -> Result<()> {
    let refuse = |what: String| {
        Err(AccessError::input("A03", what)
            .allowed(format!("{CHARACTERS_MIN} characters or more, and at most {BYTES_MAX} bytes"))
            .remedy("take a few random words, or let one be made"))
    };
    if password.len() > BYTES_MAX {
        return refuse(format!("the password has {} bytes", password.len()));
    }
    let Ok(prepared) = stringprep::saslprep(password) else {
        return refuse("the password has characters that not every program can send".to_owned());
    };
    match prepared.chars().count() {
        0..CHARACTERS_MIN => {
            refuse(format!("the password has fewer than {CHARACTERS_MIN} characters"))
        }
        _ => Ok(()),
    }
}

/// A random password of 130 bits: 26 characters that no two of which are mistaken for each other.
///
/// # Errors
/// `F07` when the system's random generator fails.
pub fn generate_password() -> Result<Zeroizing<String>> {
    let random = Zeroizing::new(entropy::fresh::<{ LETTERS }>()?);
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte % 32)]);
    Ok(Zeroizing::new(random.iter().map(letter).collect()))
}

/// Crockford's alphabet in small letters: without i, l, o and u. Of 32 letters each byte picks one
/// with the same chance.
const ALPHABET: [u8; 32] = *b"0123456789abcdefghjkmnpqrstvwxyz";

/// 26: the fewest letters of 5 bits that hold 128 bits.
const LETTERS: usize = 26;
const _: () = assert!(LETTERS * 5 >= 128 && (LETTERS - 1) * 5 < 128);
const _: () = assert!(LETTERS >= CHARACTERS_MIN);

#[cfg(test)]
mod tests;
