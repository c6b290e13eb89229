//! What subtraction would give, settled before anything leaves: remainders measured, cells withdrawn.
//!
//! (1) The tables of a plan become one lattice: each cell of a coarser table is the sum of cells of a finer
//! one. (2) A part that is nearly its whole must go. (3) OTHER is measured where the policy pays for it. (4) The
//! kernel withdraws cells until nothing of fewer than a quorum follows from what stays. Steps 2 and 4 see
//! released numbers alone; step 3 draws by the quorum mechanism. Proof: ../release.md, privacy residual.md.

use privacy::Entropy;
use privacy::residual::{
    Lattice, LatticeError, Other, Relation, RelationId, parts_to_withdraw, remainders, settle,
};

use super::grid::{Grid, Sum};
use super::{Table, shown};
use crate::error::{Error, Result};
use crate::plan::{PrivatePlan, Untied, untied};

/// Takes from `tables` what must not leave, and measures the remainders; `counts` are the exact ones.
///
/// Returns one table a remainder, in plan order, and how many cells were taken.
///
/// # Errors
/// A fault when the system's generator fails.
pub(super) fn tables(
    plan: &PrivatePlan,
    tables: &mut [Table],
    counts: &[Vec<u32>],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<Table>, usize)> {
    if let Some(Untied { what, .. }) = untied(&plan.families) {
        return Err(Error::fault("F03", format!("a plan that no policy allows: {what}")));
    }
    let grid = Grid::new(plan);
    let sums = grid.sums();
    let relations: Vec<Relation> = sums.iter().map(|it| it.relation.clone()).collect();
    let lattice = Lattice::new(grid.cells(), &relations).map_err(|cause| wrong(&cause))?;
    let answers = grid.answers(tables);
    let must_go = parts_to_withdraw(grid.pairs(tables), plan.floor);
    let mut others = plan
        .remainders()
        .map(|(family, it)| {
            let mechanism = plan.remainder_mechanism(family, it)?;
            Ok(Table { mechanism, cells: Vec::new() })
        })
        .collect::<Result<Vec<Table>>>()?;
    let mut measured = Vec::new();
    for remainder in remainders(&lattice, &answers).map_err(|cause| wrong(&cause))? {
        let Some((other, _)) = paid(&sums, remainder.relation) else { continue };
        let Some(table) = others.get(other) else { continue };
        let people = remainder.hidden.iter().map(|it| grid.count(*it, counts)).sum();
        measured.push(Other { noisy: shown(&table.mechanism, people, entropy)?, remainder });
    }
    let settled = settle(&lattice, &answers, &measured, &must_go).map_err(|cause| wrong(&cause))?;
    for (at, table) in tables.iter_mut().enumerate() {
        let stays = |cell| settled.withdrawn.binary_search(&grid.cell(at, cell)).is_err();
        table.cells.retain(|it| stays(it.0));
    }
    for Other { remainder, noisy } in measured {
        let stays = settled.others_withdrawn.binary_search(&remainder.relation).is_err();
        if let (Some((other, whole)), Some(people), true) =
            (paid(&sums, remainder.relation), noisy, stays)
        {
            others.get_mut(other).into_iter().for_each(|it| it.cells.push((whole, people)));
        }
    }
    Ok((others, settled.withdrawn.len() + settled.others_withdrawn.len()))
}

/// The remainder of the plan that is paid for a relation, and the place of the relation's whole.
fn paid(sums: &[Sum], relation: RelationId) -> Option<(usize, u64)> {
    let sum = sums.get(relation.0)?;
    Some((sum.remainder?, sum.whole))
}

fn wrong(cause: &LatticeError) -> Error {
    Error::fault("F03", format!("the tables do not add up: {cause}"))
}

#[cfg(test)]
mod tests;
