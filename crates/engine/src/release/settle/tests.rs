//! Settled releases of small worlds, before and after; and what an attacker makes of them.

mod attacker;

use std::collections::BTreeSet;

use privacy::residual::remainders;
use privacy::{BoundingKey, CellLimit, CellWeight, Floor, SeededEntropy};
use reference::{Geography, Site, SiteList};

use super::*;
use crate::count::{Person, Tally, TallySpec};
use crate::dimension::{Codes, Dimension};
use crate::plan::{Family, Marginal, Remainder, View, Weights};
use crate::release::draw;
use Dimension::{AgeBand, Area, Category, District, GenderPlus, Lad, Region, Sector};

/// The default tables of a product in a few areas, each with an OTHER in every coarser table or without.
fn plan(product: &str, coverage: &[&str], rho: &str, others: bool) -> PrivatePlan {
    let table = |rows: bool, by: &[Dimension]| Marginal {
        name: by.iter().map(|it| it.name()).collect::<Vec<_>>().join("_"),
        rows,
        by: by.to_vec(),
        rho: rho.parse().unwrap(),
        delta: "2e-12".parse().unwrap(),
        weights: None,
        sums: Vec::new(),
        quantiles: None,
    };
    let family = |rows: &[Dimension], marginals: Vec<Marginal>| {
        let mut it = Family {
            rows: rows.to_vec(),
            limit: CellLimit::ONE,
            quality: None,
            marginals,
            remainders: Vec::new(),
        };
        let remainder = |refinement| Remainder {
            name: format!("{refinement:?}"),
            refinement,
            rho: rho.parse().unwrap(),
            delta: "2e-12".parse().unwrap(),
        };
        it.remainders = it.refinements().into_iter().filter(|_| others).map(remainder).collect();
        it
    };
    let groups: [&[Dimension]; 4] = [&[], &[GenderPlus], &[AgeBand], &[Region]];
    let both = || groups.iter().flat_map(|it| [table(false, it), table(true, it)]).collect();
    let (view, families) = if product == "residents" {
        let tables: [&[Dimension]; 11] = [
            &[Sector, AgeBand],
            &[Sector],
            &[District, GenderPlus, AgeBand],
            &[District, AgeBand],
            &[District],
            &[Area, GenderPlus, AgeBand],
            &[Area, AgeBand],
            &[Area],
            &[Lad],
            &[Region],
            &[Lad, AgeBand],
        ];
        let tables = tables.iter().map(|it| table(true, it)).collect();
        (View::Subscriber, vec![family(&[], tables)])
    } else {
        (View::Visit, vec![family(&[Dimension::Site], both()), family(&[Category], both())])
    };
    let site = |at: u16| Site {
        domain: format!("site-{at}.example"),
        category: ["News", "Sports"][usize::from(at % 2)].to_owned(),
        sensitive: false,
        weight: 1.0,
        label: String::new(),
    };
    let coverage: Vec<String> = coverage.iter().map(|&it| it.to_owned()).collect();
    let sites = SiteList::of((0..3).map(site).collect());
    PrivatePlan {
        product: product.to_owned(),
        edition: std::num::NonZeroU32::MIN,
        period: "2026-10".parse().unwrap(),
        snapshot: "test".to_owned(),
        floor: Floor::QUORUM,
        view,
        filters: Vec::new(),
        families,
        policy_hash: String::new(),
        codes: Codes::new(Geography::built_in(), &sites, &coverage),
    }
}

/// The counts of an invented population: places, ages and sites of very different sizes.
fn counts(plan: &PrivatePlan, seed: u64) -> Vec<Vec<u32>> {
    counts_of(plan, seed, |rng| match rng.u8(0..10) {
        0..2 => rng.u32(0..60),
        2..5 => rng.u32(40..200),
        _ => rng.u32(160..400),
    })
}

