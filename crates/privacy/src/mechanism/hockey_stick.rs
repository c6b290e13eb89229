//! Exact privacy of small releases: every outcome of two neighbours, added up.
//!
//! The hockey-stick divergence Σ max(0, p − e^ε·q) over all outcomes is the least δ for that ε, in
//! either direction. It must not pass Σδ + δ_ρ(ε) of what the release is said to cost; the controls
//! must pass it.

use super::{Quorum, SoftQuorum};
use crate::clip::{CellWeight, Scale};
use crate::conversion;
use crate::noise::{Variance, least_excess};
use crate::unit::{Budget, CellLimit, Delta, Floor, Rho};

/// The probabilities of one outcome under two neighbours.
type Pair = (f64, f64);

/// A gate as its definition says it: silent under the floor of people, else y = sum + Z from T up.
#[derive(Clone, Copy)]
struct Gate {
    variance: f64,
    threshold: i64,
}

/// What a gate reads of one cell.
#[derive(Clone, Copy)]
struct Cell {
    people: i64,
    sum: i64,
}

fn whole(people: i64) -> Cell {
    Cell { people, sum: people }
}

fn real(integer: i64) -> f64 {
    f64::from(i32::try_from(integer).unwrap())
}

/// P[Z = z] for z in −reach..=reach, which is 10σ.
fn noise(variance: f64) -> (i64, Vec<f64>) {
    let reach = (0..10_000).find(|&z| real(z * z) > 100.0 * variance).unwrap();
    let weight = |z: i64| (-real(z * z) / (2.0 * variance)).exp();
    let total: f64 = (-reach..=reach).map(weight).sum();
    (reach, (-reach..=reach).map(|z| weight(z) / total).collect())
}

impl Gate {
    fn of(quorum: &Quorum) -> Self {
        Self {
            variance: quorum.variance().to_f64(),
            threshold: i64::try_from(quorum.threshold()).unwrap(),
        }
    }

    /// The outcomes of a cell under two neighbours: silence first, then every y there can be.
    fn outcomes(self, with: Cell, without: Cell) -> Vec<Pair> {
        let (reach, mass) = noise(self.variance);
        let top = with.sum.max(without.sum) + reach;
        let of = |cell: Cell, y: i64| {
            let at = usize::try_from(y - cell.sum + reach).ok();
            let spoken = at.and_then(|at| mass.get(at)).copied().unwrap_or(0.0);
            if cell.people < 50 { 0.0 } else { spoken }
        };
        let spoken: Vec<Pair> =
            (self.threshold..=top).map(|y| (of(with, y), of(without, y))).collect();
        let silent = |side: fn(&Pair) -> f64| 1.0 - spoken.iter().map(side).sum::<f64>();
        [vec![(silent(|it| it.0), silent(|it| it.1))], spoken].concat()
    }
}

/// The least δ of independent parts for this ε, in either direction.
fn divergence(parts: &[Vec<Pair>], epsilon: f64) -> f64 {
    let factor = epsilon.exp();
    let mut joint: Vec<Pair> = vec![(1.0, 1.0)];
    for part in parts {
        let pairs = joint.iter().flat_map(|(p, q)| part.iter().map(move |it| (p * it.0, q * it.1)));
        // What neither neighbour ever says adds nothing.
        joint = pairs.filter(|it| it.0.max(it.1) > 1e-18).collect();
    }
    let one_way: f64 = joint.iter().map(|(p, q)| (p - factor * q).max(0.0)).sum();
    let other_way: f64 = joint.iter().map(|(p, q)| (q - factor * p).max(0.0)).sum();
    one_way.max(other_way)
}

const EPSILONS: [f64; 5] = [0.25, 1.0, 2.0, 4.0, 6.0];

/// How far the worst ε passes what `cost` promises: not above zero for a right mechanism.
fn excess(parts: &[Vec<Pair>], cost: Budget) -> f64 {
    let past =
        EPSILONS.map(|epsilon| divergence(parts, epsilon) - conversion::delta_total(cost, epsilon));
    // Sums of doubles near one are exact to 1e-13.
    past.into_iter().fold(f64::MIN, f64::max) - 1e-13
}

fn budget(rho: &str, delta: &str) -> Budget {
    Budget { rho: rho.parse().unwrap(), delta: delta.parse().unwrap() }
}

fn quorum(cells: u32, cost: Budget) -> Quorum {
    Quorum::new(Floor::QUORUM, CellLimit::new(cells).unwrap(), cost.rho, cost.delta).unwrap()
}

/// Counts about the floor, and one at which the gate is open nearly always.
fn around(floor: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    floor.chain([100]).collect()
}

