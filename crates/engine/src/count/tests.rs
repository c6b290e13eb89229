//! The fast path against a slow and obvious one, on generated vaults; and against neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt8Array, UInt16Array, UInt32Array};
use jiff::civil::date;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use privacy::{CellLimit, Floor};
use proptest::prelude::*;
use reference::{Geography, Site, SiteList};
use tempfile::TempDir;

mod clipped;
mod questions;

use super::*;
use crate::dimension::{Codes, Dimension};
use crate::plan::{Family, Marginal};
use crate::time::Period;

/// A generated person: draw token, attributes, and rows of (day, site or district, hour).
#[derive(Clone, Debug)]
struct Someone {
    token: u32,
    gender: u8,
    age_band: u8,
    sector: u16,
    rows: Vec<(usize, u16, u8)>,
}

/// Friday to Sunday, and the last Wednesday of the month before, whose rows came late.
const DAYS: [Date; 4] =
    [date(2026, 10, 2), date(2026, 10, 3), date(2026, 10, 4), date(2026, 9, 30)];

/// How long a visit lasted, up to a day; some are said to have no minute.
fn minutes(place: u16, hour: u8) -> u16 {
    (place % 97 * 7 + u16::from(hour) * 61) % 1_441
}

fn anyone() -> impl Strategy<Value = Someone> {
    let gender = prop_oneof![0_u8..3, Just(255)];
    let rows = prop::collection::vec((0..DAYS.len(), 0_u16..6, 0_u8..24), 0..12);
    (any::<u32>(), gender, 0_u8..7, 0_u16..40, rows).prop_map(
        |(token, gender, age_band, sector, rows)| Someone { token, gender, age_band, sector, rows },
    )
}

fn sites() -> SiteList {
    let site = |at: u16| Site {
        domain: format!("site-{at}.example"),
        category: ["News", "Sports"][usize::from(at % 2)].to_owned(),
        sensitive: at == 5,
        weight: 1.0,
        label: String::new(),
    };
    SiteList::of((0..6).map(site).collect())
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    // Small row groups, so that ranges of people cut through them.
    let rows = (batch.num_rows() / 50).max(7);
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows)).build();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Writes a vault of `people` and returns its snapshot.
fn snapshot(folder: &Path, people: &[Someone]) -> Snapshot {
    let numbered = || (0_u32..).zip(people);
    let path = folder.join("people.parquet");
    let bytes = |of: fn(&Someone) -> u8| -> ArrayRef {
        Arc::new(people.iter().map(|it| Some(of(it))).collect::<UInt8Array>())
    };
    write(
        &path,
        vec![
            ("person", Arc::new(numbered().map(|it| Some(it.0)).collect::<UInt32Array>())),
            ("token", Arc::new(people.iter().map(|it| Some(it.token)).collect::<UInt32Array>())),
            ("gender", bytes(|it| it.gender)),
            ("age_band", bytes(|it| it.age_band)),
            ("sector", Arc::new(people.iter().map(|it| Some(it.sector)).collect::<UInt16Array>())),
        ],
    );
    let day = |table: &str, at: usize| -> PathBuf {
        let path = folder.join(format!("{table}-{at}.parquet"));
        let mut rows: Vec<(u32, u16, u8)> = numbered()
            .flat_map(|(person, it)| {
                let own = it.rows.iter().filter(move |row| row.0 == at);
                own.map(move |row| (person, row.1, row.2))
            })
            .collect();
        rows.sort_unstable();
        let person: ArrayRef = Arc::new(UInt32Array::from_iter_values(rows.iter().map(|it| it.0)));
        let hour: ArrayRef = Arc::new(UInt8Array::from_iter_values(rows.iter().map(|it| it.2)));
        let place = rows.iter().map(|it| it.1);
        let place: ArrayRef = match table {
            "visit" => Arc::new(UInt32Array::from_iter_values(place.map(u32::from))),
            _ => Arc::new(UInt16Array::from_iter_values(place)),
        };
        let name = if table == "visit" { "site" } else { "district" };
        let mut columns = vec![("person", person), (name, place), ("hour", hour)];
        if table == "visit" {
            let minutes = rows.iter().map(|it| minutes(it.1, it.2));
            columns.push(("minutes", Arc::new(UInt16Array::from_iter_values(minutes))));
        }
        write(&path, columns);
        path
    };
    let days = |table: &str| -> Vec<(Date, PathBuf)> {
        (0..DAYS.len()).map(|at| (DAYS[at], day(table, at))).collect()
    };
    Snapshot {
        id: "test".to_owned(),
        period: Period::of(DAYS[0]),
        people: vec![path],
        visit: days("visit"),
        presence: days("presence"),
        suppressed: Vec::new(),
        persons: u32::try_from(people.len()).unwrap(),
        sites: sites(),
        geography: Arc::clone(Geography::built_in()),
        holidays: BTreeSet::new(),
    }
}

