//! Questions: filters, rows by anything, sums and bins, against a slow and obvious count, and against neighbours.

use super::*;
use crate::count::Counters;
use crate::plan::{Filter, Measure, QUESTION, Quantiles, Sum};
use crate::vault::HIDDEN_SITE;
use Dimension::{
    AgeBand, Category, Day, DayType, Gender, GenderPlus, Hour, PresentIn, Region, Sector, Site,
};

/// Unbounded sums are cut here: rows at few, minutes at some.
const CAPS: [(Measure, u64); 2] = [(Measure::Rows, 3), (Measure::Minutes, 500)];

/// The greatest minutes of each bin; some people have more than the last.
const EDGES: &[u64] = &[1, 60, 300, 900];

/// A question about `rows` of a view, in tables by `by`, with sums of these measures, and quantiles of minutes
/// where these are among them.
fn question(
    view: View,
    rows: &[Dimension],
    limit: u32,
    by: &[&[Dimension]],
    measures: &[Measure],
) -> PrivatePlan {
    let mut plan = plan(view, rows, limit, by);
    plan.product = QUESTION.to_owned();
    plan.codes = plan.codes.for_questions(plan.period);
    let sums = CAPS.iter().filter(|it| measures.contains(&it.0));
    let sums = sums.map(|&(measure, cap)| Sum { measure, cap, rho: "0.01".parse().unwrap() });
    let sums: Vec<Sum> = sums.collect();
    let quantiles = measures.contains(&Measure::Minutes).then(|| Quantiles {
        measure: Measure::Minutes,
        edges: EDGES,
        rho: "0.01".parse().unwrap(),
    });
    for marginal in &mut plan.families[0].marginals {
        marginal.sums.clone_from(&sums);
        marginal.quantiles.clone_from(&quantiles);
    }
    plan
}

fn confined(mut plan: PrivatePlan, filters: &[(Dimension, &[&str])]) -> PrivatePlan {
    let filter = |(dimension, bins): &(Dimension, &[&str])| Filter {
        dimension: *dimension,
        bins: bins.iter().map(|&it| it.to_owned()).collect(),
    };
    plan.filters = filters.iter().map(filter).collect();
    plan
}

fn questions() -> Vec<PrivatePlan> {
    let rows = &[Measure::Rows][..];
    let both = &[Measure::Rows, Measure::Minutes][..];
    vec![
        question(View::Subscriber, &[], 1, &[&[Gender, AgeBand], &[Region], &[]], rows),
        confined(
            question(View::Subscriber, &[], 1, &[&[AgeBand]], rows),
            &[(Gender, &["F"]), (AgeBand, &["18-24", "25-34", ""])],
        ),
        question(View::Visit, &[], 1, &[&[], &[GenderPlus]], both),
        question(View::Visit, &[Site], 2, &[&[], &[Gender]], both),
        question(View::Visit, &[Category, Day], 3, &[&[]], both),
        confined(
            question(View::Visit, &[Hour, DayType], 2, &[&[Sector], &[]], both),
            &[(Site, &["site-0.example", "site-3.example"]), (Gender, &["M"])],
        ),
        confined(
            question(View::Visit, &[Site], 1, &[&[]], both),
            &[(Category, &["News"]), (DayType, &["weekend"]), (Hour, &["1", "2", "20"])],
        ),
        confined(
            question(View::Visit, &[], 1, &[&[AgeBand]], both),
            &[(Day, &["2026-10-02", "2026-10-04"])],
        ),
        question(View::Presence, &[], 1, &[&[], &[Gender]], rows),
        question(View::Presence, &[Day, PresentIn], 4, &[&[]], rows),
        confined(
            question(View::Presence, &[DayType], 1, &[&[GenderPlus]], rows),
            &[(Hour, &["7", "8", "9", "10"])],
        ),
    ]
}

fn counters(plan: &PrivatePlan, people: &[Someone], threads: usize) -> Counters {
    let folder = TempDir::new().unwrap();
    let snapshot = snapshot(folder.path(), people);
    let key = BoundingKey::from_bytes(KEY);
    super::super::bound_and_count(plan, &snapshot, key, (threads, None)).unwrap().into_counters()
}

/// People, and their sums and bins, of every cell that has any, by its labels.
type Tables = Vec<BTreeMap<Vec<String>, (u64, Vec<u64>)>>;

fn found(plan: &PrivatePlan, people: &[Someone], threads: usize) -> Tables {
    let counters = counters(plan, people, threads);
    let tables = plan.marginals().zip(&counters.tables);
    tables
        .map(|((family, marginal), counts)| {
            let dimensions = PrivatePlan::dimensions(family, marginal);
            let cells = (0..counts.len()).filter(|it| counts.at(*it).people() > 0);
            cells
                .map(|cell| {
                    let labels = plan.labels(&dimensions, u64::try_from(cell).unwrap());
                    let sums = (0..marginal.sums.len()).map(|it| counts.sum(it, cell));
                    let sums = sums.chain(counts.bins(cell).into_iter().map(u64::from)).collect();
                    let labels = labels.into_iter().map(str::to_owned).collect();
                    (labels, (counts.at(cell).people(), sums))
                })
                .collect()
        })
        .collect()
}

