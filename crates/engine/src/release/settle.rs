//! What subtraction would give, settled before anything leaves: remainders measured, cells withdrawn.
//!
//! (1) Tables that are mostly hidden where sums cross go whole. (2) The others become one lattice: each cell of a
//! coarser table is the sum of cells of a finer one. (3) A part that is nearly its whole must go, and a
//! category that is nearly one site. (4) OTHER is
//! measured where the policy pays for it. (5) The kernel withdraws cells until nothing of fewer than a quorum
//! follows from what stays. (6) Places that cut the others are published where they say nothing new. Only step 4 sees more than released numbers; it draws by the quorum mechanism.
//! Proof: ../release.md, privacy residual.md.

use privacy::residual::{
    CellId, Lattice, LatticeError, Other, Relation, RelationId, Settled, parts_to_withdraw,
    remainders, settle,
};
use privacy::{ClippedCount, Entropy};

use super::grid::{Grid, Sum};
use super::{Table, no_randomness, sparse};
use super::{across, doubled};
use crate::count::Counts;
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
    counts: &[Counts],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<Table>, usize)> {
    if let Some(Untied { what, .. }) = untied(&plan.families) {
        return Err(Error::fault("F03", format!("a plan that no policy allows: {what}")));
    }
    let kept = sparse::kept(plan, tables);
    let own = plan.only(&kept);
    let places: Vec<usize> = (0..kept.len()).filter(|&it| kept[it]).collect();
    let mut staying: Vec<Table> = places.iter().map(|&it| tables[it].clone()).collect();
    let exact: Vec<Counts> = places.iter().map(|&it| counts[it].clone()).collect();
    let (measured, mut withdrawn) = lattice(&own, &mut staying, &exact, entropy)?;
    for (place, table) in places.into_iter().zip(staying) {
        tables[place] = table;
    }
    let across = plan.marginals().map(|(family, it)| family.is_across(it));
    for ((table, kept), across) in tables.iter_mut().zip(&kept).zip(across) {
        if !kept && !across {
            withdrawn += table.cells.len();
            table.cells.clear();
        }
    }
    withdrawn += across::withdraw(plan, tables);
    let others = plan.remainders().map(|(family, it)| {
        let mut own = own.remainders().zip(&measured);
        let found = own.find(|((_, own), _)| own.name == it.name);
        let nothing = || {
            let mechanism = plan.remainder_mechanism(family, it)?;
            Ok(Table::drawn(mechanism, Vec::new()))
        };
        found.map_or_else(nothing, |it| Ok(it.1.clone()))
    });
    Ok((others.collect::<Result<_>>()?, withdrawn))
}

/// The same for tables that all stay.
fn lattice(
    plan: &PrivatePlan,
    tables: &mut [Table],
    counts: &[Counts],
    entropy: &mut dyn Entropy,
) -> Result<(Vec<Table>, usize)> {
    let grid = Grid::new(plan);
    let sums = grid.sums();
    let relations: Vec<Relation> = sums.iter().map(|it| it.relation.clone()).collect();
    let lattice = Lattice::new(grid.cells(), &relations).map_err(|cause| wrong(&cause))?;
    let answers = grid.answers(tables);
    let mut must_go = parts_to_withdraw(grid.pairs(tables), plan.floor);
    must_go.extend(doubled::cells(plan, &grid, tables));
    let unguarded = grid.without_twin();
    must_go.extend(unguarded.into_iter().filter(|it| answers[it.0].is_some()));
    must_go.sort_unstable();
    must_go.dedup();
    let mut others = plan
        .remainders()
        .map(|(family, it)| {
            let mechanism = plan.remainder_mechanism(family, it)?;
            Ok(Table::drawn(mechanism, Vec::new()))
        })
        .collect::<Result<Vec<Table>>>()?;
    let mut measured = Vec::new();
    for remainder in remainders(&lattice, &answers).map_err(|cause| wrong(&cause))? {
        let Some((other, whole)) = paid(&sums, remainder.relation) else { continue };
        let Some(table) = others.get(other) else { continue };
        let mut count = ClippedCount::default();
        remainder.hidden.iter().for_each(|it| count.merge(grid.count(*it, counts)));
        let opened = table.mechanism.release(whole, count, entropy).map_err(no_randomness)?;
        let noisy = opened.map(|it| it.people());
        measured.push(Other { noisy, remainder });
    }
    let settled = together(&grid, &lattice, &answers, &measured, must_go)?;
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

/// Settles until people who are counted whole and clipped are shown in both ways or in neither: a group whose
/// clipped count is not there to be guarded beside its parts is not printed beside them.
fn together(
    grid: &Grid<'_>,
    lattice: &Lattice,
    answers: &[Option<u64>],
    measured: &[Other],
    mut must_go: Vec<CellId>,
) -> Result<Settled> {
    let twins = grid.twins();
    loop {
        let settled =
            settle(lattice, answers, measured, &must_go).map_err(|cause| wrong(&cause))?;
        let stays = |it: &CellId| {
            answers.get(it.0).is_some_and(Option::is_some)
                && settled.withdrawn.binary_search(it).is_err()
        };
        let apart = twins.iter().filter(|(whole, clipped)| stays(whole) != stays(clipped));
        let before = must_go.len();
        must_go.extend(apart.map(|(whole, clipped)| if stays(whole) { *whole } else { *clipped }));
        must_go.sort_unstable();
        must_go.dedup();
        if must_go.len() == before {
            return Ok(settled);
        }
    }
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
