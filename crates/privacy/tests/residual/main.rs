//! Nothing that is not published can be solved for, by an attacker who knows the true people of
//! everything that is.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "invented people and an attacker in floating point"
)]

mod attacker;
mod world;

use privacy::residual::{
    CellId, Lattice, LatticeError, Other, Part, Relation, RelationId, Remainder, Rest, Settled,
    parts_to_withdraw, remainders, settle,
};
use privacy::{Floor, Variance};

use attacker::Published;
use world::{Partition, World};

/// Worlds of each shape; `QUORATE_WORLDS` for more.
fn worlds() -> u64 {
    std::env::var("QUORATE_WORLDS").ok().and_then(|it| it.parse().ok()).unwrap_or(40)
}

/// Three by three by two, with every margin.
fn cube(rng: &mut fastrand::Rng) -> World {
    let partitions = [Partition::flat(3), Partition::flat(3), Partition::flat(2)];
    World::new(&partitions, |_| people(rng))
}

/// Sectors by groups under a district, with all margins.
fn two_way(rng: &mut fastrand::Rng) -> World {
    let partitions = [Partition::flat(rng.usize(1..6)), Partition::flat(rng.usize(1..7))];
    World::new(&partitions, |_| people(rng))
}

/// Sectors in districts in one area, by a total and its groups; small groups are small everywhere.
fn three_levels(rng: &mut fastrand::Rng) -> World {
    let districts: Vec<usize> = (0..3).map(|_| rng.usize(1..4)).collect();
    let mut geography = Partition::of_codes(districts.iter().sum());
    let mut next = 0;
    let mut above = Vec::new();
    for sectors in districts {
        above.push(geography.sum((next..next + sectors).collect()));
        next += sectors;
    }
    geography.sum(above);
    let groups = rng.usize(2..6);
    let small: Vec<bool> = (0..groups).map(|_| rng.bool()).collect();
    World::new(&[geography, Partition::flat(groups)], |at| {
        if small[at[1]] { rng.u64(0..40) } else { people(rng) }
    })
}

/// Sectors in two districts, and in two local authorities that cut across them, by groups.
fn crossing(rng: &mut fastrand::Rng) -> World {
    let mut geography = Partition::of_codes(6);
    let (first, second) = (geography.sum(vec![0, 1, 2]), geography.sum(vec![3, 4, 5]));
    let all = geography.sum(vec![first, second]);
    let cut = rng.usize(1..6);
    let (west, east) = (geography.sum((0..cut).collect()), geography.sum((cut..6).collect()));
    geography.also(all, vec![west, east]);
    let groups = rng.usize(2..5);
    World::new(&[geography, Partition::flat(groups)], |_| people(rng))
}

/// Two areas of districts of sectors, cut across by authorities or not, by eight groups of which
/// three are tiny: large enough for pools of a dozen cells and for whole columns to go.
fn small_country(rng: &mut fastrand::Rng) -> World {
    let sizes: Vec<usize> = (0..5).map(|_| rng.usize(2..5)).collect();
    let sectors = sizes.iter().sum();
    let mut geography = Partition::of_codes(sectors);
    let mut next = 0;
    let mut districts = Vec::new();
    for size in sizes {
        districts.push(geography.sum((next..next + size).collect()));
        next += size;
    }
    let areas = districts.chunks(3).map(|it| geography.sum(it.to_vec())).collect();
    let all = geography.sum(areas);
    if rng.bool() {
        let codes: Vec<usize> = (0..sectors).collect();
        let authorities = codes.chunks(4).map(|it| geography.sum(it.to_vec())).collect();
        geography.also(all, authorities);
    }
    let groups = if rng.bool() { Partition::flat(8) } else { Partition::of_codes(8) };
    World::new(
        &[geography, groups],
        |at| if at[1] < 5 { rng.u64(150..400) } else { rng.u64(0..30) },
    )
}

