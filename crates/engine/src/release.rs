//! The one way out: sealed aggregates and a receipt go in, released cells come out.
//!
//! check → count → charge → draw → publish. The charge is durable before the first draw; a receipt
//! opens its one plan once; a draw under the threshold is destroyed and feeds nothing
//! (ARCHITECTURE.md, invariant 2). Proof: release.md. Source: privacy model §3, §8.

use ledger::{ChargeId, Receipt};
use privacy::{Entropy, Quorum};

use crate::count::Sealed;
use crate::error::{Error, Result};
use crate::plan::PrivatePlan;

/// Cells that have a quorum, noised and paid for: the only thing that may leave.
#[derive(Clone, Debug)]
pub struct Released {
    /// The plan that was opened.
    pub plan: PrivatePlan,
    /// One table a marginal, in plan order.
    pub tables: Vec<Table>,
    /// The charge that paid.
    pub charge: ChargeId,
}

/// The released cells of one marginal.
#[derive(Clone, Debug)]
pub struct Table {
    /// The mechanism that drew them.
    pub mechanism: Quorum,
    /// Cell and noisy people, ascending by cell; everything else of the code list is hidden.
    pub cells: Vec<(u64, u64)>,
}

impl Table {
    /// The noisy people of `cell`; `None` when it is not published.
    #[must_use]
    pub fn people(&self, cell: u64) -> Option<u64> {
        self.cells.binary_search_by_key(&cell, |it| it.0).ok().map(|at| self.cells[at].1)
    }
}

/// Opens `plan` with its receipt and draws every cell once.
///
/// Takes both by value: one payment opens one release. Guarantee: the sum over marginals of their
/// ρ and δ, which the receipt paid (privacy model §3, composition §8).
///
/// # Errors
/// [`Error`] `L05` when the receipt paid for another plan; a fault when the system's generator
/// fails, after which the charge stays and nothing was said.
pub fn release(
    plan: PrivatePlan,
    sealed: Sealed,
    receipt: Receipt,
    entropy: &mut dyn Entropy,
) -> Result<Released> {
    let charge = receipt
        .open(&ledger::PlanHash(plan.hash()?))
        .map_err(|cause| Error::check("L05", cause.to_string()))?;
    let mechanisms = plan
        .marginals()
        .map(|(family, marginal)| plan.mechanism(family, marginal))
        .collect::<Result<Vec<_>>>()?;
    let tables = mechanisms
        .into_iter()
        .zip(sealed.into_counts())
        .map(|(mechanism, counts)| draw(mechanism, &counts, entropy))
        .collect::<Result<_>>()?;
    Ok(Released { plan, tables, charge })
}

fn draw(mechanism: Quorum, counts: &[u32], entropy: &mut dyn Entropy) -> Result<Table> {
    let mut cells = Vec::new();
    for (cell, &people) in (0_u64..).zip(counts) {
        let shown = mechanism.release(u64::from(people), entropy).map_err(|cause| {
            Error::fault("F07", format!("the system's random generator failed: {cause}"))
                .remedy("the charge stays in the ledger as abandoned; run again for a new one")
        })?;
        cells.extend(shown.map(|shown| (cell, shown.people())));
    }
    Ok(Table { mechanism, cells })
}

#[cfg(test)]
mod tests {
    use ledger::{ChargeRequest, Ledger, PlanHash};
    use privacy::{CellLimit, Floor, SeededEntropy};
    use reference::{Geography, SiteList};
    use tempfile::TempDir;

    use super::*;
    use crate::dimension::{Codes, Dimension};
    use crate::plan::{Family, Marginal, View};
    use crate::publish::Sheet;

