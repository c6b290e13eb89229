//! How often an interval holds the people of a cell that is shown, over seeded draws.

use privacy::consistency::{Gate, Measured, reconcile};
use privacy::residual::{CellId, Lattice, Relation};
use privacy::{CellLimit, Floor, Quorum, SeededEntropy};

/// A tree whose finest cells hold so many people, in σ above T.
pub struct Scenario {
    pub name: &'static str,
    /// How many parts a whole has, from the whole down; empty: cells by themselves.
    pub parts: &'static [usize],
    /// ρ of each level, from the whole down.
    pub rho: &'static [&'static str],
    /// The finest cells' people in σ above T, in turn.
    pub above: &'static [f64],
}

/// What was seen of the cells of a kind.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub shown: u32,
    pub covered: u32,
    /// By y ± 1.96σ.
    pub plainly: u32,
    /// By the estimate ± 1.96 of its own σ.
    pub naively: u32,
    /// Σ of the intervals' widths by those of y ± 1.96σ.
    width: f64,
    /// Σ of (y − n) and of (printed − n), in σ.
    bias: [f64; 2],
}

impl Seen {
    pub fn share(&self) -> f64 {
        f64::from(self.covered) / f64::from(self.shown)
    }

    pub fn plain_share(&self) -> f64 {
        f64::from(self.plainly) / f64::from(self.shown)
    }

    pub fn naive_share(&self) -> f64 {
        f64::from(self.naively) / f64::from(self.shown)
    }

    pub fn width(&self) -> f64 {
        self.width / f64::from(self.shown)
    }

    pub fn bias(&self) -> [f64; 2] {
        self.bias.map(|it| it / f64::from(self.shown))
    }
}

/// A kind of cells: level, and people in σ above T for the finest.
#[derive(Clone, Debug)]
pub struct Kind {
    pub level: usize,
    pub above: Option<f64>,
    /// Whether others had a say in the estimate.
    pub solved: bool,
    pub seen: Seen,
}

struct Cell {
    level: usize,
    above: Option<f64>,
    people: u64,
}

struct World {
    cells: Vec<Cell>,
    relations: Vec<Relation>,
}

impl Scenario {
    fn quorums(&self) -> Vec<Quorum> {
        let delta = "1e-12".parse().unwrap();
        let quorum = |rho: &&str| {
            Quorum::new(Floor::QUORUM, CellLimit::ONE, rho.parse().unwrap(), delta).unwrap()
        };
        self.rho.iter().map(quorum).collect()
    }

    fn world(&self, quorums: &[Quorum]) -> World {
        let mut world = World { cells: Vec::new(), relations: Vec::new() };
        let mut above = self.above.iter().copied().cycle();
        if self.parts.is_empty() {
            self.above.iter().for_each(|_| {
                self.grow(&mut world, 0, quorums, &mut above);
            });
        } else {
            self.grow(&mut world, 0, quorums, &mut above);
        }
        world
    }

    fn grow(
        &self,
        world: &mut World,
        level: usize,
        quorums: &[Quorum],
        above: &mut impl Iterator<Item = f64>,
    ) -> usize {
        let cell = world.cells.len();
        world.cells.push(Cell { level, above: None, people: 0 });
        if let Some(&parts) = self.parts.get(level) {
            let children: Vec<usize> =
                (0..parts).map(|_| self.grow(world, level + 1, quorums, above)).collect();
            world.cells[cell].people = children.iter().map(|&it| world.cells[it].people).sum();
            let children = children.into_iter().map(CellId).collect();
            world.relations.push(Relation { parent: CellId(cell), children, over: 0 });
        } else if let Some(above) = above.next() {
            let noise = (above * quorums[level].sigma()).round() as i64;
            let people = quorums[level].threshold().saturating_add_signed(noise).max(50);
            world.cells[cell] = Cell { level, above: Some(above), people };
        }
        cell
    }
}

