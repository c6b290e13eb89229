//! Other people's programs that ours is measured against; never shipped, never depended upon.

use dashu::integer::IBig;
use dashu::rational::RBig;
use opendp::traits::samplers::sample_discrete_gaussian;

/// A draw of OpenDP's discrete Gaussian with σ = `numerator` / `denominator`.
///
/// # Errors
/// What OpenDP says, as text.
pub fn opendp_gaussian(numerator: u64, denominator: u64) -> Result<i64, String> {
    let scale = RBig::from_parts(numerator.into(), denominator.into());
    let draw: IBig = sample_discrete_gaussian(scale).map_err(|cause| cause.to_string())?;
    i64::try_from(draw).map_err(|cause| cause.to_string())
}
