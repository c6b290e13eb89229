//! A plan line by line: what each table costs, how exact it is, and how much of it will show.

use std::fmt::Write;

use privacy::Budget;

use super::forecast::{self, Expected, Forecast};
use crate::error::Result;
use crate::plan::{Mechanism, PrivatePlan};
use crate::publish::Publication;

/// One measured table, or the remainders of one.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Cells on its code list.
    pub cells: u64,
    /// What it costs each person.
    pub cost: Budget,
    /// How it is drawn.
    pub mechanism: Mechanism,
    /// How much of it is expected to show; `None` when nothing public tells.
    pub forecast: Option<Forecast>,
}

impl Line {
    /// The standard deviation of an ordinary cell's noise, people; no cell has less.
    #[must_use]
    pub fn sigma(&self) -> f64 {
        self.mechanism.ordinary().variance.to_f64().sqrt()
    }

    /// Half of a 95 % interval of an ordinary cell, people.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        1.96 * self.sigma()
    }
}

/// The tables of a plan in release order, then its remainders.
///
/// # Errors
/// As [`PrivatePlan::mechanism`].
pub fn lines(
    plan: &PrivatePlan,
    earlier: Option<&Publication>,
    expected: Option<&Expected<'_>>,
) -> Result<Vec<Line>> {
    let by_release =
        |name: &str, mechanism: &Mechanism| forecast::by_release(name, mechanism, earlier?);
    let tables = plan.marginals().map(|(family, it)| {
        let mechanism = plan.mechanism(family, it)?;
        let forecast = by_release(&it.name, &mechanism)
            .or_else(|| forecast::by_census(plan, (family, it), &mechanism, expected?));
        let cells = plan.cells(family, it);
        Ok(Line { name: it.name.clone(), cells, cost: it.cost(), mechanism, forecast })
    });
    let others = plan.remainders().map(|(family, it)| {
        let mechanism = plan.remainder_mechanism(family, it)?;
        let whole = family.marginals.get(it.refinement.whole);
        let cells = whole.map_or(0, |whole| plan.cells(family, whole));
        let forecast = by_release(&it.name, &mechanism);
        Ok(Line { name: it.name.clone(), cells, cost: it.cost(), mechanism, forecast })
    });
    tables.chain(others).collect()
}

/// The lines as a table for people.
#[must_use]
pub fn figures(lines: &[Line]) -> String {
    let told = lines.iter().any(|it| it.forecast.is_some());
    let mut text = format!(
        "  {:<44} {:>8} {:>3} {:>9} {:>8} {:>8} {:>8} {:>10}{}\n",
        "table",
        "cells",
        "L",
        "rho",
        "delta",
        "sigma",
        "95% +-",
        "shown from",
        if told { "  will show" } else { "" }
    );
    for it in lines {
        let _ = writeln!(
            text,
            "  {:<44} {:>8} {:>3} {:>9} {:>8} {:>8.1} {:>8.0} {:>10}{}",
            it.name,
            it.cells,
            it.mechanism.limit().cells(),
            it.cost.rho.to_string(),
            it.cost.delta.to_string(),
            it.sigma(),
            it.half_width(),
            it.mechanism.ordinary().threshold,
            match &it.forecast {
                Some(forecast) => format!("{:>9.1} %", 100.0 * forecast.shown),
                None if told => "    unknown".to_owned(),
                None => String::new(),
            }
        );
    }
    text
}
