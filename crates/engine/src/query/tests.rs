//! What statements come to: refused by which rule, free, or asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use reference::{Geography, SiteList};
use tempfile::TempDir;

use super::bins::Lists;
use super::catalog::Database;
use super::planner::Planner;
use super::released::Released;
use crate::policy::Policy;
use crate::product;
use crate::time::Period;

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
    let lists = Lists::new(Geography::built_in(), SiteList::built_in(), &[], held.clone());
    let snapshots: BTreeMap<_, _> =
        held.into_iter().map(|it| (it, "snapshot".to_owned())).collect();
    let released = Arc::new(Released::none());
    Planner::new(policy, lists, snapshots, (Database::Protected, &released), None).unwrap()
}