/// Every choice of one of `counts` for each of N cells.
fn all<const N: usize>(counts: &[i64]) -> Vec<[i64; N]> {
    let mut found = vec![[0; N]];
    for place in 0..N {
        let grown = found.iter().flat_map(|it| {
            counts.iter().map(move |&count| {
                let mut next = *it;
                next[place] = count;
                next
            })
        });
        found = grown.collect();
    }
    found
}

#[test]
fn every_neighbour_keeps_the_promise_and_a_lower_threshold_breaks_it() {
    for (cells, rho) in [(1_u32, "0.055555556"), (2, "0.111111111")] {
        let cost = budget(rho, "1e-6");
        let right = Gate::of(&quorum(cells, cost));
        let lower = Gate { threshold: right.threshold - 1, ..right };
        let worst = |gate: Gate| {
            let found = all::<2>(&around(45..=60)).into_iter().map(|[first, second]| {
                let both = i64::from(cells == 2);
                let changed = gate.outcomes(whole(first + 1), whole(first));
                excess(&[changed, gate.outcomes(whole(second + both), whole(second))], cost)
            });
            found.fold(f64::MIN, f64::max)
        };
        assert!(worst(right) <= 0.0, "L {cells}: {}", worst(right));
        assert!(worst(lower) > 0.0, "the control must fail: L {cells}");
    }
}

#[test]
fn forty_nine_and_fifty_are_told_apart_as_often_as_the_privacy_model_says() {
    let found = |variance: f64, threshold: i64| {
        let gate = Gate { variance, threshold };
        divergence(&[gate.outcomes(whole(50), whole(49))], 1.0)
    };
    assert!((found(100.0, 121) - 8.76e-13).abs() < 0.01e-13);
    assert!((found(9.0, 52) - 0.31).abs() < 0.005, "the control: nearly a third of all draws");
}

#[test]
fn a_whole_release_of_two_marginals_and_a_sum_keeps_its_joint_promise() {
    // One person more: one cell of the first marginal with its sum, two cells of the second.
    let (first, second, sums) = (budget("0.08", "1e-5"), budget("0.16", "1e-5"), "0.08");
    let cost = first.checked_add(second).unwrap().checked_add(budget(sums, "0")).unwrap();
    let (gate, other) = (Gate::of(&quorum(1, first)), Gate::of(&quorum(2, second)));
    let of_sum = |cap: i64, rho: &str| {
        let limit = CellLimit::ONE;
        let cap_units = u64::try_from(cap).unwrap();
        let variance = Variance::of_sum(cap_units, limit, rho.parse().unwrap()).unwrap().to_f64();
        // Never silent by itself: every value of the sum is an outcome.
        let sum = |at: i64| Cell { people: 50, sum: at };
        Gate { variance, threshold: -1_000 }.outcomes(sum(cap), sum(0))
    };
    // A sum is only said beside a shown count: the outcomes in which the count is silent are one.
    let beside = |counts: Vec<Pair>, sums: &[Pair]| {
        let mut joint = vec![counts[0]];
        for (p, q) in &counts[1..] {
            joint.extend(
                sums.iter().map(|it| (p * it.0, q * it.1)).filter(|it| it.0.max(it.1) > 1e-9),
            );
        }
        joint
    };
    let worst = |sums: &[Pair]| {
        let found = all::<3>(&around(49..=50)).into_iter().map(|[a, b, c]| {
            let counted = beside(gate.outcomes(whole(a + 1), whole(a)), sums);
            let others = [b, c].map(|n| other.outcomes(whole(n + 1), whole(n)));
            let [b, c] = others;
            excess(&[counted, b, c], cost)
        });
        found.fold(f64::MIN, f64::max)
    };
    assert!(worst(&of_sum(2, sums)) <= 0.0);
    assert!(worst(&of_sum(2, "3")) > 0.0, "the control: a sum with a sixth of its noise");
}

/// A lattice of quarters of a person, coarse enough to enumerate.
const BITS: u32 = 2;
const PERSON: i64 = 1 << BITS;

struct Soft {
    cost: Budget,
    weights: [CellWeight; 2],
    gates: [Gate; 2],
    /// What the person who comes or goes adds to each cell.
    scale: i64,
}

fn soft(weights: [CellWeight; 2]) -> Soft {
    let cost = budget("0.08", "1e-4");
    let kept = CellLimit::new(2).unwrap();
    let mechanism = SoftQuorum::on_lattice(BITS, Floor::QUORUM, kept, cost).unwrap();
    let gates = weights.map(|weight| {
        let gate = mechanism.gate(weight).unwrap();
        let threshold = i64::try_from(gate.threshold()).unwrap();
        Gate { variance: gate.variance().to_f64(), threshold }
    });
    let norm = weights.iter().map(|it| it.square()).sum();
    let scale = i64::from(Scale::of_norm(norm, BITS).units());
    Soft { cost, weights, gates, scale }
}

