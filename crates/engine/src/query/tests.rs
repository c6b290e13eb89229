//! What statements come to: refused by which rule, free, or asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use reference::{Geography, SiteList};
use tempfile::TempDir;

use super::catalog::Database;
use super::planner::Planner;
use super::released::Released;
use super::shelf::Ground;
use crate::policy::Policy;
use crate::product;
use crate::time::Period;
use crate::vault::Snapshot;

mod answered;
mod cube;
mod fuzz;
mod quantiles;

/// The default policy.
fn policy() -> Policy {
    let folder = TempDir::new().unwrap();
    product::write_templates(folder.path()).unwrap();
    Policy::read_folder(folder.path(), Geography::built_in()).unwrap()
}

/// A planner of an operator who holds these months.
fn planner<'run>(policy: &'run Policy, months: &[&str]) -> Planner<'run> {
    let held: Vec<Period> = months.iter().map(|it| it.parse().unwrap()).collect();
    let ground = Arc::new(Ground::of(policy, held.into_iter().map(snapshot).collect()));
    let released = Arc::new(Released::none());
    Planner::new(policy, &ground, (Database::Protected, &released), None).unwrap()
}

/// A month without anybody.
fn snapshot(period: Period) -> Snapshot {
    Snapshot {
        id: "snapshot".to_owned(),
        period,
        people: Vec::new(),
        visit: Vec::new(),
        presence: Vec::new(),
        suppressed: Vec::new(),
        persons: 0,
        sites: SiteList::built_in().clone(),
        geography: Arc::clone(Geography::built_in()),
        holidays: BTreeSet::new(),
    }
}
