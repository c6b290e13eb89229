//! Which tables settle fast and lose little: the share of each table's cells that stays published.
//!
//! `cargo run --release -p quorate-privacy --example residual_layout [districts [layout]]`: an invented
//! country of sectors in districts and areas by two genders and seven age bands, or an invented
//! list of sites by gender, age band and region; the policy's costs.
#![expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an invented population and figures for a reader"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use privacy::residual::{
    CellId, Lattice, Other, Part, Relation, parts_to_withdraw, remainders, settle,
};
use privacy::{CellLimit, Floor, Variance};

#[path = "../tests/residual/world.rs"]
#[expect(dead_code, reason = "the gate alone is of use here")]
mod world;

/// A table: what its cells are by, its ρ in thousandths, and that of its OTHERs.
type Table = (&'static str, f64, f64);

/// Letters: s sector, d district, a area, r region; g gender, b age band. Regions cut districts, and two
/// cuts of the same sectors take minutes: they are not among the layouts of residents.
const LAYOUTS: [(&str, &[Table]); 5] = [
    (
        "groups and totals",
        &[
            ("sgb", 8.0, 0.0),
            ("dgb", 2.5, 0.0),
            ("agb", 0.5, 0.0),
            ("s", 4.0, 0.0),
            ("d", 2.5, 0.0),
            ("a", 0.5, 0.0),
        ],
    ),
    (
        "ages in sectors, groups in districts",
        &[
            ("sb", 8.0, 0.0),
            ("s", 2.5, 0.0),
            ("db", 1.5, 0.0),
            ("dgb", 3.5, 0.0),
            ("d", 1.0, 0.0),
            ("ab", 0.5, 0.0),
            ("agb", 0.5, 0.0),
            ("a", 0.5, 0.0),
        ],
    ),
    (
        "the same with OTHER",
        &[
            ("sb", 7.6, 0.2),
            ("s", 2.5, 0.0),
            ("db", 1.5, 0.0),
            ("dgb", 3.3, 0.2),
            ("d", 1.0, 0.0),
            ("ab", 0.5, 0.0),
            ("agb", 0.5, 0.0),
            ("a", 0.5, 0.0),
        ],
    ),
    (
        "ages in sectors, groups in areas",
        &[
            ("sb", 9.0, 0.0),
            ("s", 4.0, 0.0),
            ("db", 2.5, 0.0),
            ("d", 1.0, 0.0),
            ("ab", 0.5, 0.0),
            ("agb", 0.5, 0.0),
            ("a", 0.5, 0.0),
        ],
    ),
    (
        "totals in sectors, groups in districts",
        &[("s", 6.0, 0.0), ("dgb", 8.0, 0.0), ("d", 2.0, 0.0), ("agb", 1.0, 0.0), ("a", 1.0, 0.0)],
    ),
];

const WEB: [(&str, &[Table]); 4] = [
    (
        "web: crossed",
        &[("", 2.5, 0.0), ("g", 2.0, 0.0), ("b", 2.0, 0.0), ("r", 1.5, 0.0), ("gbr", 2.0, 0.0)],
    ),
    ("web: side by side", &[("", 2.6, 0.0), ("g", 2.6, 0.0), ("b", 2.7, 0.0), ("r", 2.7, 0.0)]),
    (
        "web: side by side with OTHER",
        &[("", 2.6, 0.0), ("g", 2.6, 0.0), ("b", 2.4, 0.3), ("r", 2.4, 0.3)],
    ),
    (
        "web: genders by age",
        &[("", 2.5, 0.0), ("g", 2.0, 0.0), ("b", 2.0, 0.0), ("gb", 2.0, 0.0), ("r", 1.5, 0.0)],
    ),
];

fn main() {
    let districts = std::env::args().nth(1).and_then(|it| it.parse().ok()).unwrap_or(120);
    let only = std::env::args().nth(2);
    let wanted = |name: &str| only.as_ref().is_none_or(|only| name.contains(only.as_str()));
    for (name, tables) in LAYOUTS.iter().filter(|it| wanted(it.0)) {
        measure(name, &country(districts), tables, 1);
    }
    for (name, tables) in WEB.iter().filter(|it| wanted(it.0)) {
        measure(name, &sites(districts), tables, 48);
    }
}

/// The finest groups: their people, and the value of each letter; every row cell is apart.
struct Finest {
    people: Vec<u64>,
    letters: BTreeMap<char, Vec<usize>>,
    row: Vec<usize>,
}

impl Finest {
    fn cells(&self, by: &str) -> (Vec<usize>, usize) {
        let mut known = BTreeMap::new();
        let of = (0..self.people.len())
            .map(|at| {
                let key: Vec<usize> = by.chars().map(|it| self.letters[&it][at]).collect();
                let next = known.len();
                *known.entry((self.row[at], key)).or_insert(next)
            })
            .collect();
        (of, known.len())
    }
}

/// The cells of all tables in one row, and every relation with the two tables that it is between.
struct Grid {
    starts: Vec<usize>,
    truth: Vec<u64>,
    relations: Vec<Relation>,
    between: Vec<(usize, usize)>,
}

impl Grid {
    fn new(finest: &Finest, tables: &[Table]) -> Self {
        let of: Vec<(Vec<usize>, usize)> = tables.iter().map(|it| finest.cells(it.0)).collect();
        let mut starts = vec![0];
        for (_, cells) in &of {
            starts.push(starts[starts.len() - 1] + cells);
        }
        let mut truth = vec![0; starts[tables.len()]];
        for (table, (of, _)) in of.iter().enumerate() {
            for (at, cell) in of.iter().enumerate() {
                truth[starts[table] + cell] += finest.people[at];
            }
        }
        // For each cell of `parts`: its cell of `whole`, if each lies in one.
        let within = |whole: usize, parts: usize| -> Option<Vec<usize>> {
            let mut to = vec![usize::MAX; of[parts].1];
            let one = of[parts].0.iter().zip(&of[whole].0).all(|(&part, &whole)| {
                let known = to[part] == usize::MAX || to[part] == whole;
                to[part] = whole;
                known
            });
            (whole != parts && one).then_some(to)
        };
        let only = |one: usize, other: usize| -> String {
            tables[one].0.chars().filter(|it| !tables[other].0.contains(*it)).collect()
        };
        let (mut relations, mut between, mut overs) = (Vec::new(), Vec::new(), BTreeMap::new());
        let all = 0..tables.len();
        for (whole, parts) in all.clone().flat_map(|it| all.clone().map(move |of| (it, of))) {
            let Some(to) = within(whole, parts) else { continue };
            if all.clone().any(|it| within(whole, it).is_some() && within(it, parts).is_some()) {
                continue;
            }
            // What is summed over, as sectors to districts, whatever else the tables are by.
            let next = overs.len();
            let over = *overs.entry((only(parts, whole), only(whole, parts))).or_insert(next);
            let mut children = vec![Vec::new(); of[whole].1];
            for (part, whole) in to.into_iter().enumerate() {
                children[whole].push(CellId(starts[parts] + part));
            }
            for (cell, children) in children.into_iter().enumerate() {
                relations.push(Relation { parent: CellId(starts[whole] + cell), children, over });
                between.push((whole, parts));
            }
        }
        Self { starts, truth, relations, between }
    }

    fn table(&self, cell: usize) -> usize {
        self.starts.partition_point(|it| *it <= cell) - 1
    }
}

fn measure(name: &str, finest: &Finest, tables: &[Table], limit: u32) {
    let mut rng = fastrand::Rng::with_seed(7);
    let limit = CellLimit::new(limit).expect("a limit");
    let sigma = |cost: f64| (f64::from(limit.cells()) * 500.0 / cost).sqrt();
    let variance = |cost: f64| {
        let rho = format!("{:.4}", cost / 1000.0).parse().expect("a cost");
        Variance::of_people(limit, rho).expect("σ²")
    };
    let grid = Grid::new(finest, tables);
    let lattice = Lattice::new(grid.truth.len(), &grid.relations).expect("a lattice");
    let cells = grid.truth.iter().enumerate();
    let shown: Vec<Option<u64>> = cells
        .map(|(at, &people)| world::gate(people, sigma(tables[grid.table(at)].1), &mut rng))
        .collect();
    let part = |cell: CellId| {
        let variance = variance(tables[grid.table(cell.0)].1);
        Some(Part { cell, noisy: shown[cell.0]?, variance })
    };
    let pairs = grid.relations.iter().filter(|it| it.children.len() > 1).flat_map(|it| {
        it.children.iter().filter_map(|&child| Some((part(it.parent)?, part(child)?)))
    });
    let must_go = parts_to_withdraw(pairs, Floor::QUORUM);
    let others = remainders(&lattice, &shown).expect("answers").into_iter();
    let others: Vec<Other> = others
        .filter_map(|remainder| {
            let cost = tables[grid.between[remainder.relation.0].1].2;
            let people = remainder.hidden.iter().map(|it| grid.truth[it.0]).sum();
            let noisy = || world::gate(people, sigma(cost), &mut rng);
            (cost > 0.0).then(noisy).map(|noisy| Other { noisy, remainder })
        })
        .collect();
    let start = Instant::now();
    let settled = settle(&lattice, &shown, &others, &must_go).expect("answers of this lattice");
    println!(
        "{name}: {} cells, {} nearly their whole; OTHERs {}, passed {}, withdrawn {}; {:.1?}",
        grid.truth.len(),
        must_go.len(),
        others.len(),
        others.iter().filter(|it| it.noisy.is_some()).count(),
        settled.others_withdrawn.len(),
        start.elapsed()
    );
    for (table, (by, cost, _)) in tables.iter().enumerate() {
        let own = grid.starts[table]..grid.starts[table + 1];
        let stays = |it: &usize| settled.withdrawn.binary_search(&CellId(*it)).is_err();
        let before = own.clone().filter(|&it| shown[it].is_some()).count();
        let after = own.clone().filter(|it| shown[*it].is_some() && stays(it)).count();
        let share = |count: usize| 100.0 * count as f64 / own.len() as f64;
        println!(
            "  {:4} σ {:5.1} {:7} cells {:5.1} % then {:5.1} %",
            if by.is_empty() { "all" } else { by },
            sigma(*cost),
            own.len(),
            share(before),
            share(after)
        );
    }
}

/// Districts of 3 to 6 sectors, areas of 22 districts.
fn country(districts: usize) -> Finest {
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut people, mut letters) = (Vec::new(), BTreeMap::<char, Vec<usize>>::new());
    let mut sector = 0;
    for district in 0..districts {
        let size = 0.3 + 1.4 * rng.f64();
        for _ in 0..rng.usize(2..7) {
            // Some are industrial estates; most are homes.
            let own = if rng.u8(0..12) == 0 { 0.05 * rng.f64() } else { 0.5 + rng.f64() };
            for group in 0..14 {
                let of_age = [0.8, 1.2, 1.2, 1.1, 1.1, 0.9, 0.7][group % 7];
                people.push((140.0 * size * own * of_age * (0.8 + 0.4 * rng.f64())) as u64);
                let places = [sector, district, district / 22];
                let values = places.into_iter().chain([group / 7, group % 7]);
                for (letter, value) in "sdagb".chars().zip(values) {
                    letters.entry(letter).or_default().push(value);
                }
            }
            sector += 1;
        }
    }
    Finest { row: vec![0; people.len()], people, letters }
}

/// Sites from a few hundred people to millions, one row cell each, by gender, age band and region.
fn sites(count: usize) -> Finest {
    let mut rng = fastrand::Rng::with_seed(5);
    let (mut people, mut letters, mut row) =
        (Vec::new(), BTreeMap::<char, Vec<usize>>::new(), Vec::new());
    for site in 0..count {
        let all = 300.0 * (rng.f64() * 9.0).exp();
        for group in 0..154 {
            let (gender, band, region) = (group / 77, group / 11 % 7, group % 11);
            let share =
                [0.13, 0.17, 0.17, 0.16, 0.16, 0.12, 0.09][band] * (0.03 + 0.012 * region as f64);
            people.push((all * 0.5 * share * (0.6 + 0.8 * rng.f64())) as u64);
            row.push(site);
            for (letter, value) in "gbr".chars().zip([gender, band, region]) {
                letters.entry(letter).or_default().push(value);
            }
        }
    }
    Finest { people, letters, row }
}
