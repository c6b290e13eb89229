//! A question that could not be counted: counted once more, then told to the operator and to nobody else.
//!
//! Counting comes before charge and draw, so nothing was paid or said. Why it failed may depend on rows; the
//! asker reads the same words whatever it was. Source: privacy model §8 (failures are answers).

use std::fs::{self, OpenOptions};
use std::io::Write;

use serde_json::json;

use crate::error::{Error, Result, io_error};
use crate::plan::PrivatePlan;
use crate::run::Run;

/// The code of a count that stopped.
const COUNTING: &str = "F04";

/// Does `count`, once more if counting stops.
///
/// # Errors
/// What `count` says; `F16`, the same whatever the cause, when counting stops twice.
pub fn patient<T>(run: &Run<'_>, plan: &PrivatePlan, count: impl Fn() -> Result<T>) -> Result<T> {
    let stopped = |outcome: &Result<T>| outcome.as_ref().is_err_and(|it| it.code() == COUNTING);
    let first = count();
    let second = if stopped(&first) { count() } else { return first };
    match second {
        Err(cause) if cause.code() == COUNTING => {
            note(run, plan, &cause)?;
            Err(Error::fault(
                "F16",
                "the question cannot be answered now; the operator has been told",
            )
            .remedy("ask again later; nothing was charged"))
        }
        outcome => outcome,
    }
}

/// Appends a line to the operator's own list.
fn note(run: &Run<'_>, plan: &PrivatePlan, cause: &Error) -> Result<()> {
    let folder = run.instance.reports_dir();
    let path = folder.join("incidents.jsonl");
    let line = json!({ "at": run.clock.now().to_string(), "plan": plan.canonical()?, "cause": cause.to_json() });
    let written = fs::create_dir_all(&folder)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(&path))
        .and_then(|mut file| writeln!(file, "{line}"));
    written.map_err(|cause| io_error("write", &path, &cause))
}
