//! Where the raw identifier dies.
//!
//! Takes an id as the operator knows it; returns 128 bits that mean nothing without the period's
//! key. Guarantee: [`Pseudonymiser::digest`] is the only function that sees raw bytes, and it
//! keeps none. Destroying the key makes the period unlinkable.
//! Source: BLAKE3 keyed hash (O'Connor et al. 2020, §2.3), cut to its first 128 bits.

use crate::keys::PseudonymKey;

/// Makes pseudonyms of one period.
#[derive(Clone)]
pub struct Pseudonymiser {
    subscriber: [u8; 32],
    account: [u8; 32],
}

impl Pseudonymiser {
    /// The pseudonyms under `key`.
    #[must_use]
    pub fn new(key: &PseudonymKey) -> Self {
        // An account and a subscriber of the same id must not share a pseudonym.
        let account = *blake3::keyed_hash(key.bytes(), b"account").as_bytes();
        Self { subscriber: *key.bytes(), account }
    }

    /// The pseudonym of a subscriber.
    #[must_use]
    pub fn subscriber(&self, id: &str) -> u128 {
        Self::digest(&self.subscriber, id)
    }

    /// The pseudonym of an account.
    #[must_use]
    pub fn account(&self, id: &str) -> u128 {
        Self::digest(&self.account, id)
    }

    /// The pseudonym of another user of an account than its holder.
    #[must_use]
    pub fn user(&self, subscriber: u128, account: u128) -> u128 {
        let both = [account.to_be_bytes(), subscriber.to_be_bytes()].concat();
        let digest = blake3::keyed_hash(&self.account, &both);
        digest.as_bytes().iter().take(16).fold(0, |word, byte| word << 8 | u128::from(*byte))
    }

    fn digest(key: &[u8; 32], id: &str) -> u128 {
        let digest = blake3::keyed_hash(key, id.as_bytes());
        let bytes = digest.as_bytes().iter().take(16);
        bytes.fold(0, |word, byte| word << 8 | u128::from(*byte))
    }
}

/// The draw token of a person: the first 32 bits of the pseudonym that names the person.
#[must_use]
pub fn token(pseudonym: u128) -> u32 {
    u32::try_from(pseudonym >> 96).unwrap_or_default()
}
