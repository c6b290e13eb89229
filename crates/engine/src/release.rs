//! The one way out: sealed aggregates and a receipt go in, released cells come out.
//!
//! check → count → charge → draw → settle → publish. The charge is durable before the first draw; a
//! receipt opens its one plan once; a draw under the threshold is destroyed and feeds nothing
//! (ARCHITECTURE.md, invariant 2). Proof: release.md. Source: privacy model §3, §6, §8.

mod across;
mod doubled;
mod figures;
mod grid;
mod quality;
mod quantiles;
mod settle;
mod sparse;
mod sums;

use ledger::{ChargeId, Receipt};
use privacy::consistency::Figure;
use privacy::{Entropy, EntropyFailed};

use crate::count::{Counts, Sealed};
use crate::error::{Error, Result};
use crate::plan::{Mechanism, PrivatePlan};
use sums::Gates;

pub use quality::Quality;
pub use quantiles::Ranked;
pub use sums::Summed;

/// Cells that have a quorum, noised and paid for: the only thing that may leave.
#[derive(Clone, Debug)]
pub struct Released {
    /// The plan that was opened.
    pub plan: PrivatePlan,
    /// One table a marginal, in plan order, without the cells that were withdrawn.
    pub tables: Vec<Table>,
    /// One table a remainder, in plan order; its cells are those of the coarser table.
    pub others: Vec<Table>,
    /// What is told of each family as a whole, where the plan measures it.
    pub quality: Vec<Option<Quality>>,
    /// How many cells passed their gate and were withdrawn, remainders included.
    pub withdrawn: usize,
    /// The charge that paid.
    pub charge: ChargeId,
    /// Whether counting stopped, so that nothing was drawn.
    pub unanswered: bool,
}

/// The released cells of one marginal.
#[derive(Clone, Debug)]
pub struct Table {
    /// The mechanism that drew them.
    pub mechanism: Mechanism,
    /// Cell and noisy people, ascending by cell; everything else of the code list is hidden.
    pub cells: Vec<(u64, u64)>,
    /// What is printed of each of `cells`: people that add up, and their interval.
    pub figures: Vec<Figure>,
    /// The sums of the marginal, in plan order, each with a value for each of `cells`.
    pub sums: Vec<Summed>,
    /// The quantiles of the marginal, where it has any.
    pub quantiles: Option<Ranked>,
}

impl Table {
    /// A table with these cells of which nothing is printed or summed yet.
    const fn drawn(mechanism: Mechanism, cells: Vec<(u64, u64)>) -> Self {
        Self { mechanism, cells, figures: Vec::new(), sums: Vec::new(), quantiles: None }
    }

    /// Sum number `which` of `cell`; `None` when the cell is not published, or has no such sum.
    #[must_use]
    pub fn sum(&self, which: usize, cell: u64) -> Option<u64> {
        let at = self.cells.binary_search_by_key(&cell, |it| it.0).ok()?;
        self.sums.get(which)?.values.get(at).copied()
    }

    /// What is printed of `cell`; `None` when it is not published.
    #[must_use]
    pub fn figure(&self, cell: u64) -> Option<&Figure> {
        self.figures.get(self.cells.binary_search_by_key(&cell, |it| it.0).ok()?)
    }

    /// The noisy people of `cell`; `None` when it is not published.
    #[must_use]
    pub fn people(&self, cell: u64) -> Option<u64> {
        self.cells.binary_search_by_key(&cell, |it| it.0).ok().map(|at| self.cells[at].1)
    }
}

