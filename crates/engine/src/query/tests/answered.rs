//! What an answer comes to in rows, and whether another question is read from it.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use ledger::{ChargeRequest, CheckpointSigner, Ledger, PlanHash};
use privacy::SeededEntropy;

use datafusion::datasource::TableProvider;

use super::super::planner::Planned;
use super::super::{answer, cube};
use super::*;
use crate::count::{Counts, Sealed};
use crate::dimension::Dimension;
use crate::plan::PrivatePlan;
use crate::publish::{Manifest, Publication, Sheet};
use crate::release::release;

/// The position of the bin that ends at 30 minutes, and of the last.
const HALF_HOUR: usize = 6;
const LONG: usize = 15;

/// Releases the one table of a plan: in each of its first two cells these people, all in one bin.
fn published(plan: &PrivatePlan, people: [u32; 2]) -> Publication {
    let (family, marginal) = plan.marginals().next().unwrap();
    let cells = usize::try_from(plan.cells(family, marginal)).unwrap();
    let mut all = vec![0; cells];
    all[..2].copy_from_slice(&people);
    let bins = marginal.quantiles.as_ref().map_or(0, |it| it.edges.len());
    let mut bins = vec![vec![0; cells]; bins];
    if !bins.is_empty() {
        (bins[HALF_HOUR][0], bins[LONG][1]) = (people[0], people[1]);
    }
    let sums = vec![all.iter().map(|it| u64::from(*it)).collect(); marginal.sums.len()];
    let sealed = Sealed::of_tables(vec![Counts::with_sums(all, sums).and_bins(bins)]);
    let root = TempDir::new().unwrap();
    let (dir, anchor) = (root.path().join("ledger"), root.path().join("anchor"));
    let cost = plan.cost().unwrap();
    let request = ChargeRequest {
        plan: PlanHash(plan.hash().unwrap()),
        product: plan.product.clone(),
        period: plan.period.to_string(),
        snapshot: plan.snapshot.clone(),
        partner: "public".to_owned(),
        cost,
        caps: cost,
    };
    let signer = CheckpointSigner::new("test", &[1; 32]).unwrap();
    let receipt = Ledger::open(&dir, &anchor, signer).unwrap().charge(request, "now").unwrap();
    let released = release(plan.clone(), sealed, receipt, &mut SeededEntropy::new(4)).unwrap();
    let manifest = Manifest::of(&released, "id", "code", "now").unwrap();
    // As it is read again.
    let sheet = Sheet::from_csv(&Sheet::of(&released).to_csv().unwrap()).unwrap();
    Publication { path: root.path().to_owned(), manifest, sheet }
}

fn rows(planner: &Planner<'_>, planned: &Planned, publication: &Publication) -> RecordBatch {
    let readings = &planned.priced.readings;
    let schema = planned.slot.schema();
    let published = Some((&publication.sheet, readings));
    answer::rows(&planned.asked, published, &schema, &planner.asking("")).unwrap()
}

#[test]
fn every_share_is_read_from_one_answer_with_its_edges() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let question = |aggregates: &str| {
        let sql = format!(
            "SELECT gender, {aggregates} FROM visit JOIN subscriber \
                           USING (subscriber_id) GROUP BY gender"
        );
        planner.decide(&sql).unwrap()
    };
    let median = question("MEDIAN(minutes)");
    let publication = published(&median.questions[0].priced.plan, [60_000, 40_000]);
    let decision = question(
        "COUNT(DISTINCT subscriber_id), percentile_cont(0.25) WITHIN GROUP (ORDER BY minutes)",
    );
    let rows = rows(&planner, &decision.questions[0], &publication);
    assert_eq!(rows.num_rows(), 2);
    let people = rows.column(1).as_primitive::<Int64Type>();
    assert!((people.value(0) - 60_000).abs() < 1_000);
    let real = |at: usize| rows.column(at).as_primitive::<Float64Type>().values().to_vec();
    // The edges of people stand before those of the quantile.
    assert_eq!(real(2), [30.0, 600.0]);
    assert_eq!((real(5), real(6)), (vec![21.0, 421.0], vec![30.0, 600.0]));
}

#[test]
fn a_cube_is_used_for_quantiles_only_where_it_has_them_and_each_group_is_one_cell() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let decide = |sql: &str| planner.decide(sql).unwrap();
    let from = "FROM visit JOIN subscriber USING (subscriber_id)";
    let cube_with = |aggregates: &str| {
        let asked = decide(&format!("SELECT gender, {aggregates} {from} GROUP BY gender"));
        published(&asked.questions[0].priced.plan, [60_000, 40_000])
    };
    let (ranked, plain) = (
        cube_with("MEDIAN(minutes), COUNT(*)"),
        cube_with("COUNT(DISTINCT subscriber_id), COUNT(*)"),
    );
    let found = |sql: &str, cube: &Publication| {
        let decision = decide(sql);
        let answers = [(cube.manifest.clone(), ())];
        let found = cube::find(&decision.questions[0].priced, &answers, |()| Ok(cube.clone()));
        found.unwrap().is_some()
    };
    let of_women = format!("SELECT percentile_cont(minutes, 0.75) {from} WHERE gender = 'F'");
    assert!(found(&of_women, &ranked));
    assert!(!found(&of_women, &plain));
    let by = |aggregate: &str| format!("SELECT gender, {aggregate} {from} GROUP BY gender");
    assert!(found(&by("MEDIAN(minutes)"), &ranked) && found(&by("COUNT(*)"), &ranked));
    assert!(!found(&by("MEDIAN(minutes)"), &plain));
    assert!(!found(&by("SUM(minutes)"), &ranked));
    // Two genders are two cells, whose people add up and whose quantiles do not.
    let both = |aggregate: &str| format!("SELECT {aggregate} {from} WHERE gender IN ('F', 'M')");
    assert!(found(&both("COUNT(*)"), &ranked));
    assert!(!found(&both("MEDIAN(minutes)"), &ranked));
    assert!(ranked.sheet.keys == [Dimension::Gender]);
}
