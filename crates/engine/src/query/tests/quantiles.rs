//! Quantiles: which statements ask for them, what they come to, and what is refused.

use arrow::datatypes::DataType;
use privacy::Percent;

use super::super::explain;
use super::super::question::Output;
use super::super::rule::aggregate::Answered;
use super::*;
use crate::plan::Measure;

const CELLS: &str = "FROM visit GROUP BY category";

fn ask(planner: &Planner<'_>, sql: &str) -> crate::query::Decision {
    planner.decide(sql).unwrap_or_else(|cause| panic!("{sql}: {cause}"))
}

#[test]
fn a_quantile_is_asked_in_every_way_that_sql_has() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let check = |aggregate: &str, percent: u8| {
        let sql = format!("SELECT category, {aggregate} AS it {CELLS}");
        let decision = ask(&planner, &sql);
        let asked = &decision.questions[0].asked;
        let expected = Answered::Quantile(Measure::Minutes, Percent::new(percent).unwrap());
        assert_eq!(asked.outputs[1], Output::Answer(expected), "{sql}");
        assert_eq!(asked.question.quantiles, Some(Measure::Minutes));
        let names: Vec<&str> =
            decision.free.schema().fields().iter().map(|it| it.name().as_str()).collect();
        assert_eq!(names, ["category", "it", "it_lo", "it_hi"], "{sql}");
        // The answer's numbers are real ones: another type would leave every value out.
        let types = decision.free.schema().fields().iter().skip(1);
        assert!(types.into_iter().all(|it| *it.data_type() == DataType::Float64), "{sql}");
    };
    check("MEDIAN(minutes)", 50);
    check("approx_median(minutes)", 50);
    check("percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes)", 90);
    check("percentile_cont(minutes, 0.35)", 35);
    check("quantile_cont(0.55) WITHIN GROUP (ORDER BY minutes ASC)", 55);
    check("approx_percentile_cont(0.05) WITHIN GROUP (ORDER BY minutes)", 5);
    check("approx_percentile_cont(minutes, 0.95)", 95);
    for at in Percent::GRID {
        let share = format!("0.{:02}", at.get());
        check(&format!("percentile_cont({share}) WITHIN GROUP (ORDER BY minutes)"), at.get());
    }
}

#[test]
fn any_share_is_the_same_question_at_the_same_price() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let plan = |aggregates: &str| {
        let decision = ask(&planner, &format!("SELECT category, {aggregates} {CELLS}"));
        assert_eq!(decision.questions.len(), 1);
        decision.questions[0].priced.plan.clone()
    };
    let median = plan("MEDIAN(minutes)");
    let all = "MEDIAN(minutes), percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes), \
               percentile_cont(0.1) WITHIN GROUP (ORDER BY minutes), COUNT(DISTINCT subscriber_id)";
    assert_eq!(plan(all).hash().unwrap(), median.hash().unwrap());
    let people = plan("COUNT(DISTINCT subscriber_id)");
    let (cost, alone) = (median.cost().unwrap(), people.cost().unwrap());
    assert_eq!(cost.rho, alone.rho.checked_add(policy.questions.rho).unwrap());
    assert_eq!(cost.delta, alone.delta);
    let both = plan("MEDIAN(minutes), SUM(minutes)").cost().unwrap();
    assert_eq!(both.rho, cost.rho.checked_add(policy.questions.rho).unwrap());
}

#[test]
fn a_share_off_the_grid_and_a_quantile_of_anything_else_are_refused() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let check = |aggregate: &str, code: &str, part: &str| {
        let sql = format!("SELECT category, {aggregate} {CELLS}");
        let refused = planner.decide(&sql).err().unwrap_or_else(|| panic!("{sql} is decided"));
        assert_eq!(refused.code(), code, "{sql}: {refused}");
        assert!(refused.to_string().contains(part), "{sql}: {refused}");
    };
    let grid = "0.05, 0.1, 0.15 and so on to 0.95";
    for share in
        ["0.01", "0.99", "0.501", "0.0", "1.0", "0", "1", "-0.5", "0.4 + 0.1", "NULL", "1e300"]
    {
        check(&format!("percentile_cont(minutes, {share})"), "Q10", grid);
    }
    check("approx_percentile_cont(0.33) WITHIN GROUP (ORDER BY minutes)", "Q10", grid);
    check("approx_percentile_cont(0.9, 200) WITHIN GROUP (ORDER BY minutes)", "Q10", "");
    check("percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes DESC)", "Q10", "ORDER BY");
    check("percentile_cont(0.9) WITHIN GROUP (ORDER BY hour)", "Q10", "no amount");
    check("percentile_cont(0.9) WITHIN GROUP (ORDER BY subscriber_id)", "Q10", "no amount");
    check("percentile_cont(0.9) WITHIN GROUP (ORDER BY minutes + 1)", "Q05", "");
    check("MEDIAN(hour)", "Q10", "no amount");
    check("MEDIAN(subscriber_id)", "Q10", "no amount");
    check("MEDIAN(minutes * 2)", "Q05", "");
    check("MEDIAN(DISTINCT minutes)", "Q10", "");
    check("MEDIAN(minutes) FILTER (WHERE hour = 8)", "Q10", "FILTER");
    check("approx_percentile_cont_with_weight(minutes, hour, 0.5)", "Q10", "");
}

#[test]
fn what_a_quantile_costs_and_where_its_bins_end_is_explained() {
    let policy = policy();
    let planner = planner(&policy, &["2026-10"]);
    let text = explain::text(&ask(&planner, &format!("SELECT MEDIAN(minutes) {CELLS}")).questions);
    let text = text.unwrap();
    let line = text.lines().find(|it| it.contains("quantiles")).unwrap();
    assert!(line.contains("quantiles of minutes: 16 bins up to 600 a person and cell"), "{text}");
    assert!(line.ends_with(&format!("rho {}", policy.questions.rho)), "{text}");
}
