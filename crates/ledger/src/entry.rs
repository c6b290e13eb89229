//! The entries of the ledger: one line each, `digest json`, the digest chaining it to all before.
//!
//! digest = BLAKE3(previous digest ‖ json), so a line that was touched fails at itself.

use std::fmt;

use privacy::Budget;
use serde::{Deserialize, Serialize};

/// The digest of a canonical plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanHash(pub [u8; 32]);

impl fmt::Display for PlanHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// The name of a charge: `c` and its place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChargeId(String);

impl ChargeId {
    pub(crate) fn at(place: u64) -> Self {
        Self(format!("c{place:06}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ChargeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its place, from 0.
    pub place: u64,
    /// When it was written, RFC 3339.
    pub at: String,
    /// What it records.
    pub record: Record,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Record {
    /// Every person paid for a plan.
    Charge(Charge),
    /// The plan's release was published.
    Publication(Publication),
}

/// A charge: durable before any draw, never refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charge {
    /// Its name.
    pub id: ChargeId,
    /// Digest of the canonical plan, in hexadecimal.
    pub plan_hash: String,
    /// The product.
    pub product: String,
    /// The period, which is the meter's key whatever the snapshot.
    pub period: String,
    /// The snapshot that was read.
    pub snapshot: String,
    /// For whom.
    pub partner: String,
    /// What every person paid in ρ, exactly.
    pub rho: String,
    /// What every person paid in δ, exactly.
    pub delta: String,
    /// What the period allowed every person in ρ when this was charged.
    pub cap_rho: String,
    /// What the period allowed every person in δ when this was charged.
    pub cap_delta: String,
}

impl Charge {
    /// The cost, or `None` when a figure is not one that this ledger writes.
    #[must_use]
    pub fn cost(&self) -> Option<Budget> {
        Some(Budget { rho: self.rho.parse().ok()?, delta: self.delta.parse().ok()? })
    }

    /// The caps in force then, or `None` when a figure is not one that this ledger writes.
    #[must_use]
    pub fn caps(&self) -> Option<Budget> {
        Some(Budget { rho: self.cap_rho.parse().ok()?, delta: self.cap_delta.parse().ok()? })
    }
}

/// A publication: where the release of a charge can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// The charge that paid.
    pub charge: ChargeId,
    /// The release.
    pub release: String,
    /// Digest of its manifest, in hexadecimal.
    pub manifest_hash: String,
}

/// The digest of an entry's JSON after everything before it.
pub(crate) fn digest(previous: &str, json: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(previous.as_bytes());
    hasher.update(json);
    hasher.finalize().to_hex().to_string()
}

/// The digest before the first entry.
pub(crate) fn genesis() -> String {
    blake3::hash(b"").to_hex().to_string()
}

/// The line of an entry, its line end included.
pub(crate) fn line(digest: &str, json: &[u8]) -> Vec<u8> {
    [digest.as_bytes(), b" ", json, b"\n"].concat()
}
