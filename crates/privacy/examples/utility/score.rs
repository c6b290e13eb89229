//! What a buyer got: how much of the truth was shown, how near, and how sure.

use std::fmt;

/// What was said of a cell.
#[derive(Clone, Copy)]
pub(crate) struct Said {
    pub(crate) people: f64,
    /// Half of the printed 95 % interval; NaN where none is printed.
    pub(crate) half_width: f64,
}

/// Figures of one release; each cell weighs the same.
pub(crate) struct Score {
    said: usize,
    /// Shown cells of which fewer than 50 people are true.
    under_50: usize,
    /// For each of [`SIZES`]: cells of so many people, and the share of them that is shown.
    shown: [(usize, f64); 4],
    /// For each of [`SIZES`]: mean relative error, where a missing cell counts one.
    error: [f64; 4],
    /// Median of (said − true)/true over shown cells.
    bias: f64,
    /// How often the printed interval holds the truth, over shown cells.
    covers_truth: f64,
    /// How often it holds the people who were kept.
    covers_kept: f64,
    /// Share of all cells of people that bounding took.
    pub(crate) lost: f64,
    /// The mean dilution that was printed.
    pub(crate) factor: f64,
}

/// True people from which on cells are looked at.
const SIZES: [u64; 4] = [50, 100, 200, 1000];

/// Scores what was `said` against the `truth`, and the interval against the `kept` people too.
pub(crate) fn score(truth: &[u64], said: &[Option<Said>], kept: Option<&[u64]>) -> Score {
    let cells = || truth.iter().zip(said);
    let of = |size: u64| cells().filter(move |it| *it.0 >= size);
    let shown = || cells().filter_map(|(&truth, said)| Some((truth, (*said)?)));
    let mut biases: Vec<f64> =
        shown().map(|(truth, said)| (said.people - figure(truth)) / figure(truth)).collect();
    biases.sort_by(f64::total_cmp);
    let covers = |wanted: &[u64]| {
        let held = wanted.iter().zip(said).filter_map(|(&wanted, said)| {
            let said = (*said)?;
            Some(u8::from((said.people - figure(wanted)).abs() <= said.half_width))
        });
        mean(held.map(f64::from))
    };
    let printed = shown().all(|(_, said)| !said.half_width.is_nan());
    Score {
        said: biases.len(),
        under_50: shown().filter(|it| it.0 < 50).count(),
        shown: SIZES.map(|size| {
            let share = mean(of(size).map(|it| f64::from(u8::from(it.1.is_some()))));
            (of(size).count(), share)
        }),
        error: SIZES.map(|size| {
            mean(of(size).map(|(&truth, said)| {
                said.map_or(1.0, |it| (it.people - figure(truth)).abs() / figure(truth))
            }))
        }),
        bias: biases.get(biases.len() / 2).copied().unwrap_or(f64::NAN),
        covers_truth: if printed { covers(truth) } else { f64::NAN },
        covers_kept: kept.filter(|_| printed).map_or(f64::NAN, covers),
        lost: f64::NAN,
        factor: f64::NAN,
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), it| (count + 1.0, sum + it));
    sum / count
}

fn figure(people: u64) -> f64 {
    people as f64
}

/// JSON; what does not apply is null.
impl fmt::Display for Score {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |it: f64| if it.is_finite() { format!("{it:.5}") } else { "null".to_owned() };
        let [cells, shown] =
            [|it: &(usize, f64)| it.0.to_string(), |it: &(usize, f64)| format!("{:.5}", it.1)]
                .map(|it| self.shown.iter().map(it).collect::<Vec<_>>().join(","));
        let shown = shown.replace("NaN", "null");
        let error = self.error.map(text).join(",");
        write!(
            out,
            "\"said\":{},\"under_50\":{},\"cells\":[{cells}],\"shown\":[{shown}],\"error\":[{error}],\
             \"bias\":{},\"covers_truth\":{},\"covers_kept\":{},\"lost\":{},\"factor\":{}",
            self.said,
            self.under_50,
            text(self.bias),
            text(self.covers_truth),
            text(self.covers_kept),
            text(self.lost),
            text(self.factor),
        )
    }
}
