//! What goes wrong in a real feed, planted at the world's rates and counted.

use std::collections::BTreeMap;

use crate::chance::{Purpose, Weighted, stream};
use crate::rates::Rates;

/// A fault of an extra row, or of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    NullId,
    UnknownSubscriber,
    UnknownCell,
    CellNotValid,
    BadTime,
    Duplicate,
    HostWithPath,
    BadHost,
    SuspiciousJump,
    SameTimeElsewhere,
}

impl Wrong {
    pub const fn name(self) -> &'static str {
        match self {
            Self::NullId => "null_id",
            Self::UnknownSubscriber => "unknown_subscriber",
            Self::UnknownCell => "unknown_cell",
            Self::CellNotValid => "cell_not_valid",
            Self::BadTime => "bad_time",
            Self::Duplicate => "duplicate",
            Self::HostWithPath => "host_with_path",
            Self::BadHost => "bad_host",
            Self::SuspiciousJump => "suspicious_jump",
            Self::SameTimeElsewhere => "same_time_elsewhere",
        }
    }
}

/// Draws, for one file, after which rows a wrong one follows.
pub(super) struct Mischief {
    rng: fastrand::Rng,
    kinds: Vec<Wrong>,
    weights: Weighted,
    /// How often any follows.
    share: f64,
    pub planted: BTreeMap<String, u64>,
}

impl Mischief {
    pub fn in_events(rates: &Rates, seed: u64, day: u64) -> Self {
        use Wrong::{
            BadTime, CellNotValid, Duplicate, NullId, SameTimeElsewhere, SuspiciousJump,
            UnknownCell, UnknownSubscriber,
        };
        let kinds = [
            (NullId, rates.null_id),
            (UnknownSubscriber, rates.unknown_subscriber),
            (UnknownCell, rates.unknown_cell),
            (CellNotValid, rates.cell_not_valid),
            (BadTime, rates.bad_time),
            (Duplicate, rates.duplicate),
            (SuspiciousJump, rates.suspicious_jump),
            (SameTimeElsewhere, rates.same_time_elsewhere),
        ];
        Self::new(seed, day, 0, &kinds)
    }

    pub fn in_web(rates: &Rates, seed: u64, day: u64) -> Self {
        use Wrong::{BadHost, BadTime, Duplicate, HostWithPath, NullId, UnknownSubscriber};
        let kinds = [
            (NullId, rates.null_id),
            (UnknownSubscriber, rates.unknown_subscriber),
            (BadTime, rates.bad_time),
            (Duplicate, rates.duplicate),
            (HostWithPath, rates.host_with_path),
            (BadHost, rates.bad_host),
        ];
        Self::new(seed, day, 1, &kinds)
    }

    fn new(seed: u64, day: u64, table: u64, kinds: &[(Wrong, f64)]) -> Self {
        Self {
            rng: stream(seed, Purpose::Wrong, day, table),
            kinds: kinds.iter().map(|it| it.0).collect(),
            weights: Weighted::new(kinds.iter().map(|it| it.1)),
            share: kinds.iter().map(|it| it.1).sum(),
            planted: BTreeMap::new(),
        }
    }

    /// The fault of a row to add here, if any.
    pub fn next(&mut self) -> Option<Wrong> {
        if self.rng.f64() >= self.share {
            return None;
        }
        self.kinds.get(self.weights.pick(self.rng.f64())).copied()
    }

    /// Counts a fault that was planted.
    pub fn count(&mut self, wrong: &str) {
        *self.planted.entry(wrong.to_owned()).or_default() += 1;
    }

    /// A number for the details of a wrong row.
    pub fn number(&mut self) -> u32 {
        self.rng.u32(..)
    }
}
