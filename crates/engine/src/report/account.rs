//! The account that a page gives of itself: cost, what is hidden, truth, provenance.

use super::figures::{BudgetUse, MarginalCost, QualityFigures, Ratio, Report, TruthRow};
use super::html::Html;
use super::number;

/// What each marginal cost.
pub(super) fn costs(costs: &[MarginalCost]) -> Html {
    Html::of(
        "<table class=costs><caption>What each table cost, and what it published</caption><thead><tr><th scope=col>Table\
         <th scope=col>Product<th scope=col class=n><abbr title=\"cells one person may be in\">L\
         </abbr><th scope=col class=n>ρ<th scope=col class=n>δ\
         <th scope=col class=n><abbr title=\"standard deviation of the noise, people\">σ</abbr>\
         <th scope=col class=n><abbr title=\"a noisy count under it is not published\">T</abbr>\
         <th scope=col class=n>Published<th scope=col class=n>In code list<tbody>",
    )
    .each(costs, |table, it| {
        table
            .raw("<tr>")
            .head(&it.marginal)
            .cell(&it.product)
            .figure(&number::thousands(it.l0))
            .figure(&number::decimal(it.rho))
            .figure(&number::scientific(it.delta))
            .figure(&format!("{:.1}", it.sigma))
            .figure(&number::thousands(it.threshold))
            .figure(&number::thousands(it.cells_released))
            .figure(&number::thousands(it.cells_in_code_list))
    })
    .raw("</table>")
}

/// What is told of the tables as a whole.
pub(super) fn quality(figures: &[QualityFigures]) -> Html {
    let share = |it: Option<Ratio>| match it {
        None => "[c]".to_owned(),
        Some(it) => {
            let percent = |share: f64| format!("{:.2}", 100.0 * share);
            format!("{}% ({} to {})", percent(it.value), percent(it.lo), percent(it.hi))
        }
    };
    Html::of(
        "<table><caption>Whom the tables cover, and what bounding takes, with 95% intervals</caption>\
         <thead><tr><th scope=col>Product<th scope=col>Rows by\
         <th scope=col class=n><abbr title=\"cells of one person that count\">Kept</abbr>\
         <th scope=col class=n>Cells lost to bounding<th scope=col class=n>Customers with any cell\
         <th scope=col class=n>Customers in no table\
         <th scope=col class=n>Web sessions with a readable host<tbody>",
    )
    .each(figures, |table, it| {
        table
            .raw("<tr>")
            .head(&it.product)
            .cell(&it.rows)
            .figure(&number::thousands(it.kept))
            .figure(&share(it.bounding_loss))
            .figure(&share(it.coverage))
            .figure(&share(it.outside))
            .figure(&if it.rows == "site" { share(it.visible) } else { "–".to_owned() })
    })
    .raw("</table>")
}

/// The budget as one bar with its legend.
pub(super) fn budget(budget: &BudgetUse) -> Option<Html> {
    if budget.cap_rho.is_nan() || budget.cap_rho <= 0.0 {
        return None;
    }
    let mut parts: Vec<(&'static str, &str, f64)> = ["k0", "k1", "k2", "k3"]
        .into_iter()
        .cycle()
        .zip(&budget.spent)
        .map(|(class, it)| (class, it.product.as_str(), it.rho))
        .collect();
    parts.push(("reserve", "reserve for fresh questions", budget.reserve_rho));
    parts.push(("left", "left", budget.left_rho));
    parts.retain(|&(.., rho)| rho > 0.0);
    let bar =
        Html::of("<div class=budget aria-hidden=true>").each(&parts, |bar, (class, _, rho)| {
            bar.raw("<span class=")
                .raw(class)
                .raw(" style=\"flex-grow:")
                .text(&format!("{:.4}", rho / budget.cap_rho))
                .raw("\"></span>")
        });
    let legend = bar.raw("</div><ul class=keys>").each(&parts, |list, (class, name, rho)| {
        list.raw("<li><i class=")
            .raw(class)
            .raw("></i>")
            .text(name)
            .raw(" <b>ρ ")
            .text(&number::decimal(*rho))
            .raw("</b> ")
            .text(&number::percent(rho / budget.cap_rho))
    });
    Some(legend.raw("</ul>"))
}

/// What the caps mean over months.
pub(super) fn horizons(budget: &BudgetUse) -> Option<Html> {
    if budget.epsilon_by_horizon.is_empty() {
        return None;
    }
    let caption = Html::of(
        "<table><caption>The bound for one person over time, if every month is spent to its cap\
         </caption><thead><tr><th scope=col>Months in a row<th scope=col class=n>ρ\
         <th scope=col class=n>ε<th scope=col class=n>at δ<tbody>",
    );
    let rows = caption.each(&budget.epsilon_by_horizon, |table, it| {
        table
            .raw("<tr>")
            .head(&it.months.to_string())
            .figure(&number::decimal(it.rho))
            .figure(&number::bound(it.epsilon))
            .figure(&number::scientific(it.delta))
    });
    Some(rows.raw("</table>"))
}

/// Share of each code list that is published, as bars.
pub(super) fn hidden(costs: &[MarginalCost]) -> Html {
    // What stands in no file hides nothing.
    let lists: Vec<&MarginalCost> = costs.iter().filter(|it| it.cells_in_code_list > 0).collect();
    Html::of("<ul class=shares>")
        .each(&lists, |list, it| {
            let share = number::percent_of(it.cells_released, it.cells_in_code_list);
            let without = it.cells_in_code_list.saturating_sub(it.cells_released);
            list.raw("<li><span class=name>")
                .text(&it.marginal)
                .raw("</span><span class=share style=\"--w:")
                .text(&share)
                .raw("%\"></span><span class=count><b>")
                .text(&share)
                .raw("%</b> published, ")
                .text(&number::thousands(without))
                .raw(" of ")
                .text(&number::thousands(it.cells_in_code_list))
                .raw(" hidden</span>")
        })
        .raw("</ul>")
}

/// Distance from the truth.
pub(super) fn truth(rows: &[TruthRow]) -> Html {
    Html::of(
        "<table><caption>Published figures beside the simulated truth</caption><thead><tr>\
         <th scope=col>Table<th scope=col class=n>Cells compared\
         <th scope=col class=n>Median relative error\
         <th scope=col class=n>95% intervals that hold the truth\
         <th scope=col class=n>Fewest true people in a published cell<tbody>",
    )
    .each(rows, |table, it| {
        let row = table.raw("<tr>").head(&it.marginal).figure(&number::thousands(it.cells));
        if it.cells == 0 {
            return row.figure("–").figure("–").figure("–");
        }
        row.figure(&number::percent(it.median_relative_error))
            .figure(&number::percent(it.covered_share))
            .figure(&number::thousands(it.smallest_published_truth))
    })
    .raw("</table>")
}

/// Versions, ids and hashes.
pub(super) fn provenance(report: &Report) -> Html {
    Html::of("<dl class=provenance>")
        .each(&report.provenance, |list, (name, value)| {
            let class = if name == "verify" { "<div class=command>" } else { "<div>" };
            list.raw(class)
                .raw("<dt>")
                .text(name)
                .raw("<dd><code>")
                .text(value)
                .raw("</code></div>")
        })
        .raw("</dl>")
}
