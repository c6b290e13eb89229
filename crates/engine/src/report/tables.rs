//! The tables of people: every figure of the charts, readable without a script.

use super::figures::{Estimate, Presence, PyramidGroup, Residents, Shape, Web, WebKind, WebRow};
use super::html::Html;
use super::number;

/// Residents by district.
pub(super) fn districts(residents: &Residents, shapes: &[Shape]) -> Html {
    let region = |code: &str| shapes.iter().find(|it| it.code == code).map_or("", |it| &it.region);
    Html::of(
        "<table><caption>Residents by district</caption><thead><tr><th scope=col>District\
         <th scope=col>Region<th scope=col class=n>People<th scope=col class=n>95% interval<tbody>",
    )
    .each(&residents.districts, |table, row| {
        table.raw("<tr>").head(&row.code).cell(region(&row.code)).estimate(row.people)
    })
    .raw("</table>")
}

/// People present by district and hour, one table a type of day.
pub(super) fn presence(presence: &Presence) -> Html {
    presence.day_types.iter().fold(Html::default(), |tables, day_type| {
        let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
        let head = tables
            .raw("<table class=hours><caption>People present in each hour, ")
            .text(day_type)
            .raw("; the intervals are in the release’s data file</caption><thead><tr><th scope=col>District")
            .each(&hours, |head, hour| head.raw("<th scope=col class=n>").text(hour))
            .raw("<tbody>");
        let of_day: Vec<_> = presence.cells.iter().filter(|it| &it.day_type == day_type).collect();
        head.each(&of_day, |table, row| {
            table.raw("<tr>").head(&row.district).each(&row.hours, |cells, it| cells.people(*it))
        })
        .raw("</table>")
    })
}

/// Residents by postcode area, gender and age band.
pub(super) fn pyramid(groups: &[PyramidGroup]) -> Html {
    Html::of(
        "<table><caption>Residents by gender and age</caption><thead><tr><th scope=col>Area\
         <th scope=col>Gender<th scope=col>Age<th scope=col class=n>People\
         <th scope=col class=n>95% interval<tbody>",
    )
    .each(groups, |table, row| {
        let place = if row.area.is_empty() { "All" } else { &row.area_name };
        table.raw("<tr>").head(place).cell(&row.gender).cell(&row.age_band).estimate(row.people)
    })
    .raw("</table>")
}

/// Sites and categories, the most people first and what is not published last.
pub(super) fn sites(web: &Web) -> Html {
    Html::of(
        "<table id=sites-table><caption>People by site</caption><thead><tr>\
         <th scope=col data-sort=name>Site<th scope=col data-sort=category>Category\
         <th scope=col class=n data-sort=reach>Reach<th scope=col class=n data-sort=people>People\
         <th scope=col class=n>95% interval<tbody>",
    )
    .each(&by_people(web), |table, &(at, row)| site(table, at, row))
    .raw("</table>")
}

fn site(table: Html, at: usize, row: &WebRow) -> Html {
    let kind = match row.kind {
        WebKind::Site => "site",
        WebKind::Category => "category",
    };
    let head = table
        .raw("<tr data-row=\"")
        .text(&at.to_string())
        .raw("\" data-kind=")
        .raw(kind)
        .raw("><th scope=row>")
        .text(row.label.as_ref().unwrap_or(&row.name))
        .cell(&row.category);
    if row.people.is_none() {
        return head.hidden().hidden().hidden();
    }
    let cell = match row.reach {
        None => head.hidden(),
        Some(it) => head
            .raw("<td class=\"n reach\" style=\"--w:")
            .text(&format!("{:.4}", it.value.clamp(0.0, 1.0)))
            .raw("\">")
            .text(&number::percent(it.value)),
    };
    cell.estimate(row.people)
}

/// Index of each site by group, one column a group.
pub(super) fn indices(web: &Web) -> Option<Html> {
    let groups = &web.rows.iter().max_by_key(|it| it.groups.len())?.groups;
    if groups.is_empty() {
        return None;
    }
    let head = Html::of(
        "<table class=hours><caption>Index by group: 100 is the share of all people counted\
         </caption><thead><tr><th scope=col>Site",
    )
    .each(groups, |head, it| head.raw("<th scope=col class=n>").text(&it.value))
    .raw("<tbody>");
    let body = head.each(&by_people(web), |table, &(_, row)| {
        table.raw("<tr>").head(row.label.as_ref().unwrap_or(&row.name)).each(groups, |cells, of| {
            let same =
                |it: &&super::GroupIndex| it.dimension == of.dimension && it.value == of.value;
            let index = row.groups.iter().find(same).and_then(|it| it.index);
            cells.ratio(index, |value| format!("{value:.0}"))
        })
    });
    Some(body.raw("</table>"))
}

/// Rows with their place in the data; ties and hidden rows by name, which says nothing.
fn by_people(web: &Web) -> Vec<(usize, &WebRow)> {
    let mut rows: Vec<_> = web.rows.iter().enumerate().collect();
    let people = |it: Option<Estimate>| it.map(|it| it.value);
    rows.sort_by(|(_, a), (_, b)| {
        people(b.people).cmp(&people(a.people)).then_with(|| a.name.cmp(&b.name))
    });
    rows
}
