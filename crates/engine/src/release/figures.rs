//! What is printed of the settled tables: whole people that add up, each with its interval.
//!
//! A function of what passed its gate and stayed, and of public figures. Nothing is reconciled across families.
//! Proof: ../release.md, privacy consistency.md. Source: privacy model §6 (consistency).

use privacy::consistency::{Figure, Gate, Measured, reconcile};
use privacy::residual::{Lattice, Relation};

use super::Table;
use super::grid::Grid;
use crate::error::{Error, Result};
use crate::plan::PrivatePlan;

/// Gives every cell of `tables` and `others` the figure that is printed of it.
///
/// # Errors
/// A fault when the numbers are no release of the plan's tables.
pub(super) fn add(plan: &PrivatePlan, tables: &mut [Table], others: &mut [Table]) -> Result<()> {
    let grid = Grid::new(plan);
    let sums = grid.sums_in_families().0;
    let relations: Vec<Relation> = sums.into_iter().map(|it| it.relation).collect();
    let mut measured = vec![None; grid.cells()];
    for (at, table) in tables.iter().enumerate() {
        for (cell, number) in table.cells.iter().zip(numbers(table)) {
            if let Some(slot) = measured.get_mut(grid.cell(at, cell.0).0) {
                *slot = Some(number);
            }
        }
    }
    let figures = solve(&relations, &measured)?;
    for (at, table) in tables.iter_mut().enumerate() {
        let of = |cell: &(u64, u64)| figures.get(grid.cell(at, cell.0).0).copied().flatten();
        table.figures = table.cells.iter().filter_map(of).collect();
    }
    // A remainder is measured for itself, and printed for itself.
    for table in others {
        let measured: Vec<_> = numbers(table).map(Some).collect();
        table.figures = solve(&[], &measured)?.into_iter().flatten().collect();
    }
    Ok(())
}

fn numbers(table: &Table) -> impl Iterator<Item = Measured> + '_ {
    let gate = Gate::from(&table.mechanism);
    table.cells.iter().map(move |it| Measured { noisy: it.1, gate })
}

fn solve(relations: &[Relation], measured: &[Option<Measured>]) -> Result<Vec<Option<Figure>>> {
    let fault = |cause: String| Error::fault("F03", format!("the tables do not add up: {cause}"));
    let lattice =
        Lattice::new(measured.len(), relations).map_err(|cause| fault(cause.to_string()))?;
    Ok(reconcile(&lattice, measured).map_err(|cause| fault(cause.to_string()))?.cells)
}
