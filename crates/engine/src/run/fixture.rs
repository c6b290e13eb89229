//! A small plan with its counts, for tests of the desk.

use ledger::{ChargeRequest, PlanHash};
use privacy::{Budget, CellLimit, Floor};
use reference::{Geography, SiteList};

use crate::count::Sealed;
use crate::dimension::{Codes, Dimension};
use crate::plan::{Family, Marginal, PrivatePlan, QUESTION, View};
use crate::time::Clock;

pub const PERIOD: &str = "2026-10";

/// Enough for any question.
pub const RESERVE: Budget = Budget::MAX;

pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

pub fn codes() -> Codes {
    Codes::new(Geography::built_in(), SiteList::built_in(), &[])
}

/// Everybody with a site, and by gender.
pub fn plan(product: &str, codes: &Codes) -> PrivatePlan {
    let table = |name: &str, by: &[Dimension]| Marginal {
        name: name.to_owned(),
        rows: false,
        by: by.to_vec(),
        rho: "0.005".parse().unwrap(),
        delta: "1e-12".parse().unwrap(),
        weights: None,
        sums: Vec::new(),
        quantiles: None,
    };
    let codes = codes.clone();
    let codes =
        if product == QUESTION { codes.for_questions(PERIOD.parse().unwrap()) } else { codes };
    PrivatePlan {
        product: product.to_owned(),
        edition: std::num::NonZeroU32::MIN,
        period: PERIOD.parse().unwrap(),
        snapshot: "test".to_owned(),
        floor: Floor::QUORUM,
        view: View::Visit,
        filters: Vec::new(),
        families: vec![Family {
            rows: vec![Dimension::Site],
            limit: CellLimit::ONE,
            quality: None,
            marginals: vec![table("base", &[]), table("gender", &[Dimension::Gender])],
            remainders: Vec::new(),
        }],
        policy_hash: String::new(),
        codes,
    }
}

/// Nine thousand people.
pub fn sealed() -> Sealed {
    Sealed::of(vec![vec![9_000], vec![5_000, 4_000, 0]])
}

pub fn request(plan: &PrivatePlan) -> ChargeRequest {
    ChargeRequest {
        plan: PlanHash(plan.hash().unwrap()),
        product: plan.product.clone(),
        period: PERIOD.to_owned(),
        snapshot: plan.snapshot.clone(),
        partner: "public".to_owned(),
        cost: plan.cost().unwrap(),
        caps: Budget { rho: "1".parse().unwrap(), delta: "1e-9".parse().unwrap() },
    }
}
