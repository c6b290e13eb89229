//! People for every cell of a space, from the numbers of released cells that cover it.
//!
//! 1. Reconcile: released numbers contradict each other by their noise. Weighted least squares finds the
//!    people whose sums are nearest to all of them, each by its variance; what is hidden is left free, so
//!    that it takes what published wholes leave. Conjugate gradients on (A·D·Aᵀ + Σ)·λ = y − A·m, with m
//!    a first raking and D = [`FREEDOM`]·m (Golub & Van Loan 2013, §11.3, with the diagonal as
//!    preconditioner); what comes out negative is zero.
//! 2. Rake: from `start`, iterative proportional fitting to the sums of those people (Deming & Stephan
//!    1940), which leaves everything that no released cell speaks of as independent as `start` is.
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

/// 100: the variance of people of whom nothing is known, for one expected; far above that of any noise.
const FREEDOM: f64 = 100.0;
/// Raking to numbers that contradict each other ends after so many rounds: it has no limit to reach.
const ROUNDS_FIRST: usize = 30;
/// Raking to reconciled numbers ends when none is farther off than this share of it …
const CLOSE: f64 = 1e-7;
/// … or after so many rounds: where the others leave nothing for a cell, it comes close slowly.
const ROUNDS_MAX: usize = 300;
/// Conjugate gradients end when the residual is this share of its start …
const SOLVED: f64 = 1e-6;
/// … or after so many steps, each of which is nearer than the one before.
const STEPS_MAX: usize = 1_000;

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
    let reconciled = reconcile(&own, &tables);
    let sums: Numbers = tables.iter().map(|it| it.sums(&reconciled)).collect();
    let raked = rake(own, &tables, &sums, ROUNDS_MAX);
    let mut people = match uncovered {
        Uncovered::Empty => vec![0.0; start.len()],
        Uncovered::AsStarted => start.to_vec(),
    };
    for (cell, value) in covered.into_iter().zip(raked) {
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
fn reconcile(start: &[f64], tables: &[Table]) -> Vec<f64> {
    let of = |each: fn(&Target) -> f64| -> Numbers {
        tables.iter().map(|it| it.targets.iter().map(each).collect()).collect()
    };
    let (released, variances) = (of(|it| it.people), of(|it| it.variance));
    let first = rake(start.to_vec(), tables, &released, ROUNDS_FIRST);
    let free: Vec<f64> = first.iter().map(|it| it * FREEDOM).collect();
    let all = |values: &[f64]| -> Numbers { tables.iter().map(|it| it.sums(values)).collect() };
    let own = zip(&all(&free), &variances, |free, noise| free + noise);
    let mut residual = zip(&released, &all(&first), |released, first| released - first);
    let mut tension = zip(&residual, &residual, |_, _| 0.0);
    let mut scaled = zip(&residual, &own, |it, own| it / own);
    let mut way = scaled.clone();
    let mut size = dot(&residual, &scaled);
    let enough = size * SOLVED * SOLVED;
    for _ in 0..STEPS_MAX {
        if size <= enough {
            break;
        }
        let people = spread(tables, &way, &free);
        let image = zip(&all(&people), &zip(&variances, &way, |a, b| a * b), |a, b| a + b);
        let step = size / dot(&way, &image);
        tension = zip(&tension, &way, |it, way| it + step * way);
        residual = zip(&residual, &image, |it, image| it - step * image);
        scaled = zip(&residual, &own, |it, own| it / own);
        let before = std::mem::replace(&mut size, dot(&residual, &scaled));
        way = zip(&scaled, &way, |it, way| it + size / before * way);
    }
    let moved = spread(tables, &tension, &free);
    first.iter().zip(moved).map(|(first, moved)| (first + moved).max(0.0)).collect()
}

/// For each cell, the sum of the numbers of its rows, times how free it is.
fn spread(tables: &[Table], numbers: &Numbers, free: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; free.len()];
    for (table, numbers) in tables.iter().zip(numbers) {
        table.change(&mut sums, |row, value| value + numbers[row]);
    }
    sums.iter().zip(free).map(|(sum, free)| sum * free).collect()
}

fn zip(a: &Numbers, b: &Numbers, each: impl Fn(f64, f64) -> f64) -> Numbers {
    let table =
        |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| each(*a, *b)).collect();
    a.iter().zip(b).map(table).collect()
}

fn dot(a: &Numbers, b: &Numbers) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| a * b).sum()
}

/// Iterative proportional fitting to the `wanted` sums.
fn rake(mut people: Vec<f64>, tables: &[Table], wanted: &Numbers, rounds: usize) -> Vec<f64> {
    for _ in 0..rounds {
        let mut farthest = 0.0_f64;
        for (table, wanted) in tables.iter().zip(wanted) {
            let sums = table.sums(&people);
            for (sum, wanted) in sums.iter().zip(wanted) {
                farthest = farthest.max((sum - wanted).abs() / wanted.max(1.0));
            }
            table.change(&mut people, |row, value| scaled(value, wanted[row], sums[row]));
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