/// Many zeros and small cells beside large ones.
fn people(rng: &mut fastrand::Rng) -> u64 {
    match rng.u8(0..8) {
        0 => 0,
        1 | 2 => rng.u64(0..50),
        3 => rng.u64(40..140),
        4 => rng.u64(100..200),
        _ => rng.u64(150..900),
    }
}

fn settled(world: &World, shown: &[Option<u64>], others: &[Other]) -> Settled {
    settle(&world.lattice(), shown, others, &[]).unwrap()
}

/// A world with its gates' results; OTHERs pass by theirs.
fn drawn(
    make: fn(&mut fastrand::Rng) -> World,
    seed: u64,
) -> (World, Vec<Option<u64>>, Vec<Other>) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let world = make(&mut rng);
    let sigma = f64::from(rng.u8(4..20));
    let shown = world.gate(sigma, &mut rng);
    let others = world.measure(&shown, sigma, &mut rng);
    (world, shown, others)
}

fn withstands(make: fn(&mut fastrand::Rng) -> World, worlds: u64) {
    for seed in 0..worlds {
        let (world, shown, mut others) = drawn(make, seed);
        if seed % 4 == 0 {
            for other in &mut others {
                other.noisy = None;
            }
        }
        let settled = settled(&world, &shown, &others);
        let published = Published::of(&world, &shown, &others, &settled);
        let broken = published.attack(&world, &shown);
        assert!(broken.is_empty(), "seed {seed}: {broken:?} {settled:?}");
    }
}

#[test]
fn nothing_is_solved_for_in_three_dimensions() {
    withstands(cube, worlds());
}

#[test]
fn nothing_is_solved_for_in_a_district() {
    withstands(two_way, worlds());
}

#[test]
fn nothing_is_solved_for_in_three_levels() {
    withstands(three_levels, worlds());
}

#[test]
fn nothing_is_solved_for_where_geographies_cross() {
    withstands(crossing, worlds());
}

#[test]
fn nothing_is_solved_for_in_a_small_country() {
    withstands(small_country, worlds() / 20);
}

/// The same with the tightest counts there are: everybody of fifty in one finest cell, or nobody; a
/// gate opens by chance. Whatever a certificate takes for granted is then just there, or not at all.
#[test]
fn nothing_is_solved_for_where_counts_are_tightest() {
    for make in [tight_block, tight_country] {
        for seed in 0..worlds() {
            let mut rng = fastrand::Rng::with_seed(seed);
            let world = make(&mut rng);
            let open = rng.f64() * 0.6 + 0.4;
            let mut gate = |people: u64| (people >= 50 && rng.f64() < open).then_some(people + 70);
            let shown: Vec<Option<u64>> = world.truth.iter().map(|&it| gate(it)).collect();
            let others = remainders(&world.lattice(), &shown).unwrap().into_iter();
            let others: Vec<Other> = others
                .map(|remainder| {
                    let people = remainder.hidden.iter().map(|it| world.truth[it.0]).sum();
                    Other { noisy: gate(people), remainder }
                })
                .collect();
            let settled = settled(&world, &shown, &others);
            let published = Published::of(&world, &shown, &others, &settled);
            let broken = published.attack(&world, &shown);
            assert!(broken.is_empty(), "seed {seed}: {broken:?} {settled:?}");
        }
    }
}

fn tight_block(rng: &mut fastrand::Rng) -> World {
    let partitions = [Partition::flat(rng.usize(2..5)), Partition::flat(rng.usize(2..6))];
    let full = rng.f64();
    World::new(&partitions, |_| if rng.f64() < full { 50 } else { 0 })
}

fn tight_country(rng: &mut fastrand::Rng) -> World {
    let mut geography = Partition::of_codes(6);
    let districts = [vec![0, 1], vec![2, 3], vec![4, 5]].map(|it| geography.sum(it));
    geography.sum(districts.to_vec());
    let groups = if rng.bool() { Partition::flat(5) } else { Partition::of_codes(5) };
    let full = [1.0, 1.0, 1.0, 0.2 * rng.f64(), 0.2 * rng.f64()];
    World::new(&[geography, groups], |at| if rng.f64() < full[at[1]] { 50 } else { 0 })
}

