//! How often a cell at the floor is shown, over ten million draws, beside the exact tail.
//!
//! For each mechanism: 50 people are shown as often as P[Z ≥ t] says, in its 99.9 % interval, and 49
//! never. The control has half the noise and must fall outside. Prints a table of Markdown; fails
//! when a figure is outside. `cargo xtask check --slow` runs it.

#![expect(clippy::print_stdout, reason = "the result is printed")]

use privacy::noise::Variance;
use privacy::{CellLimit, DiscreteGaussian, Floor, Quorum, SeededEntropy};

const DRAWS: u32 = 10_000_000;
const SEED: u64 = 8412;

/// The normal quantile of 0.9995: half a thousandth at either end.
const Z: f64 = 3.290_526_731_491_9;

type Failure = Box<dyn std::error::Error>;

fn mechanism(cells: u32, rho: &str, delta: &str) -> Result<Quorum, Failure> {
    let limit = CellLimit::new(cells)?;
    Ok(Quorum::new(Floor::QUORUM, limit, rho.parse()?, delta.parse()?)?)
}

/// How many of the draws show a cell of `people`.
fn shown(quorum: &Quorum, people: u64) -> Result<u32, Failure> {
    let mut entropy = SeededEntropy::new(SEED);
    let mut shown = 0;
    for _ in 0..DRAWS {
        shown += u32::from(quorum.release(people, &mut entropy)?.is_some());
    }
    Ok(shown)
}

/// A quarter of the variance.
fn half_the_noise(variance: Variance) -> Result<Variance, Failure> {
    Ok(Variance::new(variance.numerator(), variance.denominator() * 4)?)
}

/// How many draws lift 50 people to `threshold`.
fn passing(variance: Variance, threshold: u64) -> Result<u32, Failure> {
    let (noise, mut entropy) = (DiscreteGaussian::new(variance), SeededEntropy::new(SEED));
    let mut passing = 0;
    for _ in 0..DRAWS {
        let noisy = 50_u64.checked_add_signed(noise.sample(&mut entropy)?);
        passing += u32::from(noisy.is_some_and(|noisy| noisy >= threshold));
    }
    Ok(passing)
}

fn main() -> Result<(), Failure> {
    println!(
        "| L | rho | delta | T | expected of {DRAWS} | 99.9 % interval | 50 shown | 49 shown |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut outside = 0;
    // L = 1, so that δ₁ = δ; L = 16, so that δ₁ is about δ/16.
    for (cells, rho) in [(1, "0.005"), (16, "0.02")] {
        for delta in ["0.01", "0.001", "0.0001"] {
            let quorum = mechanism(cells, rho, delta)?;
            let chance = quorum.shown_probability(50)?;
            let mean = f64::from(DRAWS) * chance.high;
            let reach = Z * (mean * (1.0 - chance.high)).sqrt();
            let (fifty, fewer) = (shown(&quorum, 50)?, shown(&quorum, 49)?);
            let right = (f64::from(fifty) - mean).abs() <= reach && fewer == 0;
            outside += u32::from(!right);
            println!(
                "| {cells} | {rho} | {delta} | {} | {mean:.0} | {:.0} to {:.0} | {fifty} | {fewer} |",
                quorum.threshold(),
                mean - reach,
                mean + reach
            );
            let control = passing(half_the_noise(quorum.variance())?, quorum.threshold())?;
            if (f64::from(control) - mean).abs() <= reach {
                return Err("half the noise was not caught: the check is blind".into());
            }
        }
    }
    if outside > 0 {
        return Err(format!("{outside} of the rows are outside their interval").into());
    }
    Ok(())
}
