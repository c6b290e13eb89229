//! Workload W7: exact discrete Gaussian draws a second on one core, ours and OpenDP's in one run.
//!
//! Prints one JSON object; `cargo xtask bench --workload w7` runs it.

#![expect(clippy::print_stdout, reason = "the result is printed")]

use std::time::Instant;

use peers::opendp_gaussian;
use privacy::noise::Variance;
use privacy::{DiscreteGaussian, SystemEntropy};

const ROUNDS: usize = 5;

/// Draws a second of `draw`, called `times` times.
fn rate(times: u32, mut draw: impl FnMut() -> Result<i64, String>) -> Result<f64, String> {
    let started = Instant::now();
    let mut sum = 0_i64;
    for _ in 0..times {
        sum = sum.wrapping_add(draw()?);
    }
    std::hint::black_box(sum);
    Ok(f64::from(times) / started.elapsed().as_secs_f64())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() -> Result<(), String> {
    let mut lines = Vec::new();
    // σ of 1, 10 and 100 people, and 20 people on the lattice of 2^−20.
    for (label, sigma) in [("1", 1_u64), ("10", 10), ("100", 100), ("20 * 2^20", 20 << 20)] {
        let square = u128::from(sigma) * u128::from(sigma);
        let variance = Variance::new(square, 1).map_err(|cause| cause.to_string())?;
        let sampler = DiscreteGaussian::new(variance);
        let mut entropy = SystemEntropy::new().map_err(|cause| cause.to_string())?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let own = || sampler.sample(&mut entropy).map_err(|cause| cause.to_string());
            ours.push(rate(1_000_000, own)?);
            theirs.push(rate(50_000, || opendp_gaussian(sigma, 1))?);
        }
        let (ours, theirs) = (median(ours), median(theirs));
        lines.push(format!(
            "{{\"sigma\":\"{label}\",\"ours\":{ours:.0},\"opendp\":{theirs:.0},\"ratio\":{:.2}}}",
            ours / theirs
        ));
    }
    println!("{{\"workload\":\"W7\",\"unit\":\"draws/s/core\",\"rows\":[{}]}}", lines.join(","));
    Ok(())
}
