//! People for every cell of a space, from the numbers of released cells that cover it.
//!
//! 1. Rake: from `start`, iterative proportional fitting to the released numbers (Deming & Stephan 1940),
//!    which leaves everything that no released cell speaks of as independent as `start` is. Released
//!    numbers contradict each other by their noise, so it ends near them and not at them.
//! 2. Settle: weighted least squares about the raked people, in which a cell is free in proportion to
//!    its people, so that the sums are nearest to all released numbers, each by its variance, and hidden
//!    cells take what published wholes leave. Conjugate gradients on (A·D·Aᵀ + Σ)·λ = y − A·m,
//!    preconditioned by symmetric Gauss-Seidel (Golub & Van Loan 2013, §11.5), D = [`FREEDOM`]·m, some
//!    times over.
//!
//! Guarantee: a function of `start` and the printed numbers; additions, multiplications and divisions
//! in a fixed order, so the same bits everywhere. Results are never negative.

use crate::number::index;
use crate::space::NOWHERE;

/// What a released cell says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub people: f64,
    pub variance: f64,
}

/// One table: for every cell of the space the row that it is part of, and what rows say.
pub(crate) struct Constraint<'layer> {
    pub row_of: &'layer [u32],
    pub targets: Vec<Option<Target>>,
}

/// What is taken for cells that no released cell covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Uncovered {
    /// Nobody.
    Empty,
    /// What `start` says.
    AsStarted,
}

/// 100: the variance of people of whom little is known, for one expected; above that of any noise.
const FREEDOM: f64 = 100.0;
/// Least squares are taken so many times, each about what the one before found: that is how what would
/// be negative comes close to nothing instead.
const SQUARES: usize = 4;
/// The least that one of them leaves of a cell.
const LEFT: f64 = 0.1;
/// Raking ends when no sum is farther off than this share of it …
const CLOSE: f64 = 1e-7;
/// … or after so many rounds: for numbers that contradict each other it has no limit to reach.
const ROUNDS_MAX: usize = 100;
/// Conjugate gradients end when the residual is this share of its start …
const SOLVED: f64 = 1e-4;
/// … or after so many steps, each of which is nearer than the one before.
const STEPS_MAX: usize = 200;

/// Fits people to `constraints`.
pub(crate) fn fit(start: &[f64], constraints: &[Constraint<'_>], uncovered: Uncovered) -> Vec<f64> {
    let mut tables: Vec<Table> = constraints.iter().map(|it| Table::of(it, start.len())).collect();
    tables.sort_by_key(|it| std::cmp::Reverse(it.rows));
    let covered: Vec<usize> =
        (0..start.len()).filter(|cell| tables.iter().any(|it| it.row(*cell).is_some())).collect();
    for table in &mut tables {
        table.row_of = covered.iter().map(|cell| table.row_of[*cell]).collect();
    }
    let own: Vec<f64> = covered.iter().map(|cell| start[*cell]).collect();
    let settled = settle(rake(own, &tables), &tables);
    let mut people = match uncovered {
        Uncovered::Empty => vec![0.0; start.len()],
        Uncovered::AsStarted => start.to_vec(),
    };
    for (cell, value) in covered.into_iter().zip(settled) {
        people[cell] = value;
    }
    people
}

/// A constraint whose rows without a number are nowhere.
struct Table {
    row_of: Vec<u32>,
    targets: Vec<Target>,
    /// Rows with and without numbers: how fine the table is.
    rows: usize,
}

impl Table {
    fn of(constraint: &Constraint<'_>, cells: usize) -> Self {
        let mut targets = Vec::new();
        let kept: Vec<u32> = constraint
            .targets
            .iter()
            .map(|it| {
                it.map_or(NOWHERE, |it| {
                    targets.push(it);
                    crate::number::position(targets.len() - 1)
                })
            })
            .collect();
        let row = |it: &u32| kept.get(index(*it)).copied().unwrap_or(NOWHERE);
        let row_of = constraint.row_of.iter().take(cells).map(row).collect();
        Self { row_of, targets, rows: constraint.targets.len() }
    }

    fn row(&self, cell: usize) -> Option<usize> {
        self.row_of.get(cell).copied().filter(|it| *it != NOWHERE).map(index)
    }

    /// The sums of `values` by row.
    fn sums(&self, values: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.targets.len()];
        for (row, value) in self.row_of.iter().zip(values) {
            if let Some(sum) = sums.get_mut(index(*row)) {
                *sum += value;
            }
        }
        sums
    }

    /// Adds to each cell the number of its row, times how free the cell is.
    fn add(&self, people: &mut [f64], numbers: &[f64], free: &[f64]) {
        for ((row, people), free) in self.row_of.iter().zip(people).zip(free) {
            *people += numbers.get(index(*row)).map_or(0.0, |it| it * free);
        }
    }

    /// Replaces each value that is in a row.
    fn change(&self, values: &mut [f64], to: impl Fn(usize, f64) -> f64) {
        for (cell, value) in values.iter_mut().enumerate() {
            if let Some(row) = self.row(cell) {
                *value = to(row, *value);
            }
        }
    }
}

