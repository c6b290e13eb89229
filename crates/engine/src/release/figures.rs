//! What is printed of the settled tables: whole people that add up, each with its interval.
//!
//! A function of what passed its gate and stayed, and of public figures. Nothing is reconciled across families.
//! Proof: ../release.md, privacy consistency.md. Source: privacy model §6 (consistency).

use privacy::Factor;
use privacy::consistency::{Figure, Measured, Stretch, reconcile_stretched};
use privacy::residual::{CellId, Lattice, Relation};

use super::grid::Grid;
use super::{Quality, Table};
use crate::error::{Error, Result};
use crate::plan::{Mechanism, PrivatePlan};

/// Gives every cell of `tables` and `others` the figure that is printed of it; `quality` is of the families.
///
/// # Errors
/// A fault when the numbers are no release of the plan's tables.
pub(super) fn add(
    plan: &PrivatePlan,
    tables: &mut [Table],
    others: &mut [Table],
    quality: &[Option<Quality>],
) -> Result<()> {
    let losses: Vec<Option<&Factor>> =
        quality.iter().map(|it| it.as_ref().and_then(|it| it.loss.as_ref())).collect();
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
    let stretches: Vec<Stretch> =
        tables.iter().zip(of_tables(plan, &losses)).map(|(table, it)| stretch(table, it)).collect();
    let of_cell = |cell: usize| stretches.get(grid.table(CellId(cell))).copied();
    let figures = solve(&relations, &measured, |it| of_cell(it).unwrap_or(Stretch::NONE))?;
    for (at, table) in tables.iter_mut().enumerate() {
        let of = |cell: &(u64, u64)| figures.get(grid.cell(at, cell.0).0).copied().flatten();
        table.figures = table.cells.iter().filter_map(of).collect();
    }
    cut_at_bases(plan, &grid, tables);
    // A remainder is measured for itself, and printed for itself.
    let factors = plan.families.iter().zip(&losses);
    let factors = factors.flat_map(|(family, it)| family.remainders.iter().map(move |_| it));
    for (table, factor) in others.iter_mut().zip(factors) {
        let (measured, own) =
            (numbers(table).map(Some).collect::<Vec<_>>(), stretch(table, *factor));
        table.figures = solve(&[], &measured, |_| own)?.into_iter().flatten().collect();
    }
    Ok(())
}

/// The dilution of each table's family, in release order.
fn of_tables<'all>(
    plan: &'all PrivatePlan,
    losses: &'all [Option<&'all Factor>],
) -> impl Iterator<Item = Option<&'all Factor>> {
    let families = plan.families.iter().zip(losses);
    families.flat_map(|(family, it)| family.marginals.iter().map(move |_| *it))
}

fn numbers(table: &Table) -> impl Iterator<Item = Measured> + '_ {
    table.cells.iter().map(|it| Measured { noisy: it.1, gate: table.mechanism.gate(it.0) })
}

/// By how much more people the numbers of a table stand for than they say.
fn stretch(table: &Table, factor: Option<&Factor>) -> Stretch {
    match (&table.mechanism, factor) {
        (Mechanism::Clipped(_), Some(it)) => {
            Stretch { factor: it.to_f64(), error: it.standard_error() }
        }
        _ => Stretch::NONE,
    }
}

/// Cuts what is printed of clipped people at the people, counted whole, of the group that holds the cell:
/// the mean dilution says too much of a cell of light users (privacy model §2, F).
fn cut_at_bases(plan: &PrivatePlan, grid: &Grid<'_>, tables: &mut [Table]) {
    let all: Vec<_> = plan.marginals().collect();
    for (at, (family, own)) in all.iter().enumerate() {
        if own.weights.is_none() || !family.is_on_rows(own) {
            continue;
        }
        let base = all.iter().position(|(of, it)| {
            std::ptr::eq(*of, *family)
                && !of.is_on_rows(it)
                && it.weights.is_none()
                && it.by == own.by
        });
        let Some(base) = base else { continue };
        let lies_in = grid.lies_in(base, at);
        let most = |cell: u64, tables: &[Table]| {
            let group = usize::try_from(cell).ok().and_then(|it| lies_in.get(it))?;
            Some(tables.get(base)?.figure(*group)?.people)
        };
        let bounds: Vec<Option<u64>> =
            tables[at].cells.iter().map(|it| most(it.0, tables)).collect();
        for (figure, bound) in tables[at].figures.iter_mut().zip(bounds) {
            let Some(bound) = bound.filter(|it| *it < figure.people) else { continue };
            figure.people = bound;
            figure.interval.low = figure.interval.low.min(bound);
            figure.interval.high = figure.interval.high.min(bound);
        }
    }
}

fn solve(
    relations: &[Relation],
    measured: &[Option<Measured>],
    stretch: impl Fn(usize) -> Stretch,
) -> Result<Vec<Option<Figure>>> {
    let fault = |cause: String| Error::fault("F03", format!("the tables do not add up: {cause}"));
    let lattice =
        Lattice::new(measured.len(), relations).map_err(|cause| fault(cause.to_string()))?;
    let solved = reconcile_stretched(&lattice, measured, stretch);
    Ok(solved.map_err(|cause| fault(cause.to_string()))?.cells)
}
