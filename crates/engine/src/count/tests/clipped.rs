//! Clipped people: the fast path against the kernel's clip family, person by person.

use privacy::clip::Member;
use privacy::{CellWeight, ClipFamily, Clipped};

use super::*;
use crate::count::{Counters, Counts, QualityCounts};
use crate::plan::{Quality, Weights};
use crate::vault::HIDDEN_SITE;
use Dimension::{GenderPlus, Site};

const KEPT: u32 = 3;
const LIMIT: u32 = 2;

/// Sites, sites by gender, and everybody whole and clipped; the first sites are large and weigh little.
fn clipped() -> PrivatePlan {
    let mut plan = plan(View::Visit, &[Site], KEPT, &[&[], &[GenderPlus]]);
    let limit = |cells: u32| CellLimit::new(cells).unwrap();
    let weigh = |plan: &PrivatePlan, at: usize, weight: &dyn Fn(u64) -> CellWeight| {
        let family = &plan.families[0];
        let marginal = &family.marginals[at];
        let cells = (0..plan.cells(family, marginal)).map(weight).collect();
        let kept = marginal.cells_per_person(family);
        let limit = if marginal.rows { limit(LIMIT) } else { CellLimit::ONE };
        Marginal { weights: Some(Weights { kept, limit, cells }), ..marginal.clone() }
    };
    let ordinary = 200.try_into().unwrap();
    let by_size = |cell: u64| CellWeight::of_prior(limit(LIMIT), 1_000 / (cell + 1), ordinary);
    let full = |_: u64| CellWeight::full(CellLimit::ONE);
    let base = weigh(&plan, 2, &full);
    plan.families[0].marginals = vec![
        weigh(&plan, 0, &by_size),
        weigh(&plan, 1, &by_size),
        plan.families[0].marginals[2].clone(),
        base,
    ];
    plan.families[0].quality = Some(Quality {
        cap: limit(4),
        limit: limit(LIMIT),
        gate_rho: "0.001".parse().unwrap(),
        delta: "1e-12".parse().unwrap(),
        loss_rho: Some("0.001".parse().unwrap()),
        coverage_rho: Some("0.001".parse().unwrap()),
        frame_rho: Some("0.001".parse().unwrap()),
        visibility_rho: Some("0.001".parse().unwrap()),
        weighed_by: None,
    });
    plan
}

fn counters(people: &[Someone], threads: usize) -> Counters {
    let folder = TempDir::new().unwrap();
    let snapshot = snapshot(folder.path(), people);
    let key = BoundingKey::from_bytes(KEY);
    super::super::bound_and_count(&clipped(), &snapshot, key, (threads, None))
        .unwrap()
        .into_counters()
}

/// A clipped table seen from one person's row cells.
struct Table<'plan> {
    weights: &'plan Weights,
    /// Cells of a row cell, and the person's among them; nothing for a table of people.
    group: Option<(u64, u64)>,
}

impl Member for Table<'_> {
    fn project(&self, finest: u64) -> u64 {
        self.group.map_or(0, |(width, place)| finest * width + place)
    }

    fn weight(&self, cell: u64) -> CellWeight {
        self.weights.cells[usize::try_from(cell).unwrap()]
    }
}

/// What a person adds, by the kernel; nothing for who lacks a gender.
fn of_person(plan: &PrivatePlan, someone: &Someone) -> Option<(Clipped, usize)> {
    let side = match someone.gender {
        2 => u64::from(someone.token % 2),
        it => Some(it).filter(|it| *it < 2)?.into(),
    };
    let sites: BTreeSet<u64> =
        someone.rows.iter().map(|it| u64::from(it.1)).filter(|it| *it < 5).collect();
    let groups = [Some((1, 0)), Some((2, side)), None];
    let marginals = plan.families[0].marginals.iter().filter_map(|it| it.weights.as_ref());
    let members = marginals.zip(groups).map(|(weights, group)| Table { weights, group });
    let family = ClipFamily::new(plan.families[0].limit, members.collect());
    let distinct = sites.len();
    let key = BoundingKey::from_bytes(KEY);
    Some((family.clip(sites.into_iter().collect(), &key, someone.token), distinct))
}

/// What a person with these visits to sites and to encrypted hosts adds, at most 4 visits.
fn visits(listed: usize, hidden: usize) -> (u64, u64) {
    let [listed, all] = [listed, listed + hidden].map(|it| u64::try_from(it).unwrap());
    let most = all.min(4) << 20;
    let left = if all <= 4 { listed << 20 } else { most * listed / all };
    assert!(left + (most - left) <= 4 << 20);
    (left, most - left)
}

