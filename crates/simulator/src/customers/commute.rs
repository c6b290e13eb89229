//! Where people work: some at home, the others at one of the places near, the large more often.

use crate::chance::{Purpose, Weighted, stream};
use crate::land::Land;
use crate::world::World;

/// The ways to work of a land.
pub(super) struct Commute<'land> {
    land: &'land Land,
    weights: Vec<Weighted>,
}

impl<'land> Commute<'land> {
    pub fn new(land: &'land Land) -> Self {
        let size = |at: u32| {
            let home = usize::try_from(at).ok().and_then(|at| land.homes.get(at));
            f64::from(home.map_or(0, |it| it.1))
        };
        let homes = u32::try_from(land.homes.len()).unwrap_or_default();
        let weights = (0..homes).map(|home| {
            let near = land.near_to(home).iter();
            Weighted::new(
                near.map(|&to| size(to) / (land.distance_m(home, to) + 2_000.0).powf(1.5)),
            )
        });
        Self { land, weights: weights.collect() }
    }

    /// The place of work, and whether at night.
    pub fn place(&self, world: &World, customer: u32, home: u32) -> (u32, bool) {
        let mut rng = stream(world.seed, Purpose::Work, u64::from(customer), 0);
        let stays = rng.f64() < world.rates.home_worker;
        let weights = usize::try_from(home).ok().and_then(|at| self.weights.get(at));
        let night = rng.f64() < world.rates.night_shift;
        match (weights, self.land.near_to(home)) {
            (Some(weights), near) if !stays && !near.is_empty() => {
                (near[weights.pick(rng.f64())], night)
            }
            _ => (home, false),
        }
    }
}
