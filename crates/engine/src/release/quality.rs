//! What is told of a family as a whole: what bounding took, who is covered, who lacks an attribute.
//!
//! (1) A gate of everybody who has a cell is drawn. (2) Each share is a pair of noisy sums beside it, charged
//! whether it is printed or not. (3) A share of people or visits is printed only where both sides are of many.
//! Proof: ../release.md, privacy dilution.md. Source: products 15, privacy model §2 (F).

use privacy::{CellLimit, DilutionSums, Entropy, Factor, Rho};

use super::no_randomness;
use crate::count::QualityCounts;
use crate::error::Result;
use crate::plan::PrivatePlan;

/// The measured figures of a family.
#[derive(Clone, Debug)]
pub struct Quality {
    /// Of people's cells: what bounding left, and what it took.
    pub loss: Option<Factor>,
    /// Of the people of the frame: who has a cell, and who has none.
    pub coverage: Option<Factor>,
    /// Of all people: who has every attribute that the tables are by, and who lacks one.
    pub frame: Option<Factor>,
    /// Of the visits of the frame: those to sites, and those whose host was encrypted.
    pub visibility: Option<Factor>,
}

/// Draws the figures of each family, in plan order.
///
/// # Errors
/// A fault when the system's generator fails.
pub(super) fn figures(
    plan: &PrivatePlan,
    counts: &[QualityCounts],
    entropy: &mut dyn Entropy,
) -> Result<Vec<Option<Quality>>> {
    let mut figures = Vec::with_capacity(plan.families.len());
    for (at, family) in plan.families.iter().enumerate() {
        let Some(own) = &family.quality else {
            figures.push(None);
            continue;
        };
        let counts = counts.get(at).copied().unwrap_or_default();
        let gate = plan.quality_gate(own)?;
        let total = gate.release(counts.people.into(), entropy).map_err(no_randomness)?;
        let mut share = |cells: (CellLimit, CellLimit), rho: Option<Rho>, sums: DilutionSums| {
            let Some(rho) = rho else { return Ok(None) };
            let share = plan.share(cells.0, cells.1, rho)?;
            share.release(total.as_ref(), sums, entropy).map(Some).map_err(no_randomness)
        };
        let person = (CellLimit::ONE, CellLimit::ONE);
        figures.push(Some(Quality {
            loss: share((own.limit, own.cap), own.loss_rho, counts.loss)?,
            coverage: share(person, own.coverage_rho, counts.coverage)?,
            frame: share(person, own.frame_rho, counts.frame)?,
            visibility: share((CellLimit::ONE, own.cap), own.visibility_rho, counts.visibility)?,
        }));
    }
    Ok(figures)
}