/// The same people with visits to encrypted hosts.
fn with_marks(people: &[Someone], marks: usize) -> Vec<Someone> {
    let mark = u16::try_from(HIDDEN_SITE).unwrap();
    let marks = |at: usize| (0..(at * marks) % 7).map(move |it| (it % 3, mark, 0));
    let marked = |(at, it): (usize, &Someone)| Someone {
        rows: it.rows.iter().copied().chain(marks(at)).collect(),
        ..it.clone()
    };
    people.iter().enumerate().map(marked).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn people_are_clipped_as_the_kernel_clips_them(people in prop::collection::vec(anyone(), 1..60)) {
        let plan = clipped();
        let people = with_marks(&people, 3);
        let found = counters(&people, 1);
        let mut expected = vec![BTreeMap::<u64, (u64, u64)>::new(); 3];
        let (mut quality, mut active) = (QualityCounts::default(), 0);
        let (mut listed, mut hidden) = (0, 0);
        for someone in &people {
            let of = of_person(&plan, someone);
            quality.frame.count(of.is_some());
            let Some((Clipped { scale, cells }, distinct)) = of else { continue };
            let marks = someone.rows.iter().filter(|it| u32::from(it.1) == HIDDEN_SITE).count();
            let own = visits(someone.rows.len() - marks, marks);
            (listed, hidden) = (listed + own.0, hidden + own.1);
            quality.coverage.count(distinct > 0);
            if distinct > 0 {
                active += 1;
                let kept = u64::try_from(cells[0].len()).unwrap();
                quality.loss.add(CellLimit::new(4).unwrap(), kept, distinct.try_into().unwrap(), scale);
            }
            for (table, cells) in expected.iter_mut().zip(&cells) {
                for cell in cells {
                    let slot = table.entry(*cell).or_default();
                    *slot = (slot.0 + 1, slot.1 + u64::from(scale.units()));
                }
            }
        }
        for (at, expected) in [0, 1, 3].into_iter().zip(&expected) {
            for cell in 0..found.tables[at].len() {
                let count = found.tables[at].at(cell);
                let wanted = expected.get(&u64::try_from(cell).unwrap()).copied().unwrap_or_default();
                prop_assert_eq!((count.people(), count.units()), wanted);
            }
        }
        // Everybody whole beside everybody clipped: the same people.
        let [whole, clipped] = [2, 3].map(|at| found.tables[at].at(0));
        prop_assert_eq!(whole.people(), clipped.people());
        prop_assert_eq!(whole.units(), whole.people() << 20);
        let mut own = found.quality[0];
        prop_assert_eq!(own.people, active);
        prop_assert_eq!(own.visibility.parts(), [listed, hidden]);
        own.visibility = quality.visibility;
        prop_assert_eq!(own.pairs().map(|it| it.parts()), quality.pairs().map(|it| it.parts()));
    }

    #[test]
    fn encrypted_hosts_change_the_share_that_is_visible_and_nothing_else(
        people in prop::collection::vec(anyone(), 1..60),
    ) {
        let (mut with, mut without) = (counters(&with_marks(&people, 5), 1), counters(&people, 1));
        for (with, without) in with.tables.iter().zip(&without.tables) {
            let units = |it: &Counts| (0..it.len()).map(|at| it.at(at).units()).collect::<Vec<_>>();
            prop_assert_eq!(units(with), units(without));
        }
        let [with, without] = [&mut with, &mut without].map(|it| &mut it.quality[0]);
        prop_assert_eq!(with.people, without.people);
        prop_assert_eq!(without.visibility.parts()[1], 0);
        with.visibility = without.visibility;
        prop_assert_eq!(with.pairs().map(|it| it.parts()), without.pairs().map(|it| it.parts()));
    }

    #[test]
    fn a_clipped_whole_is_the_sum_of_its_parts_to_the_last_unit(
        people in prop::collection::vec(anyone(), 1..60),
    ) {
        let found = counters(&people, 1);
        for site in 0..found.tables[0].len() {
            let mut parts = found.tables[1].at(2 * site);
            parts.merge(found.tables[1].at(2 * site + 1));
            let whole = found.tables[0].at(site);
            prop_assert_eq!((parts.people(), parts.units()), (whole.people(), whole.units()));
        }
    }

    #[test]
    fn one_person_moves_a_clipped_table_by_a_norm_of_one_at_most(
        people in prop::collection::vec(anyone(), 2..60), leaver: prop::sample::Index,
    ) {
        let mut others = people.clone();
        others.remove(leaver.index(people.len()));
        let (with, without) = (counters(&people, 1), counters(&others, 1));
        let plan = clipped();
        for (at, marginal) in plan.families[0].marginals.iter().enumerate() {
            let Some(weights) = &marginal.weights else { continue };
            let (mut norm, mut cells) = (0_u128, 0);
            for (cell, weight) in weights.cells.iter().enumerate() {
                let [one, other] = [&with, &without].map(|it| it.tables[at].at(cell));
                cells += one.people() - other.people();
                norm += u128::from(one.units() - other.units()).pow(2) * u128::from(weight.square());
            }
            prop_assert!(cells <= weights.kept.cells().into());
            prop_assert!(norm <= 1 << 64, "a sum of (a f)² above one");
        }
    }
}

#[test]
fn threads_and_ranges_change_nothing() {
    let people = crowd(30_000);
    let mut one = counters(&people, 1);
    let mut many = counters(&people, 3);
    for (one, many) in one.tables.iter().zip(&many.tables) {
        assert!((0..one.len()).all(|it| one.at(it).units() == many.at(it).units()));
    }
    let parts = |it: &mut Counters| it.quality[0].pairs().map(|it| it.parts());
    assert_eq!(parts(&mut one), parts(&mut many));
    assert_eq!(one.quality[0].people, many.quality[0].people);
}