/// The bin of a person or row in a dimension, as a reader of the vault's documentation would find it.
fn bin(
    plan: &PrivatePlan,
    dimension: Dimension,
    someone: &Someone,
    row: (usize, u16, u8),
) -> Option<String> {
    let label = |value: usize| -> Option<String> {
        let list = plan.codes.list(dimension);
        let at = *list.positions().get(value)?;
        list.labels().get(usize::try_from(at).ok()?).cloned()
    };
    match dimension {
        Gender => label(usize::from(someone.gender)),
        GenderPlus => match (someone.gender, someone.token % 2) {
            (0, _) | (2, 0) => Some("F+".to_owned()),
            (1, _) | (2, 1) => Some("M+".to_owned()),
            _ => None,
        },
        AgeBand => label(usize::from(someone.age_band)),
        Hour => Some(row.2.to_string()),
        DayType => label(usize::from(row.0 == 1 || row.0 == 2)),
        Day => Some(DAYS[row.0].to_string()).filter(|it| it.starts_with("2026-10")),
        Site | Category | PresentIn => label(usize::from(row.1)),
        _ => label(usize::from(someone.sector)),
    }
}

/// Rows that a person has in the view: those of listed places that the filters let through.
fn rows_of(plan: &PrivatePlan, someone: &Someone) -> Vec<(usize, u16, u8)> {
    let listed = match plan.view {
        View::Subscriber => return vec![(0, 0, 0)],
        View::Visit => Site,
        View::Presence => PresentIn,
    };
    let passes = |row: &(usize, u16, u8)| {
        let inside = |it: &Filter| {
            it.dimension.partitions_people()
                || bin(plan, it.dimension, someone, *row).is_some_and(|own| it.bins.contains(&own))
        };
        bin(plan, listed, someone, *row).is_some() && plan.filters.iter().all(inside)
    };
    someone.rows.iter().copied().filter(passes).collect()
}

fn expected(plan: &PrivatePlan, people: &[Someone]) -> Tables {
    let family = &plan.families[0];
    let key = BoundingKey::from_bytes(KEY);
    let number = |cell: &Vec<String>| {
        let place = |(own, it): (&String, &Dimension)| {
            let list = plan.codes.list(*it).labels();
            (list.len(), list.iter().position(|of| of == own).unwrap())
        };
        let places = cell.iter().zip(&family.rows).map(place);
        u64::try_from(places.fold(0, |at, (length, own)| at * length + own)).unwrap()
    };
    let mut tables = vec![BTreeMap::new(); family.marginals.len()];
    for someone in people {
        let inside = |it: &Filter| {
            !it.dimension.partitions_people()
                || bin(plan, it.dimension, someone, (0, 0, 0))
                    .is_some_and(|own| it.bins.contains(&own))
        };
        let group = |it: &Marginal| -> Option<Vec<String>> {
            it.by.iter().map(|it| bin(plan, *it, someone, (0, 0, 0))).collect()
        };
        let in_frame = family.marginals.iter().all(|it| group(it).is_some());
        if !in_frame || !plan.filters.iter().all(inside) {
            continue;
        }
        let mut cells = BTreeMap::<Vec<String>, [u64; 2]>::new();
        for row in rows_of(plan, someone) {
            let cell = family.rows.iter().map(|it| bin(plan, *it, someone, row));
            let Some(cell) = cell.collect::<Option<Vec<_>>>() else { continue };
            let own = cells.entry(cell).or_default();
            *own = [own[0] + 1, own[1] + u64::from(minutes(row.1, row.2).max(1))];
        }
        let mut kept: Vec<_> = cells.into_iter().collect();
        kept.sort_by_key(|it| key.rank(someone.token, number(&it.0)));
        kept.truncate(usize::try_from(family.limit.cells()).unwrap());
        for (marginal, table) in family.marginals.iter().zip(&mut tables) {
            let by = group(marginal).unwrap();
            let mut own = kept.clone();
            if !marginal.rows && !kept.is_empty() {
                let sum = |at: usize| kept.iter().map(|it| it.1[at]).sum();
                own = vec![(Vec::new(), [sum(0), sum(1)])];
            }
            for (cell, amounts) in own {
                let bins = marginal.quantiles.as_ref().map_or(0, |it| it.edges.len());
                let none = || (0, vec![0; marginal.sums.len() + bins]);
                let slot: &mut (u64, Vec<u64>) =
                    table.entry([cell, by.clone()].concat()).or_insert_with(none);
                slot.0 += 1;
                for (sum, to) in marginal.sums.iter().zip(&mut slot.1) {
                    let amount = amounts[usize::from(sum.measure == Measure::Minutes)];
                    *to += amount.min(sum.cap);
                }
                if bins > 0 {
                    let bin = EDGES.iter().position(|it| amounts[1] <= *it).unwrap_or(bins - 1);
                    slot.1[marginal.sums.len() + bin] += 1;
                }
            }
        }
    }
    tables
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_question_is_counted_as_a_reader_would(people in prop::collection::vec(anyone(), 1..60)) {
        for plan in questions() {
            prop_assert_eq!(found(&plan, &people, 1), expected(&plan, &people));
        }
    }

    #[test]
    fn without_one_person_few_cells_differ_by_one_and_their_sums_and_bins_with_them(
        people in prop::collection::vec(anyone(), 2..60), leaver: prop::sample::Index,
    ) {
        let mut others = people.clone();
        others.remove(leaver.index(people.len()));
        for plan in questions() {
            let (with, without) = (counters(&plan, &people, 1), counters(&plan, &others, 1));
            for (at, (family, marginal)) in plan.marginals().enumerate() {
                let [with, without] = [&with, &without].map(|it| &it.tables[at]);
                let mut cells = 0;
                for cell in 0..with.len() {
                    let fewer = with.at(cell).people() - without.at(cell).people();
                    prop_assert!(fewer <= 1);
                    cells += fewer;
                    for (which, sum) in marginal.sums.iter().enumerate() {
                        let less = with.sum(which, cell) - without.sum(which, cell);
                        // The gate and the sum are of the same people, each of whom adds a unit or more.
                        prop_assert!(less <= fewer * sum.cap && less >= fewer);
                    }
                    if marginal.quantiles.is_some() {
                        // Each of whom is in one bin.
                        let all = |it: &[u32]| it.iter().copied().map(u64::from).sum::<u64>();
                        let [with_bins, bins] = [with, without].map(|it| it.bins(cell));
                        prop_assert_eq!(all(&with_bins), with.at(cell).people());
                        let left = with_bins.iter().zip(&bins).map(|it| it.0 - it.1);
                        prop_assert_eq!(all(&left.collect::<Vec<u32>>()), fewer);
                    }
                }
                prop_assert!(cells <= marginal.cells_per_person(family).cells().into());
            }
        }
    }
}

