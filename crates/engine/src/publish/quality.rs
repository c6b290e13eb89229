//! The quality block of a release: what is told of its families as a whole (products 15).

use privacy::{Factor, ShareLost};
use serde::{Deserialize, Serialize};

use crate::plan::Family;
use crate::release::{Quality, Released};

/// What is told of one family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityRecord {
    /// What its rows are by: `site`, or `people` where a person has one cell by nature.
    pub rows: String,
    /// How many cells of a person are kept.
    pub kept: u32,
    /// The release whose numbers weigh the cells of clipped people; absent where each counts whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighed_by: Option<String>,
    /// The share of people's cells that bounding takes; absent where nothing is bounded or may be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounding_loss: Option<Share>,
    /// F: by how much printed numbers are above what was drawn, for people who are clipped like the average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dilution: Option<Dilution>,
    /// Of the people who have every attribute that the tables are by, the share with any cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Share>,
    /// The share of the operator's people who lack an attribute that a table is by, and so are in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<Share>,
    /// Of visits to listed sites and visits whose host was encrypted, the share of the former.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<Share>,
}

/// A share with its 95 % interval, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// The share.
    pub value: f64,
    /// The lower end of its interval.
    pub lo: f64,
    /// The upper end.
    pub hi: f64,
}

/// The mean dilution with its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dilution {
    /// F, 1 or more.
    pub factor: f64,
    /// Its standard error.
    pub error: f64,
}

/// The records of a release, one for each family whose quality the plan measures.
#[must_use]
pub(super) fn records(released: &Released) -> Vec<QualityRecord> {
    let families = released.plan.families.iter().zip(&released.quality);
    families.filter_map(|(family, it)| Some(record(family, it.as_ref()?))).collect()
}

fn record(family: &Family, measured: &Quality) -> QualityRecord {
    let names: Vec<&str> = family.rows.iter().map(|it| it.name()).collect();
    let clipped = family.marginals.iter().any(|it| it.weights.is_some());
    let share = |it: &Option<Factor>, of: fn(&Factor) -> Option<ShareLost>| of(it.as_ref()?);
    let left = |it: ShareLost| Share::of(1.0 - it.value, 1.0 - it.high, 1.0 - it.low);
    let lost = |it: ShareLost| Share::of(it.value, it.low, it.high);
    QualityRecord {
        rows: if names.is_empty() { "people".to_owned() } else { names.join("_") },
        kept: family.limit.cells(),
        weighed_by: family.quality.as_ref().and_then(|it| it.weighed_by.clone()),
        bounding_loss: share(&measured.loss, Factor::share_lost).map(lost),
        dilution: measured
            .loss
            .as_ref()
            .filter(|it| clipped && it.share_lost().is_some())
            .map(Dilution::of),
        coverage: share(&measured.coverage, Factor::share_of_people).map(left),
        outside: share(&measured.frame, Factor::share_of_people).map(lost),
        visible: share(&measured.visibility, Factor::share_of_people).map(left),
    }
}

impl Share {
    fn of(value: f64, lo: f64, hi: f64) -> Self {
        let [value, lo, hi] = [value, lo, hi].map(|it| rounded(it.clamp(0.0, 1.0)));
        Self { value, lo, hi }
    }
}

impl Dilution {
    fn of(factor: &Factor) -> Self {
        let (factor, error) = (rounded(factor.to_f64()), rounded(factor.standard_error()));
        Self { factor, error }
    }
}

/// To the hundred-thousandth.
fn rounded(number: f64) -> f64 {
    (number * 1e5).round() / 1e5
}

#[cfg(test)]
mod tests {
    use privacy::{CellLimit, Dilution as Measurement, DilutionSums, Floor, Quorum, SeededEntropy};

    use super::*;
    use crate::dimension::Dimension;

    #[test]
    fn what_is_visible_is_told_where_both_sides_are_of_many() {
        let family = Family {
            rows: vec![Dimension::Site],
            limit: CellLimit::ONE,
            quality: None,
            marginals: Vec::new(),
            remainders: Vec::new(),
        };
        let visible = |people: u64, listed: u64, hidden: u64| {
            let cap = CellLimit::new(128).unwrap();
            let mut sums = DilutionSums::default();
            (0..people).for_each(|_| sums.add_rows(cap, listed, listed + hidden));
            let mut entropy = SeededEntropy::new(8412);
            let (rho, delta) = ("0.01".parse().unwrap(), "1e-12".parse().unwrap());
            let gate = Quorum::new(Floor::QUORUM, CellLimit::ONE, rho, delta).unwrap();
            let total = gate.release(people, &mut entropy).unwrap();
            let share = Measurement::new(CellLimit::ONE, cap, rho).unwrap();
            let visibility = share.release(total.as_ref(), sums, &mut entropy).unwrap();
            let visibility = Some(visibility);
            let measured = Quality { loss: None, coverage: None, frame: None, visibility };
            record(&family, &measured).visible
        };
        let found = visible(10_000, 570, 30).unwrap();
        assert!((found.value - 0.95).abs() < 0.01, "{found:?}");
        assert!(found.lo < 0.95 && 0.95 < found.hi && found.hi - found.lo < 0.02, "{found:?}");
        // Two visits of each of 10,000 people are as much as 156 people may have at most.
        assert!(visible(10_000, 100, 2).is_some());
        // Nobody says how few there are: none, some, or all of them.
        assert_eq!([(570, 0), (120, 1), (0, 20)].map(|it| visible(5_000, it.0, it.1)), [None; 3]);
    }
}
