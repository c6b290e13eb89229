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

/// Enough to bring two doubles side by side from any start.
const HALVINGS: u32 = 200;

/// Above this ε the curve is read at this ε: δ falls as ε grows, so that stays an upper bound.
const EPSILON_MAX: f64 = 1e6;

/// An upper bound of δ_ρ(ε), at most one; one for an ε below zero.
#[must_use]
pub fn delta_of(rho: Rho, epsilon: f64) -> f64 {
    if epsilon.is_nan() || epsilon < 0.0 {
        return 1.0;
    }
    if rho == Rho::ZERO {
        return 0.0;
    }
    let (rho, epsilon) = (value(rho), epsilon.min(EPSILON_MAX));
    let alpha = best_alpha(rho, epsilon);
    let exponent =
        (alpha - 1.0) * (alpha * rho - epsilon) + alpha * ln_shrink(alpha) - (alpha - 1.0).ln();
    let slack = OUTWARD * (1.0 + exponent.abs() + alpha * (alpha * rho + epsilon));
    ((exponent + slack).exp() * (1.0 + OUTWARD)).clamp(f64::MIN_POSITIVE, 1.0)
}

/// An α near the optimum, where (2α − 1)ρ − ε + ln(1 − 1/α) crosses zero from below.
fn best_alpha(rho: f64, epsilon: f64) -> f64 {
    let slope = |alpha: f64| (2.0 * alpha - 1.0) * rho - epsilon + ln_shrink(alpha);
    let (mut low, mut high) = (1.0 + 1e-9, 2.0);
    while slope(high) < 0.0 {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    high
}

/// ln(1 − 1/α), without cancellation at either end.
fn ln_shrink(alpha: f64) -> f64 {
    if alpha < 2.0 { ((alpha - 1.0) / alpha).ln() } else { (-1.0 / alpha).ln_1p() }
}

/// An upper bound of δ_total(ε) = min(1, Σδ + δ_ρ(ε)).
#[must_use]
pub fn delta_total(spent: Budget, epsilon: f64) -> f64 {
    ((sum_delta(spent) + delta_of(spent.rho, epsilon)) * (1.0 + OUTWARD)).min(1.0)
}

/// The least ε, rounded up, with δ_total(ε) ≤ `delta`.
///
/// # Errors
/// [`DeltaTooSmall`] when `delta` is not above Σδ by more than rounding.
pub fn epsilon(spent: Budget, delta: f64) -> Result<f64, DeltaTooSmall> {
    let fits = |epsilon: f64| delta_total(spent, epsilon) <= delta;
    let outright = sum_delta(spent);
    if delta.is_nan() || delta <= outright || !fits(EPSILON_MAX) {
        return Err(DeltaTooSmall { asked: delta, spent: outright });
    }
    if spent.rho == Rho::ZERO {
        return Ok(0.0);
    }
    let (mut low, mut high) = (0.0, 1.0);
    while !fits(high) {
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if fits(middle) { high = middle } else { low = middle }
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