/// The same with so many people in each sector and age band.
fn counts_of(
    plan: &PrivatePlan,
    seed: u64,
    people: impl Fn(&mut fastrand::Rng) -> u32,
) -> Vec<Vec<u32>> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let key = BoundingKey::from_bytes(*b"a key for tests.");
    let mut tally = Tally::new(TallySpec::of(plan).unwrap(), key).unwrap();
    let covered = plan.codes.list(Sector).positions();
    for (sector, _) in (0_u16..).zip(covered).filter(|it| *it.1 != u32::MAX) {
        for age_band in 0..7 {
            for _ in 0..people(&mut rng) {
                let gender = [0, 0, 0, 1, 1, 1, 2][rng.usize(0..7)];
                let sites: Vec<u32> = (0..3).filter(|it| rng.u32(0..3 + 4 * it) < 2).collect();
                let rows = if plan.view == View::Visit { &sites[..] } else { &[0] };
                let person = Person { token: rng.u32(..), gender, age_band, sector };
                tally.add(person, &rows.iter().copied().map(u64::from));
            }
        }
    }
    tally.into_counters().into_people()
}

/// Each counts as one.
fn whole_of(counts: &[Vec<u32>]) -> Vec<Counts> {
    counts.iter().cloned().map(Counts::of).collect()
}

fn drawn(plan: &PrivatePlan, counts: &[Vec<u32>], seed: u64) -> Vec<Table> {
    let mut entropy = SeededEntropy::new(seed);
    let tables = plan.marginals().zip(counts).map(|((family, it), counts)| {
        draw(plan.mechanism(family, it).unwrap(), &Counts::of(counts.clone()), &mut entropy)
            .unwrap()
            .0
    });
    tables.collect()
}

/// A world with its tables as they were drawn, and as they are published with their OTHERs.
struct Settled {
    plan: PrivatePlan,
    counts: Vec<Vec<u32>>,
    drawn: Vec<Table>,
    tables: Vec<Table>,
    others: Vec<Table>,
    withdrawn: usize,
}

impl Settled {
    fn new(plan: &PrivatePlan, seed: u64) -> Self {
        let counts = counts(plan, seed);
        let drawn = drawn(plan, &counts, seed);
        let mut tables = drawn.clone();
        let mut entropy = SeededEntropy::new(seed + 1_000);
        let (others, withdrawn) =
            super::tables(plan, &mut tables, &whole_of(&counts), &mut entropy).unwrap();
        // What went whole is no table of the release: nothing is claimed of it.
        let across = plan.marginals().map(|(family, it)| family.is_across(it));
        let kept: Vec<bool> =
            sparse::kept(plan, &drawn).into_iter().zip(across).map(|it| it.0 || it.1).collect();
        let own = |it: Vec<Table>| it.into_iter().zip(&kept).filter(|it| *it.1).map(|it| it.0);
        let counts = counts.into_iter().zip(&kept).filter(|it| *it.1).map(|it| it.0).collect();
        let (drawn, tables) = (own(drawn).collect(), own(tables).collect());
        let names: Vec<String> =
            plan.only(&kept).remainders().map(|it| it.1.name.clone()).collect();
        let others = plan.remainders().zip(others);
        let others = others.filter(|it| names.contains(&it.0.1.name)).map(|it| it.1).collect();
        Self { plan: plan.only(&kept), counts, drawn, tables, others, withdrawn }
    }

    /// The tables and parts that each published OTHER takes together.
    fn others(&self) -> Vec<(usize, Vec<usize>)> {
        let grid = Grid::new(&self.plan);
        let sums = grid.sums();
        let relations: Vec<Relation> = sums.iter().map(|it| it.relation.clone()).collect();
        let lattice = Lattice::new(grid.cells(), &relations).unwrap();
        let all = remainders(&lattice, &grid.answers(&self.drawn)).unwrap();
        let stays = all.into_iter().filter(|it| {
            let paid = paid(&sums, it.relation);
            paid.is_some_and(|(other, whole)| self.others[other].people(whole).is_some())
        });
        let place = |table: usize, cells: &[privacy::residual::CellId]| {
            let start = grid.cell(table, 0).0;
            cells.iter().map(|it| it.0 - start).collect()
        };
        stays
            .map(|it| {
                let table = grid.table(it.hidden[0]);
                (table, place(table, &it.hidden))
            })
            .collect()
    }

