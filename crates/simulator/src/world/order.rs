//! Puts rows in order of time: two passes over 14 bits each, stable.

/// Positions of rows by their moments; keeps its room from one day to the next.
#[derive(Default)]
pub(super) struct Order {
    keyed: Vec<(u32, u32)>,
    half: Vec<(u32, u32)>,
}

const BITS: u32 = 14;

/// A day has fewer than 27 hours of milliseconds.
const _: () = assert!(27 * 3_600_000 < 1 << (2 * BITS));

impl Order {
    /// The positions of `moments`, earliest first; equal ones as they came.
    pub fn of(&mut self, moments: impl Iterator<Item = u32>) -> impl Iterator<Item = usize> {
        self.keyed.clear();
        self.keyed.extend(moments.zip(0..));
        pass(&self.keyed, &mut self.half, 0);
        pass(&self.half, &mut self.keyed, BITS);
        self.keyed.iter().filter_map(|it| usize::try_from(it.1).ok())
    }
}

/// Sorts `from` into `to` by the bits from `shift` on.
fn pass(from: &[(u32, u32)], to: &mut Vec<(u32, u32)>, shift: u32) {
    let bucket =
        |moment: u32| usize::try_from(moment >> shift & ((1 << BITS) - 1)).unwrap_or_default();
    let mut starts = vec![0_usize; 1 << BITS];
    for &(moment, _) in from {
        starts[bucket(moment)] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        (*start, sum) = (sum, sum + *start);
    }
    to.resize(from.len(), (0, 0));
    for &row in from {
        let start = &mut starts[bucket(row.0)];
        to[*start] = row;
        *start += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_order_of_time_and_equal_ones_as_they_were() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut order = Order::default();
        for count in [0_usize, 1, 2, 5_000] {
            let moments: Vec<u32> = (0..count).map(|_| rng.u32(0..97_000_000) / 50_000).collect();
            let mut expected: Vec<usize> = (0..count).collect();
            expected.sort_by_key(|it| moments[*it]);
            assert_eq!(order.of(moments.iter().copied()).collect::<Vec<_>>(), expected);
        }
    }
}