/// Only what the gate hides is hidden.
fn naive() -> Settled {
    Settled { withdrawn: Vec::new(), others_withdrawn: Vec::new(), rests: Vec::new() }
}

/// Each relation once: where a failed OTHER would be solved for, its smallest released part goes.
fn single_pass(world: &World, shown: &[Option<u64>], others: &[Other]) -> Settled {
    let mut withdrawn: Vec<CellId> = Vec::new();
    for other in others.iter().filter(|it| it.noisy.is_none()) {
        let relation = &world.relations[other.remainder.relation.0];
        let released = relation.children.iter().filter(|it| shown[it.0].is_some());
        withdrawn.extend(released.min_by_key(|it| shown[it.0]));
    }
    Settled { withdrawn, ..naive() }
}

/// How many of the worlds the attacker breaks.
fn breaks(
    make: fn(&mut fastrand::Rng) -> World,
    rule: impl Fn(&World, &[Option<u64>], &[Other]) -> Settled,
) -> usize {
    (0..worlds())
        .filter(|&seed| {
            let (world, shown, others) = drawn(make, seed);
            let published = Published::of(&world, &shown, &others, &rule(&world, &shown, &others));
            !published.attack(&world, &shown).is_empty()
        })
        .count()
}

#[test]
fn the_attacker_breaks_hiding_by_the_gate_alone() {
    for make in [cube, two_way, three_levels, crossing] {
        let broken = breaks(make, |_, _, _| naive());
        assert!(broken > 0, "the attacker broke nothing");
    }
}

#[test]
fn the_attacker_breaks_a_single_pass() {
    for make in [cube, two_way, three_levels, crossing] {
        assert!(breaks(make, single_pass) > 0, "the attacker broke nothing");
    }
}

/// A lattice of these relations: the whole, then its parts.
fn lattice(cells: usize, relations: &[(usize, &[usize])]) -> Lattice {
    let relations: Vec<Relation> = relations
        .iter()
        .map(|&(parent, children)| Relation {
            parent: CellId(parent),
            children: children.iter().map(|&it| CellId(it)).collect(),
            over: 0,
        })
        .collect();
    Lattice::new(cells, &relations).unwrap()
}

/// What goes, and what may be said of each rest, when all OTHERs fail or pass with these numbers.
fn check(
    lattice: &Lattice,
    shown: &[Option<u64>],
    others: &[Option<u64>],
    withdrawn: &[usize],
    rests: &[Rest],
) {
    let remainders = remainders(lattice, shown).unwrap();
    assert_eq!(remainders.len(), others.len(), "{remainders:?}");
    let others: Vec<Other> = remainders
        .into_iter()
        .zip(others)
        .map(|(remainder, &noisy)| Other { remainder, noisy })
        .collect();
    let settled = settle(lattice, shown, &others, &[]).unwrap();
    let withdrawn: Vec<CellId> = withdrawn.iter().map(|&it| CellId(it)).collect();
    assert_eq!((settled.withdrawn, settled.rests), (withdrawn, rests.to_vec()));
}

#[test]
fn one_whole_and_its_parts() {
    let whole = lattice(5, &[(4, &[0, 1, 2, 3])]);
    let (big, small) = (Some(900), Some(300));
    // Everything, nothing, or only the whole is released.
    check(&whole, &[big, big, big, big, Some(3_600)], &[], &[], &[Rest::Nothing]);
    check(&whole, &[None; 5], &[], &[], &[Rest::NoWhole]);
    check(&whole, &[None, None, None, None, big], &[], &[], &[Rest::OnlyWhole]);
    // One hidden part: the smallest other goes with it.
    check(&whole, &[big, small, big, None, Some(2_000)], &[], &[1], &[Rest::Difference]);
    // Two: OTHER passes, or it does not.
    let shown = [big, small, None, None, Some(1_300)];
    check(&whole, &shown, &[Some(200)], &[], &[Rest::Measured]);
    check(&whole, &shown, &[None], &[1], &[Rest::Difference]);
    // A hidden whole of published parts is known, and does no harm.
    check(&whole, &[big, big, big, big, None], &[], &[], &[Rest::NoWhole]);
}

