//! Sums of a measure over the people of cells that stayed: drawn last, behind the gates that opened.
//!
//! (1) A sum is said only of a cell that is published, so what was withdrawn is never drawn. (2) It asks for the
//! gate of the cell. (3) It leaves cut to zero and more. Proof: ../release.md, privacy clamped_sum.md.
//! Source: privacy model §3 (sums).

use std::collections::BTreeMap;

use privacy::{ClampedSum, Entropy};

use super::{Table, no_randomness};
use crate::count::Counts;
use crate::error::{Error, Result};
use crate::plan::{Measure, Opened, PrivatePlan};

/// The gates of one table that opened, by cell.
pub(super) type Gates = BTreeMap<u64, Opened>;

/// A released sum of a table's cells.
#[derive(Clone, Debug)]
pub struct Summed {
    /// What is summed.
    pub measure: Measure,
    /// The mechanism that drew the values.
    pub mechanism: ClampedSum,
    /// One noisy value for each of the table's cells, cut to zero and more.
    pub values: Vec<u64>,
}

impl Summed {
    /// Half of a 95 % interval, in units of the measure, rounded up.
    #[must_use]
    pub fn half_width(&self) -> u64 {
        let variance = self.mechanism.variance();
        let variance = variance.numerator().div_ceil(variance.denominator());
        // 1.96² = 3.8416.
        let squared = variance.saturating_mul(38_416).div_ceil(10_000);
        u64::try_from(squared.isqrt()).unwrap_or(u64::MAX).saturating_add(1)
    }
}

/// Draws the sums of the cells that stand in `tables`; `counts` are the exact ones.
///
/// # Errors
/// A fault when a cell stands there whose gate did not open, or when the system's generator fails.
pub(super) fn draw(
    plan: &PrivatePlan,
    tables: &mut [Table],
    gates: &[Gates],
    counts: &[Counts],
    entropy: &mut dyn Entropy,
) -> Result<()> {
    let all = plan.marginals().zip(tables).zip(gates).zip(counts);
    for ((((family, marginal), table), gates), counts) in all {
        for (which, sum) in marginal.sums.iter().enumerate() {
            let mechanism = plan.sum_mechanism(family, marginal, sum)?;
            let mut values = Vec::with_capacity(table.cells.len());
            for (cell, _) in &table.cells {
                let Some(Opened::Whole(gate)) = gates.get(cell) else {
                    return Err(Error::fault("F03", "a sum of a cell whose gate did not open"));
                };
                let exact = usize::try_from(*cell).map_or(0, |at| counts.sum(which, at));
                let noisy = mechanism.release(gate, exact.into(), entropy);
                let noisy = noisy.map_err(no_randomness)?;
                values.push(u64::try_from(noisy.max(0)).unwrap_or(u64::MAX));
            }
            table.sums.push(Summed { measure: sum.measure, mechanism, values });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
