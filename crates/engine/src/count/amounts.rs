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
                own.add(row);
            }
        }
    }

    /// Adds a row: at least one unit of each measure.
    fn add(&mut self, row: u64) {
        self.rows += 1;
        self.minutes += amount(row, Measure::Minutes);
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

/// 64: families of up to so many row cells are few.
pub const FEW: u64 = 64;

/// A person's rows in few cells: which, and what they come to, found in one pass.
pub struct Few {
    amounts: Box<[Amounts]>,
    /// The cells that have any, as bits.
    set: u64,
}

impl Few {
    /// No rows.
    #[must_use]
    pub fn new() -> Self {
        let amounts = (0..FEW).map(|_| Amounts::default()).collect();
        Self { amounts, set: 0 }
    }

    /// Appends to `kept` the cells of `rows`, each once and ascending, and adds up their amounts if `measured`.
    pub fn gather(
        &mut self,
        map: &RowMap,
        rows: impl Iterator<Item = u64>,
        measured: bool,
        kept: &mut Vec<u64>,
    ) {
        let mut set = 0;
        for row in rows {
            let Some(cell) = map.cell(row).filter(|it| *it < FEW) else { continue };
            set |= 1 << cell;
            if measured && let Some(own) = self.at(cell) {
                own.add(row);
            }
        }
        self.set = set;
        kept.extend(cells(set));
    }

    /// Replaces `out` by the amounts of the `kept` cells of those that were gathered, and forgets all.
    pub fn take(&mut self, kept: &[u64], out: &mut Vec<Amounts>) {
        out.clear();
        out.extend(kept.iter().map(|&it| self.at(it).copied().unwrap_or_default()));
        for cell in cells(std::mem::take(&mut self.set)) {
            self.at(cell).into_iter().for_each(|it| *it = Amounts::default());
        }
    }

    fn at(&mut self, cell: u64) -> Option<&mut Amounts> {
        usize::try_from(cell).ok().and_then(|it| self.amounts.get_mut(it))
    }
}

/// The bits that are set, ascending.
fn cells(set: u64) -> impl Iterator<Item = u64> {
    let rest = |it: &u64| Some(it & (it - 1)).filter(|it| *it != 0);
    let left = std::iter::successors(Some(set).filter(|it| *it != 0), rest);
    left.map(|it| it.trailing_zeros().into())
}
