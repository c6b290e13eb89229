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
    WrongEvent,
    WrongPage,
    Cell,
    Habit,
    Taste,
    Place,
    Visitor,
    Fleet,
    Contract,
    Company,
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
        Purpose::WrongEvent => 5,
        Purpose::Cell => 6,
        Purpose::Habit => 7,
        Purpose::Taste => 8,
        Purpose::Place => 9,
        Purpose::Visitor => 10,
        Purpose::Fleet => 11,
        Purpose::Contract => 12,
        Purpose::Company => 13,
        Purpose::WrongPage => 14,
        Purpose::Late => 15,
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

/// Says of one thing after another whether it is struck, each with the same chance: one draw for each
/// that is, none for those between.
#[derive(Clone, Debug)]
pub(crate) struct Strikes {
    /// 1 / ln(1 - share); none when nothing is ever struck.
    scale: Option<f64>,
    left: u32,
}

impl Strikes {
    pub fn new(share: f64, rng: &mut Rng) -> Self {
        let scale = (share > 0.0).then(|| 1.0 / (1.0 - share.min(1.0 - 1e-9)).ln());
        let mut strikes = Self { scale, left: 0 };
        strikes.left = strikes.gap(rng);
        strikes
    }

    /// Whether the next thing is struck.
    pub fn next(&mut self, rng: &mut Rng) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        self.left = self.gap(rng);
        self.scale.is_some()
    }

    /// How many go by before the next strike: geometric.
    fn gap(&self, rng: &mut Rng) -> u32 {
        self.scale.map_or(u32::MAX, |scale| crate::land::whole((1.0 - rng.f64()).ln() * scale))
    }
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