/// Opens `plan` with its receipt, draws every cell once, and settles the tables.
///
/// Takes both by value: one payment opens one release. Guarantee: the sum over marginals, their sums,
/// quantiles and remainders of their ρ and δ, which the receipt paid (privacy model §3, §6, composition §8).
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
    let charge = opened(&plan, receipt)?;
    let mechanisms = mechanisms(&plan)?;
    let counters = sealed.into_counters();
    let quality = quality::figures(&plan, &counters.quality, entropy)?;
    let (mut tables, mut gates) = (Vec::new(), Vec::new());
    let marginals = plan.marginals().zip(mechanisms);
    for (((_, marginal), mechanism), counts) in marginals.zip(&counters.tables) {
        let (table, opened) = draw(mechanism, counts, entropy)?;
        tables.push(table);
        gates.push(if marginal.has_amounts() { opened } else { Gates::new() });
    }
    let (mut others, withdrawn) = settle::tables(&plan, &mut tables, &counters.tables, entropy)?;
    figures::add(&plan, &mut tables, &mut others, &quality)?;
    sums::draw(&plan, &mut tables, &gates, &counters.tables, entropy)?;
    quantiles::draw(&plan, &mut tables, &gates, &counters.tables, entropy)?;
    Ok(Released { plan, tables, others, quality, withdrawn, charge, unanswered: false })
}

/// Opens `plan` with its receipt and draws nothing: what is released is that it could not be counted.
///
/// # Errors
/// As [`release`].
pub fn unanswered(plan: PrivatePlan, receipt: Receipt) -> Result<Released> {
    let charge = opened(&plan, receipt)?;
    let tables = mechanisms(&plan)?.into_iter().map(|it| Table::drawn(it, Vec::new())).collect();
    let (others, quality) = (Vec::new(), plan.families.iter().map(|_| None).collect());
    Ok(Released { plan, tables, others, quality, withdrawn: 0, charge, unanswered: true })
}

fn opened(plan: &PrivatePlan, receipt: Receipt) -> Result<ChargeId> {
    let opened = receipt.open(&ledger::PlanHash(plan.hash()?));
    opened.map_err(|cause| Error::check("L05", cause.to_string()))
}

fn mechanisms(plan: &PrivatePlan) -> Result<Vec<Mechanism>> {
    plan.marginals().map(|(family, marginal)| plan.mechanism(family, marginal)).collect()
}

