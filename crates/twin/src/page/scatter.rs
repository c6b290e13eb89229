//! Released numbers against the twin's, as a drawing: on both axes each doubling is as long, so that
//! districts and nations fit on one page.

use super::html::Html;
use super::thousands;
use crate::number::{count, whole};

const SIDE: f64 = 420.0;
const LEFT: f64 = 78.0;
const TOP: f64 = 12.0;
/// Points that are drawn: enough to see a cloud, few enough for a page.
const POINTS_MAX: u64 = 1_500;

/// The drawing of (released, twin) pairs; nothing when there are none.
pub(super) fn scatter(points: &[(f64, f64)], html: Html) -> Html {
    let top = points.iter().fold(0.0_f64, |top, it| top.max(it.0).max(it.1));
    if top <= 0.0 {
        return html;
    }
    let mut shown = points.to_vec();
    shown.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let step = usize::try_from(count(shown.len()).div_ceil(POINTS_MAX)).unwrap_or(1).max(1);
    let along = |value: f64| doublings(value) / doublings(top).max(1.0) * SIDE;
    let number = |value: f64| format!("{value:.1}");
    let html = html
        .raw("<figure><svg viewBox=\"0 0 520 480\" role=img aria-labelledby=scatter-title><title id=scatter-title>Released number and the twin’s, one point a published cell</title>")
        .raw("<line class=same x1=78 y1=432 x2=498 y2=12 />");
    let html = html.each(ticks(top), |html, tick| {
        let (x, y) = (LEFT + along(tick), TOP + SIDE - along(tick));
        let label = thousands(whole(tick));
        html.raw("<line class=axis x1=78 x2=498 y1=\"")
            .text(&number(y))
            .raw("\" y2=\"")
            .text(&number(y))
            .raw("\" /><text text-anchor=end x=70 y=\"")
            .text(&number(y + 4.0))
            .raw("\">")
            .text(&label)
            .raw("</text><text text-anchor=middle y=450 x=\"")
            .text(&number(x))
            .raw("\">")
            .text(&label)
            .raw("</text>")
    });
    let html = html.each(shown.iter().step_by(step), |html, (released, twin)| {
        html.raw("<circle r=2.6 cx=\"")
            .text(&number(LEFT + along(*released)))
            .raw("\" cy=\"")
            .text(&number(TOP + SIDE - along(*twin)))
            .raw("\" />")
    });
    let html = html.raw("<text text-anchor=end x=498 y=472>released, people</text><text x=86 y=24>twin, people</text></svg><figcaption>One point a published cell");
    let html = if step > 1 { html.raw(" (a part of them)") } else { html };
    html.raw("; on the dashed line the twin repeats the released number. On both axes each doubling is as long; what is under 32 stands at the edge.</figcaption></figure>")
}

/// Doublings above 32, where the axes begin: whole ones, and the rest of the last one straight. Unlike
/// a logarithm, this is the same on every machine.
fn doublings(value: f64) -> f64 {
    let (mut rest, mut count) = (value / 32.0, 0.0);
    while rest >= 2.0 {
        rest /= 2.0;
        count += 1.0;
    }
    (count + rest - 1.0).max(0.0)
}

/// Powers of ten from 100 to `top`.
fn ticks(top: f64) -> Vec<f64> {
    std::iter::successors(Some(100.0), |it| Some(it * 10.0)).take_while(|it| *it <= top).collect()
}
