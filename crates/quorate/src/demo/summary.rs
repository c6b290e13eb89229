//! What the demo ends with: a page of text that is worth reading.

use std::fmt::Write;
use std::path::Path;

use engine::policy::{self, Policy};
use engine::publish::{Manifest, Publication};
use engine::report::TruthRow;
use privacy::{Budget, Meter, conversion};
use serde::Serialize;
use serde_json::Value;
use simulator::World;

use crate::command::thousands;

/// Everything that happened, for people and machines.
#[derive(Serialize)]
pub struct Summary {
    /// What was simulated.
    simulated: simulator::Summary,
    days: u16,
    seed: u64,
    /// What the door did.
    loaded: Value,
    /// What was published.
    releases: Vec<Manifest>,
    /// What the period has cost.
    spent: Cost,
    left: Cost,
    /// How far the published cells are from the truth.
    distance: Vec<TruthRow>,
    seconds: u64,
}

#[derive(Serialize)]
struct Cost {
    rho: String,
    delta: String,
    epsilon: Option<f64>,
    epsilon_delta: f64,
}

/// What a summary is made of.
pub struct Parts<'demo> {
    pub world: &'demo World,
    pub simulated: &'demo simulator::Summary,
    pub loaded: &'demo Value,
    pub publications: &'demo [Publication],
    pub distances: &'demo [TruthRow],
    pub policy: &'demo Policy,
    pub spent: Budget,
    pub seconds: u64,
}

impl Cost {
    fn of(budget: Budget) -> Self {
        let epsilon_delta = policy::at(budget);
        Self {
            rho: budget.rho.to_string(),
            delta: budget.delta.to_string(),
            epsilon: conversion::epsilon(budget, epsilon_delta).ok(),
            epsilon_delta,
        }
    }
}

impl Summary {
    pub fn new(parts: &Parts<'_>) -> Self {
        let left = Meter::new(parts.policy.caps, parts.spent).left();
        Self {
            simulated: parts.simulated.clone(),
            days: parts.world.days,
            seed: parts.world.seed,
            loaded: parts.loaded.clone(),
            releases: parts.publications.iter().map(|it| it.manifest.clone()).collect(),
            spent: Cost::of(parts.spent),
            left: Cost::of(left),
            distance: parts.distances.to_vec(),
            seconds: parts.seconds,
        }
    }

    /// The summary for people.
    pub fn to_text(&self, page: &Path) -> String {
        let mut text = String::new();
        self.operator(&mut text);
        self.door(&mut text);
        self.published(&mut text);
        self.cost(&mut text);
        let _ = writeln!(text, "\nThe page: {}   ({} s in all)", page.display(), self.seconds);
        text
    }

    fn operator(&self, text: &mut String) {
        let own = &self.simulated;
        let _ = writeln!(
            text,
            "\nA simulated operator: {} SIMs in {}, {} days from 1 October 2026 (seed {})\n  \
             {} events and {} web records",
            thousands(own.customers),
            own.areas.join(" "),
            self.days,
            self.seed,
            thousands(own.events),
            thousands(own.web_records)
        );
    }

    fn door(&self, text: &mut String) {
        let count = |value: &Value| thousands(value.as_u64().unwrap_or(0));
        let _ =
            writeln!(text, "\nThrough the door: {} people", count(&self.loaded["people"]["total"]));
        let classes = self.loaded["rows"].as_object().into_iter().flatten();
        for (class, rows) in classes {
            let _ = writeln!(
                text,
                "  {class}: {} rows, {} kept",
                count(&rows["read"]),
                count(&rows["kept"])
            );
            for fate in ["dropped", "quarantined"] {
                let reasons = rows[fate].as_object().into_iter().flatten();
                let reasons: Vec<String> =
                    reasons.map(|(reason, rows)| format!("{reason} {}", count(rows))).collect();
                if !reasons.is_empty() {
                    let _ = writeln!(text, "    {fate}: {}", reasons.join(", "));
                }
            }
        }
        let excluded = self.loaded["sims_excluded"].as_object().into_iter().flatten();
        let excluded: Vec<String> =
            excluded.map(|(reason, sims)| format!("{reason} {}", count(sims))).collect();
        let _ = writeln!(text, "  SIMs left out: {}", excluded.join(", "));
    }

    fn published(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\nPublished: cells of 50 people or more, with noise; off by = median distance from the truth"
        );
        let _ = writeln!(
            text,
            "  {:<24} {:>17} {:>8} {:>8} {:>10}",
            "table", "cells published", "+-95%", "off by", "in interval"
        );
        for manifest in &self.releases {
            let _ = writeln!(text, "  {}", manifest.product);
            for table in &manifest.marginals {
                let cells = format!(
                    "{} of {}",
                    thousands(table.cells_released),
                    thousands(table.cells_in_code_list)
                );
                let distance = self.distance.iter().find(|it| it.marginal == table.name);
                let (error, covered) = distance.map_or(("-".into(), "-".into()), |it| {
                    let percent = |share: f64| format!("{:.1} %", share * 100.0);
                    (percent(it.median_relative_error), percent(it.covered_share))
                });
                let _ = writeln!(
                    text,
                    "    {:<22} {cells:>17} {:>8.0} {error:>8} {covered:>10}",
                    table.name,
                    1.96 * table.sigma
                );
            }
        }
    }

    fn cost(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\nWhat it cost each person: rho {}, delta {}: epsilon {:.2} at delta {:.1e}\n  left for \
             the month: rho {}, delta {}",
            self.spent.rho,
            self.spent.delta,
            self.spent.epsilon.unwrap_or(f64::NAN),
            self.spent.epsilon_delta,
            self.left.rho,
            self.left.delta
        );
    }
}
