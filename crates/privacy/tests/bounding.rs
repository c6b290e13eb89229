//! What one person can change: bounding over all neighbours of random people.

use std::collections::BTreeMap;

use privacy::{BoundingKey, CellLimit, Floor, Quorum, SeededEntropy, keep};
use proptest::prelude::*;

/// People as (token, rows); a row is one cell code.
type People = Vec<(u32, Vec<u64>)>;

/// Distinct kept people of each cell; a row at `r` counts in its own cell and in that of r / 4.
fn count(people: &People, limit: Option<CellLimit>, key: &BoundingKey) -> BTreeMap<u64, u32> {
    let mut counts = BTreeMap::new();
    for (token, rows) in people {
        let mut cells: Vec<u64> = rows.iter().flat_map(|row| [*row, 1_000 + row / 4]).collect();
        if let Some(limit) = limit {
            keep(&mut cells, limit, key, *token);
        } else {
            cells.sort_unstable();
            cells.dedup();
        }
        for cell in cells {
            *counts.entry(cell).or_default() += 1;
        }
    }
    counts
}

/// Cells whose count differs, and the largest difference.
fn distance(with: &BTreeMap<u64, u32>, without: &BTreeMap<u64, u32>) -> (u32, u32) {
    let cells: std::collections::BTreeSet<u64> =
        with.keys().chain(without.keys()).copied().collect();
    let at = |counts: &BTreeMap<u64, u32>, cell| counts.get(cell).copied().unwrap_or(0);
    let changed = cells.iter().map(|cell| at(with, cell).abs_diff(at(without, cell)));
    changed.filter(|it| *it > 0).fold((0, 0), |(cells, most), it| (cells + 1, most.max(it)))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn one_person_changes_at_most_l_cells_by_one(
        people in prop::collection::vec((0_u32..20, prop::collection::vec(0_u64..40, 0..30)), 1..12),
        limit in 1_u32..8, key: [u8; 16],
    ) {
        let (key, limit) = (BoundingKey::from_bytes(key), CellLimit::new(limit).unwrap());
        let with = count(&people, Some(limit), &key);
        // Tokens repeat here: people with equal tokens are bounded apart all the same.
        for gone in 0..people.len() {
            let mut others = people.clone();
            others.remove(gone);
            let (cells, most) = distance(&with, &count(&others, Some(limit), &key));
            prop_assert!(cells <= limit.cells() && most <= 1, "{cells} cells by {most}");
        }
    }

    #[test]
    fn a_person_is_kept_in_at_most_l_of_their_own_cells(
        cells in prop::collection::vec(0_u64..400, 0..300),
        limit in 1_u32..64, token: u32, key: [u8; 16],
    ) {
        let (key, limit) = (BoundingKey::from_bytes(key), CellLimit::new(limit).unwrap());
        let mut kept = cells.clone();
        keep(&mut kept, limit, &key, token);
        let mut distinct = cells.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(kept.len(), distinct.len().min(usize::try_from(limit.cells()).unwrap()));
        prop_assert!(kept.is_sorted() && kept.iter().all(|cell| distinct.contains(cell)));
        // Exactly the smallest ranks, by the plain definition.
        let mut ranked: Vec<(u64, u64)> =
            distinct.iter().map(|&cell| (key.rank(token, cell), cell)).collect();
        ranked.sort_unstable();
        let mut first: Vec<u64> = ranked.iter().take(kept.len()).map(|it| it.1).collect();
        first.sort_unstable();
        prop_assert_eq!(&kept, &first);
        // A function of the set alone: order and repeats change nothing, nor does a retry.
        let mut again: Vec<u64> = cells.iter().rev().chain(&cells).copied().collect();
        keep(&mut again, limit, &key, token);
        prop_assert_eq!(&kept, &again);
    }
}

#[test]
fn without_bounding_one_person_changes_everything() {
    let people = vec![(1, (0..40).collect()), (2, vec![3, 4])];
    let key = BoundingKey::from_bytes([1; 16]);
    let others = people[1..].to_vec();
    let (cells, _) = distance(&count(&people, None, &key), &count(&others, None, &key));
    assert_eq!(cells, 50, "the negative control must fail: 40 rows in 10 parents");
}

#[test]
fn fifty_unbounded_but_forty_nine_bounded_people_are_silent() {
    let key = BoundingKey::from_bytes([2; 16]);
    // Forty-nine people have one cell; the fiftieth also has the rival that ranks before it.
    let rival = (1..100).find(|cell| key.rank(50, *cell) < key.rank(50, 0)).unwrap();
    let mut bounded = 0;
    for token in 1..=50 {
        let mut cells = if token == 50 { vec![0, rival] } else { vec![0] };
        keep(&mut cells, CellLimit::ONE, &key, token);
        bounded += u64::from(cells == [0]);
    }
    assert_eq!(bounded, 49);
    let (rho, delta) = ("0.005".parse().unwrap(), privacy::Delta::ONE);
    let quorum = Quorum::new(Floor::QUORUM, CellLimit::ONE, rho, delta).unwrap();
    assert_eq!(quorum.threshold(), 50, "a delta of one allows any noise");
    let mut entropy = SeededEntropy::new(1);
    for _ in 0..10_000 {
        assert_eq!(quorum.release(bounded, &mut entropy).unwrap(), None);
    }
}

#[test]
fn the_rank_is_a_step_of_splitmix_from_siphash_1_3_of_the_token() {
    // Computed from the published algorithms: the same sample on every machine and version.
    let seven = BoundingKey::from_bytes([7; 16]);
    assert_eq!(seven.rank(5, 9), 6_983_009_849_956_125_174);
    let counting = BoundingKey::from_bytes(std::array::from_fn(|at| u8::try_from(at).unwrap()));
    assert_eq!(counting.rank(8412, 1 << 40), 774_683_330_594_721_494);
}

#[test]
fn every_cell_and_every_pair_of_cells_is_kept_as_often() {
    const PEOPLE: u32 = 40_000;
    let (key, limit) = (BoundingKey::from_bytes([3; 16]), CellLimit::new(5).unwrap());
    // Near and far apart, as codes are.
    let cells: Vec<u64> = (0..10).chain((1..=10).map(|it| it << 33)).collect();
    let mut kept_together = vec![0_u32; cells.len() * cells.len()];
    for token in 0..PEOPLE {
        let mut kept = cells.clone();
        keep(&mut kept, limit, &key, token);
        let at: Vec<usize> =
            kept.iter().map(|it| cells.iter().position(|of| of == it).unwrap()).collect();
        for one in &at {
            for other in &at {
                kept_together[one * cells.len() + other] += 1;
            }
        }
    }
    // One cell of twenty: 5/20; a pair: 5·4/(20·19). Five standard deviations of so many people.
    for (place, &times) in kept_together.iter().enumerate() {
        let same = place / cells.len() == place % cells.len();
        let share = if same { 5.0 / 20.0 } else { 20.0 / 380.0 };
        let (expected, people) = (share * f64::from(PEOPLE), f64::from(PEOPLE));
        let far = (f64::from(times) - expected).abs();
        assert!(far < 5.0 * (people * share * (1.0 - share)).sqrt(), "{place}: {times}");
    }
}
