//! `quorate policy check | explain`: does it hold together, and what does it mean.

use std::path::Path;

use clap::Subcommand;
use engine::policy;
use engine::{Clock, Instance, Period, Result, SystemClock};
use serde_json::json;

use crate::output::Output;

/// What to do with the policy.
#[derive(Subcommand)]
pub enum Policy {
    /// Whether the policy holds together and a month's plan fits its caps.
    Check,
    /// What the policy means, in plain words and figures.
    Explain,
}

impl Policy {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let policy = policy::Policy::read(&instance)?;
        let (cost, caps) = (policy.cost()?, policy.caps);
        let now = self::period(&instance);
        let value = json!({
            "floor": policy.floor.people(),
            "hash": policy.hash,
            "caps": { "rho": caps.rho.to_string(), "delta": caps.delta.to_string() },
            "month": { "rho": cost.rho.to_string(), "delta": cost.delta.to_string() },
            "products": policy.products.iter().map(|it| it.product.name).collect::<Vec<_>>(),
        });
        match self {
            Self::Check => output.result(&value, || {
                format!(
                    "the policy holds: a month of {} products takes rho {} of {} and delta {} of \
                     {}, {} is kept in reserve",
                    policy.products.len(),
                    cost.rho,
                    caps.rho,
                    cost.delta,
                    caps.delta,
                    policy.reserve.rho
                )
            }),
            Self::Explain => {
                let text = policy::explain(&policy, now)?;
                output.result(&json!({ "policy": value, "text": text }), || text.clone())
            }
        }
    }
}

/// The present month of the operator.
pub fn period(instance: &Instance) -> Period {
    Period::of(instance.zone().to_datetime(SystemClock.now()).date())
}
