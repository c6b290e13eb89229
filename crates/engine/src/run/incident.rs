//! A question whose count stopped: counted once more; when it stops again, that is its answer.
//!
//! Whether a count stops may depend on rows, so what follows from it does not: the question is charged as any
//! other, the outcome is published and stands for whoever asks it, and the cause is told to the operator alone.
//! Source: privacy model §8 (failures are answers).

use std::fs::{self, OpenOptions};
use std::io::Write;

use serde_json::json;

use super::Run;
use crate::count::{STOPPED, Sealed};
use crate::error::{Error, Result, io_error};
use crate::plan::PrivatePlan;

/// Does `count`, once more if counting stops; `None` when it stops twice.
///
/// # Errors
/// What else `count` says; a fault when the operator cannot be told.
pub(super) fn patient(
    run: &Run<'_>,
    plan: &PrivatePlan,
    count: impl Fn() -> Result<Sealed>,
) -> Result<Option<Sealed>> {
    let stopped = |outcome: &Result<Sealed>| outcome.as_ref().is_err_and(|it| it.code() == STOPPED);
    let first = count();
    let last = if stopped(&first) { count() } else { first };
    match last {
        Err(cause) if cause.code() == STOPPED => note(run, plan, &cause).map(|()| None),
        outcome => outcome.map(Some),
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