#[test]
fn a_lonely_part_is_its_whole() {
    let lonely = lattice(2, &[(1, &[0])]);
    check(&lonely, &[None, Some(200)], &[], &[], &[Rest::OnlyWhole]);
    check(&lonely, &[Some(200), None], &[], &[], &[Rest::NoWhole]);
    let settled = settle(&lonely, &[Some(200), Some(210)], &[], &[CellId(0)]).unwrap();
    assert_eq!(settled.withdrawn, [CellId(0), CellId(1)]);
}

#[test]
fn a_whole_that_must_go_takes_a_part_with_it() {
    // 6 = 4 + 5, 4 = 0 + 1, 5 = 2 + 3: hiding 4 alone would be undone from 0 and 1.
    let tree = lattice(7, &[(6, &[4, 5]), (4, &[0, 1]), (5, &[2, 3])]);
    let shown = [200, 300, 400, 500, 500, 900, 1_400].map(Some);
    let settled = settle(&tree, &shown, &[], &[CellId(4)]).unwrap();
    for cell in [0, 1, 2, 3].map(CellId).chunks(2) {
        assert!(cell.iter().any(|it| settled.withdrawn.contains(it)), "{settled:?}");
    }
    assert!(settled.withdrawn.contains(&CellId(5)) && !settled.withdrawn.contains(&CellId(6)));
}

#[test]
fn the_single_pass_solves_for_a_corner() {
    // Two by two: one cell is hidden, its row's other part goes, and the column gives both back.
    let mut rng = fastrand::Rng::with_seed(0);
    let partitions = [Partition::flat(2), Partition::flat(3)];
    let world = World::new(&partitions, |at| if at == [0, 0] { 3 } else { rng.u64(400..900) });
    let mut shown: Vec<Option<u64>> = world.truth.iter().map(|&it| Some(it)).collect();
    shown[0] = None;
    let one = Settled { withdrawn: vec![CellId(1)], ..naive() };
    let broken = Published::of(&world, &shown, &[], &one).attack(&world, &shown);
    assert!(broken.iter().any(|it| it.cell == 0), "{broken:?}");
    let settled = settled(&world, &shown, &[]);
    assert!(Published::of(&world, &shown, &[], &settled).attack(&world, &shown).is_empty());
    assert_eq!(settled.withdrawn.len(), 3, "the smallest rectangle around it: {settled:?}");
}

#[test]
fn nothing_hidden_nothing_withdrawn() {
    for make in [cube, two_way, three_levels, crossing] {
        let world = make(&mut fastrand::Rng::with_seed(3));
        let shown = vec![Some(1_000); world.cells];
        assert_eq!(remainders(&world.lattice(), &shown), Ok(Vec::new()));
        let settled = settled(&world, &shown, &[]);
        assert!(settled.withdrawn.is_empty());
        assert!(settled.rests.iter().all(|&it| it == Rest::Nothing));
    }
}

