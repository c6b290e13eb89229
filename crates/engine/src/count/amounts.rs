//! What one person's rows come to in each kept cell. Proof: tally.md.

use super::row_map::{RowMap, amount};
use crate::plan::Measure;

/// The sums of a person's rows in one cell, before any cap.
#[derive(Clone, Copy, Default)]
pub struct Amounts {
    rows: u64,
    minutes: u64,
}

impl Amounts {
    /// Replaces `out` by the amounts of the `kept` cells (ascending), one each.
    ///
    /// Guarantee: each is at least one unit, since a cell is kept for a row in it.
    pub fn of(map: &RowMap, rows: impl Iterator<Item = u64>, kept: &[u64], out: &mut Vec<Self>) {
        out.clear();
        out.resize(kept.len(), Self::default());
        for row in rows {
            let at = map.cell(row).and_then(|it| kept.binary_search(&it).ok());
            if let Some(own) = at.and_then(|it| out.get_mut(it)) {
                own.rows = own.rows.saturating_add(1);
                own.minutes = own.minutes.saturating_add(amount(row, Measure::Minutes));
            }
        }
    }

    /// The amount of one measure.
    #[must_use]
    pub const fn of_measure(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Rows => self.rows,
            Measure::Minutes => self.minutes,
        }
    }
}
