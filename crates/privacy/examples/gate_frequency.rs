//! How often the gate shows a cell of fifty people, over ten million draws of each setting.
//!
//! `cargo xtask check --slow` runs it. Fifty people are shown as often as the exact tail says: the
//! count lies between the 0.05 % and the 99.95 % quantile of the binomial law; forty-nine never are.
//! A threshold one lower and half the noise must fall outside. Prints a table and how many rows hold;
//! ends with 1 when one does not.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;
use std::process::ExitCode;

use privacy::{CellLimit, DiscreteGaussian, Floor, QUORUM, Quorum, SeededEntropy, Variance};

const DRAWS: u32 = 10_000_000;

const SEED: u64 = 8412;

/// What each end of the 99.9 % interval leaves out.
const LEFT_OUT: f64 = 0.0005;

/// A mechanism with σ = 10 whose single cell may fail with probability δ₁.
struct Setting {
    cells: u32,
    rho: &'static str,
    /// δ = 1 − (1 − δ₁)^L, rounded up.
    delta: &'static str,
    each: &'static str,
}

const SETTINGS: [Setting; 6] = [
    Setting { cells: 1, rho: "0.005", delta: "1e-2", each: "1e-2" },
    Setting { cells: 1, rho: "0.005", delta: "1e-3", each: "1e-3" },
    Setting { cells: 1, rho: "0.005", delta: "1e-4", each: "1e-4" },
    Setting { cells: 16, rho: "0.08", delta: "0.148542228905124361", each: "1e-2" },
    Setting { cells: 16, rho: "0.08", delta: "0.015880558184360004", each: "1e-3" },
    Setting { cells: 16, rho: "0.08", delta: "0.001598800559818044", each: "1e-4" },
];

/// One line of the table.
struct Row {
    setting: String,
    what: &'static str,
    trials: u32,
    shown: u32,
    expected: RangeInclusive<u32>,
    /// A right mechanism's count lies in the interval; a control's must not.
    inside: bool,
}

impl Row {
    fn holds(&self) -> bool {
        self.expected.contains(&self.shown) == self.inside
    }
}

impl fmt::Display for Row {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { setting, what, trials, shown, .. } = self;
        let (start, end) = (self.expected.start(), self.expected.end());
        let side = if self.inside { "inside" } else { "outside" };
        let verdict = if self.holds() { "holds" } else { "VIOLATED" };
        write!(
            out,
            "| {setting} | {what} | {shown} of {trials} | {side} {start} to {end} | {verdict} |"
        )
    }
}

/// The 99.9 % interval of how often an event of probability `chance` happens in `trials`, by the sum
/// of the binomial law.
fn interval(trials: u32, chance: f64) -> RangeInclusive<u32> {
    let mut log_mass = f64::from(trials) * (-chance).ln_1p();
    let (mut sum, mut start) = (0.0, None);
    for times in 0..trials {
        sum += log_mass.exp();
        if sum > LEFT_OUT {
            let start = *start.get_or_insert(times);
            if sum >= 1.0 - LEFT_OUT {
                return start..=times;
            }
        }
        let odds = f64::from(trials - times) / f64::from(times + 1) * chance / (1.0 - chance);
        log_mass += odds.ln();
    }
    start.unwrap_or(0)..=trials
}

/// The rows of one setting.
fn rows(setting: &Setting, entropy: &mut SeededEntropy) -> Result<Vec<Row>, Box<dyn Error>> {
    let limit = CellLimit::new(setting.cells)?;
    let quorum = Quorum::new(Floor::QUORUM, limit, setting.rho.parse()?, setting.delta.parse()?)?;
    let tail = quorum.shown_probability(QUORUM.into())?;
    let (cells, each, threshold) = (setting.cells, setting.each, quorum.threshold());
    let name = format!("L {cells}, δ₁ {each}, T {threshold}, tail {:.6e}", tail.high);
    let row = |what, trials, shown, expected, inside| Row {
        setting: name.clone(),
        what,
        trials,
        shown,
        expected,
        inside,
    };
    let (mut single, mut marginals, mut silent) = (0, 0, 0);
    for _ in 0..DRAWS / cells {
        let before = single;
        for _ in 0..cells {
            single += u32::from(quorum.release(QUORUM.into(), entropy)?.is_some());
            silent += u32::from(quorum.release(u64::from(QUORUM) - 1, entropy)?.is_some());
        }
        marginals += u32::from(single > before);
    }
    let expected = *interval(DRAWS, tail.low).start()..=*interval(DRAWS, tail.high).end();
    let mut rows = vec![
        row("50 people", DRAWS, single, expected.clone(), true),
        row("49 people", DRAWS, silent, 0..=0, true),
    ];
    if cells > 1 {
        let any = -(f64::from(cells) * (-tail.high).ln_1p()).exp_m1();
        let trials = DRAWS / cells;
        rows.push(row("any of L cells of 50", trials, marginals, interval(trials, any), true));
    }
    let variance = quorum.variance();
    let half = Variance::new(variance.numerator(), 4 * variance.denominator())?;
    for (what, variance, threshold) in [
        ("control: T one lower", variance, threshold - 1),
        ("control: half the noise", half, threshold),
    ] {
        let noise = DiscreteGaussian::new(variance);
        let mut shown = 0;
        for _ in 0..DRAWS {
            let noisy = u64::from(QUORUM).checked_add_signed(noise.sample(entropy)?);
            shown += u32::from(noisy.is_some_and(|it| it >= threshold));
        }
        rows.push(row(what, DRAWS, shown, expected.clone(), false));
    }
    Ok(rows)
}

#[expect(clippy::print_stdout, reason = "the table is the result")]
fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut entropy = SeededEntropy::new(SEED);
    let (mut passed, mut failed) = (0, 0);
    println!("Seed {SEED}, one stream through all rows; sigma is 10.\n");
    println!("| mechanism | cell | shown | 99.9 % interval | |\n|---|---|---|---|---|");
    for setting in &SETTINGS {
        for row in rows(setting, &mut entropy)? {
            println!("{row}");
            *(if row.holds() { &mut passed } else { &mut failed }) += 1;
        }
    }
    println!("\n{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