    /// What the attacker bounds too well in all groups of tables.
    fn broken(&self, tables: &[Table], others: &[(usize, Vec<usize>)]) -> usize {
        let shown: Vec<BTreeSet<usize>> = tables
            .iter()
            .map(|it| it.cells.iter().map(|it| usize::try_from(it.0).unwrap()).collect())
            .collect();
        let mut broken = 0;
        for family in 0..self.plan.families.len() {
            for rows in [false, true] {
                let any = |it: &Marginal| self.plan.families[family].is_on_rows(it) == rows;
                if self.plan.families[family].marginals.iter().any(any) {
                    let it = attacker::Attacker::new(&self.plan, family, rows, &self.counts);
                    broken += it.break_into(&shown, others).len();
                }
            }
        }
        broken
    }
}

/// The plan with everybody clipped in all tables on row cells, and each table of people once more, clipped.
fn clipped(mut plan: PrivatePlan) -> PrivatePlan {
    let limit = CellLimit::new(8).unwrap();
    for at in 0..plan.families.len() {
        let family = plan.families[at].clone();
        let weigh = |it: &Marginal, limit: CellLimit| {
            let cells = usize::try_from(plan.cells(&family, it)).unwrap();
            let cells = vec![CellWeight::full(limit); cells].into();
            let name = format!("{}_clipped", it.name);
            Marginal { name, weights: Some(Weights { kept: limit, limit, cells }), ..it.clone() }
        };
        let (rows, people): (Vec<Marginal>, Vec<Marginal>) =
            family.marginals.iter().cloned().partition(|it| family.is_on_rows(it));
        let marginals = rows.iter().map(|it| weigh(it, limit)).chain(people.iter().cloned());
        let marginals: Vec<Marginal> =
            marginals.chain(people.iter().map(|it| weigh(it, CellLimit::ONE))).collect();
        plan.families[at] = Family { limit, marginals, ..family };
    }
    plan
}

#[test]
fn who_knows_all_of_clipped_tables_cannot_tell_what_is_not_published_either() {
    for seed in 0..2 {
        let plan = clipped(plan("web_audience", &["ZE", "HS", "LD"], "0.004", false));
        let world = Settled::new(&plan, seed);
        assert_eq!(world.broken(&world.tables, &[]), 0, "{seed}");
        // One more cell that is not shown, though the others give it away.
        let by_gender = |it: &Table| it.cells.len() == 6 && it.cells[0].0 == 0;
        let mut one_less = world.tables.clone();
        one_less.iter_mut().find(|it| by_gender(it)).unwrap().cells.remove(0);
        assert_eq!(world.broken(&one_less, &[]), 1, "{seed}");
    }
}

#[test]
fn a_base_whose_clipped_people_are_not_shown_is_not_shown_whole() {
    let plan = clipped(plan("web_audience", &["ZE", "HS", "LD"], "0.004", false));
    let counts = counts(&plan, 0);
    let table = |name: &str| {
        let of = |(family, it): (&Family, &Marginal)| it.name == name && !family.is_on_rows(it);
        plan.marginals().position(of).unwrap()
    };
    let (whole, twin) = (table("age_band"), table("age_band_clipped"));
    let settled = |change: &dyn Fn(&mut Vec<Table>)| {
        let mut tables = drawn(&plan, &counts, 0);
        change(&mut tables);
        super::tables(&plan, &mut tables, &whole_of(&counts), &mut SeededEntropy::new(1)).unwrap();
        [whole, twin].map(|at| tables[at].cells.iter().map(|it| it.0).collect::<Vec<_>>())
    };
    let [one, other] = settled(&|_| ());
    assert!(one == other && one.len() == 7);
    let [one, other] = settled(&|tables| tables[twin].cells.retain(|it| it.0 != 2));
    assert!(one == other && !one.contains(&2), "{one:?} {other:?}");
    let [one, other] = settled(&|tables| tables[whole].cells.retain(|it| it.0 != 2));
    assert!(one == other && !one.contains(&2), "{one:?} {other:?}");
    assert!(settled(&|tables| tables[twin].cells.clear()).iter().all(Vec::is_empty));
    // A clipped table that a sparse release went without: its whole twin is not there either.
    let kept: Vec<bool> = (0..plan.marginals().count()).map(|at| at != twin).collect();
    let grid_plan = plan.only(&kept);
    let cells = Grid::new(&grid_plan).without_twin();
    assert_eq!((cells.len(), Grid::new(&plan).without_twin().len()), (7, 0));
}

