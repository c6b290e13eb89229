//! The policy in plain words, with the figures that follow from it.

use std::fmt::Write;

use privacy::{Budget, conversion};

use super::lines::{figures, lines};
use super::{Policy, ProductPolicy};
use crate::error::Result;
use crate::time::Period;

/// Twelve and twenty-four months beside one: what repeated release adds up to.
const HORIZONS: [u64; 3] = [1, 12, 24];

/// The smallest δ at which ε is quoted, above what has been spent outright.
pub const DELTA_MARGIN: f64 = 1e-9;

/// What `policy` allows, for a protection officer to read.
///
/// # Errors
/// As [`Policy::read`], for a policy that was made by hand.
pub fn explain(policy: &Policy, period: Period) -> Result<String> {
    let mut text = String::new();
    let covered = if policy.coverage.is_empty() {
        "all of Great Britain".to_owned()
    } else {
        format!("postcode areas {}", policy.coverage.join(", "))
    };
    let _ = writeln!(
        text,
        "Every published cell holds {} people or more. Covered: {covered}. Assessment: {}.",
        policy.floor.people(),
        policy.dpia
    );
    let _ = writeln!(
        text,
        "A month may cost each person rho {} and delta {}; {} is kept for later questions.\n",
        policy.caps.rho, policy.caps.delta, policy.reserve.rho
    );
    text.push_str(
        "A release is settled before it leaves: cells that passed are withdrawn until no smaller group\n\
         follows from the others by subtraction; the manifest says how many.\n\n",
    );
    let _ = writeln!(text, "What that means if every month is spent in full:");
    for (months, budget) in
        HORIZONS.iter().filter_map(|&months| Some((months, times(policy.caps, months)?)))
    {
        let delta = at(budget);
        if let Ok(epsilon) = conversion::epsilon(budget, delta) {
            let _ = writeln!(
                text,
                "  over {months:>2} months: epsilon {epsilon:.2} at delta {delta:.1e}"
            );
        }
    }
    text.push_str("A lifetime of releases has no bound unless the caps are lowered over time.\n");
    for product in &policy.products {
        self::product(policy, product, period, &mut text)?;
    }
    Ok(text)
}

/// The δ at which ε is quoted: what was spent outright and a margin, rounded up to three digits.
#[must_use]
pub fn at(budget: Budget) -> f64 {
    let spent = conversion::delta_total(Budget { rho: privacy::Rho::ZERO, ..budget }, 1.0);
    let least = spent + DELTA_MARGIN;
    let rounded = format!("{:.2e}", least * 1.005).parse().unwrap_or(least);
    if rounded < least { least } else { rounded }
}

/// `months` times a budget; `None` on overflow.
#[must_use]
pub fn times(budget: Budget, months: u64) -> Option<Budget> {
    (0..months).try_fold(Budget::ZERO, |sum, _| sum.checked_add(budget))
}

fn product(policy: &Policy, own: &ProductPolicy, period: Period, text: &mut String) -> Result<()> {
    let plan = policy.outline(own.product.name, period, None)?;
    let cost = plan.cost()?;
    let _ = writeln!(text, "\n{}: {}", own.product.name, own.product.summary);
    let _ = writeln!(text, "  For: {}. Costs rho {}, delta {}.", own.purpose, cost.rho, cost.delta);
    text.push_str(&figures(&lines(&plan, None, None)?));
    Ok(())
}