    /// A plan of sites, of everybody with a site, and both by gender.
    fn plan() -> PrivatePlan {
        let table = |name: &str, rows: bool, by: &[Dimension]| Marginal {
            name: name.to_owned(),
            rows,
            by: by.to_vec(),
            rho: "0.005".parse().unwrap(),
            delta: "1e-12".parse().unwrap(),
        };
        let marginals = vec![
            table("base", false, &[]),
            table("base_gender", false, &[Dimension::Gender]),
            table("site", true, &[]),
            table("site_gender", true, &[Dimension::Gender]),
        ];
        PrivatePlan {
            product: "web_audience".to_owned(),
            period: "2026-10".parse().unwrap(),
            snapshot: "test".to_owned(),
            floor: Floor::QUORUM,
            view: View::Visit,
            families: vec![Family {
                rows: vec![Dimension::Site],
                limit: CellLimit::ONE,
                marginals,
            }],
            policy_hash: String::new(),
            codes: Codes::new(Geography::built_in(), SiteList::built_in(), &[]),
        }
    }

    fn receipt(root: &TempDir, plan: [u8; 32]) -> Receipt {
        let cost = plan_cost();
        let request = ChargeRequest {
            plan: PlanHash(plan),
            product: "web_audience".to_owned(),
            period: "2026-10".to_owned(),
            snapshot: "test".to_owned(),
            partner: "public".to_owned(),
            cost,
            caps: cost,
        };
        let (dir, anchor) = (root.path().join("ledger"), root.path().join("anchor"));
        let signer = ledger::CheckpointSigner::new("test", &[1; 32]).unwrap();
        Ledger::open(&dir, &anchor, signer).unwrap().charge(request, "now").unwrap()
    }

    fn plan_cost() -> privacy::Budget {
        plan().cost().unwrap()
    }

    /// Releases these counts of women and men for the first sites of the list.
    fn released(sites: &[(u32, u32)], seed: u64) -> Released {
        let (root, plan) = (TempDir::new().unwrap(), plan());
        let cells: Vec<usize> = plan
            .marginals()
            .map(|(family, it)| usize::try_from(plan.cells(family, it)).unwrap())
            .collect();
        let mut counts: Vec<Vec<u32>> = cells.iter().map(|&cells| vec![0; cells]).collect();
        for (at, &(women, men)) in sites.iter().enumerate() {
            counts[0][0] += women + men;
            counts[1][0] += women;
            counts[1][1] += men;
            counts[2][at] = women + men;
            counts[3][at * 3] = women;
            counts[3][at * 3 + 1] = men;
        }
        let receipt = receipt(&root, plan.hash().unwrap());
        let sealed = Sealed::of(counts);
        release(plan, sealed, receipt, &mut SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn forty_nine_people_never_leave_and_what_leaves_is_above_the_threshold() {
        for seed in 0..20 {
            let released = released(&[(49, 0), (0, 49), (25, 24), (4_000, 3_000)], seed);
            for table in &released.tables {
                assert!(table.cells.iter().all(|it| it.1 >= table.mechanism.threshold()));
            }
            assert_eq!(released.tables[2].cells.len(), 1, "only the fourth site has a quorum");
        }
    }

    #[test]
    fn a_receipt_for_another_plan_opens_nothing() {
        let (root, plan) = (TempDir::new().unwrap(), plan());
        let receipt = receipt(&root, [0; 32]);
        let sealed = Sealed::of(vec![vec![5_000]]);
        let refused = release(plan, sealed, receipt, &mut SeededEntropy::new(1));
        assert_eq!(refused.err().map(|it| it.code()), Some("L05"));
    }

    #[test]
    fn a_group_that_is_all_of_its_site_has_no_share() {
        // All of the first site are women; half of the second.
        let sheet = Sheet::of(&released(&[(4_000, 0), (2_000, 2_000), (2_000, 6_000)], 3));
        let by_gender: Vec<_> = sheet
            .level("site_gender", &[Dimension::Site, Dimension::Gender])
            .filter(|it| it.1.people.is_some())
            .map(|(_, row)| row.shares)
            .collect();
        assert_eq!(by_gender.len(), 5);
        assert!(by_gender[0].composition.is_none() && by_gender[0].index.is_none());
        for shares in &by_gender[1..] {
            let (whole, share) = shares.composition.unwrap();
            assert!(whole >= 3_900 && (share.lo..=share.hi).contains(&share.value));
            assert!(shares.index.is_some() && shares.reach.is_some());
        }
        let half = by_gender[1].composition.unwrap().1;
        assert!((half.value - 0.5).abs() < 0.03, "{half:?}");
    }
}
