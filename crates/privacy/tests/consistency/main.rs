//! Released numbers add up, are as good as least squares makes them, and are as sure as they say.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    reason = "figures are compared in floating point"
)]

mod coverage;
mod intervals;
mod tree;

use privacy::consistency::{
    ConsistencyError, Fit, Gate, Measured, Reconciled, Standing, Stretch, reconcile,
    reconcile_stretched,
};
use privacy::residual::{CellId, Lattice, Relation};
use privacy::{Floor, Variance};

use tree::Tree;

const TREES: u64 = 300;

fn trees() -> impl Iterator<Item = (u64, Tree, fastrand::Rng)> {
    (0..TREES).map(|seed| {
        let mut rng = fastrand::Rng::with_seed(seed);
        let hidden = [0.0, 0.05, 0.3][usize::try_from(seed % 3).unwrap()];
        let tree = Tree::random(hidden, &mut rng);
        (seed, tree, rng)
    })
}

const fn measured(noisy: u64, variance: Variance) -> Measured {
    Measured { noisy, gate: Gate { variance, threshold: 121, floor: Floor::QUORUM } }
}

/// With σ² of 100 and a threshold of 121, as a resident's cell has; 0 is hidden.
fn shown(people: u64) -> Option<Measured> {
    let variance = Variance::new(100, 1).unwrap();
    (people > 0).then(|| measured(people, variance))
}

/// The lattice of `cells` cells in which each row's first is the sum of the others.
fn lattice(cells: usize, relations: &[&[usize]]) -> Lattice {
    let relation = |row: &&[usize]| Relation {
        parent: CellId(row[0]),
        children: row[1..].iter().copied().map(CellId).collect(),
        over: 0,
    };
    Lattice::new(cells, &relations.iter().map(relation).collect::<Vec<_>>()).unwrap()
}

