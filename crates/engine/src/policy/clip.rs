//! Clips people instead of cutting off their cells, once a release can say which cells are large.
//!
//! (1) Nearly all cells of a person are kept. (2) A cell that many people had in an earlier release bears more
//! noise, and so takes less of each person's norm. (3) Tables of people without rows are drawn once whole, for
//! print, and once clipped, for shares: half of their cost each.
//! A function of the policy, of released numbers and public lists. Source: privacy model §2 (soft bounding).

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use privacy::{CellLimit, CellWeight, Delta, Rho};

use crate::plan::{Family, Marginal, PrivatePlan, Weights};
use crate::publish::Publication;

/// K: who has more cells than these is rare, and loses some.
pub(super) const KEPT: u32 = 128;

/// A cell of this many people or fewer has the full weight: three times the quorum is what noise leaves of it.
const ORDINARY: NonZeroU64 = NonZeroU64::new(200).unwrap();

/// The families of `plan`, those with a limit in `limits` clipped by the numbers of `earlier`.
pub(super) fn clipped(
    plan: &PrivatePlan,
    limits: &[Option<CellLimit>],
    earlier: &Publication,
) -> Vec<Family> {
    let families = plan.families.iter().zip(limits);
    families
        .map(|(family, limit)| match (limit, CellLimit::new(KEPT)) {
            (Some(limit), Ok(kept)) => family_of(plan, family, (*limit, kept), earlier),
            _ => family.clone(),
        })
        .collect()
}

fn family_of(
    plan: &PrivatePlan,
    family: &Family,
    (limit, kept): (CellLimit, CellLimit),
    earlier: &Publication,
) -> Family {
    let mut marginals = Vec::with_capacity(family.marginals.len());
    let mut bases = Vec::new();
    for marginal in &family.marginals {
        if family.is_on_rows(marginal) {
            let cells = weights(plan, family, marginal, limit, earlier);
            let weights = Weights { kept, limit, cells: cells.into() };
            marginals.push(Marginal { weights: Some(weights), ..marginal.clone() });
        } else {
            let (whole, clipped) = twice(plan, family, marginal);
            marginals.push(whole);
            bases.push(clipped);
        }
    }
    marginals.append(&mut bases);
    let loss = family.loss.clone().map(|it| crate::plan::Loss { limit, cap: kept, ..it });
    Family { limit: kept, loss, marginals, ..family.clone() }
}

/// A table of people whole, and clipped by a full weight.
fn twice(plan: &PrivatePlan, family: &Family, marginal: &Marginal) -> (Marginal, Marginal) {
    let (rho, delta) = (marginal.rho.nano(), marginal.delta.atto());
    let part = |rho: u64, delta: u64| Marginal {
        rho: Rho::from_nano(rho).unwrap_or_default(),
        delta: Delta::from_atto(delta).unwrap_or_default(),
        ..marginal.clone()
    };
    let cells = usize::try_from(plan.cells(family, marginal)).unwrap_or_default();
    let full = vec![CellWeight::full(CellLimit::ONE); cells];
    let one = Weights { kept: CellLimit::ONE, limit: CellLimit::ONE, cells: full.into() };
    let clipped = Marginal {
        name: format!("{}_clipped", marginal.name),
        weights: Some(one),
        ..part(rho / 2, delta / 2)
    };
    (part(rho - rho / 2, delta - delta / 2), clipped)
}

/// The weight of each cell, by the people whom the same cell had in `earlier`; a hidden one is ordinary.
fn weights(
    plan: &PrivatePlan,
    family: &Family,
    marginal: &Marginal,
    limit: CellLimit,
    earlier: &Publication,
) -> Vec<CellWeight> {
    let dimensions = PrivatePlan::dimensions(family, marginal);
    let rows = earlier.sheet.level(&marginal.name, &dimensions);
    let known: BTreeMap<Vec<&str>, u64> = rows
        .filter_map(|(labels, row)| Some((labels, u64::try_from(row.people?.value).ok()?)))
        .collect();
    let weight = |cell: u64| {
        let people = known.get(&plan.labels(&dimensions, cell)).copied().unwrap_or_default();
        CellWeight::of_prior(limit, people, ORDINARY)
    };
    (0..plan.cells(family, marginal)).map(weight).collect()
}
