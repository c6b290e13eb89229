//! `EXPLAIN PRIVACY`: what would be measured, how, and what it would cost; nothing of it depends on rows.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::desk::Answer;
use super::planner::Planned;
use super::view;
use crate::error::{Error, Result};
use crate::plan::PrivatePlan;

/// The explanation as an answer of one column.
///
/// # Errors
/// As [`text`].
pub fn answer(questions: &[Planned]) -> Result<Answer> {
    let text = text(questions)?;
    let lines: ArrayRef = Arc::new(text.lines().map(Some).collect::<StringArray>());
    let wrong = |cause: arrow::error::ArrowError| Error::fault("F03", cause.to_string());
    let rows = RecordBatch::try_new(columns(), vec![lines]).map_err(wrong)?;
    Ok(Answer { schema: rows.schema(), rows: vec![rows], paid: Vec::new() })
}

/// The one column of an answer that explains.
#[must_use]
pub fn columns() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("plan", DataType::Utf8, true)]))
}

/// One paragraph a question.
///
/// # Errors
/// [`Error`] `P05` when a table has no mechanism.
pub fn text(questions: &[Planned]) -> Result<String> {
    let mut out = String::new();
    for (at, planned) in (1..).zip(questions) {
        let plan = &planned.priced.plan;
        let _ = writeln!(out, "question {at}: `{}` of {}", view::of(plan.view).name, plan.period);
        if planned.asked.question.nothing {
            let _ = writeln!(out, "  holds for nobody, whatever the data: free");
            continue;
        }
        for filter in &plan.filters {
            let _ = writeln!(
                out,
                "  only {} in {}",
                view::column(filter.dimension),
                bins(&filter.bins)
            );
        }
        for (family, marginal) in plan.marginals() {
            let mechanism = plan.mechanism(family, marginal)?.ordinary();
            let cells = plan.cells(family, marginal);
            let limit = marginal.cells_per_person(family).cells();
            let _ = writeln!(
                out,
                "  table {}: cells {cells}, {limit} a person; people ± {:.0}, none under {}; rho {}, delta {}",
                marginal.name,
                Z95 * mechanism.variance.to_f64().sqrt(),
                mechanism.threshold,
                marginal.rho,
                marginal.delta
            );
            for sum in &marginal.sums {
                let _ = writeln!(
                    out,
                    "    sum of {}: at most {} a person and cell; rho {}",
                    sum.measure.name(),
                    sum.cap,
                    sum.rho
                );
            }
            if let Some(quantiles) = &marginal.quantiles {
                let mechanism = plan.quantile_mechanism(family, marginal, quantiles)?;
                let _ = writeln!(
                    out,
                    "    quantiles of {}: {} bins up to {} a person and cell, people before a bin \
                     ± {}; rho {}",
                    quantiles.measure.name(),
                    mechanism.bins(),
                    quantiles.greatest(mechanism.bins()),
                    mechanism.half_width(),
                    quantiles.rho
                );
            }
        }
        let _ = writeln!(out, "  {}", cost(plan)?);
    }
    if questions.is_empty() {
        out.push_str("free: nothing of people is asked\n");
    }
    Ok(out)
}

const Z95: f64 = 1.96;

fn cost(plan: &PrivatePlan) -> Result<String> {
    let cost = plan.cost()?;
    Ok(format!("cost rho {}, delta {}", cost.rho, cost.delta))
}

fn bins(all: &[String]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(3)
        .map(|it| if it.is_empty() { "NULL".to_owned() } else { format!("'{it}'") })
        .collect();
    match all.len() {
        more if more > 3 => format!("({}, … {more} in all)", shown.join(", ")),
        _ => format!("({})", shown.join(", ")),
    }
}