/// Draws every cell of a table; returns the gates that opened beside it.
fn draw(
    mechanism: Mechanism,
    counts: &Counts,
    entropy: &mut dyn Entropy,
) -> Result<(Table, Gates)> {
    let mut gates = Gates::new();
    for (cell, at) in (0_u64..).zip(0..counts.len()) {
        let opened = mechanism.release(cell, counts.at(at), entropy).map_err(no_randomness)?;
        gates.extend(opened.map(|opened| (cell, opened)));
    }
    let cells = gates.iter().map(|(cell, opened)| (*cell, opened.people())).collect();
    Ok((Table::drawn(mechanism, cells), gates))
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err gives")]
fn no_randomness(cause: EntropyFailed) -> Error {
    Error::fault("F07", format!("the system's random generator failed: {cause}"))
        .remedy("the charge stays in the ledger as abandoned; run again for a new one")
}

#[cfg(test)]
mod tests {
    use ledger::{ChargeRequest, Ledger, PlanHash};
    use privacy::{BoundingKey, CellLimit, CellWeight, Floor, SeededEntropy};
    use reference::{Geography, SiteList};
    use tempfile::TempDir;

    use super::*;
    use crate::count::{Person, Tally, TallySpec};
    use crate::dimension::{Codes, Dimension};
    use crate::plan::{Family, Marginal, Remainder, View, Weights};
    use crate::publish::{Manifest, Sheet};

    /// A plan of sites, of everybody with a site, and both by gender.
    pub(super) fn plan() -> PrivatePlan {
        let table = |name: &str, rows: bool, by: &[Dimension]| Marginal {
            name: name.to_owned(),
            rows,
            by: by.to_vec(),
            rho: "0.005".parse().unwrap(),
            delta: "1e-12".parse().unwrap(),
            weights: None,
            sums: Vec::new(),
            quantiles: None,
        };
        let marginals = vec![
            table("base", false, &[]),
            table("base_gender_plus", false, &[Dimension::GenderPlus]),
            table("site", true, &[]),
            table("site_gender_plus", true, &[Dimension::GenderPlus]),
        ];
        PrivatePlan {
            product: "web_audience".to_owned(),
            edition: std::num::NonZeroU32::MIN,
            period: "2026-10".parse().unwrap(),
            snapshot: "test".to_owned(),
            floor: Floor::QUORUM,
            view: View::Visit,
            filters: Vec::new(),
            families: vec![Family {
                rows: vec![Dimension::Site],
                limit: CellLimit::ONE,
                quality: None,
                marginals,
                remainders: Vec::new(),
            }],
            policy_hash: String::new(),
            codes: Codes::new(Geography::built_in(), SiteList::built_in(), &[]),
        }
    }

    pub(super) fn receipt(root: &TempDir, plan: &PrivatePlan, hash: [u8; 32]) -> Receipt {
        let cost = plan.cost().unwrap();
        let request = ChargeRequest {
            plan: PlanHash(hash),
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

    /// These women and men of the first sites of the list, everybody at one of them.
    pub(super) fn counts(plan: &PrivatePlan, sites: &[(u32, u32)]) -> Vec<Vec<u32>> {
        let cells = plan.marginals().map(|(family, it)| plan.cells(family, it));
        let mut counts: Vec<Vec<u32>> =
            cells.map(|cells| vec![0; usize::try_from(cells).unwrap()]).collect();
        for (at, &(women, men)) in sites.iter().enumerate() {
            counts[0][0] += women + men;
            counts[1][0] += women;
            counts[1][1] += men;
            counts[2][at] = women + men;
            counts[3][at * 2] = women;
            counts[3][at * 2 + 1] = men;
        }
        counts
    }

    pub(super) fn released(plan: &PrivatePlan, sites: &[(u32, u32)], seed: u64) -> Released {
        let root = TempDir::new().unwrap();
        let receipt = receipt(&root, plan, plan.hash().unwrap());
        let sealed = Sealed::of(counts(plan, sites));
        release(plan.clone(), sealed, receipt, &mut SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn forty_nine_people_never_leave_and_what_leaves_is_above_the_threshold() {
        for seed in 0..20 {
            let sites = [(49, 0), (0, 49), (25, 24), (4_000, 3_000), (2_000, 3_000)];
            let released = released(&plan(), &sites, seed);
            for table in &released.tables {
                assert!(table.cells.iter().all(|it| it.1 >= table.mechanism.gate(it.0).threshold));
            }
            assert_eq!(released.tables[2].cells.len(), 2, "only the last two have a quorum");
        }
    }

    #[test]
    fn a_receipt_for_another_plan_opens_nothing() {
        let (root, plan) = (TempDir::new().unwrap(), plan());
        let receipt = receipt(&root, &plan, [0; 32]);
        let sealed = Sealed::of(vec![vec![5_000]]);
        let refused = release(plan, sealed, receipt, &mut SeededEntropy::new(1));
        assert_eq!(refused.err().map(|it| it.code()), Some("L05"));
    }

    /// All of the first site are women; half of the second.
    pub(super) const SITES: [(u32, u32); 3] = [(4_000, 0), (2_000, 2_000), (2_000, 6_000)];

    #[test]
    fn a_group_that_is_all_of_its_site_is_not_counted_beside_it() {
        let released = released(&plan(), &SITES, 3);
        assert!(released.tables[2].people(0).is_some() && released.withdrawn > 0);
        let sheet = Sheet::of(&released);
        let by_gender: Vec<_> = sheet
            .level("site_gender_plus", &[Dimension::Site, Dimension::GenderPlus])
            .filter(|it| it.1.people.is_some())
            .map(|(keys, row)| (keys[0].to_owned(), row.shares))
            .collect();
        assert_eq!(by_gender.len(), 4);
        for (site, shares) in &by_gender {
            assert_ne!(site, &released.plan.codes.list(Dimension::Site).labels()[0]);
            let (whole, share) = shares.composition.unwrap();
            assert!(whole >= 3_900 && (share.lo..=share.hi).contains(&share.value));
            assert!(shares.index.is_some() && shares.reach.is_some());
        }
        let half = by_gender[0].1.composition.unwrap().1;
        assert!((half.value - 0.5).abs() < 0.03, "{half:?}");
    }

    #[test]
    fn what_is_printed_adds_up_to_the_person_and_lies_in_its_interval() {
        let sites = [(2_000, 2_400), (3_000, 1_500), (900, 700)];
        for seed in 0..20 {
            let released = released(&plan(), &sites, seed);
            let people =
                |table: usize, cell: u64| released.tables[table].figure(cell).map(|it| it.people);
            for site in 0..3 {
                let parts = people(3, 2 * site).zip(people(3, 2 * site + 1)).map(|it| it.0 + it.1);
                assert_eq!(parts, people(2, site), "seed {seed}, site {site}");
                assert!(parts.is_some());
            }
            assert_eq!(people(1, 0).zip(people(1, 1)).map(|it| it.0 + it.1), people(0, 0));
            for table in &released.tables {
                assert_eq!(table.cells.len(), table.figures.len());
                assert!(table.figures.iter().all(|it| it.interval.contains(it.people)));
            }
        }
    }

    #[test]
    fn a_withdrawn_cell_leaves_no_trace() {
        let released = released(&plan(), &SITES, 8);
        let mut entropy = SeededEntropy::new(8);
        let drawn: Vec<Table> = plan()
            .marginals()
            .zip(counts(&plan(), &SITES))
            .map(|((family, it), counts)| {
                let counts = Counts::of(counts);
                draw(plan().mechanism(family, it).unwrap(), &counts, &mut entropy).unwrap().0
            })
            .collect();
        let noisy = drawn[3].people(0).unwrap();
        assert_eq!(drawn[3].people(2), released.tables[3].people(2), "the same draws");
        let manifest = Manifest::of(&released, "id", "code", "now").unwrap();
        let sheet = Sheet::of(&released);
        let table = String::from_utf8(sheet.to_csv().unwrap()).unwrap();
        let facts = serde_json::to_string(&manifest).unwrap();
        for text in [table, facts] {
            let mut words = text.split(|it: char| !it.is_ascii_alphanumeric());
            assert!(!words.any(|it| it == noisy.to_string()), "{noisy} is in {text}");
        }
        assert_eq!(released.tables[3].people(0), None);
        let hidden = sheet.level("site_gender_plus", &[]).next().unwrap().1;
        assert_eq!((hidden.people, hidden.shares), (None, crate::publish::Shares::default()));
        assert_eq!(manifest.marginals[3].cells_released, 4);
        let withdrawn = drawn.iter().map(|it| it.cells.len()).sum::<usize>()
            - released.tables.iter().map(|it| it.cells.len()).sum::<usize>();
        assert_eq!(manifest.cells_withdrawn, u64::try_from(withdrawn).unwrap());
    }

    /// The plan clipped at L = 8 of 128 sites, its bases drawn whole and clipped.
    fn clipped() -> PrivatePlan {
        let mut plan = plan();
        let limit = |cells: u32| CellLimit::new(cells).unwrap();
        let family = plan.families[0].clone();
        let weigh = |it: &Marginal, kept: CellLimit, limit: CellLimit| {
            let cells = usize::try_from(plan.cells(&family, it)).unwrap();
            let cells = vec![CellWeight::full(limit); cells].into();
            Marginal { weights: Some(Weights { kept, limit, cells }), ..it.clone() }
        };
        let [base, base_gender, site, by_gender] = &family.marginals[..] else { unreachable!() };
        let one = CellLimit::ONE;
        let marginals = vec![
            base.clone(),
            base_gender.clone(),
            weigh(site, limit(128), limit(8)),
            weigh(by_gender, limit(128), limit(8)),
            weigh(base, one, one),
            weigh(base_gender, one, one),
        ];
        let rho = Some("0.01".parse().unwrap());
        let quality = Some(crate::plan::Quality {
            cap: limit(128),
            limit: limit(8),
            gate_rho: "0.001".parse().unwrap(),
            delta: "1e-12".parse().unwrap(),
            loss_rho: rho,
            coverage_rho: rho,
            frame_rho: rho,
            visibility_rho: None,
            weighed_by: None,
        });
        plan.families[0] = Family { limit: limit(128), quality, marginals, ..family };
        plan
    }

    #[test]
    fn clipped_people_are_printed_below_their_base_and_shared_as_they_were_measured() {
        let plan = clipped();
        let key = BoundingKey::from_bytes(*b"a key for tests.");
        let mut tally = Tally::new(TallySpec::of(&plan).unwrap(), key).unwrap();
        let heavy: Vec<u32> = (0..60).collect();
        for at in 0..10_000_u32 {
            let gender = u8::from(at % 2 == 1);
            let person =
                Person { token: at.wrapping_mul(0x9E37_79B9), gender, age_band: 0, sector: 0 };
            let rows: &[u32] = match at {
                0..4_000 => &heavy,
                4_000..8_000 => &[0],
                _ => &[1],
            };
            tally.add(person, &rows.iter().copied().map(u64::from));
        }
        let root = TempDir::new().unwrap();
        let receipt = receipt(&root, &plan, plan.hash().unwrap());
        let sealed = Sealed::of_counters(tally.into_counters());
        let released = release(plan, sealed, receipt, &mut SeededEntropy::new(8)).unwrap();
        let factor = released.quality[0].as_ref().unwrap().loss.as_ref().unwrap().to_f64();
        assert!(factor > 1.5, "the heavy ones lose most of their cells: {factor}");
        let sheet = Sheet::of(&released);
        let people = |level: &str| {
            let of = |it: &&crate::publish::Row| it.level == level && it.people.is_some();
            sheet.rows.iter().filter(of).map(|it| it.people.unwrap().value).collect::<Vec<_>>()
        };
        let base = people("base")[0];
        assert!((base - 10_000).abs() < 100, "{base}");
        // Half of those at the first site are light: F of all cells says more of it than there are people.
        assert_eq!(people("site")[0], base);
        assert!(
            people("site")[2..].iter().all(|it| (it - 4_000).abs() < 1_200),
            "{:?}",
            people("site")
        );
        assert!(people("base_clipped").is_empty(), "the other side of shares stands in no row");
        for row in sheet.rows.iter().filter(|it| it.shares.reach.is_some()) {
            let (of, share) = row.shares.reach.unwrap();
            let whole =
                if row.level == "site" { &people("base") } else { &people("base_gender_plus") };
            assert!(whole.contains(&of) && share.value <= 1.0, "{row:?}");
        }
    }

    /// The plan with OTHER for the genders of a site.
    fn with_other(rho: &str) -> PrivatePlan {
        let mut plan = plan();
        let family = &mut plan.families[0];
        let refinement = *family.refinements().iter().find(|it| it.parts == 3).unwrap();
        family.remainders.push(Remainder {
            name: "site_gender_plus_other_in_site".to_owned(),
            refinement,
            rho: rho.parse().unwrap(),
            delta: "1e-12".parse().unwrap(),
        });
        plan
    }

    #[test]
    fn charge_equal_when_all_children_released() {
        let plan = with_other("0.001");
        let manifest = |sites: &[(u32, u32)]| {
            let released = released(&plan, sites, 5);
            assert_eq!(released.others.len(), 1);
            let manifest = Manifest::of(&released, "id", "code", "now").unwrap();
            (manifest.rho, manifest.delta, manifest.epsilon)
        };
        let all = manifest(&[(2_000, 2_000), (3_000, 4_000)]);
        assert_eq!(all, manifest(&[(2_000, 20), (3_000, 4_000)]));
        assert_eq!((all.0.as_str(), all.1.as_str()), ("0.021", "5e-12"));
    }

    #[test]
    fn a_plan_names_its_remainders() {
        let hashes = [plan(), with_other("0.001"), with_other("0.002")];
        let hashes = hashes.map(|it| it.hash().unwrap());
        assert!(hashes[0] != hashes[1] && hashes[1] != hashes[2]);
    }
}
