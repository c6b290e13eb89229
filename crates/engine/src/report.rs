//! The report page: one self-contained file for a release or for an overview.
//!
//! Takes released figures and public facts ([`Report`]); gives HTML that loads nothing from
//! anywhere. Guarantee: a cell that is not published is printed `[c]` and never as a number; no
//! text of the data is read as markup or script. Every published figure stands in a table that
//! needs no script; the charts are drawn from the same figures.

mod account;
mod compact;
mod figures;
pub(crate) mod html;
mod number;
mod tables;
mod template;
#[cfg(test)]
mod tests;

pub use figures::{
    BudgetUse, DistrictPeople, Estimate, GroupIndex, Headline, Horizon, MapShapes, MarginalCost,
    Presence, PresenceDay, PyramidGroup, QualityFigures, Ratio, Report, Residents, Shape, Spent,
    TruthRow, Web, WebKind, WebRow,
};

use html::Html;
use template::Slots;

const TEMPLATE: &str = include_str!("report/page.html");
const STYLE: &str = include_str!("report/page.css");
const SCRIPT: &str = concat!(
    include_str!("report/page.js"),
    include_str!("report/map.js"),
    include_str!("report/day.js"),
    include_str!("report/pyramid.js"),
    include_str!("report/sites.js"),
    "start();\n",
);

/// The page of `report`, complete in itself.
#[must_use]
pub fn render(report: &Report) -> String {
    let mut slots = Slots::new();
    assets(&mut slots, report);
    headline(&mut slots, report);
    people(&mut slots, report);
    web(&mut slots, report);
    accounts(&mut slots, report);
    template::fill(TEMPLATE, &slots)
}

fn assets(slots: &mut Slots, report: &Report) {
    slots.insert("style", Html::of(STYLE));
    slots.insert("script", Html::of(SCRIPT));
    slots.insert("data", Html::json(report));
}

fn headline(slots: &mut Slots, report: &Report) {
    let top = &report.headline;
    let text = [
        ("title", report.title.clone()),
        ("period", report.period.clone()),
        ("snapshot", report.snapshot.clone()),
        ("generated_by", report.generated_by.clone()),
        ("instance", report.instance.clone()),
        ("floor", number::thousands(top.floor)),
        ("released", number::thousands(top.cells_released)),
        ("code_list", number::thousands(top.cells_in_code_list)),
        ("share", number::percent_of(top.cells_released, top.cells_in_code_list)),
        ("withdrawn", number::thousands(top.cells_withdrawn)),
        ("rho", top.rho.clone()),
        ("delta", number::scientific_text(&top.delta)),
        ("epsilon", number::bound(top.epsilon)),
        ("epsilon_delta", number::scientific(top.epsilon_delta)),
    ];
    slots.extend(text.map(|(name, text)| (name, Html::escaped(&text))));
    if let Some(text) = &top.people_text {
        slots.insert("people_text", Html::escaped(text));
    }
    if report.synthetic {
        slots.insert("synthetic", Html::default());
    }
}

fn people(slots: &mut Slots, report: &Report) {
    let shapes = report.geography.as_ref().map_or(&[][..], |it| &it.districts);
    if let Some(geography) = &report.geography {
        slots.insert("map", Html::default());
        slots.insert("attribution", Html::escaped(&geography.attribution));
    }
    if let Some(residents) = &report.residents {
        if !residents.districts.is_empty() {
            slots.insert("places", Html::default());
            slots.insert("districts", tables::districts(residents, shapes));
        }
        if !residents.pyramid.is_empty() {
            slots.insert("pyramid", tables::pyramid(&residents.pyramid));
        }
    }
    if let Some(presence) = &report.presence {
        slots.insert("places", Html::default());
        slots.insert("presence", tables::presence(presence));
    }
}

fn web(slots: &mut Slots, report: &Report) {
    let Some(web) = &report.web else { return };
    slots.insert("web", tables::sites(web));
    if let Some(indices) = tables::indices(web) {
        slots.insert("indices", indices);
    }
    if let Some(base) = web.base {
        slots.insert("base", Html::escaped(&number::thousands(base.value)));
        slots.insert("base_interval", Html::escaped(&number::interval(base)));
    }
}

fn accounts(slots: &mut Slots, report: &Report) {
    if !report.costs.is_empty() {
        slots.insert("costs", account::costs(&report.costs));
        slots.insert("hidden", account::hidden(&report.costs));
    }
    if !report.quality.is_empty() {
        slots.insert("quality", account::quality(&report.quality));
    }
    if let Some(budget) = account::budget(&report.budget) {
        slots.insert("budget", budget);
        slots.insert("cap_rho", Html::escaped(&number::decimal(report.budget.cap_rho)));
        slots.insert("cap_delta", Html::escaped(&number::scientific(report.budget.cap_delta)));
    }
    if let Some(horizons) = account::horizons(&report.budget) {
        slots.insert("horizons", horizons);
    }
    if let Some(rows) = &report.truth {
        slots.insert("truth", account::truth(rows));
    }
    slots.insert("provenance", account::provenance(report));
}
