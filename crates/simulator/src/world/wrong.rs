//! What goes wrong in a real feed, planted at small rates and counted.

use std::collections::BTreeMap;

use crate::chance::{Purpose, stream};

/// A fault of one extra row.
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
        }
    }
}

/// One in so many rows is followed by a wrong one.
const ONE_IN: u32 = 400;

/// Draws, for one file, after which rows a wrong one follows.
pub(super) struct Mischief {
    rng: fastrand::Rng,
    kinds: &'static [Wrong],
    pub planted: BTreeMap<String, u64>,
}

impl Mischief {
    pub fn in_events(seed: u64, day: u64) -> Self {
        use Wrong::{BadTime, CellNotValid, Duplicate, NullId, UnknownCell, UnknownSubscriber};
        Self::new(
            seed,
            day,
            0,
            &[NullId, UnknownSubscriber, UnknownCell, CellNotValid, BadTime, Duplicate],
        )
    }

    pub fn in_web(seed: u64, day: u64) -> Self {
        use Wrong::{BadHost, BadTime, Duplicate, HostWithPath, NullId, UnknownSubscriber};
        Self::new(
            seed,
            day,
            1,
            &[NullId, UnknownSubscriber, BadTime, Duplicate, HostWithPath, BadHost],
        )
    }

    fn new(seed: u64, day: u64, table: u64, kinds: &'static [Wrong]) -> Self {
        Self { rng: stream(seed, Purpose::Wrong, day, table), kinds, planted: BTreeMap::new() }
    }

    /// The fault of a row to add here, if any.
    pub fn next(&mut self) -> Option<Wrong> {
        if self.rng.u32(0..ONE_IN) > 0 {
            return None;
        }
        let wrong = self.kinds[self.rng.usize(0..self.kinds.len())];
        *self.planted.entry(wrong.name().to_owned()).or_default() += 1;
        Some(wrong)
    }

    /// A number for the details of a wrong row.
    pub fn number(&mut self) -> u32 {
        self.rng.u32(..)
    }
}