#[test]
fn any_split_over_threads_counts_a_question_the_same() {
    let people = crowd(18_000);
    for plan in questions() {
        let one = found(&plan, &people, 1);
        for threads in [2, 3] {
            assert!(one == found(&plan, &people, threads), "{threads} threads");
        }
    }
}

#[test]
fn visits_to_encrypted_hosts_and_sensitive_sites_are_in_no_cell() {
    let mark = u16::try_from(HIDDEN_SITE).unwrap();
    let someone = |token: u32, place: u16| Someone {
        token,
        gender: 0,
        age_band: 0,
        sector: 0,
        rows: vec![(0, place, 1)],
    };
    let people: Vec<Someone> =
        (0..9).map(|it| someone(it, [mark, 5, 0][usize::try_from(it % 3).unwrap()])).collect();
    let plan = question(View::Visit, &[], 1, &[&[]], &[Measure::Rows]);
    assert_eq!(found(&plan, &people, 1)[0][&Vec::new()], (3, vec![3]));
}

#[test]
fn what_a_view_does_not_have_is_refused_before_a_row_is_read() {
    let check = |plan: PrivatePlan, part: &str| {
        let refused = TallySpec::of(&plan).err().unwrap();
        assert_eq!(refused.code(), "P03");
        assert!(refused.to_string().contains(part), "{refused}");
    };
    let rows = &[Measure::Rows][..];
    let minutes = &[Measure::Minutes][..];
    check(question(View::Visit, &[Site, Category], 1, &[&[]], rows), "Category");
    check(question(View::Visit, &[Day, Day], 1, &[&[]], rows), "Day");
    check(question(View::Visit, &[PresentIn], 1, &[&[]], rows), "PresentIn");
    check(question(View::Presence, &[Site], 1, &[&[]], rows), "Site");
    check(question(View::Subscriber, &[Day], 1, &[&[]], rows), "Day");
    check(question(View::Presence, &[Day], 1, &[&[]], minutes), "minutes");
    check(question(View::Subscriber, &[], 1, &[&[]], minutes), "minutes");
    let mut ranked = question(View::Presence, &[Day], 1, &[&[]], minutes);
    ranked.families[0].marginals.iter_mut().for_each(|it| it.sums.clear());
    check(ranked, "ranked by minutes");
    let base = || question(View::Subscriber, &[], 1, &[&[]], rows);
    check(confined(base(), &[(Day, &["2026-10-02"])]), "confined by day");
    check(confined(base(), &[(Gender, &["W"])]), "`W` is no value of gender");
    let product = plan(View::Visit, &[Site], 1, &[&[]]);
    check(confined(product, &[(Hour, &["1"])]), "confined by hour");
}
