//! By how much an estimate may lean to one side because only numbers from T on are shown.
//!
//! A shown number is too high by σ·λ((T − n)/σ) on average, λ the normal hazard; the number itself is
//! taken for n. Least squares carries these on with its weights: those of the cells in a line (a cell's
//! wholes, their wholes, and all that is below it) are positive, all others negative. The cell's own
//! lean is left out: its interval knows its threshold. Proof: ../consistency.md.

use std::f64::consts::TAU;

use super::forest::Forest;
use super::least_squares::{Estimate, Solution};
use super::ln_tail::ln_tail;
use super::{Measured, people};

/// In people, none below zero.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lean {
    /// How much too high the estimate may be.
    pub(super) up: f64,
    /// How much too low.
    pub(super) down: f64,
}

/// How a cell's estimate is made of numbers around it.
#[derive(Clone, Copy, Default)]
struct Makeup {
    /// The weight of what its own number and its parts say together.
    weight: f64,
    /// What the cells above it add.
    above: f64,
    /// What all others take.
    beside: f64,
}

/// By cell.
pub(super) fn leans(
    forest: &Forest,
    cells: &[Option<Measured>],
    measured: &[Estimate],
    solution: &Solution,
) -> Vec<Lean> {
    let own: Vec<f64> = cells.iter().map(|it| it.as_ref().map_or(0.0, lean)).collect();
    // Of the cell and its parts together, and of the sum of its parts alone.
    let (mut joint, mut parts_sum) = (own.clone(), vec![0.0; own.len()]);
    // The weight that a whole gives to the sum of its parts before it looks up.
    let share = |whole: usize| {
        let (variance, sum) = (measured[whole].variance, solution.sums[whole].variance);
        if sum > 0.0 { variance / (variance + sum) } else { 0.0 }
    };
    for &whole in forest.order.iter().rev() {
        parts_sum[whole] = forest.complete(whole).iter().map(|&it| joint[it]).sum();
        joint[whole] += share(whole) * (parts_sum[whole] - own[whole]);
    }
    let mut makeup = vec![Makeup { weight: 1.0, ..Makeup::default() }; own.len()];
    for &whole in &forest.order {
        let Makeup { weight, above, beside } = makeup[whole];
        let to_parts = weight * share(whole);
        for &part in forest.complete(whole) {
            let taken = solution.upward[part].variance / solution.sums[whole].variance;
            makeup[part] = Makeup {
                weight: 1.0 - taken + taken * to_parts,
                above: taken * ((weight - to_parts) * own[whole] + above),
                beside: taken * ((1.0 - to_parts) * (parts_sum[whole] - joint[part]) + beside),
            };
        }
    }
    let lean = |cell: usize| Lean {
        up: makeup[cell].above + makeup[cell].weight * share(cell) * parts_sum[cell],
        down: makeup[cell].beside,
    };
    (0..own.len()).map(lean).collect()
}

/// σ·λ((T − y)/σ), y the shown number.
fn lean(measured: &Measured) -> f64 {
    let sigma = measured.gate.variance.to_f64().sqrt();
    let below = people(measured.noisy - measured.gate.threshold) / sigma;
    sigma * libm::exp(-below * below / 2.0 - libm::log(TAU) / 2.0 - ln_tail(-below))
}

#[cfg(test)]
mod tests {
    use super::super::least_squares::two_pass;
    use super::super::{Gate, Measured};
    use super::*;
    use crate::noise::Variance;
    use crate::residual::{CellId, Lattice, Relation};
    use crate::unit::Floor;

    #[test]
    fn leans_are_the_weights_of_least_squares_times_each_number_s_own() {
        let rows: [&[usize]; 3] = [&[0, 1, 2, 3], &[1, 4, 5], &[2, 6, 7, 8]];
        let relation = |row: &[usize]| Relation {
            parent: CellId(row[0]),
            children: row[1..].iter().copied().map(CellId).collect(),
            over: 0,
        };
        let relations: Vec<Relation> = rows.into_iter().map(relation).collect();
        let forest = Forest::new(&Lattice::new(9, &relations).unwrap(), &[true; 9]);
        let cells: Vec<Option<Measured>> = (0..9)
            .map(|cell| {
                let variance = Variance::new(40 + 17 * (cell % 4), 1).unwrap();
                let gate = Gate { variance, threshold: 121, floor: Floor::QUORUM };
                Some(Measured { noisy: 121 + 3 * u64::try_from(cell).unwrap(), gate })
            })
            .collect();
        let measured: Vec<Estimate> = cells.iter().flatten().map(Estimate::of).collect();
        let solve = |measured: &[Estimate]| two_pass(&forest, measured, |it| forest.complete(it));
        let solution = solve(&measured);
        let found = leans(&forest, &cells, &measured, &solution);
        let mut expected = vec![Lean::default(); 9];
        for other in 0..9 {
            let mut one_more = measured.clone();
            one_more[other].value += 1.0;
            let moved = solve(&one_more).estimates;
            for (cell, lean_of) in expected.iter_mut().enumerate().filter(|it| it.0 != other) {
                let weight = moved[cell].value - solution.estimates[cell].value;
                let part = weight * lean(&cells[other].unwrap());
                *(if part > 0.0 { &mut lean_of.up } else { &mut lean_of.down }) += part.abs();
            }
        }
        for (found, expected) in found.iter().zip(&expected) {
            let far = (found.up - expected.up).abs().max((found.down - expected.down).abs());
            assert!(far < 1e-9, "{found:?} for {expected:?}");
        }
        assert!(found.iter().all(|it| it.up > 0.0) && found[4].down > 0.0);
    }
}
