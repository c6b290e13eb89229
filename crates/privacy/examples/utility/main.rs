//! What the same ε buys with hard and with soft bounding, as one line of JSON for each release.
//!
//! `utility release PAIRS COST SEEDS SETTING…` releases the table of a file of (person, cell) pairs:
//! COST is `RHO,DELTA`, or `epsilon=E,D,DELTA` for the largest ρ that is (E, D) with DELTA outright;
//! SETTING is `hard=L`, `soft=K/L`, or `prior=K/L/M/N`, whose weights follow an earlier release with the
//! hard limit M and are full up to N people. `utility score PAIRS SAID…` scores what others said: a u32 cell and an f64 each.
//! `cargo run --release -p quorate-privacy --example utility -- …`
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "figures for a reader"
)]

mod bounded;
mod pairs;
mod score;

use std::error::Error;
use std::path::Path;

use bounded::{Prior, Setting};
use pairs::Pairs;
use privacy::{Budget, CellLimit, Delta, Rho, conversion};
use score::Said;

const USAGE: &str = "utility release PAIRS COST SEEDS SETTING…, or utility score PAIRS SAID…";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["release", pairs, cost, seeds, settings @ ..] => {
            let pairs = Pairs::read(Path::new(pairs))?;
            let cost = parse_cost(cost)?;
            for text in settings {
                let setting = parse_setting(text)?;
                for seed in 0..seeds.parse()? {
                    let score = bounded::release(&pairs, setting, cost, seed)?;
                    println!(
                        "{{\"setting\":\"{text}\",\"rho\":{},\"delta\":{},\"seed\":{seed},{score}}}",
                        cost.rho, cost.delta
                    );
                }
            }
            Ok(())
        }
        ["score", pairs, said @ ..] => {
            let pairs = Pairs::read(Path::new(pairs))?;
            for (seed, path) in said.iter().enumerate() {
                let said = read_said(Path::new(path), pairs.truth.len())?;
                println!("{{\"seed\":{seed},{}}}", score::score(&pairs.truth, &said, None));
            }
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}

fn parse_cost(text: &str) -> Result<Budget, Box<dyn Error>> {
    let Some(asked) = text.strip_prefix("epsilon=") else {
        let (rho, delta) = text.split_once(',').ok_or(USAGE)?;
        return Ok(Budget { rho: rho.parse()?, delta: delta.parse()? });
    };
    let [epsilon, total, delta] = *asked.split(',').collect::<Vec<_>>() else {
        return Err(USAGE.into());
    };
    largest(epsilon.parse()?, total.parse()?, delta.parse()?)
}

/// The most ρ whose total is (`epsilon`, `total`) where `delta` of it is outright.
fn largest(epsilon: f64, total: f64, delta: Delta) -> Result<Budget, Box<dyn Error>> {
    let (mut low, mut high) = (0, Rho::MAX.nano());
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        let cost = Budget { rho: Rho::from_nano(middle)?, delta };
        let fits = conversion::epsilon(cost, total).is_ok_and(|it| it <= epsilon);
        if fits { low = middle } else { high = middle }
    }
    Ok(Budget { rho: Rho::from_nano(low)?, delta })
}

fn parse_setting(text: &str) -> Result<Setting, Box<dyn Error>> {
    let (kind, limits) = text.split_once('=').ok_or(USAGE)?;
    let limits = limits.split('/').map(|it| Ok(CellLimit::new(it.parse()?)?));
    let limits = limits.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    match (kind, limits.as_slice()) {
        ("hard", &[limit]) => Ok(Setting::Hard { limit }),
        ("soft", &[kept, limit]) => Ok(Setting::Soft { kept, limit, prior: None }),
        ("prior", &[kept, limit, before, ordinary]) => {
            let ordinary_people = u64::from(ordinary.cells()).try_into()?;
            let prior = Some(Prior { limit: before, ordinary_people });
            Ok(Setting::Soft { kept, limit, prior })
        }
        _ => Err(USAGE.into()),
    }
}

/// What somebody else said of each cell.
fn read_said(path: &Path, cells: usize) -> Result<Vec<Option<Said>>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let (rows, []) = bytes.as_chunks::<12>() else {
        return Err("the file of what was said is cut off".into());
    };
    let mut said = vec![None; cells];
    for &[a, b, c, d, ref people @ ..] in rows {
        let cell = u32::from_le_bytes([a, b, c, d]) as usize;
        let slot = said.get_mut(cell).ok_or("a cell was said that is in no pair")?;
        *slot = Some(Said { people: f64::from_le_bytes(*people), half_width: f64::NAN });
    }
    Ok(said)
}
