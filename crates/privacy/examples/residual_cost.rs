//! What remainders cost: the share of cells that stay published, and the time that settling takes.
//!
//! `cargo run --release -p quorate-privacy --example residual_cost [districts [cut]]`: an invented
//! country of sectors in districts, areas and regions, by 21 groups of gender and age of which 7 are tiny.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an invented population and figures for a reader"
)]

use std::time::Instant;

use privacy::residual::{CellId, RelationId, settle};

#[path = "../tests/residual/world.rs"]
mod world;

use world::{Partition, World};

/// How the country is cut.
struct Cut {
    name: &'static str,
    tiny: usize,
    margins: bool,
    authorities: bool,
}

const CUTS: [Cut; 6] = [
    Cut { name: "21 groups and total", tiny: 7, margins: true, authorities: false },
    Cut { name: "tiny merged to one", tiny: 1, margins: true, authorities: false },
    Cut { name: "no totals", tiny: 7, margins: false, authorities: false },
    Cut { name: "authorities", tiny: 7, margins: true, authorities: true },
    Cut { name: "authorities, merged", tiny: 1, margins: true, authorities: true },
    Cut { name: "authorities, no totals", tiny: 7, margins: false, authorities: true },
];

fn main() {
    let districts = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(120);
    let only = std::env::args().nth(2);
    for cut in CUTS.iter().filter(|it| only.as_ref().is_none_or(|only| it.name == only)) {
        for sigma in [8.0, 15.0, 30.0] {
            measure(cut, districts, sigma);
        }
    }
}

fn measure(cut: &Cut, districts: usize, sigma: f64) {
    let mut rng = fastrand::Rng::with_seed(7);
    let world = country(cut, districts, &mut rng);
    let lattice = world.lattice();
    let shown = world.gate(sigma, &mut rng);
    let others = world.measure(&shown, sigma, &mut rng);
    let start = Instant::now();
    let settled = settle(&lattice, &shown, &others, &[]).expect("answers of this lattice");
    let took = start.elapsed();
    let before = shown.iter().filter(|it| it.is_some()).count();
    let after = before - settled.withdrawn.len();
    let passed = others.iter().filter(|it| it.noisy.is_some()).count();
    let people = |cells: &dyn Fn(usize) -> bool| -> u64 {
        (0..world.cells).filter(|&it| cells(it)).map(|it| world.truth[it]).sum()
    };
    let gone = |cell: usize| settled.withdrawn.binary_search(&CellId(cell)).is_ok();
    let kept = people(&|it| shown[it].is_some() && !gone(it)) as f64;
    println!(
        "{:22} σ {sigma:2}: {} cells, {} relations; published {:.1} % then {:.1} % (by people \
         {:.1} % of it); OTHERs {}, passed {passed}, withdrawn {}; {took:.1?}",
        cut.name,
        world.cells,
        lattice.relations(),
        100.0 * before as f64 / world.cells as f64,
        100.0 * after as f64 / world.cells as f64,
        100.0 * kept / people(&|it| shown[it].is_some()) as f64,
        others.len(),
        settled.others_withdrawn.len(),
    );
    assert!(settled.others_withdrawn.iter().all(|it| it < &RelationId(lattice.relations())));
}

/// Districts of 3 to 6 sectors, areas of about 20 districts, regions of about 10 areas.
fn country(cut: &Cut, districts: usize, rng: &mut fastrand::Rng) -> World {
    let sizes: Vec<usize> = (0..districts).map(|_| rng.usize(3..7)).collect();
    let sectors = sizes.iter().sum();
    let mut geography = Partition::of_codes(sectors);
    let mut start = 0;
    let mut level = Vec::new();
    for size in sizes {
        level.push(geography.sum((start..start + size).collect()));
        start += size;
    }
    for width in [20, 10] {
        level = level.chunks(width).map(|it| geography.sum(it.to_vec())).collect();
    }
    if cut.authorities {
        // About 33 sectors each: borders fall inside districts.
        let all: Vec<usize> = (0..sectors).collect();
        let authorities = all.chunks(33).map(|it| geography.sum(it.to_vec())).collect();
        let country = geography.sum(level);
        geography.also(country, authorities);
    }
    let groups = if cut.margins {
        Partition::flat(14 + cut.tiny)
    } else {
        Partition::of_codes(14 + cut.tiny)
    };
    let scale: Vec<f64> = (0..sectors).map(|_| 0.4 + 1.6 * rng.f64()).collect();
    let tiny = 105.0 / cut.tiny as f64;
    World::new(&[geography, groups], |at| {
        let mean = if at[1] < 14 { 220.0 } else { tiny };
        (mean * scale[at[0]] * (0.5 + rng.f64())) as u64
    })
}
