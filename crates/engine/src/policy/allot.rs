//! Shares the ρ of a product among its tables by the weights that the protection officer sets.
//!
//! The weighted sum of variances Σ c·L/2ρ is least, for a given sum of ρ, where each ρ is proportional to √(c·L):
//! σ ∝ (L/c)^¼. Source: privacy model §13 (marginal workload).

use privacy::{CellLimit, Rho};

/// The ρ of each table, of weight c and cell limit L; together at most `whole`, a table of weight 0 nothing.
#[must_use]
pub fn allot(whole: Rho, tables: &[(u32, CellLimit)]) -> Vec<Rho> {
    // 32 bits behind the point.
    let root = |(weight, limit): &(u32, CellLimit)| {
        ((u128::from(*weight) * u128::from(limit.cells())) << 64_u32).isqrt()
    };
    let sum = tables.iter().map(root).sum::<u128>().max(1);
    let share = |it: &(u32, CellLimit)| {
        let nano = u128::from(whole.nano()) * root(it) / sum;
        u64::try_from(nano).ok().and_then(|it| Rho::from_nano(it).ok()).unwrap_or(Rho::ZERO)
    };
    tables.iter().map(share).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(weights: &[(u32, u32)], expected: &[u64]) {
        let tables: Vec<_> =
            weights.iter().map(|it| (it.0, CellLimit::new(it.1).unwrap())).collect();
        let nano: Vec<u64> =
            allot(Rho::from_nano(1_000_000).unwrap(), &tables).iter().map(|it| it.nano()).collect();
        assert_eq!(nano, expected, "{weights:?}");
    }

    #[test]
    fn tables_share_by_the_root_of_weight_and_limit() {
        check(&[(1, 1), (1, 1)], &[500_000, 500_000]);
        check(&[(9, 1), (1, 1)], &[750_000, 250_000]);
        check(&[(1, 16), (1, 1)], &[800_000, 200_000]);
        check(&[(0, 16), (1, 1)], &[0, 1_000_000]);
        check(&[(0, 1)], &[0]);
        check(&[], &[]);
    }

    proptest! {
        #[test]
        fn nothing_is_shared_out_that_is_not_there(
            nano in 0_u64..=50_000_000,
            weights in prop::collection::vec((0_u32..=u32::MAX, 1_u32..=1_000), 1..12),
        ) {
            let tables: Vec<_> =
                weights.iter().map(|it| (it.0, CellLimit::new(it.1).unwrap())).collect();
            let shares = allot(Rho::from_nano(nano).unwrap(), &tables);
            let sum: u64 = shares.iter().map(|it| it.nano()).sum();
            prop_assert!(sum <= nano);
            let some = weights.iter().any(|it| it.0 > 0);
            prop_assert!(!some || nano - sum < u64::try_from(shares.len()).unwrap());
        }
    }
}
