//! Invented populations over a product of partitions, and their gates.

use privacy::residual::{CellId, Lattice, Other, Relation, remainders};

/// One dimension: nodes, each a set of codes, and which node is the sum of which others.
pub struct Partition {
    pub codes: usize,
    pub nodes: Vec<Vec<usize>>,
    pub sums: Vec<(usize, Vec<usize>)>,
}

impl Partition {
    /// The codes by themselves, as the nodes 0 to `codes` − 1.
    pub fn of_codes(codes: usize) -> Self {
        Self { codes, nodes: (0..codes).map(|it| vec![it]).collect(), sums: Vec::new() }
    }

    /// Adds a node that is the sum of these.
    pub fn sum(&mut self, parts: Vec<usize>) -> usize {
        let node = self.nodes.len();
        let codes = parts.iter().flat_map(|&it| self.nodes[it].iter().copied()).collect();
        self.nodes.push(codes);
        self.sums.push((node, parts));
        node
    }

    /// Adds a second way to sum a node up.
    pub fn also(&mut self, node: usize, parts: Vec<usize>) {
        self.sums.push((node, parts));
    }

    /// Codes and their total.
    pub fn flat(codes: usize) -> Self {
        let mut it = Self::of_codes(codes);
        it.sum((0..codes).collect());
        it
    }
}

/// A lattice and the true people of its cells.
pub struct World {
    pub cells: usize,
    pub relations: Vec<Relation>,
    pub truth: Vec<u64>,
}

impl World {
    /// Every combination of nodes is a cell; `people` counts each combination of codes.
    pub fn new(partitions: &[Partition], mut people: impl FnMut(&[usize]) -> u64) -> Self {
        let codes: Vec<usize> = partitions.iter().map(|it| it.codes).collect();
        let nodes: Vec<usize> = partitions.iter().map(|it| it.nodes.len()).collect();
        let finest: Vec<u64> =
            (0..codes.iter().product()).map(|at| people(&places(at, &codes))).collect();
        let cells: usize = nodes.iter().product();
        let mut truth = Vec::with_capacity(cells);
        let mut relations = Vec::new();
        for cell in 0..cells {
            let at = places(cell, &nodes);
            truth.push(count(partitions, &at, &codes, &finest));
            for (dimension, partition) in partitions.iter().enumerate() {
                for (_, parts) in partition.sums.iter().filter(|it| it.0 == at[dimension]) {
                    let child = |&part: &usize| {
                        let mut at = at.clone();
                        at[dimension] = part;
                        CellId(place(&at, &nodes))
                    };
                    let children = parts.iter().map(child).collect();
                    relations.push(Relation { parent: CellId(cell), children, over: dimension });
                }
            }
        }
        Self { cells, relations, truth }
    }

    pub fn lattice(&self) -> Lattice {
        Lattice::new(self.cells, &self.relations).unwrap()
    }

    /// Each cell by its gate: 50 people, and T with noise.
    pub fn gate(&self, sigma: f64, rng: &mut fastrand::Rng) -> Vec<Option<u64>> {
        self.truth.iter().map(|&it| gate(it, sigma, rng)).collect()
    }

    /// Measures all remainders.
    pub fn measure(
        &self,
        shown: &[Option<u64>],
        sigma: f64,
        rng: &mut fastrand::Rng,
    ) -> Vec<Other> {
        let all = remainders(&self.lattice(), shown).unwrap().into_iter();
        all.map(|remainder| {
            let people = remainder.hidden.iter().map(|it| self.truth[it.0]).sum();
            Other { noisy: gate(people, sigma, rng), remainder }
        })
        .collect()
    }
}

fn count(partitions: &[Partition], at: &[usize], codes: &[usize], finest: &[u64]) -> u64 {
    let mut places = vec![0];
    for (dimension, partition) in partitions.iter().enumerate() {
        let node = &partition.nodes[at[dimension]];
        places = places
            .iter()
            .flat_map(|&it| node.iter().map(move |&code| it * codes[dimension] + code))
            .collect();
    }
    places.iter().map(|&it| finest[it]).sum()
}

fn places(mut at: usize, sizes: &[usize]) -> Vec<usize> {
    let mut all = vec![0; sizes.len()];
    for (place, size) in all.iter_mut().zip(sizes).rev() {
        *place = at % size;
        at /= size;
    }
    all
}

fn place(at: &[usize], sizes: &[usize]) -> usize {
    at.iter().zip(sizes).fold(0, |sum, (place, size)| sum * size + place)
}

/// Noisy people if 50 are there and T is reached; T about as for δ = 1e-12.
pub fn gate(people: u64, sigma: f64, rng: &mut fastrand::Rng) -> Option<u64> {
    let noise = (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (rng.f64() * std::f64::consts::TAU).cos();
    let noisy = people as f64 + (noise * sigma).round();
    (people >= 50 && noisy >= 51.0 + 7.1 * sigma).then_some(noisy as u64)
}