fn plan(view: View, rows: &[Dimension], limit: u32, by: &[&[Dimension]]) -> PrivatePlan {
    let marginal = |(at, by): (usize, &&[Dimension])| Marginal {
        name: format!("table-{at}"),
        rows: true,
        by: by.to_vec(),
        rho: "0.01".parse().unwrap(),
        delta: "1e-12".parse().unwrap(),
        weights: None,
        sums: Vec::new(),
        quantiles: None,
    };
    let mut marginals: Vec<Marginal> = by.iter().enumerate().map(marginal).collect();
    marginals.push(Marginal { name: "base".to_owned(), rows: false, ..marginals[0].clone() });
    PrivatePlan {
        product: "test".to_owned(),
        edition: std::num::NonZeroU32::MIN,
        period: Period::of(DAYS[0]),
        snapshot: "test".to_owned(),
        floor: Floor::QUORUM,
        view,
        filters: Vec::new(),
        families: vec![Family {
            rows: rows.to_vec(),
            limit: CellLimit::new(limit).unwrap(),
            quality: None,
            marginals,
            remainders: Vec::new(),
        }],
        policy_hash: String::new(),
        codes: Codes::new(Geography::built_in(), &sites(), &[]),
    }
}

const KEY: [u8; 16] = *b"a key for tests.";

fn count(plan: &PrivatePlan, people: &[Someone], threads: usize) -> Vec<Vec<u32>> {
    let folder = TempDir::new().unwrap();
    let snapshot = snapshot(folder.path(), people);
    let key = BoundingKey::from_bytes(KEY);
    super::bound_and_count(plan, &snapshot, key, (threads, None)).unwrap().into_people()
}

/// Counts label by label: a set of people for every cell, as a reader would do it by hand.
fn obvious(plan: &PrivatePlan, people: &[Someone]) -> Vec<BTreeMap<Vec<String>, u32>> {
    let family = &plan.families[0];
    let label = |dimension: Dimension, value: usize| -> Option<String> {
        let list = plan.codes.list(dimension);
        let at = *list.positions().get(value)?;
        list.labels().get(usize::try_from(at).ok()?).cloned()
    };
    let mut tables = vec![BTreeMap::new(); family.marginals.len()];
    for someone in people {
        let mut cells: BTreeSet<Vec<String>> = BTreeSet::new();
        for &(day, place, hour) in &someone.rows {
            let weekend = usize::from(day == 1 || day == 2);
            let labels = family.rows.iter().map(|&dimension| match dimension {
                Dimension::Hour => label(dimension, usize::from(hour)),
                Dimension::DayType => label(dimension, weekend),
                _ => label(dimension, usize::from(place)),
            });
            cells.extend(labels.collect::<Option<Vec<String>>>());
        }
        if plan.view == View::Subscriber {
            cells.insert(Vec::new());
        }
        let most = plan.cells(family, &Marginal { by: Vec::new(), ..family.marginals[0].clone() });
        let number =
            |cell: &Vec<String>| (0..most).find(|&it| plan.labels(&family.rows, it) == *cell);
        let key = BoundingKey::from_bytes(KEY);
        let mut ranked: Vec<(u64, u64, Vec<String>)> = cells
            .into_iter()
            .map(|cell| {
                let number = if cell.is_empty() { 0 } else { number(&cell).unwrap() };
                (key.rank(someone.token, number), number, cell)
            })
            .collect();
        ranked.sort();
        ranked.truncate(usize::try_from(family.limit.cells()).unwrap());
        let group = |marginal: &Marginal| {
            let by = marginal.by.iter().map(|&dimension| match dimension {
                Dimension::Gender => label(dimension, usize::from(someone.gender)),
                Dimension::GenderPlus => match (someone.gender, someone.token % 2) {
                    (0, _) | (2, 0) => Some("F+".to_owned()),
                    (1, _) | (2, 1) => Some("M+".to_owned()),
                    _ => None,
                },
                Dimension::AgeBand => label(dimension, usize::from(someone.age_band)),
                _ => label(dimension, usize::from(someone.sector)),
            });
            by.collect::<Option<Vec<String>>>()
        };
        // Who is in no cell of one table is in none of the family.
        if family.marginals.iter().any(|it| group(it).is_none()) {
            continue;
        }
        for (marginal, table) in family.marginals.iter().zip(&mut tables) {
            let by = group(marginal).unwrap();
            let rows = if marginal.rows { &ranked[..] } else { &ranked[..ranked.len().min(1)] };
            for (_, _, cell) in rows {
                let own = if marginal.rows { cell.clone() } else { Vec::new() };
                *table.entry([own, by.clone()].concat()).or_default() += 1;
            }
        }
    }
    tables
}