/// One number for each released cell, table by table.
type Numbers = Vec<Vec<f64>>;

/// People whose sums are nearest to all targets by their variances.
fn settle(mut people: Vec<f64>, tables: &[Table]) -> Vec<f64> {
    let of = |each: fn(&Target) -> f64| -> Numbers {
        tables.iter().map(|it| it.targets.iter().map(each).collect()).collect()
    };
    let (released, variances) = (of(|it| it.people), of(|it| it.variance));
    for _ in 0..SQUARES {
        let free: Vec<f64> = people.iter().map(|it| it * FREEDOM).collect();
        let off = zip(&released, &sums(tables, &people), |released, own| released - own);
        let moved = spread(tables, &tension(tables, off, &variances, &free), &free);
        people.iter_mut().zip(moved).for_each(|(it, moved)| *it = (*it + moved).max(*it * LEFT));
    }
    people
}

/// Solves (A·D·Aᵀ + Σ)·λ = `off` by conjugate gradients, D being what is `free` and Σ `variances`.
fn tension(tables: &[Table], off: Numbers, variances: &Numbers, free: &[f64]) -> Numbers {
    let own = zip(&sums(tables, free), variances, |free, noise| free + noise);
    let mut residual = off;
    let mut tension = zip(&residual, &residual, |_, _| 0.0);
    let mut scaled = precondition(tables, &residual, &own, free);
    let mut way = scaled.clone();
    let mut size = dot(&residual, &scaled);
    let enough = size * SOLVED * SOLVED;
    for _ in 0..STEPS_MAX {
        if size <= enough {
            break;
        }
        let noise = zip(variances, &way, |variance, way| variance * way);
        let image = zip(&sums(tables, &spread(tables, &way, free)), &noise, |a, b| a + b);
        let step = size / dot(&way, &image);
        tension = zip(&tension, &way, |it, way| it + step * way);
        residual = zip(&residual, &image, |it, image| it - step * image);
        scaled = precondition(tables, &residual, &own, free);
        let before = std::mem::replace(&mut size, dot(&residual, &scaled));
        way = zip(&scaled, &way, |it, way| it + size / before * way);
    }
    tension
}

/// Symmetric Gauss-Seidel: table by table from the finest to the coarsest and back, each taking what
/// the ones before it did to its sums into account.
fn precondition(tables: &[Table], residual: &Numbers, own: &Numbers, free: &[f64]) -> Numbers {
    let mut people = vec![0.0; free.len()];
    let mut forth: Numbers = Vec::with_capacity(tables.len());
    for ((table, residual), own) in tables.iter().zip(residual).zip(own) {
        let sums = table.sums(&people);
        let step = residual.iter().zip(&sums).zip(own).map(|((it, sum), own)| (it - sum) / own);
        let step: Vec<f64> = step.collect();
        table.add(&mut people, &step, free);
        forth.push(step);
    }
    people.fill(0.0);
    for ((table, step), own) in tables.iter().zip(&mut forth).zip(own).rev() {
        let sums = table.sums(&people);
        step.iter_mut().zip(&sums).zip(own).for_each(|((it, sum), own)| *it -= sum / own);
        table.add(&mut people, step, free);
    }
    forth
}

/// The sums of every released cell.
fn sums(tables: &[Table], people: &[f64]) -> Numbers {
    tables.iter().map(|it| it.sums(people)).collect()
}