#[test]
fn who_knows_all_that_is_published_cannot_tell_what_is_not_and_could_before() {
    let (mut before, mut withdrawn, mut others) = (0, 0, 0);
    for seed in 0..2 {
        for (product, coverage, rho) in
            [("residents", &["ZE"][..], "0.008"), ("web_audience", &["ZE", "HS", "LD"], "0.002")]
        {
            for with_others in [false, true] {
                let world = Settled::new(&plan(product, coverage, rho, with_others), seed);
                before += world.broken(&world.drawn, &[]);
                let published = world.others();
                let broken = world.broken(&world.tables, &published);
                assert_eq!(broken, 0, "{product} {seed} {with_others}");
                let stay: usize = world.tables.iter().map(|it| it.cells.len()).sum();
                let were: usize = world.drawn.iter().map(|it| it.cells.len()).sum();
                assert!(stay * 3 > were, "{stay} of {were} cells stay");
                (withdrawn, others) = (withdrawn + world.withdrawn, others + published.len());
            }
        }
    }
    assert!(before > 0 && withdrawn > 0 && others > 0, "{before} {withdrawn} {others}");
}

#[test]
fn places_that_cut_the_others_are_published_where_they_say_nothing_new() {
    let mut plan = plan("residents", &["SG"], "0.008", false);
    let by: [&[Dimension]; 3] = [&[Sector], &[District], &[Lad]];
    let kept: Vec<bool> = plan.marginals().map(|it| by.contains(&&it.1.by[..])).collect();
    plan = plan.only(&kept);
    let cells = plan.marginals().map(|(family, it)| plan.cells(family, it));
    let mut counts: Vec<Vec<u32>> = cells.map(|it| vec![0; usize::try_from(it).unwrap()]).collect();
    let grid = Grid::new(&plan);
    let [districts, lads] = [1, 2].map(|it| grid.lies_in(it, 0));
    for (at, (district, lad)) in (0_u32..).zip(districts.iter().zip(&lads)) {
        let own = 2_000 + 10 * at;
        let mut add =
            |table: usize, cell: u64| counts[table][usize::try_from(cell).unwrap()] += own;
        add(0, at.into());
        add(1, *district);
        add(2, *lad);
    }
    // Two sectors of one district in two authorities, and two of another district in one.
    let apart = |one: &usize, other: &usize| districts[*one] == districts[*other] && one != other;
    let all = || (0..lads.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    let cut = all().find(|(one, other)| apart(one, other) && lads[*one] != lads[*other]).unwrap();
    let whole = all().find(|(one, other)| {
        apart(one, other) && lads[*one] == lads[*other] && districts[*one] != districts[cut.0]
    });
    let whole = whole.unwrap();
    let hidden = [cut.0, cut.1, whole.0, whole.1].map(|it| u64::try_from(it).unwrap());
    let mut tables = drawn(&plan, &counts, 1);
    tables[0].cells.retain(|it| !hidden.contains(&it.0));
    let before = tables.clone();
    assert!(across::withdraw(&plan, &mut tables) > 0);
    let stays = |lad: u64| tables[2].people(lad).is_some();
    for (at, _) in counts[2].iter().enumerate() {
        let at = u64::try_from(at).unwrap();
        assert_eq!(stays(at), ![cut.0, cut.1].iter().any(|it| lads[*it] == at), "{at}");
    }
    // An authority that is nearly one of its sectors, all of which are shown.
    let is_cut = |at: usize| [cut.0, cut.1].iter().any(|it| lads[*it] == lads[at]);
    let sector = (0..lads.len()).find(|it| !is_cut(*it) && lads[*it] != lads[whole.0]).unwrap();
    let mut nearly = before.clone();
    let people = nearly[0].people(u64::try_from(sector).unwrap()).unwrap();
    let own = nearly[2].cells.iter_mut().find(|it| it.0 == lads[sector]).unwrap();
    own.1 = people + 30;
    across::withdraw(&plan, &mut nearly);
    assert_eq!(nearly[2].people(lads[sector]), None);
    assert!(stays(lads[whole.0]) || [cut.0, cut.1].iter().any(|it| lads[*it] == lads[whole.0]));
    let world = |tables: &[Table]| Settled {
        plan: plan.clone(),
        counts: counts.clone(),
        drawn: before.clone(),
        tables: tables.to_vec(),
        others: Vec::new(),
        withdrawn: 0,
    };
    assert_eq!(world(&tables).broken(&tables, &[]), 0);
    assert_eq!(world(&before).broken(&before, &[]), 2, "both sectors of the district that is cut");
}

#[test]
fn a_crossed_table_that_is_mostly_hidden_goes_whole_and_its_sums_stay() {
    let plan = plan("residents", &["HS"], "0.008", false);
    let counts = counts_of(&plan, 1, |rng| rng.u32(20..70));
    let before = drawn(&plan, &counts, 1);
    let mut tables = before.clone();
    super::tables(&plan, &mut tables, &whole_of(&counts), &mut SeededEntropy::new(1)).unwrap();
    let name = |it: &str| plan.marginals().position(|of| of.1.name == it).unwrap();
    let cells = |tables: &[Table], it: &str| tables[name(it)].cells.len();
    assert_eq!(cells(&tables, "sector_age_band"), 0);
    for sums in ["sector", "district", "area", "area_age_band"] {
        assert!(cells(&tables, sums) * 10 >= cells(&before, sums) * 7, "{sums}");
        assert!(cells(&tables, sums) > 0, "{sums}");
    }
}

#[test]
fn no_part_is_printed_beside_a_whole_that_it_nearly_is() {
    let mut before = 0;
    for seed in 0..6 {
        let world = Settled::new(&plan("residents", &["HS", "ZE"], "0.004", false), seed);
        let grid = Grid::new(&world.plan);
        let failing =
            |tables: &[Table]| parts_to_withdraw(grid.pairs(tables), world.plan.floor).len();
        before += failing(&world.drawn);
        assert_eq!(failing(&world.tables), 0);
    }
    assert!(before > 0);
}

#[test]
fn what_is_withdrawn_depends_on_released_numbers_alone() {
    for product in ["residents", "web_audience"] {
        let plan = plan(product, &["HS"], "0.004", false);
        let counts = counts(&plan, 7);
        let settled = |counts: &[Vec<u32>]| {
            let mut tables = drawn(&plan, &self::counts(&plan, 7), 7);
            let mut entropy = SeededEntropy::new(1);
            super::tables(&plan, &mut tables, &whole_of(counts), &mut entropy).unwrap();
            tables.into_iter().map(|it| it.cells).collect::<Vec<_>>()
        };
        let others: Vec<Vec<u32>> =
            counts.iter().map(|it| it.iter().map(|it| 7 * it + 3).collect()).collect();
        assert_eq!(settled(&counts), settled(&others));
    }
}

#[test]
fn each_whole_is_the_sum_of_its_parts_in_every_world() {
    for (product, coverage) in [("residents", &["BL"][..]), ("web_audience", &["BL", "HS"])] {
        let plan = plan(product, coverage, "0.004", false);
        let (grid, counts) = (Grid::new(&plan), whole_of(&counts(&plan, 3)));
        let sums = grid.sums();
        for Sum { relation, .. } in &sums {
            let parts: u64 =
                relation.children.iter().map(|it| grid.count(*it, &counts).people()).sum();
            assert_eq!(parts, grid.count(relation.parent, &counts).people(), "{product}");
        }
        let repeated = sums.iter().filter(|it| it.relation.children.len() == 1).count();
        assert!(product == "residents" || repeated > 0, "two families count the same people");
    }
}

#[test]
fn tables_refine_one_another_step_by_step() {
    let family = &plan("residents", &["BL"], "0.004", false).families[0];
    let name = |at: usize| family.marginals[at].name.as_str();
    let mut pairs: Vec<(&str, &str)> =
        family.refinements().iter().map(|it| (name(it.whole), name(it.parts))).collect();
    pairs.sort_unstable();
    let expected = [
        ("area", "area_age_band"),
        ("area", "district"),
        ("area_age_band", "area_gender_plus_age_band"),
        ("area_age_band", "district_age_band"),
        ("area_gender_plus_age_band", "district_gender_plus_age_band"),
        ("district", "district_age_band"),
        ("district", "sector"),
        ("district_age_band", "district_gender_plus_age_band"),
        ("district_age_band", "sector_age_band"),
        ("sector", "sector_age_band"),
    ];
    assert_eq!(pairs, expected);
}
