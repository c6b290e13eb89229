//! Clips people instead of cutting off their cells, once a release can say which cells are large.
//!
//! (1) Nearly all cells of a person are kept. (2) A cell that many people had in an earlier release bears more
//! noise, and so takes less of each person's norm. (3) Tables of people without rows are drawn once whole, for
//! print, and once clipped, for shares: half of their cost each.
//! A function of the policy, of released numbers and public lists. Source: privacy model §2 (soft bounding).

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use privacy::{CellLimit, CellWeight, Delta, Rho};

use crate::plan::{Family, Marginal, PrivatePlan, Quality, Weights};
use crate::publish::Publication;

/// K: who has more cells than these is rare, and loses some.
pub(super) const KEPT: u32 = 128;

/// The limit of a table of `groups` groups a row cell, where the finest of the family has `most`.
///
/// A person has as many row cells in either, and those of the coarser are larger by `most/groups`, so lighter by
/// the power 7/10 of it in the square: with L smaller by as much the coarser asks as much of a norm as the finest,
/// and its noise is the less. The least ℓ with ℓ^10 · most^7 ≥ L^10 · groups^7.
fn limit_of(limit: CellLimit, groups: u64, most: u64) -> CellLimit {
    let power = |base: u64, to: u32| u128::from(base).checked_pow(to);
    let wanted = power(limit.cells().into(), 10).zip(power(groups.min(most), 7));
    let wanted = wanted.and_then(|it| it.0.checked_mul(it.1));
    let enough = |cells: u32| {
        let own = power(cells.into(), 10).zip(power(most, 7)).and_then(|it| it.0.checked_mul(it.1));
        own.zip(wanted).is_some_and(|(own, wanted)| own >= wanted)
    };
    let least = (1..limit.cells()).find(|cells| enough(*cells));
    least.and_then(|it| CellLimit::new(it).ok()).unwrap_or(limit)
}

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
    let groups = |it: &Marginal| {
        let lengths = it.by.iter().map(|it| plan.codes.list(*it).labels().len());
        u64::try_from(lengths.product::<usize>()).unwrap_or(u64::MAX)
    };
    let on_rows = family.marginals.iter().filter(|it| family.is_on_rows(it));
    let most = on_rows.map(groups).max().unwrap_or(1);
    for marginal in &family.marginals {
        if family.is_on_rows(marginal) {
            let limit = limit_of(limit, groups(marginal), most);
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
    let weighed_by = Some(earlier.manifest.id.clone());
    let quality = family.quality.clone().map(|it| Quality { limit, cap: kept, weighed_by, ..it });
    Family { limit: kept, quality, marginals, ..family.clone() }
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use reference::Geography;

    use super::*;
    use crate::dimension::Dimension;
    use crate::plan::untied;
    use crate::policy::Policy;
    use crate::product;
    use crate::publish::{ALL, Row, Shares, Sheet};
    use crate::report::Estimate;

    /// The default policy.
    fn policy() -> Policy {
        let folder = tempfile::TempDir::new().unwrap();
        product::write_templates(folder.path()).unwrap();
        Policy::read_folder(folder.path(), Geography::built_in()).unwrap()
    }

    /// A release of sites: so many people at each of the first, nothing of the others.
    fn sites(plan: &PrivatePlan, people: &[i64]) -> Publication {
        let labels = plan.codes.list(Dimension::Site).labels();
        let estimate = |value: i64| Estimate { value, lo: value, hi: value, near_threshold: false };
        let row = |(at, label): (usize, &String)| Row {
            level: "site".into(),
            labels: [label.as_str().into(), ALL.into()].into(),
            people: people.get(at).map(|it| estimate(*it)),
            sums: Box::default(),
            quantiles: Box::default(),
            shares: Shares::default(),
        };
        let rows = labels.iter().enumerate().map(row).collect();
        let sheet = Sheet {
            keys: vec![Dimension::Site, Dimension::AgeBand],
            measures: Vec::new(),
            quantiles: None,
            shares: true,
            rows,
        };
        let manifest = serde_json::json!({
            "id": "web_audience-2026-09-1", "product": "web_audience", "period": "2026-09",
            "snapshot": "", "unit": "", "floor": 50, "rho": "", "delta": "", "epsilon": 0.0,
            "epsilon_delta": 0.0, "marginals": [], "cells_released": 0, "cells_in_code_list": 0,
            "plan_hash": "", "policy_hash": "", "code_hash": "", "ledger_entry": "", "created": "",
            "files": {},
        });
        let manifest = serde_json::from_value(manifest).unwrap();
        Publication { path: PathBuf::new(), manifest, sheet }
    }

    fn plans() -> (PrivatePlan, PrivatePlan) {
        let (policy, period) = (policy(), "2026-10".parse().unwrap());
        let first = policy.outline("web_audience", period, None).unwrap();
        let earlier = sites(&first, &[40_000, 1_000, 150]);
        let second = policy.outline("web_audience", period, Some(&earlier)).unwrap();
        (first, second)
    }

    #[test]
    fn large_cells_weigh_less_and_hidden_ones_are_ordinary() {
        let (_, plan) = plans();
        let family = &plan.families[0];
        let of = |name: &str| family.marginals.iter().find(|it| it.name == name).unwrap();
        let alphas = |name: &str| -> Vec<u16> {
            of(name).weights.as_ref().unwrap().cells.iter().map(|it| it.alpha()).collect()
        };
        let full = |limit: u32| CellWeight::full(CellLimit::new(limit).unwrap()).alpha();
        // Eleven regions are the most groups of a site: one group asks for L = 2, seven ages for 6.
        let site = alphas("site");
        assert!(site[0] < site[1] && site[1] < full(2), "{:?}", &site[..3]);
        assert!(site[2..].iter().all(|it| *it == full(2)));
        // No earlier table of that name: every cell is ordinary.
        assert!(alphas("site_age").iter().all(|it| *it == full(6)));
        assert!(alphas("site_region").iter().all(|it| *it == full(8)));
        assert!(alphas("base_clipped").iter().all(|it| *it == 1 << 12));
        assert!(of("base").weights.is_none() && family.limit.cells() == KEPT);
        let weighed_by = family.quality.as_ref().unwrap().weighed_by.as_deref();
        assert_eq!(weighed_by, Some("web_audience-2026-09-1"));
        // Categories have no clip_cells.
        assert!(plan.families[1].marginals.iter().all(|it| it.weights.is_none()));
    }

    #[test]
    fn a_clipped_plan_costs_what_the_policy_says_and_is_another_plan() {
        let (first, second) = plans();
        assert_eq!(first.cost().unwrap(), second.cost().unwrap());
        assert_ne!(first.hash().unwrap(), second.hash().unwrap());
        assert!(untied(&second.families).is_none());
        let text = second.canonical().unwrap();
        assert!(text.len() < 8_000 && text.contains("digest"), "{text}");
    }

    #[test]
    fn what_is_told_of_a_family_costs_what_the_policy_says_and_visibility_where_rows_are_by_site() {
        let policy = policy();
        let families = policy.products.iter().flat_map(|it| &it.families);
        let told: Vec<_> =
            families.filter_map(|it| Some((&it.rows, it.quality.as_ref()?))).collect();
        assert!(told.len() > 3);
        for (rows, quality) in told {
            let is_web = rows == &[Dimension::Site];
            assert_eq!(quality.visibility_rho.is_some(), is_web, "{rows:?}");
            let nano: Vec<u64> = quality.shares().map(Rho::nano).collect();
            let whole = quality.cost().unwrap().rho.nano();
            assert_eq!(quality.gate_rho.nano() + nano.iter().sum::<u64>(), whole, "{rows:?}");
            if is_web {
                assert_eq!((whole, &nano[..]), (200_000, &[66_667, 33_333, 33_334, 33_333][..]));
            }
        }
    }

    #[test]
    fn a_coarser_table_has_a_smaller_limit() {
        let check = |limit: u32, groups: u64, most: u64, expected: u32| {
            let found = limit_of(CellLimit::new(limit).unwrap(), groups, most);
            assert_eq!(found.cells(), expected, "{limit} {groups}/{most}");
        };
        check(8, 7, 7, 8);
        check(8, 1, 7, 3);
        check(8, 2, 7, 4);
        check(8, 1, 1, 8);
        check(1, 1, 100, 1);
        check(128, 1, 77, 7);
        // Beyond what the integers hold nothing is made smaller.
        check(8, 1, 1 << 30, 8);
    }
}