fn people(found: &Reconciled) -> Vec<u64> {
    found.cells.iter().map(|it| it.map_or(0, |it| it.people)).collect()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[test]
fn two_passes_solve_least_squares_whatever_is_hidden() {
    for (seed, tree, _) in trees() {
        let found = reconcile(&tree.lattice(), &tree.cells).unwrap();
        for (cell, (found, dense)) in found.cells.iter().zip(tree.dense()).enumerate() {
            let pair = found.zip(dense);
            assert_eq!(found.is_some(), pair.is_some(), "seed {seed}, cell {cell}");
            let Some((found, (value, variance))) = pair else { continue };
            let equal = close(found.estimate, value) && close(found.variance, variance);
            assert!(equal, "seed {seed}, cell {cell}: {found:?} for {value} and {variance}");
        }
    }
}

#[test]
fn every_tree_adds_up_above_its_floors() {
    for (seed, tree, _) in trees() {
        let found = reconcile(&tree.lattice(), &tree.cells).unwrap();
        assert!(!found.fits.contains(&Fit::Apart), "seed {seed}");
        let printed = people(&found);
        for (relation, fit) in tree.relations.iter().zip(&found.fits) {
            let sum: u64 = relation.children.iter().map(|it| printed[it.0]).sum();
            let all = relation.children.iter().all(|it| tree.cells[it.0].is_some());
            let whole = tree.cells[relation.parent.0].is_some();
            if whole && all {
                assert_eq!((fit, sum), (&Fit::AddsUp, printed[relation.parent.0]), "seed {seed}");
            }
            assert!(!whole || sum <= printed[relation.parent.0], "seed {seed}");
        }
        for (cell, figure) in found.cells.iter().enumerate() {
            let Some((figure, measured)) = figure.zip(tree.cells[cell]) else { continue };
            assert!(figure.people >= 50, "seed {seed}, cell {cell}");
            assert!(figure.variance <= measured.gate.variance.to_f64(), "seed {seed}, cell {cell}");
            assert!(figure.interval.contains(figure.people), "seed {seed}, cell {cell}");
        }
    }
}

#[test]
fn numbers_that_add_up_stay_as_they_are() {
    for (seed, mut tree, _) in trees() {
        let once = reconcile(&tree.lattice(), &tree.cells).unwrap();
        for (cell, figure) in tree.cells.iter_mut().zip(&once.cells) {
            *cell = cell.zip(*figure).map(|(it, figure)| Measured { noisy: figure.people, ..it });
        }
        let twice = reconcile(&tree.lattice(), &tree.cells).unwrap();
        assert_eq!(people(&twice), people(&once), "seed {seed}");
        for figure in twice.cells.iter().flatten() {
            assert!(close(figure.estimate, figure.people as f64), "seed {seed}: {figure:?}");
        }
    }
}

#[test]
fn names_and_order_decide_nothing() {
    for (seed, tree, mut rng) in trees() {
        let found = reconcile(&tree.lattice(), &tree.cells).unwrap();
        let (other, names) = tree.shuffled(&mut rng);
        let shuffled = reconcile(&other.lattice(), &other.cells).unwrap();
        for (cell, figure) in found.cells.iter().enumerate() {
            let Some((a, b)) = figure.zip(shuffled.cells[names[cell]]) else { continue };
            assert_eq!((a.people, a.interval), (b.people, b.interval), "seed {seed}, cell {cell}");
            assert!(close(a.estimate, b.estimate), "seed {seed}, cell {cell}");
        }
    }
}

#[test]
fn a_whole_and_two_parts_by_hand() {
    // 330 against 300 ± √200: the whole is 320, and each part takes half of the 20.
    let found = reconcile(&lattice(3, &[&[0, 1, 2]]), &[330, 165, 135].map(shown)).unwrap();
    assert_eq!((people(&found), found.fits), (vec![320, 175, 145], vec![Fit::AddsUp]));
    assert!(found.cells.iter().flatten().all(|it| close(it.variance, 200.0 / 3.0)));
    let standings: Vec<Standing> = found.cells.iter().flatten().map(|it| it.standing).collect();
    assert_eq!(standings, [Standing::Reliable, Standing::Reliable, Standing::NearThreshold]);
}

#[test]
fn a_person_left_over_goes_to_the_largest_remainder() {
    // 601 against 600: the whole is 600¾, each part 200¼; one person is left, for the first.
    let cells = [601, 200, 200, 200].map(shown);
    let found = reconcile(&lattice(4, &[&[0, 1, 2, 3]]), &cells).unwrap();
    assert_eq!(people(&found), [601, 201, 200, 200]);
    // 604 against 600, σ² of 100, 100 and 200: 603, and 200¾, 200¾ and 201½.
    let mut cells = [604, 200, 200, 200].map(shown);
    cells[3] = Some(measured(200, Variance::new(200, 1).unwrap()));
    let found = reconcile(&lattice(4, &[&[0, 1, 2, 3]]), &cells).unwrap();
    assert_eq!(people(&found), [603, 201, 201, 201]);
    // Equal remainders of ⅔ each, but for the last digits: the larger ones.
    let cells = [1_003, 300, 310, 390].map(shown);
    let found = reconcile(&lattice(4, &[&[0, 1, 2, 3]]), &cells).unwrap();
    assert_eq!(people(&found), [1_002, 300, 311, 391]);
}

#[test]
fn a_part_that_would_fall_below_its_floor_stays_and_the_others_make_up_for_it() {
    let with = |noisy, variance| Some(measured(noisy, Variance::new(variance, 1).unwrap()));
    let cells = [with(400, 1), with(121, 10_000), with(200, 100), with(200, 100)];
    let found = reconcile(&lattice(4, &[&[0, 1, 2, 3]]), &cells).unwrap();
    assert_eq!(people(&found), [400, 50, 175, 175]);
}

#[test]
fn a_whole_that_was_rounded_down_takes_its_known_parts_along() {
    // The whole is 752¼ and the last of its three equal parts is cut to 250, where 4 was at 250⅔.
    let tree = lattice(8, &[&[0, 1, 2, 3], &[3, 4, 5], &[4, 6, 7]]);
    let cells = [753, 250, 250, 250, 250, 0, 126, 126].map(shown);
    let found = reconcile(&tree, &cells).unwrap();
    assert_eq!(people(&found), [752, 251, 251, 250, 250, 0, 125, 125]);
    assert_eq!(found.fits, [Fit::AddsUp, Fit::Within, Fit::AddsUp]);
}

#[test]
fn a_hidden_part_leaves_a_relation_without_information() {
    let cells = [500, 200, 0].map(shown);
    let found = reconcile(&lattice(3, &[&[0, 1, 2]]), &cells).unwrap();
    assert_eq!((people(&found), found.fits), (vec![500, 200, 0], vec![Fit::Within]));
    assert!(found.cells.iter().flatten().all(|it| close(it.variance, 100.0)));
}

#[test]
fn a_whole_below_its_published_parts_is_held_at_them() {
    // 350 for parts of 200 and 180: as if they were all, (350·2 + 380)/3 = 360.
    let cells = [350, 200, 180, 0].map(shown);
    let found = reconcile(&lattice(4, &[&[0, 1, 2, 3]]), &cells).unwrap();
    assert_eq!((people(&found), found.fits), (vec![360, 190, 170, 0], vec![Fit::Within]));
    // What the parts' own parts say counts too: 350 ± √100 against 400 ± √66⅔.
    let tree = lattice(5, &[&[0, 1, 2], &[1, 3, 4]]);
    let below = reconcile(&tree, &[350, 400, 0, 200, 200].map(shown)).unwrap();
    assert_eq!(people(&below), [380, 380, 0, 190, 190]);
    // What is said of the noise is said before that bound.
    let estimates: Vec<f64> = found.cells.iter().flatten().map(|it| it.estimate).collect();
    assert!(estimates.iter().zip([350.0, 200.0, 180.0]).all(|(found, it)| close(*found, it)));
}

#[test]
fn a_hidden_cell_stands_for_its_parts() {
    // The whole is 1 + 2; 1 is hidden and is 3 + 4.
    let tree = lattice(5, &[&[0, 1, 2], &[1, 3, 4]]);
    let found = reconcile(&tree, &[640, 0, 200, 200, 200].map(shown)).unwrap();
    assert_eq!(people(&found), [630, 0, 210, 210, 210]);
    assert_eq!(found.fits, [Fit::AddsUp, Fit::Nothing]);
    // With 4 hidden too, only that the whole is no less.
    let found = reconcile(&tree, &[640, 0, 200, 500, 0].map(shown)).unwrap();
    assert_eq!(found.fits, [Fit::Within, Fit::Nothing]);
    assert_eq!(people(&found), [660, 0, 180, 480, 0]);
}

#[test]
fn a_whole_has_room_for_the_quorum_of_each_part() {
    // Ten cells that passed their gates hold five hundred people, whatever their whole's noise says.
    let sharp = measured(121, Variance::new(1, 1_000).unwrap());
    let mut cells = vec![Some(sharp)];
    cells.extend([shown(121); 9]);
    cells.push(shown(200));
    let row: Vec<usize> = (0..11).collect();
    let found = reconcile(&lattice(11, &[&row]), &cells).unwrap();
    assert_eq!(found.fits, [Fit::AddsUp]);
    assert_eq!(people(&found)[0], 500);
    assert!(people(&found)[1..].iter().all(|&it| it == 50));
    assert_eq!(found.cells[0].unwrap().interval.low, 500);
}

#[test]
fn a_second_way_to_sum_up_is_left_and_marked() {
    // 0 is 1 + 2 and also 3 + 4; the first is made to hold.
    let tree = lattice(5, &[&[0, 1, 2], &[0, 3, 4]]);
    let cells = [600, 310, 320, 250, 260].map(shown);
    let found = reconcile(&tree, &cells).unwrap();
    assert_eq!(people(&found), [610, 300, 310, 250, 260]);
    assert_eq!(found.fits, [Fit::AddsUp, Fit::Apart]);
    // If the first has a hidden part, the second is the one that says something.
    let hidden = [600, 0, 320, 280, 260].map(shown);
    let found = reconcile(&tree, &hidden).unwrap();
    assert_eq!(people(&found), [580, 0, 320, 300, 280]);
    assert_eq!(found.fits, [Fit::Within, Fit::AddsUp]);
}

#[test]
fn a_part_that_is_counted_twice_holds_nothing() {
    // 1 and 2 are hidden, and each is said to be all of 3: no partition.
    let wrong = lattice(4, &[&[0, 1, 2], &[1, 3], &[2, 3]]);
    let found = reconcile(&wrong, &[600, 0, 0, 200].map(shown)).unwrap();
    assert_eq!(people(&found), [600, 0, 0, 200]);
}

#[test]
fn a_two_way_table_reports_what_does_not_add_up() {
    // 0 to 3 by 4 and 5 (rows), 6 and 7 (columns), and 8.
    let rows: [&[usize]; 6] =
        [&[4, 0, 1], &[5, 2, 3], &[6, 0, 2], &[7, 1, 3], &[8, 4, 5], &[8, 6, 7]];
    let table = lattice(9, &rows);
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..200 {
        let mut cells: Vec<_> = [400, 300, 300, 200, 700, 500, 700, 500, 1_200]
            .map(|it| shown(it + rng.u64(0..40)))
            .to_vec();
        if rng.bool() {
            cells[rng.usize(0..9)] = None;
        }
        let found = reconcile(&table, &cells).unwrap();
        for (row, fit) in rows.iter().zip(&found.fits) {
            let part = |it: &usize| found.cells[*it].map(|it| it.people);
            let Some(parts) = row[1..].iter().map(part).collect::<Option<Vec<u64>>>() else {
                continue;
            };
            let Some(whole) = part(&row[0]) else { continue };
            let adds_up = whole == parts.iter().sum::<u64>();
            assert_eq!(*fit, if adds_up { Fit::AddsUp } else { Fit::Apart });
        }
        if !cells.contains(&None) {
            // Rows first, as they are named first; then the whole by its rows.
            let held = [0, 1, 4].map(|it| found.fits[it]);
            assert_eq!(held, [Fit::AddsUp; 3]);
        }
    }
}

#[test]
fn what_no_gate_shows_is_refused() {
    let one = lattice(1, &[]);
    let refused = |cells: &[Option<Measured>]| reconcile(&one, cells).unwrap_err();
    assert_eq!(refused(&[]), ConsistencyError::Answers { answers: 0, cells: 1 });
    assert_eq!(refused(&[shown(120)]), ConsistencyError::UnderThreshold(CellId(0)));
    assert_eq!(refused(&[shown((1 << 40) + 1)]), ConsistencyError::TooMany(CellId(0)));
    let mut low = shown(49).unwrap();
    low.gate.threshold = 1;
    assert_eq!(refused(&[Some(low)]), ConsistencyError::UnderThreshold(CellId(0)));
    let nothing = Reconciled { cells: vec![None], fits: Vec::new() };
    assert_eq!(reconcile(&one, &[None]).unwrap(), nothing);
    assert!(reconcile(&one, &[shown(1 << 40)]).is_ok());
}

#[test]
fn clipped_people_are_stretched_after_they_were_solved() {
    let relation = Relation { parent: CellId(0), children: vec![CellId(1), CellId(2)], over: 0 };
    let lattice = Lattice::new(4, &[relation]).unwrap();
    let variance = Variance::new(100, 1).unwrap();
    let cells: Vec<Option<Measured>> =
        [4_000, 1_990, 1_980, 500].map(|noisy| Some(measured(noisy, variance))).to_vec();
    let plain = reconcile(&lattice, &cells).unwrap();
    let stretch = Stretch { factor: 1.25, error: 0.01 };
    let of = |cell: usize| if cell < 3 { stretch } else { Stretch::NONE };
    let stretched = reconcile_stretched(&lattice, &cells, of).unwrap();
    for (cell, (one, other)) in plain.cells.iter().zip(&stretched.cells).enumerate() {
        let (one, other) = (one.unwrap(), other.unwrap());
        assert!((one.estimate - other.estimate).abs() < 1e-9);
        assert!((one.variance - other.variance).abs() < 1e-9);
        if cell == 3 {
            assert_eq!(one, other);
            continue;
        }
        let people = f64::from(u32::try_from(other.people).unwrap());
        assert!((people - 1.25 * one.estimate).abs() < 1.0, "{people}");
        // F's error is of the whole number, and outweighs the noise: 1.96 of a hundredth of it.
        let half = f64::from(u32::try_from(other.interval.high - other.people).unwrap());
        let common = 1.96 * 0.01 * one.estimate;
        assert!(half > common && half < common.hypot(1.25 * 24.0), "{half}");
    }
    let people = |cell: usize| stretched.cells[cell].unwrap().people;
    assert_eq!(people(0), people(1) + people(2));
}
