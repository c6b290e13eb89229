//! The meter under random analysts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use privacy::{Budget, Delta, Meter, Rho};
use proptest::prelude::*;

fn budget((nano, atto): (u64, u64)) -> Budget {
    Budget { rho: Rho::from_nano(nano).unwrap(), delta: Delta::from_atto(atto).unwrap() }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8412),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_meter_never_passes_a_cap(costs in prop::collection::vec((0_u64..40, 0_u64..40), 1..60)) {
        let caps = budget((300, 200));
        let mut meter = Meter::new(caps, Budget::ZERO);
        for cost in costs {
            let (before, fits) = (meter.spent(), meter.left().checked_sub(budget(cost)).is_some());
            let charged = meter.charge(budget(cost)).is_ok();
            prop_assert_eq!(charged, fits, "refused only for want of budget");
            let after = before.checked_add(if charged { budget(cost) } else { Budget::ZERO });
            prop_assert_eq!(Some(meter.spent()), after);
            prop_assert!(caps.checked_sub(meter.spent()).is_some());
        }
    }
}

#[test]
fn a_refusal_names_the_currency_that_ran_out_and_changes_nothing() {
    let check = |spent, cost, expected: Option<&str>| {
        let mut meter = Meter::new(budget((100, 50)), budget(spent));
        let before = meter;
        let refused = meter.charge(budget(cost)).err();
        assert_eq!(refused.as_ref().map(|it| it.currency), expected);
        assert!(refused.is_none() || meter == before);
    };
    check((0, 0), (100, 50), None);
    check((0, 0), (101, 50), Some("rho"));
    check((0, 0), (100, 51), Some("delta"));
    check((90, 0), (10, 0), None);
    check((90, 50), (5, 1), Some("delta"));
    check((100, 50), (0, 0), None);
    // A cap that was lowered below what is spent lets nothing pass.
    check((101, 0), (0, 0), Some("rho"));
    let most = Budget { rho: Rho::MAX, delta: Delta::ONE };
    let mut full = Meter::new(most, most);
    assert_eq!(full.charge(budget((1, 0))).unwrap_err().currency, "rho");
    let text = full.charge(budget((0, 1))).unwrap_err().to_string();
    assert_eq!(text, "the delta cap does not allow it: cost 1e-18, spent 1 of 1, left 0");
}
