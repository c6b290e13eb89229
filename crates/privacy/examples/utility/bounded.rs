//! One release of a table by the quorum mechanism, with hard and with soft bounding.

use std::error::Error;
use std::num::NonZeroU64;

use privacy::clip::Member;
use privacy::{
    BoundingKey, Budget, CellLimit, CellWeight, ClipFamily, ClippedCount, Delta, Dilution,
    DilutionSums, Floor, Quorum, Rho, SeededEntropy, SoftQuorum, keep,
};

use super::pairs::Pairs;
use super::score::{Said, Score, score};

/// How people are bounded.
#[derive(Clone, Copy)]
pub(crate) enum Setting {
    /// At most `limit` cells, each counted whole.
    Hard { limit: CellLimit },
    /// At most `kept` cells, clipped to the norm that `limit` whole ones would have.
    Soft {
        kept: CellLimit,
        limit: CellLimit,
        /// What the weights follow; uniform when absent.
        prior: Option<Prior>,
    },
}

/// An earlier release of the same table, since when every cell has changed by up to a half either way.
#[derive(Clone, Copy)]
pub(crate) struct Prior {
    /// Its hard limit.
    pub(crate) limit: CellLimit,
    /// Cells of so many people or fewer, and those that it hid, have the full weight.
    pub(crate) ordinary_people: NonZeroU64,
}

/// Parts in a thousand of ρ for the dilution's two sums, and for the total that they need.
const DILUTION_RHO: [u64; 2] = [25, 5];

/// Parts in a thousand of δ for that total.
const TOTAL_DELTA: u64 = 100;

/// Releases the table once and scores it.
pub(crate) fn release(
    pairs: &Pairs,
    setting: Setting,
    cost: Budget,
    seed: u64,
) -> Result<Score, Box<dyn Error>> {
    match setting {
        Setting::Hard { limit } => {
            let hard = hard(pairs, limit, cost, seed)?;
            let mut score = score(&pairs.truth, &hard.said, Some(&hard.kept));
            score.lost = lost(pairs, hard.kept.iter().map(|&it| it as f64).sum());
            Ok(score)
        }
        Setting::Soft { kept, limit, prior } => {
            let weights = match prior {
                None => vec![CellWeight::full(limit); pairs.truth.len()],
                Some(prior) => {
                    let earlier = hard(pairs, prior.limit, cost, seed ^ (1 << 40))?;
                    let mut change = fastrand::Rng::with_seed(seed);
                    let mut weight = |it: &Option<Said>| {
                        let since = 1.5_f64.powf(2.0 * change.f64() - 1.0);
                        let people = it.map_or(0.0, |it| it.people * since);
                        CellWeight::of_prior(limit, people as u64, prior.ordinary_people)
                    };
                    earlier.said.iter().map(&mut weight).collect()
                }
            };
            soft(pairs, [kept, limit], &weights, cost, seed)
        }
    }
}

struct Hard {
    said: Vec<Option<Said>>,
    kept: Vec<u64>,
}

fn hard(pairs: &Pairs, limit: CellLimit, cost: Budget, seed: u64) -> Result<Hard, Box<dyn Error>> {
    let key = key(seed);
    let mut kept = vec![0_u64; pairs.truth.len()];
    let mut cells = Vec::new();
    for (token, of_person) in (0..).zip(pairs.people()) {
        cells.clear();
        cells.extend(of_person.iter().map(|&cell| u64::from(cell)));
        keep(&mut cells, limit, &key, token);
        for &cell in &cells {
            kept[cell as usize] += 1;
        }
    }
    let quorum = Quorum::new(Floor::QUORUM, limit, cost.rho, cost.delta)?;
    let mut entropy = SeededEntropy::new(seed);
    let mut said = Vec::with_capacity(kept.len());
    for &people in &kept {
        let shown = quorum.release(people, &mut entropy)?;
        said.push(
            shown.map(|it| Said { people: it.people() as f64, half_width: quorum.half_width_95() }),
        );
    }
    Ok(Hard { said, kept })
}

/// The one table of a family.
struct Table(Vec<CellWeight>);

impl Member for Table {
    fn project(&self, finest: u64) -> u64 {
        finest
    }

    fn weight(&self, cell: u64) -> CellWeight {
        self.0[cell as usize]
    }
}

fn soft(
    pairs: &Pairs,
    [kept, limit]: [CellLimit; 2],
    weights: &[CellWeight],
    cost: Budget,
    seed: u64,
) -> Result<Score, Box<dyn Error>> {
    let [sums_rho, total_rho] = DILUTION_RHO.map(|part| cost.rho.nano() * part / 1000);
    let cells_rho = Rho::from_nano(cost.rho.nano() - sums_rho - total_rho)?;
    let total_delta = cost.delta.atto() * TOTAL_DELTA / 1000;
    let cells_delta = Delta::from_atto(cost.delta.atto() - total_delta)?;
    let dilution = Dilution::new(limit, kept, Rho::from_nano(sums_rho)?)?;
    let family = ClipFamily::new(kept, vec![Table(weights.to_vec())]);
    let key = key(seed);
    let mut counts = vec![ClippedCount::default(); pairs.truth.len()];
    let mut sums = DilutionSums::default();
    for (token, of_person) in (0..).zip(pairs.people()) {
        let finest = of_person.iter().map(|&cell| u64::from(cell)).collect();
        let clipped = family.clip(finest, &key, token);
        let cells = &clipped.cells[0];
        sums.add(kept, cells.len() as u64, of_person.len() as u64, clipped.scale);
        for &cell in cells {
            counts[cell as usize].add(clipped.scale);
        }
    }
    let mut entropy = SeededEntropy::new(seed);
    let total = Quorum::new(
        Floor::QUORUM,
        CellLimit::ONE,
        Rho::from_nano(total_rho)?,
        Delta::from_atto(total_delta)?,
    )?;
    let total = total.release(pairs.persons() as u64, &mut entropy)?;
    let factor = dilution.release(total.as_ref(), sums, &mut entropy)?;
    let bound: Vec<u64> = total.iter().map(privacy::Shown::people).collect();
    let mechanism = SoftQuorum::new(Floor::QUORUM, kept, cells_rho, cells_delta)?;
    let mut said = Vec::with_capacity(counts.len());
    for (&count, &weight) in counts.iter().zip(weights) {
        let gate = mechanism.gate(weight)?;
        let shown = gate.release(count, &mut entropy)?;
        said.push(shown.map(|it| {
            let (clipped, times) = (it.units() as f64 / UNIT, factor.to_f64());
            let of_factor = clipped * factor.standard_error() / times;
            Said {
                people: factor.print(&it, &bound).people() as f64,
                half_width: 1.96 * times * gate.sigma().hypot(of_factor),
            }
        }));
    }
    let mut score = score(&pairs.truth, &said, None);
    score.lost = lost(pairs, counts.iter().map(|it| it.units() as f64 / UNIT).sum());
    score.factor = factor.to_f64();
    Ok(score)
}

/// Units of one whole person.
const UNIT: f64 = (1_u32 << privacy::clip::LATTICE_BITS) as f64;

fn lost(pairs: &Pairs, left: f64) -> f64 {
    1.0 - left / pairs.truth.iter().sum::<u64>() as f64
}

fn key(seed: u64) -> BoundingKey {
    BoundingKey::from_bytes(u128::from(seed).to_le_bytes())
}
