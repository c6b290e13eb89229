//! `quorate release plan`: what a period would measure and cost, and how much of it would show.

use std::fmt::Write;

use clap::Args;
use engine::policy::{self, Expected, Forecast, Ground, Line, Policy};
use engine::run::{Earlier, check_series, read_ledger};
use engine::vault::Vault;
use engine::{Instance, Kind, Period, Result};
use privacy::Budget;
use serde_json::{Value, json};

use crate::command::policy::period;
use crate::output::Output;

/// Which plan.
#[derive(Args)]
pub struct PlanArguments {
    /// The product; all of the policy when absent.
    product: Option<String>,
    /// The period, e.g. 2026-10; the present month when absent.
    #[arg(long)]
    period: Option<String>,
}

/// What one product would measure.
struct Part {
    product: &'static str,
    cost: Budget,
    lines: Vec<Line>,
    /// Why its code lists would be refused.
    recut: Option<String>,
}

impl PlanArguments {
    pub fn run(self, instance: &Instance, policy: &Policy, output: &Output) -> Result<()> {
        let period: Period = match &self.period {
            Some(text) => text.parse()?,
            None => period(instance),
        };
        let products: Vec<&'static str> = match &self.product {
            Some(product) => vec![policy.product(product)?.product.name],
            None => policy.products.iter().map(|it| it.product.name).collect(),
        };
        let vault = Vault::open(instance)?;
        let census = vault.population()?;
        let expected = policy.people.map(|people| {
            Expected::new(people, &policy.geography, census.as_ref(), &policy.coverage)
        });
        let history = read_ledger(instance)?;
        let parts = products.into_iter().map(|product| {
            // The code lists are those of the vault when it holds the period, else as they would be.
            let earlier = Earlier::of(instance, &history, product);
            let (plan, recut) = if let Ok(snapshot) = vault.snapshot(period) {
                let weighing = earlier.weighing(period, &snapshot.id)?;
                let plan = policy.plan(product, &snapshot, weighing.as_ref())?;
                let recut = refused(check_series(instance, &history, &plan))?;
                (plan, recut)
            } else {
                let weighing = earlier.weighing(period, "")?;
                (policy.outline(product, period, weighing.as_ref())?, None)
            };
            let earlier = earlier.newest(period)?;
            let lines = policy::lines(&plan, earlier.as_ref(), expected.as_ref())?;
            Ok(Part { product, cost: plan.cost()?, lines, recut })
        });
        let parts = parts.collect::<Result<Vec<Part>>>()?;
        let left = history.meter(&period.to_string(), policy.caps).left();
        let sum = parts.iter().try_fold(Budget::ZERO, |sum, it| sum.checked_add(it.cost));
        let fits = sum.is_some_and(|sum| left.checked_sub(sum).is_some());
        let sum = sum.unwrap_or(Budget::MAX);
        let value = json!({
            "period": period.to_string(),
            "cost": amount(sum),
            "left": amount(left),
            "caps": amount(policy.caps),
            "reserve": amount(policy.reserve),
            "fits": fits,
            "products": parts.iter().map(product).collect::<Vec<_>>(),
        });
        output.result(&value, || {
            let mut text = String::new();
            for Part { product, cost, lines, recut } in &parts {
                let _ = writeln!(
                    text,
                    "{product} {period}: costs each person rho {}, delta {}\n{}",
                    cost.rho,
                    cost.delta,
                    policy::figures(lines)
                );
                if let Some(recut) = recut {
                    let _ = writeln!(text, "a release would be refused:\n{recut}\n");
                }
            }
            let verdict =
                if fits { "it fits" } else { "it does not fit: a release would be refused" };
            let _ = writeln!(
                text,
                "In all rho {}, delta {}; left of {period} rho {}, delta {}, of which rho {} is kept for \
                 later questions: {verdict}",
                sum.rho, sum.delta, left.rho, left.delta, policy.reserve.rho
            );
            text.push_str(&grounds(&parts));
            text
        })
    }
}

/// A refusal as a text; anything else that went wrong stays an error.
fn refused(checked: Result<()>) -> Result<Option<String>> {
    match checked {
        Ok(()) => Ok(None),
        Err(cause) if cause.kind() == Kind::Policy => Ok(Some(cause.to_string())),
        Err(cause) => Err(cause),
    }
}

/// What the forecasts stand on, in words.
fn grounds(parts: &[Part]) -> String {
    let lines = || parts.iter().flat_map(|it| &it.lines);
    let mut releases: Vec<&str> = lines()
        .filter_map(|it| match &it.forecast.as_ref()?.ground {
            Ground::Release(id) => Some(id.as_str()),
            Ground::Population => None,
        })
        .collect();
    releases.dedup();
    let mut text = String::new();
    if !releases.is_empty() {
        let _ = writeln!(text, "Will show: by what was released before ({}).", releases.join(", "));
    }
    if lines().any(|it| it.forecast.as_ref().is_some_and(|it| it.ground == Ground::Population)) {
        text.push_str(
            "Will show: by the people of the policy, spread as a census has residents.\n",
        );
    }
    if lines().all(|it| it.forecast.is_none()) {
        text.push_str(
            "How much will show is told once something was released, or with `people` in policy.toml.\n",
        );
    }
    text
}

fn amount(budget: Budget) -> Value {
    json!({ "rho": budget.rho.to_string(), "delta": budget.delta.to_string() })
}

fn product(part: &Part) -> Value {
    let ground = |it: &Forecast| match &it.ground {
        Ground::Release(id) => id.clone(),
        Ground::Population => "population".to_owned(),
    };
    let line = |it: &Line| {
        json!({
            "table": it.name,
            "cells": it.cells,
            "l0": it.limit(),
            "cost": amount(it.cost),
            "sigma": it.sigma(),
            "half_width": it.half_width(),
            "threshold": it.threshold(),
            "will_show": it.forecast.as_ref().map(|it| it.shown),
            "by": it.forecast.as_ref().map(ground),
        })
    };
    json!({
        "product": part.product,
        "cost": amount(part.cost),
        "refused": part.recut,
        "tables": part.lines.iter().map(line).collect::<Vec<_>>(),
    })
}