/// For each cell, the sum of the numbers of its rows, times how free it is.
fn spread(tables: &[Table], numbers: &Numbers, free: &[f64]) -> Vec<f64> {
    let mut people = vec![0.0; free.len()];
    for (table, numbers) in tables.iter().zip(numbers) {
        table.add(&mut people, numbers, free);
    }
    people
}

fn zip(a: &Numbers, b: &Numbers, each: impl Fn(f64, f64) -> f64) -> Numbers {
    let table =
        |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| each(*a, *b)).collect();
    a.iter().zip(b).map(table).collect()
}

fn dot(a: &Numbers, b: &Numbers) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

/// Iterative proportional fitting.
fn rake(mut people: Vec<f64>, tables: &[Table]) -> Vec<f64> {
    for _ in 0..ROUNDS_MAX {
        let mut farthest = 0.0_f64;
        for table in tables {
            let sums = table.sums(&people);
            for (sum, target) in sums.iter().zip(&table.targets) {
                farthest = farthest.max((sum - target.people).abs() / target.people);
            }
            table.change(&mut people, |row, value| {
                scaled(value, table.targets[row].people, sums[row])
            });
        }
        if farthest <= CLOSE {
            break;
        }
    }
    people
}

/// A part of `sum` as that part of `wanted`; nothing of nothing.
fn scaled(value: f64, wanted: f64, sum: f64) -> f64 {
    if sum > 0.0 { value * (wanted / sum) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two homes by three ages; `None` is a hidden cell.
    fn check(cells: [Option<f64>; 6], homes: [Option<f64>; 2], expected: [f64; 6]) {
        let target = |variance| move |it: Option<f64>| it.map(|people| Target { people, variance });
        let constraints = [
            Constraint { row_of: &[0, 1, 2, 3, 4, 5], targets: cells.map(target(64.0)).to_vec() },
            Constraint { row_of: &[0, 0, 0, 1, 1, 1], targets: homes.map(target(128.0)).to_vec() },
        ];
        let fitted = fit(&[1.0; 6], &constraints, Uncovered::Empty);
        for (own, expected) in fitted.iter().zip(expected) {
            assert!((own - expected).abs() < 0.5, "{fitted:?}");
        }
    }

    #[test]
    fn hidden_cells_get_what_the_published_whole_leaves() {
        check(
            [Some(100.0), None, None, None, None, None],
            [Some(160.0), Some(90.0)],
            [100.0, 30.0, 30.0, 30.0, 30.0, 30.0],
        );
    }

    #[test]
    fn what_no_published_cell_covers_is_empty() {
        check([None, Some(70.0), None, None, None, None], [None; 2], [0., 70., 0., 0., 0., 0.]);
    }

    #[test]
    fn parts_and_whole_that_contradict_meet_by_their_variances() {
        // 3 × 64 below against 128 above: the whole weighs 3/5, and 270 and 300 meet at 288.
        check(
            [Some(90.0), Some(90.0), Some(90.0), None, None, None],
            [Some(300.0), None],
            [96.0, 96.0, 96.0, 0.0, 0.0, 0.0],
        );
    }

    #[test]
    fn parts_above_their_whole_leave_nothing_for_the_hidden_one() {
        // As above, 200 and 150 of equal variances meet in the middle.
        check(
            [Some(100.0), Some(100.0), None, None, None, None],
            [Some(150.0), None],
            [87.5, 87.5, 0.0, 0.0, 0.0, 0.0],
        );
    }

    #[test]
    fn where_nothing_is_published_inside_it_stays_as_independent_as_it_began() {
        let sum = |people: f64| Some(Target { people, variance: 1.0 });
        let constraints = [
            Constraint { row_of: &[0, 0, 1, 1], targets: vec![sum(60.0), sum(40.0)] },
            Constraint { row_of: &[0, 1, 0, 1], targets: vec![sum(75.0), sum(25.0)] },
        ];
        let fitted = fit(&[1.0; 4], &constraints, Uncovered::Empty);
        for (own, expected) in fitted.iter().zip([45.0, 15.0, 30.0, 10.0]) {
            assert!((own - expected).abs() < 1e-6, "{fitted:?}");
        }
    }
}
