//! `fidelity.html`: one page, complete in itself, that says how closely the twin repeats the releases.
//!
//! No script, nothing loaded from anywhere; every text of the data is escaped.

mod html;
mod scatter;

use html::Html;

use crate::fidelity::{Agreement, Fidelity};
use crate::make::Twin;

const STYLE: &str = include_str!("page/page.css");

/// The page.
pub(crate) fn render(twin: &Twin, fidelity: &Fidelity) -> String {
    let html = Html::default().raw("<!doctype html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"synthetic\" content=\"true\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n<title>Synthetic: evaluation twin, ")
        .text(&twin.period)
        .raw("</title>\n<style>").raw(STYLE)
        .raw("</style>\n</head>\n<body>\n<p class=banner role=note><strong>Synthetic.</strong> ")
        .text(crate::NOTICE)
        .raw("</p>\n<main>\n");
    let html = headline(html, twin, fidelity);
    let html = html.raw("<h2>Released against twin</h2>\n");
    let html = scatter::scatter(&fidelity.points, html);
    let html = by_size(html, fidelity);
    let html = by_table(html, fidelity);
    let html = worst(html, fidelity);
    provenance(limits(html), twin).raw("</main>\n</body>\n</html>\n").0
}

fn headline(html: Html, twin: &Twin, fidelity: &Fidelity) -> Html {
    let all = &fidelity.all;
    html.raw("<h1>Evaluation twin, ").text(&twin.period)
        .raw("</h1>\n<p>How closely tables that are counted from synthetic people repeat the released tables. These are distances between two sets of printed numbers; none is a distance from the truth.</p>\n<dl><div><dt>Synthetic people</dt><dd class=big>")
        .text(&thousands(twin.people))
        .raw("</dd><dd>each stands for ").text(&format!("{:.2}", twin.stands_for)).raw(" of those counted</dd></div><div><dt>Inside the released 95 % interval</dt><dd class=big>")
        .text(&percent(all.inside_share))
        .raw("</dd><dd>").text(&thousands(all.inside)).raw(" of ").text(&thousands(all.cells))
        .raw(" published cells</dd></div><div><dt>Mean relative error</dt><dd class=big>")
        .text(&percent(all.mean_relative_error))
        .raw("</dd><dd>of the published cells</dd></div></dl>\n")
}

fn by_size(html: Html, fidelity: &Fidelity) -> Html {
    let html = html.raw("<h2>By size of the released number</h2>\n<div class=scroll><table><thead><tr><th>People<th class=n>Published cells<th class=n>Inside the interval<th class=n>Mean relative error</thead><tbody>\n");
    let html = html.each(&fidelity.classes, |html, it| {
        let name = match it.below {
            Some(below) if it.from == 0 => format!("under {}", thousands(below)),
            Some(below) => format!("{} to {}", thousands(it.from), thousands(below - 1)),
            None => format!("{} and more", thousands(it.from)),
        };
        agreement(html.raw("<tr>").cell(&name), &it.agreement)
    });
    html.raw("</tbody></table></div>\n")
}

fn by_table(html: Html, fidelity: &Fidelity) -> Html {
    let html = html.raw("<h2>By table</h2>\n<div class=scroll><table><thead><tr><th>Release<th>Table<th class=n>Hidden cells<th class=n>Published cells<th class=n>Inside the interval<th class=n>Mean relative error</thead><tbody>\n");
    let html = html.each(&fidelity.tables, |html, it| {
        let html = html.raw("<tr><td class=id>").text(&it.release).cell(&it.table);
        agreement(html.figure(&thousands(it.hidden)), &it.agreement)
    });
    let html = html.raw("</tbody></table></div>\n");
    if fidelity.not_modelled.is_empty() {
        return html;
    }
    let html = html.raw("<p>Not modelled, since nothing links them to the residents tables:");
    html.each(&fidelity.not_modelled, |html, it| html.raw(" <code>").text(it).raw("</code>"))
        .raw(".</p>\n")
}

fn worst(html: Html, fidelity: &Fidelity) -> Html {
    if fidelity.worst.is_empty() {
        return html
            .raw("<h2>Worst cells</h2>\n<p>Every published cell is inside its interval.</p>\n");
    }
    let html = html.raw("<h2>Worst cells</h2>\n<div class=scroll><table><caption>Outside their interval, the farthest first, by standard deviations of the released noise.</caption><thead><tr><th>Table<th>Cell<th class=n>Released<th class=n>95 % interval<th class=n>Twin</thead><tbody>\n");
    html.each(&fidelity.worst, |html, it| {
        let [lo, hi] = it.interval.map(thousands);
        html.raw("<tr>")
            .cell(&it.table)
            .cell(&it.labels.join(", "))
            .figure(&thousands(it.released))
            .figure(&format!("{lo} to {hi}"))
            .figure(&decimal(it.twin))
            .raw("\n")
    })
    .raw("</tbody></table></div>\n")
}

fn limits(html: Html) -> Html {
    html.raw("<h2>What it can be used for</h2>\n<p>To try formats, joins, tools and questions, and to see how large groups must be to be published. Not to learn about people: what the releases do not print is made independent by construction. What one does tells nothing about what else one does beyond home, gender and age as far as tables are split by them; hidden cells hold what published totals leave, shared out as if place, gender and age were independent. People of cells that no published cell encloses are not here.</p>\n")
}

fn provenance(html: Html, twin: &Twin) -> Html {
    let html = html.raw("<h2>Made from</h2>\n<div class=scroll><table><thead><tr><th>Release<th>BLAKE3 of its data.csv</thead><tbody>\n");
    html.each(&twin.made_from, |html, it| {
        html.raw("<tr>").cell(&it.id).raw("<td><code>").text(&it.data).raw("</code>\n")
    })
    .raw("</tbody></table></div>\n<p class=soft>Seed ")
    .text(&twin.seed.to_string())
    .raw(", ")
    .text(twin.program)
    .raw(". No vault, ledger or key was in reach of the program.</p>\n")
}

fn agreement(html: Html, it: &Agreement) -> Html {
    html.figure(&thousands(it.cells))
        .figure(&percent(it.inside_share))
        .figure(&percent(it.mean_relative_error))
        .raw("\n")
}

/// `12,345`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1,234.5`.
fn decimal(number: f64) -> String {
    let text = format!("{number:.1}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, "0"));
    format!("{}.{rest}", thousands(whole.parse().unwrap_or(u64::MAX)))
}

/// `97.5 %`; a dash for nothing.
fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |it| format!("{:.1} %", it * 100.0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_read_well() {
        let check = |number, expected| assert_eq!(super::decimal(number), expected);
        check(0.04, "0.0");
        check(999.96, "1,000.0");
        check(1_234_567.2, "1,234,567.2");
        assert_eq!(
            (super::percent(Some(0.9984)), super::percent(None)),
            ("99.8 %".into(), "–".into())
        );
    }
}
