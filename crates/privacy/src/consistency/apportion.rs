//! Whole people, from wholes to parts.
//!
//! A root is rounded; the parts of a whole share its people. (1) What the whole has more or less than
//! they do is shared in proportion to their variances, with none below its least. (2) Each is cut down
//! to whole people, and those left over go to the largest remainders; of equal ones to the larger cell,
//! then to the earlier.
//! Guarantee: held relations add up, other wholes are at least their parts, and no cell is below its
//! least. Proof: ../consistency.md. Source: privacy model §6 (largest-remainder rounding).

use super::bounds::Bounds;
use super::forest::Forest;
use super::{people, whole_people};

/// A part that wants `value` and takes `least` or more.
struct Part {
    cell: usize,
    value: f64,
    variance: f64,
    least: u64,
}

/// By cell: its people; 0 for hidden cells.
pub(super) fn apportion(forest: &Forest, bounds: &Bounds, least: &[u64]) -> Vec<u64> {
    let mut given = vec![0; least.len()];
    for &whole in &forest.order {
        if forest.is_root(whole) {
            let value = bounds.estimates[whole].value;
            given[whole] = whole_people(value.round()).max(least[whole]);
        }
        let part = |&cell: &usize| {
            let estimate = bounds.estimates[cell];
            let (value, variance) = (estimate.value, estimate.variance);
            Part { cell, value, variance, least: least[cell] }
        };
        let parts: Vec<Part> = forest.parts(whole).iter().map(part).collect();
        let wanted: f64 = parts.iter().map(|it| it.value).sum();
        let all = given[whole];
        let total = if bounds.held[whole] { all } else { whole_people(wanted.round()).min(all) };
        for (cell, people) in share(parts, total) {
            given[cell] = people;
        }
    }
    given
}

/// `total` people, or the sum of the least if that is more, among `parts`.
fn share(mut parts: Vec<Part>, total: u64) -> Vec<(usize, u64)> {
    let least = parts.iter().map(|it| it.least).fold(0, u64::saturating_add);
    let total = total.max(least);
    level(&mut parts, total);
    let mut given: Vec<u64> =
        parts.iter().map(|it| whole_people(it.value.floor()).max(it.least)).collect();
    // In millionths, so that what is equal but for the last digits is equal.
    let remainder = |at: usize| ((parts[at].value - people(given[at])) * 1e6).round();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by(|&a, &b| {
        let larger = parts[b].value.total_cmp(&parts[a].value);
        remainder(b).total_cmp(&remainder(a)).then(larger)
    });
    let sum = given.iter().copied().fold(0, u64::saturating_add);
    let missing = usize::try_from(total.saturating_sub(sum)).unwrap_or(usize::MAX);
    for &at in by_remainder.iter().cycle().take(missing) {
        given[at] += 1;
    }
    // Only if floating-point numbers added up to more than they should.
    let mut over = sum.saturating_sub(total);
    for &at in by_remainder.iter().rev() {
        let back = over.min(given[at] - parts[at].least);
        given[at] -= back;
        over -= back;
    }
    parts.iter().map(|it| it.cell).zip(given).collect()
}

/// Moves the parts so that they sum to `total`, which is the sum of their least or more.
///
/// The nearest such numbers, each change weighed by the inverse of the part's variance, that are not
/// below their least: all are moved by a multiple of their variance; those that would fall below their
/// least stay there, and the rest make up for it.
fn level(parts: &mut [Part], total: u64) {
    let mut free: Vec<&mut Part> = parts.iter_mut().collect();
    let mut left = people(total);
    loop {
        let wanted: f64 = free.iter().map(|it| it.value).sum();
        let variance: f64 = free.iter().map(|it| it.variance).sum();
        let moved = |it: &Part| it.value + (left - wanted) / variance * it.variance;
        let (low, rest): (Vec<_>, Vec<_>) =
            free.into_iter().partition(|it| moved(it) < people(it.least));
        if low.is_empty() {
            for part in rest {
                part.value = moved(part);
            }
            return;
        }
        for part in low {
            part.value = people(part.least);
            left -= part.value;
        }
        free = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(cell: usize, value: f64, variance: f64, least: u64) -> Part {
        Part { cell, value, variance, least }
    }

    #[test]
    fn shares_make_the_total_and_none_is_below_its_least() {
        let mut rng = fastrand::Rng::with_seed(3);
        // Up to numbers of which floating point keeps no units.
        for (most, size) in [(60.0, 1), (60.0, 300), (1e4, 2), (1e4, 40_000), (1e12, 7), (1e17, 40)]
        {
            for _ in 0..20 {
                let variance = |rng: &mut fastrand::Rng| 10_f64.powi(rng.i32(-9..9));
                let parts: Vec<Part> = (0..size)
                    .map(|it| part(it, rng.f64() * most, variance(&mut rng), rng.u64(50..60)))
                    .collect();
                let least: Vec<u64> = parts.iter().map(|it| it.least).collect();
                let wanted: f64 = parts.iter().map(|it| it.value).sum();
                let total = whole_people(wanted * 1.01) + rng.u64(0..10);
                let given = share(parts, total);
                let sum: u64 = given.iter().map(|it| it.1).sum();
                assert_eq!(sum, total.max(least.iter().sum()), "{size} of {most}");
                assert!(given.iter().all(|it| it.1 >= least[it.0]), "{size} of {most}");
            }
        }
    }

    #[test]
    fn of_equal_remainders_the_larger_cells_get_those_left_over() {
        let mut rng = fastrand::Rng::with_seed(4);
        for _ in 0..100 {
            let numbers: Vec<u64> = (0..7).map(|_| rng.u64(50..1_000_000)).collect();
            let parts = numbers.iter().enumerate();
            let parts = parts.map(|(cell, &it)| part(cell, people(it), 100.0, 50)).collect();
            let given = share(parts, numbers.iter().sum::<u64>() + 3);
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            for (cell, people) in given {
                assert_eq!(people - numbers[cell], u64::from(numbers[cell] >= sorted[4]));
            }
        }
    }
}