/// The non-zero counts by label.
fn labelled(plan: &PrivatePlan, counts: &[Vec<u32>]) -> Vec<BTreeMap<Vec<String>, u32>> {
    let tables = plan.marginals().zip(counts);
    tables
        .map(|((family, marginal), counts)| {
            let dimensions = PrivatePlan::dimensions(family, marginal);
            let cells = (0..).zip(counts).filter(|it| *it.1 > 0);
            cells
                .map(|(cell, &people)| {
                    let labels = plan.labels(&dimensions, cell);
                    (labels.into_iter().map(str::to_owned).collect(), people)
                })
                .collect()
        })
        .collect()
}

fn plans() -> Vec<PrivatePlan> {
    use Dimension::{
        AgeBand, Category, DayType, Gender, GenderPlus, Hour, PresentIn, Region, Sector, Site,
    };
    vec![
        plan(View::Subscriber, &[], 1, &[&[Sector, Gender, AgeBand], &[Region], &[]]),
        plan(View::Presence, &[PresentIn, Hour, DayType], 3, &[&[], &[Gender]]),
        plan(View::Visit, &[Site], 2, &[&[], &[GenderPlus, AgeBand, Region]]),
        plan(View::Visit, &[Category], 1, &[&[], &[AgeBand]]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_operator_counts_what_a_reader_would(people in prop::collection::vec(anyone(), 1..60)) {
        for plan in plans() {
            let counts = count(&plan, &people, 1);
            prop_assert_eq!(labelled(&plan, &counts), obvious(&plan, &people));
        }
    }

    #[test]
    fn without_one_person_few_cells_differ_and_by_one(
        people in prop::collection::vec(anyone(), 2..60), leaver: prop::sample::Index,
    ) {
        let mut others = people.clone();
        others.remove(leaver.index(people.len()));
        for plan in plans() {
            let (with, without) = (count(&plan, &people, 1), count(&plan, &others, 1));
            for (((family, marginal), with), without) in plan.marginals().zip(&with).zip(&without) {
                let differing = with.iter().zip(without).filter(|(a, b)| a != b);
                let mut cells = 0;
                for (with, without) in differing {
                    prop_assert_eq!(*with, without + 1);
                    cells += 1;
                }
                prop_assert!(cells <= marginal.cells_per_person(family).cells());
            }
        }
    }
}

/// Enough people for several ranges; repeatable.
fn crowd(size: u32) -> Vec<Someone> {
    let mix = |it: u32| it.wrapping_mul(0x9E37_79B9).rotate_left(13).wrapping_mul(0x85EB_CA6B);
    let number = |seed: u32, below: u32| mix(seed) % below;
    let row = |person: u32, at: u32| {
        let seed = person * 16 + at;
        let day = usize::try_from(number(seed, 4)).unwrap();
        let place = u16::try_from(number(seed + 7_000_000, 6)).unwrap();
        (day, place, u8::try_from(number(seed + 9_000_000, 24)).unwrap())
    };
    (0..size)
        .map(|person| Someone {
            token: mix(person),
            gender: u8::try_from(number(person, 3)).unwrap(),
            age_band: u8::try_from(number(person + 1, 7)).unwrap(),
            sector: u16::try_from(number(person + 2, 9_000)).unwrap(),
            rows: (0..number(person + 3, 9)).map(|at| row(person, at)).collect(),
        })
        .collect()
}

#[test]
fn more_people_than_wait_are_counted_as_a_reader_would() {
    let people = crowd(1_500);
    let plan = plan(View::Visit, &[Dimension::Site], 4, &[&[], &[Dimension::Gender]]);
    let counts = count(&plan, &people, 1);
    assert!(counts[0].iter().sum::<u32>() > 2_048, "a table is settled twice before its end");
    assert_eq!(labelled(&plan, &counts), obvious(&plan, &people));
}

#[test]
fn any_split_over_threads_counts_the_same() {
    let people = crowd(18_000);
    for plan in plans() {
        let one = count(&plan, &people, 1);
        for threads in [2, 3] {
            assert!(one == count(&plan, &people, threads), "{threads} threads");
        }
    }
}

#[test]
fn the_gate_sees_bounded_people() {
    // Fifty people with two sites each, of which one is kept: no site keeps all fifty.
    let someone = |token: u32| Someone {
        token: token.wrapping_mul(0x9E37_79B9),
        gender: 0,
        age_band: 0,
        sector: 0,
        rows: vec![(0, 0, 1), (0, 1, 2)],
    };
    let people: Vec<Someone> = (0..50).map(someone).collect();
    let plan = plan(View::Visit, &[Dimension::Site], 1, &[&[]]);
    let counts = count(&plan, &people, 1);
    assert_eq!(counts[0].iter().sum::<u32>(), 50);
    assert!(counts[0].iter().all(|&it| it < 50));
}

#[test]
fn who_objected_is_in_no_count() {
    let people = crowd(500);
    let folder = TempDir::new().unwrap();
    let mut snapshot = snapshot(folder.path(), &people);
    snapshot.suppressed = vec![3, 77, 499];
    let plan = plan(View::Subscriber, &[], 1, &[&[]]);
    let key = BoundingKey::from_bytes(KEY);
    let counts = super::bound_and_count(&plan, &snapshot, key, (2, None)).unwrap().into_people();
    assert_eq!(counts[0], [497]);
}

#[test]
fn rows_that_are_not_sorted_are_a_fault() {
    let folder = TempDir::new().unwrap();
    let mut snapshot = snapshot(folder.path(), &crowd(50));
    let path = folder.path().join("unsorted.parquet");
    write(
        &path,
        vec![
            ("person", Arc::new(UInt32Array::from(vec![4, 3]))),
            ("site", Arc::new(UInt32Array::from(vec![0, 0]))),
        ],
    );
    snapshot.visit = vec![(DAYS[0], path)];
    let plan = plan(View::Visit, &[Dimension::Site], 1, &[&[]]);
    let key = BoundingKey::from_bytes(KEY);
    let counted = super::bound_and_count(&plan, &snapshot, key, (1, None));
    assert_eq!(counted.err().map(|it| it.code()), Some("F04"));
}

#[test]
fn a_count_that_takes_too_long_stops() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let endless = std::future::pending::<crate::error::Result<()>>();
    let late = runtime.block_on(super::within(Some(Duration::ZERO), endless)).unwrap_err();
    assert_eq!(late.code(), super::STOPPED);
    let quick = super::within(Some(Duration::ZERO), std::future::ready(Ok(7)));
    assert_eq!(runtime.block_on(quick).unwrap(), 7);
}
