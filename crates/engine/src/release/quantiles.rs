//! Quantiles of a measure over the people of cells that stayed: drawn last, behind the gates that opened.
//!
//! (1) Bins are drawn only of a cell that is published, all of them. (2) The draw asks for the gate of the cell.
//! (3) What leaves are quantiles at the shares of one public list, whichever was asked for; the bins' numbers are
//! dropped here. Proof: ../release.md, privacy binned_quantile.md. Source: privacy model §3 (quantiles).

use privacy::{BinnedQuantile, Entropy, Percent, QuantileBins};

use super::sums::Gates;
use super::{Table, no_randomness};
use crate::count::Counts;
use crate::error::{Error, Result};
use crate::plan::{Opened, PrivatePlan, Quantiles};

/// The released quantiles of a table's cells.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// What was asked for.
    pub quantiles: Quantiles,
    /// The mechanism that drew the bins.
    pub mechanism: BinnedQuantile,
    /// For each of the table's cells the quantile at each share of [`Percent::GRID`].
    pub values: Vec<[QuantileBins; Percent::GRID.len()]>,
}

/// Draws the bins of the cells that stand in `tables`, and keeps their quantiles; `counts` are the exact ones.
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
        let Some(quantiles) = &marginal.quantiles else { continue };
        let mechanism = plan.quantile_mechanism(family, marginal, quantiles)?;
        let mut values = Vec::with_capacity(table.cells.len());
        for (cell, _) in &table.cells {
            let Some(Opened::Whole(gate)) = gates.get(cell) else {
                return Err(Error::fault("F03", "quantiles of a cell whose gate did not open"));
            };
            let exact = usize::try_from(*cell).map_or_else(|_| Vec::new(), |at| counts.bins(at));
            let drawn = mechanism.draw(gate, &exact, entropy).map_err(no_randomness)?;
            values.push(Percent::GRID.map(|it| drawn.quantile(it)));
        }
        table.quantiles = Some(Ranked { quantiles: quantiles.clone(), mechanism, values });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