#[test]
fn the_same_released_numbers_settle_the_same_way() {
    for seed in 0..8 {
        let (world, shown, others) = drawn(three_levels, seed);
        let mut backwards = others.clone();
        backwards.reverse();
        let settled = settled(&world, &shown, &others);
        let must_go = settled.withdrawn.clone();
        let again = settle(&world.lattice(), &shown, &backwards, &[]).unwrap();
        assert_eq!(again, settled);
        // Only what was withdrawn once may go again.
        let further = settle(&world.lattice(), &shown, &others, &must_go).unwrap();
        assert!(must_go.iter().all(|it| further.withdrawn.contains(it)));
    }
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    let tree = lattice(4, &[(3, &[0, 1, 2])]);
    let shown = [Some(100), None, None, Some(400)];
    let other = |relation: usize, hidden: &[usize]| Other {
        remainder: Remainder {
            relation: RelationId(relation),
            hidden: hidden.iter().map(|&it| CellId(it)).collect(),
        },
        noisy: Some(200),
    };
    let settle =
        |others: &[Other], must_go: &[CellId]| settle(&tree, &shown, others, must_go).err();
    assert_eq!(settle(&[other(0, &[1])], &[]), Some(LatticeError::Remainder(0)));
    assert_eq!(settle(&[other(1, &[1, 2])], &[]), Some(LatticeError::UnknownRelation(1, 1)));
    let twice = [other(0, &[1, 2]), other(0, &[1, 2])];
    assert_eq!(settle(&twice, &[]), Some(LatticeError::Remainder(0)));
    assert_eq!(settle(&[], &[CellId(1)]), Some(LatticeError::Hidden(1)));
    assert_eq!(settle(&[], &[CellId(9)]), Some(LatticeError::UnknownCell(9, 4)));
    assert_eq!(remainders(&tree, &[None]).err(), Some(LatticeError::Answers(1, 4)));
    let build = |relations: &[(usize, &[usize])]| {
        let relations: Vec<Relation> = relations
            .iter()
            .map(|&(parent, children)| Relation {
                parent: CellId(parent),
                children: children.iter().map(|&it| CellId(it)).collect(),
                over: 0,
            })
            .collect();
        Lattice::new(3, &relations).err()
    };
    assert_eq!(build(&[(0, &[])]), Some(LatticeError::NoChildren(0)));
    assert_eq!(build(&[(0, &[1, 1])]), Some(LatticeError::Twice(0, 1)));
    assert_eq!(build(&[(0, &[3])]), Some(LatticeError::UnknownCell(3, 3)));
    assert!(matches!(build(&[(0, &[1]), (1, &[0])]), Some(LatticeError::Cycle(_))));
}

#[test]
fn parts_that_are_nearly_their_whole_go() {
    let variance = Variance::of_people(privacy::CellLimit::ONE, "0.005".parse().unwrap()).unwrap();
    let part = |cell: usize, noisy: u64| Part { cell: CellId(cell), noisy, variance };
    // σ is 10 and 10: the margin is 92, so 142 must be left.
    let pairs = [
        (part(9, 1_000), part(0, 859)),
        (part(9, 1_000), part(1, 858)),
        (part(9, 1_000), part(2, 1_100)),
        (part(8, 1_000), part(0, 900)),
    ];
    assert_eq!(parts_to_withdraw(pairs, Floor::QUORUM), [CellId(0), CellId(2)]);
    assert_eq!(parts_to_withdraw([], Floor::QUORUM), []);
}

#[test]
fn nothing_is_solved_for_when_nearly_whole_parts_went_first() {
    for seed in 0..worlds() / 2 {
        let (world, shown, others) = drawn(two_way, seed);
        let variance = Variance::of_people(privacy::CellLimit::ONE, "0.005".parse().unwrap());
        let variance = variance.unwrap();
        let part = |cell: CellId| shown[cell.0].map(|noisy| Part { cell, noisy, variance });
        let pairs =
            world.relations.iter().filter(|it| it.children.len() > 1).flat_map(|relation| {
                let whole = part(relation.parent);
                relation.children.iter().filter_map(move |&it| Some((whole?, part(it)?)))
            });
        let must_go = parts_to_withdraw(pairs, Floor::QUORUM);
        let settled = settle(&world.lattice(), &shown, &others, &must_go).unwrap();
        let published = Published::of(&world, &shown, &others, &settled);
        let broken = published.attack(&world, &shown);
        assert!(broken.is_empty(), "seed {seed}: {broken:?} {settled:?}");
    }
}
