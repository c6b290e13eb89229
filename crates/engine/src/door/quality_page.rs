//! The quality report of a batch as a page: one file that loads nothing from anywhere.

use super::report::{IngestReport, RowCount};
use crate::report::html::Html;
use crate::vault::manifest::Basis;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
padding:0 1rem;color:#0b0c0c;background:#fff}table{border-collapse:collapse;margin:1rem 0;width:100%}\
caption{text-align:left;font-weight:600;padding:.3rem 0}th,td{text-align:left;padding:.3rem .6rem;\
border-bottom:1px solid #b1b4b6;vertical-align:top}.n{text-align:right;font-variant-numeric:tabular-nums}\
tr.w td,tr.w th{background:#fff7bf}p.r{border-left:6px solid #942514;padding:.3rem 1rem}\
div.b{overflow-x:auto}";

/// A change of a day beyond this is marked: a third.
const CHANGE_MARKED: f64 = 1.0 / 3.0;

/// The page of a report.
#[must_use]
pub fn render(report: &IngestReport) -> String {
    let page = Html::of("<!doctype html><html lang=en><meta charset=utf-8><title>Load ")
        .text(&report.batch)
        .raw("</title><meta name=viewport content=\"width=device-width\"><style>")
        .raw(STYLE)
        .raw("</style><h1>Load ")
        .text(&report.batch)
        .raw(" of ")
        .text(&report.period)
        .raw("</h1><p>Exact counts, for the operator alone: not to be passed on.</p>");
    let page = match &report.refused {
        Some(why) => page.raw("<p class=r>Would be refused: ").text(why).raw("</p>"),
        None => page,
    };
    let page = headline(page, report);
    let page = rows(page, report);
    let page = days(page, report);
    let page = coverage(page, report);
    let page = files(page, report);
    nulls(page, report).raw("</html>\n").as_str().to_owned()
}

fn open(page: Html, caption: &'static str, head: &'static str) -> Html {
    page.raw("<div class=b><table><caption>")
        .raw(caption)
        .raw("</caption><thead><tr>")
        .raw(head)
        .raw("</tr></thead><tbody>")
}

fn close(page: Html) -> Html {
    page.raw("</tbody></table></div>")
}

fn headline(page: Html, report: &IngestReport) -> Html {
    let quality = &report.quality;
    let figures = [
        ("People loaded now", Some(report.people.new.to_string())),
        ("People in all", Some(report.people.total.to_string())),
        ("People left out since they objected", Some(report.people.suppressed.to_string())),
        ("Events that can be placed on the map", quality.placed.map(percent)),
        ("Web records that show a host", quality.visible.map(percent)),
        ("Hosts on the public list", quality.listed.map(percent)),
        ("Areas left out whole", Some(report.areas_left_out.join(" ")).filter(|it| !it.is_empty())),
        ("Seconds", Some(format!("{:.1}", report.seconds))),
    ];
    let known: Vec<_> = figures.into_iter().filter_map(|(what, it)| Some((what, it?))).collect();
    close(
        open(page, "In short", "")
            .each(&known, |page, (what, value)| page.raw("<tr>").head(what).figure(value)),
    )
}

fn rows(page: Html, report: &IngestReport) -> Html {
    let head = "<th>source<th class=n>read<th class=n>kept<th>out, by reason";
    let classes: Vec<(&&str, &RowCount)> = report.rows.iter().collect();
    let page = open(page, "Rows", head).each(&classes, |page, (class, rows)| {
        page.raw("<tr>")
            .head(class)
            .figure(&rows.read.to_string())
            .figure(&rows.kept.to_string())
            .cell(&reasons(rows))
    });
    let sims: Vec<_> = report.sims_excluded.iter().collect();
    close(page.each(&sims, |page, (why, count)| {
        page.raw("<tr>").head("SIMs left out").figure(&count.to_string()).figure("").cell(why)
    }))
}

fn reasons(rows: &RowCount) -> String {
    let dropped = rows.dropped.iter().map(|(why, count)| format!("{why} {count}"));
    let wrong = rows.quarantined.iter().map(|(why, count)| format!("{why} {count} (waits)"));
    dropped.chain(wrong).collect::<Vec<_>>().join(", ")
}

fn days(page: Html, report: &IngestReport) -> Html {
    let head =
        "<th>table<th>day<th class=n>rows<th class=n>mean of the days before<th class=n>change";
    let days: Vec<_> = report
        .quality
        .days
        .iter()
        .flat_map(|(table, days)| days.iter().map(move |day| (table, day)))
        .collect();
    if days.is_empty() {
        return page.raw("<p>No day was sealed.</p>");
    }
    close(open(page, "Days sealed, beside the seven before", head).each(
        &days,
        |page, (table, day)| {
            let marked = day.change.is_some_and(|it| it.abs() > CHANGE_MARKED);
            let page = if marked { page.raw("<tr class=w>") } else { page.raw("<tr>") };
            let change =
                day.change.map_or_else(|| "-".to_owned(), |it| format!("{:+.1} %", it * 100.0));
            let mean = day.mean_before.map_or_else(|| "-".to_owned(), |it| format!("{it:.0}"));
            page.head(table)
                .cell(&day.day)
                .figure(&day.rows.to_string())
                .figure(&mean)
                .figure(&change)
        },
    ))
}

/// Who came from abroad, and people beside the census, where there are any.
fn coverage(page: Html, report: &IngestReport) -> Html {
    let quality = &report.quality;
    let visitors: Vec<_> = quality.visitors.iter().collect();
    let page = if visitors.is_empty() {
        page
    } else {
        let head = "<th>country<th class=n>rows";
        close(open(page, "Visitors from abroad", head).each(&visitors, |page, (country, rows)| {
            page.raw("<tr>").head(country).figure(&rows.to_string())
        }))
    };
    if quality.coverage.is_empty() {
        return page;
    }
    let head = "<th>region<th class=n>people<th class=n>adult residents<th class=n>share";
    close(open(page, "People beside the census", head).each(&quality.coverage, |page, it| {
        let marked = it.share.is_none_or(|it| it > 1.0);
        let page = if marked { page.raw("<tr class=w>") } else { page.raw("<tr>") };
        page.head(&it.region)
            .figure(&it.people.to_string())
            .figure(&it.residents.to_string())
            .figure(&it.share.map_or_else(|| "-".to_owned(), percent))
    }))
}

fn files(page: Html, report: &IngestReport) -> Html {
    let head = "<th>file<th>mapping<th>basis, document, notice<th class=n>read<th class=n>kept<th>first wrong rows";
    let page = open(page, "Files", head).each(&report.files, |page, file| {
        let places = file.examples.iter().map(|(why, it)| {
            let rows: Vec<String> = it.rows.iter().map(u64::to_string).collect();
            format!("{why}: {}", rows.join(" "))
        });
        let Basis { lawful, document, notice } = &file.basis;
        let basis: Vec<&str> =
            [lawful, document].into_iter().chain(notice).map(String::as_str).collect();
        page.raw("<tr>")
            .head(&file.file)
            .cell(&file.mapping)
            .cell(&basis.join(", "))
            .figure(&file.rows.read.to_string())
            .figure(&file.rows.kept.to_string())
            .cell(&places.collect::<Vec<_>>().join("; "))
    });
    close(page)
}

fn nulls(page: Html, report: &IngestReport) -> Html {
    let columns: Vec<_> = report
        .quality
        .nulls
        .iter()
        .flat_map(|(class, columns)| columns.iter().map(move |it| (class, it)))
        .collect();
    let head = "<th>source<th>column<th class=n>absent or unreadable";
    close(open(page, "Values", head).each(&columns, |page, (class, (column, share))| {
        page.raw("<tr>").head(class).cell(column).figure(&percent(**share))
    }))
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
