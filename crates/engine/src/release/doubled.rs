//! Categories that are nearly one of their sites: none of their cells is published.
//!
//! Families are settled each by itself. Where a site is nearly its whole category the two count the same
//! people, and each would solve what the other withdrew. Decided from numbers that passed their gates, alone.
//! Proof: ../release.md.

use std::collections::BTreeSet;

use privacy::derived;
use privacy::residual::CellId;

use super::Table;
use super::grid::Grid;
use crate::dimension::{Dimension, NOWHERE};
use crate::plan::{Family, Marginal, PrivatePlan};

/// The shown cells of such categories, in every table that has them.
pub(super) fn cells(plan: &PrivatePlan, grid: &Grid<'_>, shown: &[Table]) -> Vec<CellId> {
    let of = |rows: Dimension| -> Vec<(usize, &Family, &Marginal)> {
        let all = plan.marginals().enumerate().map(|(at, (family, it))| (at, family, it));
        all.filter(|(_, family, it)| family.is_on_rows(it) && family.rows == [rows]).collect()
    };
    let (sites, categories) = (of(Dimension::Site), of(Dimension::Category));
    let total = |tables: &[(usize, &Family, &Marginal)]| {
        tables.iter().find(|it| it.2.by.is_empty()).and_then(|it| shown.get(it.0))
    };
    let Some((site_totals, totals)) = total(&sites).zip(total(&categories)) else {
        return Vec::new();
    };
    let (site_list, list) =
        (plan.codes.list(Dimension::Site), plan.codes.list(Dimension::Category));
    let shown_sites: BTreeSet<u64> = sites
        .iter()
        .flat_map(|(at, family, table)| {
            let groups = groups(plan, family, table);
            let cells = shown.get(*at).into_iter().flat_map(|it| &it.cells);
            cells.map(move |it| it.0 / groups)
        })
        .collect();
    let mut doubled = BTreeSet::new();
    for (&site, &category) in site_list.positions().iter().zip(list.positions()) {
        if site == NOWHERE || category == NOWHERE {
            continue;
        }
        let both = totals.people(category.into()).zip(site_totals.people(site.into()));
        let apart = both.is_some_and(|(all, own)| {
            let gates = [(totals, category), (site_totals, site)]
                .map(|(table, cell)| table.mechanism.gate(cell.into()));
            let margin = derived::margin(gates[0].variance, gates[1].variance);
            // Two families clip the same people differently: a quarter more tells nothing apart.
            let clipped = site_totals.mechanism.cut();
            derived::share_allowed(all, own + clipped * own.div_ceil(4), gates[0].floor, margin)
        });
        if shown_sites.contains(&site.into()) && !apart {
            doubled.insert(u64::from(category));
        }
    }
    let mut cells = Vec::new();
    for (at, family, table) in categories {
        let groups = groups(plan, family, table);
        let of_doubled = |cell: &u64| doubled.contains(&(cell / groups));
        let own = shown.get(at).into_iter().flat_map(|it| &it.cells).map(|it| it.0);
        cells.extend(own.filter(of_doubled).map(|cell| grid.cell(at, cell)));
    }
    cells
}

/// The cells of one site or category in a table.
fn groups(plan: &PrivatePlan, family: &Family, table: &Marginal) -> u64 {
    let rows = family.rows.iter().map(|it| plan.codes.list(*it).labels().len()).product::<usize>();
    let rows = u64::try_from(rows).unwrap_or(u64::MAX).max(1);
    (plan.cells(family, table) / rows).max(1)
}

#[cfg(test)]
mod tests {
    use privacy::{Budget, CellLimit, Floor};
    use reference::{Geography, Site, SiteList};

    use super::*;
    use crate::dimension::Codes;
    use crate::plan::{Mechanism, View};

    fn plan() -> PrivatePlan {
        let table = |name: &str, by: &[Dimension]| Marginal {
            name: name.to_owned(),
            rows: true,
            by: by.to_vec(),
            rho: "0.005".parse().unwrap(),
            delta: "1e-12".parse().unwrap(),
            weights: None,
            sums: Vec::new(),
            quantiles: None,
        };
        let family = |rows: Dimension, name: &str| Family {
            rows: vec![rows],
            limit: CellLimit::ONE,
            quality: None,
            marginals: vec![
                table(name, &[]),
                table(&format!("{name}_gender_plus"), &[Dimension::GenderPlus]),
            ],
            remainders: Vec::new(),
        };
        let site = |domain: &str, category: &str| Site {
            domain: domain.to_owned(),
            category: category.to_owned(),
            sensitive: false,
            weight: 1.0,
            label: domain.to_owned(),
        };
        let sites = vec![site("a", "News"), site("b", "News"), site("c", "Law")];
        PrivatePlan {
            product: "web_audience".to_owned(),
            edition: std::num::NonZeroU32::MIN,
            period: "2026-10".parse().unwrap(),
            snapshot: "test".to_owned(),
            floor: Floor::QUORUM,
            view: View::Visit,
            filters: Vec::new(),
            families: vec![
                family(Dimension::Site, "site"),
                family(Dimension::Category, "category"),
            ],
            policy_hash: String::new(),
            codes: Codes::new(Geography::built_in(), &SiteList::of(sites), &[]),
        }
    }

    /// The tables of sites, of sites by gender, of categories, of categories by gender.
    fn check(shown: [&[(u64, u64)]; 4], expected: &[(usize, u64)]) {
        let plan = plan();
        let cost = Budget { rho: "0.005".parse().unwrap(), delta: "1e-12".parse().unwrap() };
        let mechanism = Mechanism::new(Floor::QUORUM, CellLimit::ONE, cost, None).unwrap();
        let table = |cells: &[(u64, u64)]| Table {
            mechanism: mechanism.clone(),
            cells: cells.to_vec(),
            figures: Vec::new(),
            sums: Vec::new(),
            quantiles: None,
        };
        let grid = Grid::new(&plan);
        let expected: Vec<CellId> = expected.iter().map(|it| grid.cell(it.0, it.1)).collect();
        assert_eq!(cells(&plan, &grid, &shown.map(table)), expected);
    }

    #[test]
    fn a_category_that_is_nearly_one_site_goes_with_all_its_groups() {
        let labels = plan().codes;
        assert_eq!(labels.list(Dimension::Category).labels(), ["Law", "News"]);
        let sites: [(u64, u64); 3] = [(0, 4_000), (1, 5_000), (2, 10_000)];
        let by_gender: [(u64, u64); 4] = [(0, 5_000), (1, 5_010), (2, 4_000), (3, 5_000)];
        let law: [(u64, u64); 2] = [(0, 10_010), (1, 9_000)];
        check([&sites, &[], &law, &by_gender], &[(2, 0), (3, 0), (3, 1)]);
        // Ten thousand more people tell the two apart.
        check([&sites, &[], &[(0, 20_000), (1, 9_000)], &by_gender], &[]);
        // A total that is not shown tells nothing apart; a site that is not shown gives nothing away.
        check([&sites[..2], &[(4, 3_000)], &law, &by_gender], &[(2, 0), (3, 0), (3, 1)]);
        check([&sites[..2], &[], &law, &by_gender], &[]);
    }
}
