//! What is printed of the settled tables: whole people that add up, each with its interval.
//!
//! A function of what passed its gate and stayed, and of public figures. Nothing is reconciled across families.
//! Proof: ../release.md, privacy consistency.md. Source: privacy model §6 (consistency).

use privacy::consistency::{Figure, Gate, Measured, reconcile};
use privacy::residual::{Lattice, Relation};
use privacy::{Factor, Variance};

use super::Table;
use super::grid::Grid;
use crate::error::{Error, Result};
use crate::plan::{Mechanism, PrivatePlan};

/// Gives every cell of `tables` and `others` the figure that is printed of it; `losses` are of the families.
///
/// # Errors
/// A fault when the numbers are no release of the plan's tables.
pub(super) fn add(
    plan: &PrivatePlan,
    tables: &mut [Table],
    others: &mut [Table],
    losses: &[Option<Factor>],
) -> Result<()> {
    let grid = Grid::new(plan);
    let sums = grid.sums_in_families().0;
    let relations: Vec<Relation> = sums.into_iter().map(|it| it.relation).collect();
    let mut measured = vec![None; grid.cells()];
    for ((at, table), factor) in tables.iter().enumerate().zip(of_tables(plan, losses)) {
        for (cell, number) in table.cells.iter().zip(numbers(table, factor)) {
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
    let factors = plan.families.iter().zip(losses);
    let factors = factors.flat_map(|(family, it)| family.remainders.iter().map(move |_| it));
    for (table, factor) in others.iter_mut().zip(factors) {
        let measured: Vec<_> = numbers(table, factor.as_ref()).map(Some).collect();
        table.figures = solve(&[], &measured)?.into_iter().flatten().collect();
    }
    Ok(())
}

/// The dilution of each table's family, in release order.
fn of_tables<'all>(
    plan: &'all PrivatePlan,
    losses: &'all [Option<Factor>],
) -> impl Iterator<Item = Option<&'all Factor>> {
    let families = plan.families.iter().zip(losses);
    families.flat_map(|(family, it)| family.marginals.iter().map(move |_| it.as_ref()))
}

/// The numbers of a table; where people are clipped, as many more as clipping took on average.
fn numbers<'all>(
    table: &'all Table,
    factor: Option<&'all Factor>,
) -> impl Iterator<Item = Measured> + 'all {
    let clipped = matches!(table.mechanism, Mechanism::Clipped(_));
    let factor = factor.filter(|it| clipped && it.to_f64() > 1.0);
    table.cells.iter().map(move |&(cell, noisy)| {
        let gate = table.mechanism.gate(cell);
        factor.map_or(Measured { noisy, gate }, |it| undiluted(noisy, gate, it))
    })
}

/// F·y with the deviation F·√(σ² + (y·se/F)²), seen from F·T on (privacy model §6).
fn undiluted(noisy: u64, gate: Gate, factor: &Factor) -> Measured {
    let more = |people: u64| factor.print_people(people, &[]).people();
    let error = people(noisy) * factor.standard_error();
    let variance = factor.to_f64().powi(2) * gate.variance.to_f64() + error.powi(2);
    let gate = Gate {
        variance: thousandths(variance).unwrap_or(gate.variance),
        threshold: more(gate.threshold),
        floor: gate.floor,
    };
    Measured { noisy: more(noisy), gate }
}

/// People as a floating-point number: exact up to 2^53.
#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "far below 2^53")]
const fn people(whole: u64) -> f64 {
    whole as f64
}

/// A variance for display, to the thousandth.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "display only, and saturates"
)]
fn thousandths(variance: f64) -> Option<Variance> {
    Variance::new((variance * 1_000.0).ceil() as u128, 1_000).ok()
}

fn solve(relations: &[Relation], measured: &[Option<Measured>]) -> Result<Vec<Option<Figure>>> {
    let fault = |cause: String| Error::fault("F03", format!("the tables do not add up: {cause}"));
    let lattice =
        Lattice::new(measured.len(), relations).map_err(|cause| fault(cause.to_string()))?;
    Ok(reconcile(&lattice, measured).map_err(|cause| fault(cause.to_string()))?.cells)
}
