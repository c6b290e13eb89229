//! Clip families: what is subtracted or divided is of the same people, clipped alike.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use privacy::clip::Member;
use privacy::{
    BoundingKey, CellLimit, CellWeight, ClipFamily, ClippedCount, Floor, Scale, SeededEntropy,
    SoftQuorum, derived,
};
use proptest::prelude::*;

const KEY: BoundingKey = BoundingKey::from_bytes([7; 16]);
const KEPT: u32 = 6;

/// A finest cell is site · 100 + region · 10 + sex; a person has one sex and one region.
#[derive(Clone, Copy, Debug)]
enum Level {
    Everybody,
    Site,
    SiteBySex,
    Finest,
}

impl Member for Level {
    fn project(&self, finest: u64) -> u64 {
        match self {
            Self::Everybody => 0,
            Self::Site => finest / 100,
            Self::SiteBySex => finest / 100 * 10 + finest % 10,
            Self::Finest => finest,
        }
    }

    /// The same for a cell and all its children: weights do not depend on the split.
    fn weight(&self, cell: u64) -> CellWeight {
        let site = match self {
            Self::Everybody => return CellWeight::full(CellLimit::ONE),
            Self::Site => cell,
            Self::SiteBySex => cell / 10,
            Self::Finest => cell / 100,
        };
        CellWeight::new(2_048 - u16::try_from(site).unwrap() * 30, limit(4)).unwrap()
    }
}

fn limit(cells: u32) -> CellLimit {
    CellLimit::new(cells).unwrap()
}

fn family(members: &[Level]) -> ClipFamily<Level> {
    ClipFamily::new(limit(KEPT), members.to_vec())
}

/// The counts of each member over `people`: their sex, region and sites.
fn counts(members: &[Level], people: &[(u64, u64, Vec<u64>)]) -> Vec<BTreeMap<u64, ClippedCount>> {
    let family = family(members);
    let mut counts = vec![BTreeMap::<u64, ClippedCount>::new(); members.len()];
    for (token, (sex, region, sites)) in (0..).zip(people) {
        let finest = sites.iter().map(|site| site * 100 + region * 10 + sex).collect();
        let clipped = family.clip(finest, &KEY, token);
        for (cells, counted) in clipped.cells.iter().zip(&mut counts) {
            for &cell in cells {
                counted.entry(cell).or_default().add(clipped.scale);
            }
        }
    }
    counts
}

fn people() -> impl Strategy<Value = Vec<(u64, u64, Vec<u64>)>> {
    let person = (0..2_u64, 0..3_u64, prop::collection::vec(0..40_u64, 1..20));
    prop::collection::vec(person, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_parent_is_the_sum_of_its_children_exactly(people in people()) {
        let counts = counts(&[Level::Site, Level::SiteBySex, Level::Finest], &people);
        for (site, parent) in &counts[0] {
            for (level, width) in [(1, 10), (2, 100)] {
                let children = counts[level].iter().filter(|(cell, _)| *cell / width == *site);
                let (mut units, mut heads) = (0, 0);
                for (_, child) in children {
                    units += child.units();
                    heads += child.people();
                }
                prop_assert_eq!((units, heads), (parent.units(), parent.people()));
            }
        }
    }

    #[test]
    fn n_and_phi_are_of_the_same_people(people in people()) {
        // Without anybody but one, both figures fall by that person, or neither does.
        let all = counts(&[Level::Finest], &people);
        let lone = counts(&[Level::Finest], &people[..1]);
        let mut others = people.clone();
        // Present and in no cell, so that the tokens of the others stay.
        others[0].2.clear();
        let others = counts(&[Level::Finest], &others);
        for (cell, count) in &all[0] {
            let of = |side: &[BTreeMap<u64, ClippedCount>]| {
                side[0].get(cell).map_or((0, 0), |it| (it.people(), it.units()))
            };
            let (one, rest) = (of(&lone), of(&others));
            prop_assert_eq!((count.people(), count.units()), (one.0 + rest.0, one.1 + rest.1));
            prop_assert!((one.0 == 0) == (one.1 == 0) && count.units() <= count.people() << 20);
        }
    }

    #[test]
    fn the_norm_is_at_most_one_in_every_member(sites in prop::collection::vec(0..40_u64, 0..30)) {
        // The finest has the most cells; it comes first, so that the last has the largest φ.
        let members = [Level::Finest, Level::SiteBySex, Level::Site];
        let finest: Vec<u64> = sites.iter().flat_map(|it| [it * 100 + 21, it * 100 + 10]).collect();
        let clipped = family(&members).clip(finest, &KEY, 5);
        for (member, cells) in members.iter().zip(&clipped.cells) {
            let norm: u128 =
                cells.iter().map(|&it| u128::from(member.weight(it).square())).sum();
            prop_assert!(u128::from(clipped.scale.units()).pow(2) * norm <= 1 << 64);
            prop_assert!(cells.len() <= 6);
        }
    }
}

#[test]
fn one_cell_a_person_is_never_clipped_nor_dropped() {
    let people: Vec<_> = (0..80).map(|it| (it % 2, it % 3, vec![1, 2, 3])).collect();
    let counts = counts(&[Level::Everybody], &people);
    assert_eq!((counts[0][&0].people(), counts[0][&0].units()), (80, 80 << 20));
    // K = L = 1 on the lattice is the quorum mechanism but for a threshold within a person of it.
    let (rho, delta) = ("0.005".parse().unwrap(), "1e-12".parse().unwrap());
    let soft = SoftQuorum::new(Floor::QUORUM, CellLimit::ONE, rho, delta).unwrap();
    let soft = soft.gate(CellWeight::full(CellLimit::ONE)).unwrap();
    assert_eq!(soft.threshold().div_ceil(1 << 20), 121);
}

/// How many of `trials` pairs of draws let the share of `part` in `group` be printed.
fn printed(group: ClippedCount, part: ClippedCount, trials: u32) -> u32 {
    let (rho, delta) = ("0.01".parse().unwrap(), "1e-12".parse().unwrap());
    let mechanism = SoftQuorum::new(Floor::QUORUM, limit(128), rho, delta).unwrap();
    let gate = mechanism.gate(CellWeight::full(limit(32))).unwrap();
    let margin = derived::margin(gate.variance(), gate.variance());
    let mut entropy = SeededEntropy::new(8412);
    let allowed = |_: &u32| {
        let shown = [group, part].map(|it| gate.release(it, &mut entropy).unwrap().unwrap());
        derived::clipped_share_allowed(&shown[0], &shown[1], Floor::QUORUM, margin)
    };
    u32::try_from((0..trials).filter(allowed).count()).unwrap()
}

#[test]
fn no_share_is_printed_where_all_have_the_attribute() {
    let count = |people: u64, scale: Scale| {
        let mut count = ClippedCount::default();
        (0..people).for_each(|_| count.add(scale));
        count
    };
    let clipped = |cells: usize| Scale::of(vec![CellWeight::full(limit(8)); cells]);
    // 2,000 people, all with the attribute, 32 cells each: one family, one φ, no difference.
    let all = count(2_000, clipped(32));
    assert_eq!(printed(all, all, 200), 0);
    // The control: the group at f = 1 and the part at f = ½ are not of one family.
    assert!(clipped(32).units().abs_diff(1 << 19) < 100);
    assert_eq!(printed(count(2_000, Scale::WHOLE), all, 200), 200);
    // And a share that may be printed is.
    let mut mixed = all;
    mixed.merge(count(2_000, clipped(32)));
    assert_eq!(printed(mixed, all, 50), 50);
}
