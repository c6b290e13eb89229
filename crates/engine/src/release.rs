//! The one way out: sealed aggregates and a receipt go in, released cells come out.
//!
//! check → count → charge → draw → publish. The charge is durable before the first draw; a receipt
//! opens its one plan once; a draw under the threshold is destroyed and feeds nothing
//! (ARCHITECTURE.md, invariant 2). Proof: release.md. Source: privacy model §3, §8.

use ledger::{ChargeId, Receipt};
use privacy::{Entropy, Quorum};

use crate::count::Sealed;
use crate::error::{Error, Result};
use crate::plan::PrivatePlan;

/// Cells that have a quorum, noised and paid for: the only thing that may leave.
#[derive(Clone, Debug)]
pub struct Released {
    /// The plan that was opened.
    pub plan: PrivatePlan,
    /// One table a marginal, in plan order.
    pub tables: Vec<Table>,
    /// The charge that paid.
    pub charge: ChargeId,
}

/// The released cells of one marginal.
#[derive(Clone, Debug)]
pub struct Table {
    /// The mechanism that drew them.
    pub mechanism: Quorum,
    /// Cell and noisy people, ascending by cell; everything else of the code list is hidden.
    pub cells: Vec<(u64, u64)>,
}

impl Table {
    /// The noisy people of `cell`; `None` when it is not published.
    #[must_use]
    pub fn people(&self, cell: u64) -> Option<u64> {
        self.cells.binary_search_by_key(&cell, |it| it.0).ok().map(|at| self.cells[at].1)
    }
}

/// Opens `plan` with its receipt and draws every cell once.
///
/// Takes both by value: one payment opens one release. Guarantee: the sum over marginals of their
/// ρ and δ, which the receipt paid (privacy model §3, composition §8).
///
/// # Errors
/// [`Error`] `L05` when the receipt paid for another plan; a fault when the system's generator
/// fails, after which the charge stays and nothing was said.
pub fn release(
    plan: PrivatePlan,
    sealed: Sealed,
    receipt: Receipt,
    entropy: &mut dyn Entropy,
) -> Result<Released> {
    let charge = receipt
        .open(&ledger::PlanHash(plan.hash()?))
        .map_err(|cause| Error::check("L05", cause.to_string()))?;
    let mechanisms = plan
        .marginals()
        .map(|(family, marginal)| plan.mechanism(family, marginal))
        .collect::<Result<Vec<_>>>()?;
    let tables = mechanisms
        .into_iter()
        .zip(sealed.into_counts())
        .map(|(mechanism, counts)| draw(mechanism, &counts, entropy))
        .collect::<Result<_>>()?;
    Ok(Released { plan, tables, charge })
}

fn draw(mechanism: Quorum, counts: &[u32], entropy: &mut dyn Entropy) -> Result<Table> {
    let mut cells = Vec::new();
    for (cell, &people) in (0_u64..).zip(counts) {
        let shown = mechanism.release(u64::from(people), entropy).map_err(|cause| {
            Error::fault("F07", format!("the system's random generator failed: {cause}"))
                .remedy("the charge stays in the ledger as abandoned; run again for a new one")
        })?;
        cells.extend(shown.map(|shown| (cell, shown.people())));
    }
    Ok(Table { mechanism, cells })
}
