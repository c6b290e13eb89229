//! From the ledger's (ρ, Σδ) to the (ε, δ) that is published.
//!
//! δ_ρ(ε) = inf over α > 1 of exp((α − 1)(αρ − ε)) · (1 − 1/α)^α / (α − 1); any α is a valid bound,
//! so a search can only be too careful. Every result is rounded up by more than the error of its
//! floating-point evaluation. Proof: conversion.md. Source: Canonne, Kamath & Steinke 2020,
//! Proposition 12 with Corollary 13; privacy model §8. Figures for display, never a budget.

use crate::unit::{Budget, Rho};

/// The δ that was asked for is not above what has been spent outright.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("no epsilon exists at delta {asked:e}: {spent:e} has been spent outright")]
pub struct DeltaTooSmall {
    /// The δ asked for.
    pub asked: f64,
    /// Σδ of the ledger.
    pub spent: f64,
}

/// Relative margin over the error of a few dozen floating-point operations.
const OUTWARD: f64 = 1e-12;

/// An upper bound of δ_ρ(ε), within 10⁻⁹ relative of the infimum.
#[must_use]
pub fn delta_of(rho: Rho, epsilon: f64) -> f64 {
    if rho == Rho::ZERO {
        return 0.0;
    }
    let rho = value(rho);
    if epsilon <= 0.0 || !epsilon.is_finite() {
        return 1.0;
    }
    // The exponent's derivative in α is negative before the optimum and positive after it.
    let slope = |alpha: f64| (2.0 * alpha - 1.0) * rho - epsilon + (-1.0 / alpha).ln_1p();
    let mut low = 1.0 + 1e-9;
    let mut high = f64::midpoint(epsilon / rho, 3.0).max(2.0);
    while slope(high) < 0.0 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    let alpha = high;
    let exponent = (alpha - 1.0) * (alpha * rho - epsilon) + alpha * (-1.0 / alpha).ln_1p()
        - (alpha - 1.0).ln();
    let slack = OUTWARD * (1.0 + exponent.abs() + alpha * epsilon);
    ((exponent + slack).exp() * (1.0 + OUTWARD)).min(1.0)
}

/// An upper bound of δ_total(ε) = min(1, Σδ + δ_ρ(ε)).
#[must_use]
pub fn delta_total(spent: Budget, epsilon: f64) -> f64 {
    ((sum_delta(spent) + delta_of(spent.rho, epsilon)) * (1.0 + OUTWARD)).min(1.0)
}

/// The least ε, rounded up, with δ_total(ε) ≤ `delta`.
///
/// # Errors
/// [`DeltaTooSmall`] when `delta` is not above Σδ.
pub fn epsilon(spent: Budget, delta: f64) -> Result<f64, DeltaTooSmall> {
    let outright = sum_delta(spent);
    if delta.is_nan() || delta <= outright {
        return Err(DeltaTooSmall { asked: delta, spent: outright });
    }
    if spent.rho == Rho::ZERO {
        return Ok(0.0);
    }
    let (mut low, mut high) = (0.0, 1.0);
    while delta_total(spent, high) > delta {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if delta_total(spent, middle) <= delta { high = middle } else { low = middle }
    }
    Ok(high)
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "display; below 2^53")]
fn value(rho: Rho) -> f64 {
    rho.nano() as f64 / 1e9
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "display; rounded up")]
fn sum_delta(spent: Budget) -> f64 {
    spent.delta.atto() as f64 / 1e18 * (1.0 + OUTWARD)
}
