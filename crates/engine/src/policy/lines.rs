//! A plan line by line: what each table costs, how exact it is, and how much of it will show.

use std::fmt::Write;

use privacy::Budget;

use super::forecast::{self, Expected, Forecast};
use crate::error::Result;
use crate::plan::{Family, Mechanism, PrivatePlan};
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
    /// How it is drawn; `None` for shares, which have no cells.
    pub mechanism: Option<Mechanism>,
    /// How much of it is expected to show; `None` when nothing public tells.
    pub forecast: Option<Forecast>,
}

impl Line {
    /// The standard deviation of an ordinary cell's noise, people; no cell has less.
    #[must_use]
    pub fn sigma(&self) -> Option<f64> {
        Some(self.mechanism.as_ref()?.ordinary().variance.to_f64().sqrt())
    }

    /// Half of a 95 % interval of an ordinary cell, people.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        Some(1.96 * self.sigma()?)
    }

    /// The smallest number of an ordinary cell that is ever published.
    #[must_use]
    pub fn threshold(&self) -> Option<u64> {
        Some(self.mechanism.as_ref()?.ordinary().threshold)
    }

    /// The most cells that one person changes.
    #[must_use]
    pub fn limit(&self) -> Option<u32> {
        Some(self.mechanism.as_ref()?.limit().cells())
    }
}

/// The tables of a plan in release order, then its remainders, then what is told of its families.
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
        Ok(drawn(&it.name, cells, it.gate_cost(), mechanism, forecast))
    });
    let others = plan.remainders().map(|(family, it)| {
        let mechanism = plan.remainder_mechanism(family, it)?;
        let whole = family.marginals.get(it.refinement.whole);
        let cells = whole.map_or(0, |whole| plan.cells(family, whole));
        let forecast = by_release(&it.name, &mechanism);
        Ok(drawn(&it.name, cells, it.cost(), mechanism, forecast))
    });
    let quality = plan.families.iter().filter_map(quality).map(Ok);
    tables.chain(others).chain(quality).collect()
}

/// A line of what has cells.
fn drawn(
    name: &str,
    cells: u64,
    cost: Budget,
    mechanism: Mechanism,
    forecast: Option<Forecast>,
) -> Line {
    Line { name: name.to_owned(), cells, cost, mechanism: Some(mechanism), forecast }
}

/// What is told of a family as a whole.
fn quality(family: &Family) -> Option<Line> {
    let own = family.quality.as_ref()?;
    let shares = [
        (own.loss_rho, "bounding loss"),
        (own.coverage_rho, "coverage"),
        (own.frame_rho, "outside"),
        (own.visibility_rho, "visibility"),
    ];
    let names: Vec<&str> = shares.iter().filter(|it| it.0.is_some()).map(|it| it.1).collect();
    let rows: Vec<&str> = match &family.rows[..] {
        [] => vec!["people"],
        rows => rows.iter().map(|it| it.name()).collect(),
    };
    Some(Line {
        name: format!("{}: {}", rows.join(" "), names.join(", ")),
        cells: u64::try_from(names.len()).unwrap_or(u64::MAX),
        cost: own.cost()?,
        mechanism: None,
        forecast: None,
    })
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
    let whole = |number: Option<f64>| number.map_or("-".to_owned(), |it| format!("{it:.0}"));
    for it in lines {
        let _ = writeln!(
            text,
            "  {:<44} {:>8} {:>3} {:>9} {:>8} {:>8} {:>8} {:>10}{}",
            it.name,
            it.cells,
            it.limit().map_or("-".to_owned(), |it| it.to_string()),
            it.cost.rho.to_string(),
            it.cost.delta.to_string(),
            it.sigma().map_or("-".to_owned(), |it| format!("{it:.1}")),
            whole(it.half_width()),
            it.threshold().map_or("-".to_owned(), |it| it.to_string()),
            match &it.forecast {
                Some(forecast) => format!("{:>9.1} %", 100.0 * forecast.shown),
                None if told && it.mechanism.is_some() => "    unknown".to_owned(),
                None => String::new(),
            }
        );
    }
    text
}