fn weight(alpha: u16, cells: u32) -> CellWeight {
    CellWeight::new(alpha, CellLimit::new(cells).unwrap()).unwrap()
}

impl Soft {
    /// The worst over people of 48 to 51 a cell, all whole or each of them three quarters; the
    /// person comes to the first cell alone, or to both.
    fn worst(&self) -> f64 {
        let mut worst = f64::MIN;
        for [first, second] in all::<2>(&around(48..=51)) {
            for (units, both) in [(PERSON, true), (PERSON, false), (PERSON - 1, true)] {
                let cell = |people: i64, more: bool| Cell {
                    people: people + i64::from(more),
                    sum: people * units + if more { self.scale } else { 0 },
                };
                let parts = [
                    self.gates[0].outcomes(cell(first, true), cell(first, false)),
                    self.gates[1].outcomes(cell(second, both), cell(second, false)),
                ];
                worst = worst.max(excess(&parts, self.cost));
            }
        }
        worst
    }
}

#[test]
fn two_clipped_cells_keep_the_promise_whatever_their_weights() {
    let uniform = soft([CellWeight::full(CellLimit::new(2).unwrap()); 2]);
    assert_eq!(uniform.scale, PERSON, "two weights of 1/√2 clip nobody");
    let clipped = soft([CellWeight::full(CellLimit::ONE); 2]);
    assert_eq!(clipped.scale, 2, "⌊4/√2⌋ quarters");
    let unequal = soft([weight(4_096, 1), weight(1_700, 1)]);
    assert_eq!(unequal.scale, 3);
    for case in [uniform, clipped, unequal] {
        let alphas = case.weights.map(CellWeight::alpha);
        assert!(case.worst() <= 0.0, "{alphas:?}: {}", case.worst());
    }
}

#[test]
fn whole_people_under_full_weights_break_the_promise() {
    let unclipped = Soft { scale: PERSON, ..soft([CellWeight::full(CellLimit::ONE); 2]) };
    assert!(unclipped.worst() > 0.0, "no clip: the control must fail");
}

#[test]
fn a_threshold_for_one_cell_is_too_low_for_two() {
    let mut careless = soft([CellWeight::full(CellLimit::new(2).unwrap()); 2]);
    // Exact tails, so that nothing is left over: δ for each cell, and δ/2 for each as the peer.
    let mut with = |cells: u32| {
        for (gate, weight) in careless.gates.iter_mut().zip(careless.weights) {
            let rho: Rho = careless.cost.rho;
            let variance = Variance::of_clipped(1, weight, rho, BITS).unwrap();
            let delta: Delta = careless.cost.delta;
            let excess = least_excess(variance, CellLimit::new(cells).unwrap(), delta).unwrap();
            gate.threshold = 50 * PERSON + i64::try_from(excess).unwrap();
        }
        careless.worst()
    };
    assert!(with(2) <= 0.0);
    assert!(with(1) > 0.0, "δ₁ = δ: the control must fail");
}

#[test]
fn a_sum_over_more_people_than_are_counted_breaks_the_promise() {
    let case = soft([CellWeight::full(CellLimit::ONE); 2]);
    let cell = |people: i64| Cell { people, sum: (people + 30) * PERSON };
    let parts = [case.gates[0].outcomes(cell(50), cell(49))];
    assert!(excess(&parts, case.cost) > 0.1, "Φ over thirty more: the control must fail");
}

#[test]
fn a_gate_on_the_weighted_sum_alone_breaks_the_promise() {
    let case = soft([CellWeight::full(CellLimit::new(2).unwrap()); 2]);
    // Silent at 49¾ and heard at 50¾: the person crosses the floor with three quarters to spare.
    let below = Cell { people: 49, sum: 50 * PERSON - 1 };
    let above = Cell { people: 50, sum: below.sum + case.scale };
    let parts = case.gates.map(|gate| gate.outcomes(above, below));
    assert!(excess(&parts, case.cost) > 0.0, "the control must fail");
}

#[test]
fn a_rule_on_the_true_rest_of_a_group_tells_one_person_with_certainty() {
    // "Publish a share if nobody or fifty are left": the control of the guard, which never looks.
    let rule = |rest: u32| if rest == 0 || rest >= 50 { (1.0, 0.0) } else { (0.0, 1.0) };
    for (with, without) in [(1, 0), (50, 49)] {
        let (with, without) = (rule(with), rule(without));
        let outcomes = vec![(with.0, without.0), (with.1, without.1)];
        assert!((divergence(&[outcomes], 6.0) - 1.0).abs() < 1e-12);
    }
}
