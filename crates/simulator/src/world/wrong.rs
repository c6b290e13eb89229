//! What goes wrong in a real feed, planted at the world's rates and counted.

use std::collections::BTreeMap;

use crate::chance::{Purpose, Strikes, Weighted, stream};
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

/// Draws, for one table, day and block, after which rows a wrong one follows.
pub(super) struct Mischief {
    rng: fastrand::Rng,
    kinds: Vec<Wrong>,
    weights: Weighted,
    /// When any follows.
    strikes: Strikes,
}

/// Wrong rows planted, by reason.
pub(super) type Planted = BTreeMap<&'static str, u64>;

/// Counts a fault that was planted.
pub(super) fn count(planted: &mut Planted, wrong: &'static str) {
    *planted.entry(wrong).or_default() += 1;
}

/// Which file a row is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub seed: u64,
    /// Place among the world's days.
    pub day: u16,
    pub block: u32,
}

impl Place {
    /// What tells this place from all others in one table.
    pub fn name(self) -> (u64, u64) {
        (u64::from(self.day), u64::from(self.block))
    }
}

impl Mischief {
    pub fn in_events(rates: &Rates, place: Place) -> Self {
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
        Self::new(Purpose::WrongEvent, place, &kinds)
    }

    pub fn in_web(rates: &Rates, place: Place) -> Self {
        use Wrong::{BadHost, BadTime, Duplicate, HostWithPath, NullId, UnknownSubscriber};
        let kinds = [
            (NullId, rates.null_id),
            (UnknownSubscriber, rates.unknown_subscriber),
            (BadTime, rates.bad_time),
            (Duplicate, rates.duplicate),
            (HostWithPath, rates.host_with_path),
            (BadHost, rates.bad_host),
        ];
        Self::new(Purpose::WrongPage, place, &kinds)
    }

    fn new(purpose: Purpose, place: Place, kinds: &[(Wrong, f64)]) -> Self {
        let (day, block) = place.name();
        let mut rng = stream(place.seed, purpose, day, block);
        Self {
            kinds: kinds.iter().map(|it| it.0).collect(),
            weights: Weighted::new(kinds.iter().map(|it| it.1)),
            strikes: Strikes::new(kinds.iter().map(|it| it.1).sum(), &mut rng),
            rng,
        }
    }

    /// The fault of a row to add here, if any.
    pub fn next(&mut self) -> Option<Wrong> {
        let struck = self.strikes.next(&mut self.rng);
        struck.then(|| self.kinds.get(self.weights.pick(self.rng.f64())).copied())?
    }

    /// A number for the details of a wrong row.
    pub fn number(&mut self) -> u32 {
        self.rng.u32(..)
    }
}
