//! Synthetic people: as many as asked for, each in one cell of the space of homes, genders, ages.

use crate::chance::{Chance, share_out};
use crate::number::{index, position};
use crate::space::Space;

/// The cell of each person, in the order of cells; a person's number is its position here.
pub(crate) struct People {
    pub cell: Vec<u32>,
}

impl People {
    /// Draws `count` people in proportion to `weights`.
    ///
    /// Gender and age first, then the home among those of that gender and age, each by systematic
    /// sampling: a zone of any level gets its expectation for each gender and age up to less than one
    /// for each run of its finest zones.
    pub fn draw(space: &Space, weights: &[f64], count: u64, seed: u64) -> Self {
        let mut chance = Chance::new(seed, "people");
        let run = space.axes.last().map_or(1, |it| it.size).max(1);
        let runs: Vec<f64> = weights.chunks(run).map(|it| it.iter().sum()).collect();
        let of_runs = share_out(&runs, count, chance.unit());
        let mut people = Vec::new();
        for (at, (weights, count)) in weights.chunks(run).zip(of_runs).enumerate() {
            for (own, count) in share_out(weights, count, chance.unit()).into_iter().enumerate() {
                people.extend((0..count).map(|_| position(at * run + own)));
            }
        }
        Self { cell: people }
    }

    /// People by cell of their space.
    pub fn by_cell(&self, space: &Space) -> Vec<u64> {
        let mut counts = vec![0; space.size];
        for cell in &self.cell {
            if let Some(count) = counts.get_mut(index(*cell)) {
                *count += 1;
            }
        }
        counts
    }
}