/// Draws the scenario's cells once for each seed.
pub fn tally(scenario: &Scenario, seeds: std::ops::Range<u64>) -> Vec<Kind> {
    let quorums = scenario.quorums();
    let world = scenario.world(&quorums);
    let lattice = Lattice::new(world.cells.len(), &world.relations).unwrap();
    let mut kinds: Vec<Kind> = Vec::new();
    for seed in seeds {
        let mut entropy = SeededEntropy::new(seed);
        let mut draw = |cell: &Cell| {
            let quorum = &quorums[cell.level];
            let shown = quorum.release(cell.people, &mut entropy).unwrap()?;
            Some(Measured { noisy: shown.people(), gate: Gate::from(quorum) })
        };
        let measured: Vec<_> = world.cells.iter().map(&mut draw).collect();
        let found = reconcile(&lattice, &measured).unwrap();
        for ((cell, measured), figure) in world.cells.iter().zip(&measured).zip(&found.cells) {
            let Some((measured, figure)) = measured.zip(*figure) else { continue };
            let Cell { level, above, people } = *cell;
            let solved = figure.variance < 0.999_999 * quorums[level].variance().to_f64();
            let key = (level, above.map(f64::to_bits), solved);
            let same = |it: &Kind| (it.level, it.above.map(f64::to_bits), it.solved) == key;
            let at = kinds.iter().position(same).unwrap_or_else(|| {
                kinds.push(Kind { level, above, solved, seen: Seen::default() });
                kinds.len() - 1
            });
            let seen = &mut kinds[at].seen;
            let sigma = quorums[level].sigma();
            let off = measured.noisy as f64 - people as f64;
            seen.shown += 1;
            seen.covered += u32::from(figure.interval.contains(people));
            seen.plainly += u32::from(off.abs() <= 1.96 * sigma);
            let off = figure.estimate - people as f64;
            seen.naively += u32::from(off * off <= 1.96 * 1.96 * figure.variance);
            seen.width += (figure.interval.high - figure.interval.low) as f64 / (3.92 * sigma);
            seen.bias[0] += (measured.noisy as f64 - people as f64) / sigma;
            seen.bias[1] += (figure.people as f64 - people as f64) / sigma;
        }
    }
    kinds
}

/// From cells by themselves to families of which nearly all cells are near their thresholds.
pub const SCENARIOS: [Scenario; 12] = [
    Scenario {
        name: "cells alone",
        parts: &[],
        rho: &["0.005"],
        above: &[-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 20.0],
    },
    Scenario {
        name: "cells alone, wide",
        parts: &[],
        rho: &["0.0003125"],
        above: &[-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 20.0],
    },
    Scenario {
        name: "far",
        parts: &[4, 5],
        rho: &["0.001", "0.002", "0.005"],
        above: &[8.0, 10.0, 15.0, 20.0, 40.0],
    },
    Scenario {
        name: "from 2 σ",
        parts: &[4, 5],
        rho: &["0.001", "0.002", "0.005"],
        above: &[2.0, 3.0, 4.0, 6.0, 10.0],
    },
    Scenario { name: "all at 2 σ", parts: &[3, 3], rho: &["0.005"; 3], above: &[2.0] },
    Scenario { name: "all at 1 σ", parts: &[3, 3], rho: &["0.005"; 3], above: &[1.0] },
    Scenario { name: "2.5 σ, whole wide", parts: &[3], rho: &["0.0005", "0.005"], above: &[2.5] },
    Scenario { name: "0.5 σ, whole wide", parts: &[3], rho: &["0.0005", "0.005"], above: &[0.5] },
    Scenario {
        name: "-0.5 σ, whole wide", parts: &[3], rho: &["0.0005", "0.005"], above: &[-0.5]
    },
    Scenario { name: "pairs at 0 σ", parts: &[2, 2], rho: &["0.005"; 3], above: &[0.0] },
    Scenario {
        name: "near, wholes wide",
        parts: &[2, 3],
        rho: &["0.0005", "0.001", "0.005"],
        above: &[0.0, 1.0, 2.0],
    },
    Scenario {
        name: "far, one near",
        parts: &[2, 4],
        rho: &["0.002", "0.002", "0.005"],
        above: &[0.0, 5.0, 8.0, 20.0],
    },
];
