//! Randomness by name: each draw's stream depends on the seed and on what it is for, so that
//! worlds are the same whatever the order and number of threads.

use fastrand::Rng;

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    Customer,
    Work,
    Events,
    Web,
    Wrong,
    Cell,
    Habit,
    Taste,
    Place,
    Visitor,
    Late,
}

/// The stream of `purpose` for the thing named by `a` and `b`.
pub(crate) fn stream(seed: u64, purpose: Purpose, a: u64, b: u64) -> Rng {
    Rng::with_seed(number(seed, purpose, a, b))
}

/// A number that is the same for the same name.
pub(crate) fn number(seed: u64, purpose: Purpose, a: u64, b: u64) -> u64 {
    let purpose = match purpose {
        Purpose::Customer => 1,
        Purpose::Work => 2,
        Purpose::Events => 3,
        Purpose::Web => 4,
        Purpose::Wrong => 5,
        Purpose::Cell => 6,
        Purpose::Habit => 7,
        Purpose::Taste => 8,
        Purpose::Place => 9,
        Purpose::Visitor => 10,
        Purpose::Late => 11,
    };
    mix(mix(mix(seed ^ purpose) ^ a) ^ b)
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// How many times something of mean `rate` happens: the whole part, and the rest by chance.
pub(crate) fn times(rate: f64, rng: &mut Rng) -> u32 {
    let mut count = 0;
    let mut rest = rate;
    while rest >= 1.0 {
        count += 1;
        rest -= 1.0;
    }
    count + u32::from(rng.f64() < rest)
}

/// Cumulative weights to draw a position from.
#[derive(Clone, Debug)]
pub(crate) struct Weighted(Vec<f64>);

impl Weighted {
    pub fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        Self(
            weights
                .into_iter()
                .map(|it| {
                    sum += it;
                    sum
                })
                .collect(),
        )
    }

    /// A position for `at` in 0..1.
    pub fn pick(&self, at: f64) -> usize {
        let total = self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|&it| it <= at * total).min(self.0.len().saturating_sub(1))
    }
}
